import AgentCore
import TuningModel
import Wire

/// A host of the fault simulation: its disk, its processes, its cable.
struct FaultHost: Sendable {
  let index: Int
  let slots: Int
  let clock: FaultScenario.Clock
  var boot = 1
  var isUp = true
  /// Until then no process of the host runs, and its clock goes on.
  var asleepUntil = Instant.zero
  var disk = Disk()
  var agent: AgentProcess?
  /// Counts agent processes, so that what was meant for an earlier one can be told.
  var agentsStarted = 0
  /// A process is being started over SSH; it goes on when its key is admitted.
  var isLaunching = false
  var launchedAt: Instant?
  /// What processes there are of each attempt, sorted.
  var trials: [FaultTrial] = []
  /// Slots whose device is gone.
  var deadSlots: Set<Int> = []
  var devicesChangedAt = Instant.zero
  /// Reasons for which a direction is cut.
  var cutsToCoordinator = 0
  var cutsToAgent = 0
  var wallOffset: Int64 = 0

  /// The host whose key its agent has; nil: it has one of its own.
  var twinOf: Int?
  /// Whether it is a copy of that host's machine, and not of its agent's folder alone.
  var isMachineCopy = false
  /// Another boot of its machine counts in its place.
  var isTakenOver = false

  var name: String { "h\(index)" }
  var key: String { "key-\(twinOf ?? index)" }
  var machine: String { isMachineCopy ? "m\(twinOf ?? index)" : "m\(index)" }
  /// The name of its agent's folder is copied with it.
  var place: String { "place-\(twinOf ?? index)" }
  var isCut: Bool { cutsToCoordinator + cutsToAgent > 0 }

  /// Whether processes are left that somebody still has to end. What a script has started is nobody's when its supervisor and
  /// its agent were killed, and the run has ended without them.
  var isAnythingLeft: Bool { trials.contains { $0.isSupervised || $0.isAlive || agent != nil } }

  func index(of attempt: TrialAttempt) -> Int? { trials.firstIndex { $0.attempt == attempt } }

  /// What outlives processes, and power where it was synced.
  struct Disk: Sendable {
    var attempts: [TrialAttempt: AttemptRecord] = [:]
    /// The highest attempt of each trial that was claimed.
    var highest: [TrialID: Attempt] = [:]
    /// Epochs of the sealed generations of each trial.
    var seals: [TrialID: [Int: Int]] = [:]
    var fullCount = 0

    var isFull: Bool { fullCount > 0 }
  }

  struct AttemptRecord: Sendable {
    var slot: Int
    var milestone: Int
    var maximum: Int
    /// Whole report lines of its standard output.
    var log: [TrialReport] = []
    var exit: AttemptEnd?
    var isAcknowledged = false
    /// It came with a copy of another host's folder.
    var isCopy = false
  }

  struct AgentProcess: Sendable {
    let serial: Int
    var machine: AgentMachine
    var stoppedUntil = Instant.zero
    var inbox: [AgentEvent] = []
    var isWorkPlanned = false
    var plannedTimer: Instant?
    /// When the newest heartbeat that was echoed to it was sent.
    var contact: Instant?
    /// The connection it uses now.
    var connection: Int?
    /// Attempts whose supervisor is not known to be gone.
    var links: Set<TrialAttempt> = []
    /// Logs that it reads, sorted by attempt.
    var followers: [Follower] = []
  }

  struct Follower: Sendable {
    let attempt: TrialAttempt
    /// The sequence that it reads next.
    var next: Int
    var credit: Int
    /// Nothing writes to the log any more.
    var isFinal: Bool
    var saidFinished = false
  }
}

/// The processes of an attempt: supervisor, training script, what that left behind.
struct FaultTrial: Sendable {
  let launch: AgentLaunch
  let script: FaultScript
  var supervision: Supervision
  var isSupervised = true
  var supervisorStoppedUntil = Instant.zero
  /// Its supervisor stood still for longer than the margin of its lease, or its host's key was another one's: nobody ended
  /// it in time, and another attempt may have begun.
  var isUnwatched = false
  /// What a supervisor that stands still has not seen yet.
  var unseen: [SupervisionEvent] = []
  var plannedTimer: Instant?
  /// Whether the script was started: its slot was free.
  var hasBegun = false
  var isAlive = false
  /// Stopped by its supervisor.
  var isStopped = false
  /// Waits inside `report()`.
  var isWaiting = false
  var stoppedUntil = Instant.zero
  var children = 0
  let resumedAt: Int
  var epoch: Int
  /// Epoch of the checkpoint in its folder.
  var saved: Int
  /// Stretches of training; steps of earlier ones count no more.
  var leg = 0
  var due: Instant?
  var rest: Duration?
  /// The checkpoint of the last report is being written.
  var isSaving = false
  var hasHung = false

  var attempt: TrialAttempt { launch.start.attempt }
  var slot: Int { launch.start.slot }
  /// Whether any process of it may use the slot's device.
  var occupiesDevice: Bool { hasBegun && (isAlive || children > 0) || isSupervised && hasBegun }
  var isGone: Bool { !isSupervised && !isAlive && children == 0 }
}

/// A connection between an agent and the coordinator, as TCP makes it: in order in each direction.
struct FaultConnection: Sendable {
  let host: Int
  let agent: Int
  /// The coordinator's process at the other end; nil before the handshake.
  var coordinator: Int?
  /// Whether the agent has it open.
  var isOpen = true
  var lastUp = Instant.zero
  var lastDown = Instant.zero
  /// What waits for the cable.
  var stuckUp: [AgentMessage] = []
  var stuckDown: [CoordinatorMessage] = []
}
