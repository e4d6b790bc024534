import Scheduling
import SearchSpace
import Searching
import TuningModel
import Wire

/// All that a run is at one moment. Only `apply` changes it; everything in it follows from the specification and the
/// facts of the journal.
public struct RunState: Sendable {
  /// What counts now; a reload changes what it may change.
  public internal(set) var specification: RunSpecification

  public internal(set) var start: RunStart?
  /// Set while the run takes no more new trials.
  public internal(set) var drain: Drain?
  /// Set once the search is over and its best trials are trained.
  public internal(set) var training: Training?
  /// Active time of the search; nil while it goes on, and in a run that ends with it.
  public internal(set) var searchTime: Duration?
  /// Set while all trials are being ended.
  public internal(set) var closing: Closing?
  public internal(set) var isSuspended = false
  public internal(set) var end: RunEnd?
  public internal(set) var ports: Ports?

  public internal(set) var agents: [AgentState] = []
  var agentOfKey: [String: AgentID] = [:]
  /// Hosts that came into the run after its start, in the order of their coming.
  public internal(set) var addedHosts: [HostOptions] = []
  /// What is to become of hosts, and of agents that joined, by name; those not named are in use.
  public internal(set) var hostMarks: [String: HostMark] = [:]
  /// Hash of the cluster file that counts, where it is not the one of the start.
  public internal(set) var changedSpecificationHash: String?
  /// One-time keys that may join.
  public internal(set) var joinTokens: [String] = []
  public internal(set) var trials: [TrialState] = []
  public internal(set) var scheduler: TrialScheduler
  var searcher: RandomSearcher
  /// Trials that want a slot, in the order in which they came to want one; without those that an operator has paused.
  public internal(set) var waiting: [TrialID] = []
  /// Active trials that reached their milestone and have no order yet, in the order of reaching it.
  public internal(set) var awaiting: [TrialID] = []
  public internal(set) var totals = Totals()
  /// When the last fact was established.
  public internal(set) var lastStamp: Stamp?
  /// When the run was begun.
  public internal(set) var startedAt: Stamp?
  /// When a coordinator took it up again last.
  public internal(set) var resumedAt: Stamp?
  /// Facts taken in so far.
  public internal(set) var factCount = 0
  /// When hosts that came later came.
  public internal(set) var hostAddedAt: [String: Stamp] = [:]
  /// When what is to become of hosts was said last.
  public internal(set) var hostMarkedAt: [String: Stamp] = [:]

  public struct Drain: Equatable, Sendable {
    public var reason: RunEnd.Reason
    public var promotesStill: Bool
  }

  public struct Closing: Equatable, Sendable {
    public var end: RunEnd
    public var suspends: Bool
  }

  public struct Ports: Equatable, Sendable {
    public var control: Int
    public var bulk: Int
  }

  /// Counts that the stop criteria and the summary read.
  public struct Totals: Equatable, Sendable {
    public var reports = 0
    public var completed = 0
    public var stopped = 0
    public var failed = 0
    /// Failures that count against `max_failures`.
    public var codeFailures = 0
    /// Trials of which at least one attempt ended in whatever way.
    public var everEnded = 0
    public var suggestions = 0
    /// Sum of the reported costs.
    public var cost = 0.0
    /// Time that slots were occupied.
    public var slotTime: Duration = .zero
    /// How far the trials are ahead: the sum over all trials of the highest resource told to the scheduler.
    public var resource = 0
    /// What was trained: the sum over all attempts of what they reported beyond where they began. More than `resource`
    /// where a script does not wait at its milestone, or begins again.
    public var trained = 0
    public var continuedInPlace = 0
    public var bestTrial: TrialID?
    public var lastFailure: (trial: TrialID, message: String)?

    public static func == (a: Totals, b: Totals) -> Bool {
      a.reports == b.reports && a.completed == b.completed && a.stopped == b.stopped && a.failed == b.failed
        && a.codeFailures == b.codeFailures && a.everEnded == b.everEnded && a.suggestions == b.suggestions
        && a.cost == b.cost && a.slotTime == b.slotTime && a.resource == b.resource && a.trained == b.trained
        && a.continuedInPlace == b.continuedInPlace && a.bestTrial == b.bestTrial
        && a.lastFailure?.trial == b.lastFailure?.trial && a.lastFailure?.message == b.lastFailure?.message
    }
  }

  /// The state before the first fact. Fails when the scheduler's options make no sense together.
  public init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    self.specification = specification
    scheduler = try TrialScheduler(specification.scheduler)
    searcher = RandomSearcher(
      space: specification.experiment.space, seed: specification.searcher.randomSeed,
      pointsToEvaluate: specification.searcher.pointsToEvaluate)
  }

  public subscript(id: TrialID) -> TrialState? { trials.indices.contains(id.rawValue) ? trials[id.rawValue] : nil }
  public subscript(id: AgentID) -> AgentState? { agents.indices.contains(id.rawValue) ? agents[id.rawValue] : nil }

  /// Whether the attempt is its trial's newest one and occupies a slot.
  func isCurrent(_ attempt: TrialAttempt) -> Bool {
    let index = attempt.trial.rawValue
    return trials.indices.contains(index) && trials[index].attempt == attempt.attempt && trials[index].isActive
  }

  /// The agent with this CURVE public key.
  public func agent(withKey key: String) -> AgentID? { agentOfKey[key] }

  /// The hosts of the run that are not removed, in the order of the file and of their coming.
  public var hosts: [HostOptions] {
    let known = specification.cluster.hosts.filter { host in !addedHosts.contains { $0.name == host.name } }
    return (known + addedHosts).filter { mark(of: $0.name) != .removed }
  }

  /// What the run knows of a host by its name, also of one that was removed.
  func knownHost(_ name: String) -> HostOptions? {
    addedHosts.last { $0.name == name } ?? specification.cluster.hosts.first { $0.name == name }
  }

  public func mark(of host: String) -> HostMark { hostMarks.isEmpty ? .inUse : hostMarks[host] ?? .inUse }

  /// Attempts that occupy a slot, by trial.
  public var activeTrials: [TrialID] {
    agents.flatMap { agent in agent.slots.compactMap { $0 } }.sorted()
  }
}

/// An agent as the coordinator sees it.
public struct AgentState: Equatable, Sendable {
  public let id: AgentID
  public let publicKey: String
  public let name: String
  public let origin: AgentAdmission.Origin
  /// What it said at its last hello; nil before the first.
  public internal(set) var greeting: AgentGreeting?
  /// Whether the code is in place: nil until the agent said so in this session.
  public internal(set) var isPrepared = false
  public internal(set) var preparationFailure: String?
  public internal(set) var reachability = Reachability.reachable
  /// The trial in each slot.
  public internal(set) var slots: [TrialID?] = []
  /// Slots that may not be given work, and why.
  public internal(set) var unusable: [Int: String] = [:]
  public internal(set) var history = AgentHistory()

  public var machine: String? { greeting?.machineID }
  /// Whose checkpoints it can reach: those of agents on the same machine with the same folder.
  public var place: CheckpointPlace? { greeting.map { CheckpointPlace($0) } }
}

/// A trial as the coordinator sees it.
public struct TrialState: Equatable, Sendable {
  public let id: TrialID
  public let configuration: Configuration
  public let bracket: Int
  public let origin: TrialCreation.Origin

  public internal(set) var status: TrialStatus = .pending(.created)
  /// The newest attempt; nil before the first start.
  public internal(set) var attempt: Attempt?
  /// Where the newest attempt runs; nil when none is active.
  public internal(set) var slot: SlotID?
  /// The resource that the current or next leg runs to.
  public internal(set) var milestone: Int
  /// The milestone of the next leg, once the trial is promoted and before that leg begins.
  public internal(set) var promotedTo: Int?
  /// Whether the milestone was reported.
  public internal(set) var reachedMilestone = false
  /// The last report of the newest attempt that the journal holds.
  public internal(set) var lastSequence = 0
  /// Whether the newest attempt has sent a usable report.
  public internal(set) var attemptReported = false
  /// The first of its attempts that went on before what its checkpoint covers, by its first report.
  public internal(set) var setback: Setback?
  /// The highest resource that the newest attempt has reported.
  public internal(set) var attemptResource = 0
  /// The highest resource told to the scheduler.
  public internal(set) var resource = 0
  /// What all its attempts have trained, what they trained again and past their milestones included.
  public internal(set) var trained = 0
  /// How far the newest attempt has trained: where it began, until it reports.
  var attemptTrainedTo = 0
  public internal(set) var lastValue: Double?
  public internal(set) var best: Best?
  /// An operator has paused it: it gets no slot until an operator resumes it, and nothing waits for it.
  public internal(set) var isPausedByOperator = false
  public internal(set) var withheld: [WithheldReport] = []
  /// What the newest attempt was told to do last.
  public internal(set) var order: AttemptOrder?
  public internal(set) var orderedAt: Stamp?
  public internal(set) var orderReason: OrderReason?
  public internal(set) var usableReports = 0
  public internal(set) var rejectedReports = 0
  /// Sealed generations, oldest first: the two newest of the newest line of attempts.
  public internal(set) var seals: [SealedCheckpoint] = []
  /// The highest generation that was ever sealed.
  public internal(set) var lastGeneration = 0
  /// Places that hold checkpoints which nobody will go on from.
  public internal(set) var leftAt: [CheckpointPlace] = []
  /// The generation that the newest attempt goes on from; nil: from the start.
  public internal(set) var resumeFrom: Int?
  /// Why the newest attempt was given a slot.
  public internal(set) var assignmentReason = AttemptAssignment.Reason.created
  /// Where the newest attempt fetches its checkpoint from, until it has it.
  public internal(set) var source: CheckpointSource?
  /// How often a checkpoint of the trial went from one place to another.
  public internal(set) var moves = 0
  public internal(set) var restarts = 0
  public internal(set) var cost = 0.0
  var earlierCost = 0.0
  /// Cost of the training that the newest attempt went on from.
  var costBefore = 0.0
  var costAtMilestone = 0.0
  public internal(set) var slotTime: Duration = .zero
  var assignedAt: Duration = .zero
  public internal(set) var everEnded = false
  public internal(set) var failureMessage: String?

  public struct Best: Equatable, Sendable {
    public var value: Double
    public var resource: Int
  }

  public struct Setback: Equatable, Sendable {
    public var attempt: TrialAttempt
    public var sequence: Int
    public var covered: Int
  }

  public struct WithheldReport: Equatable, Sendable {
    public var attempt: TrialAttempt
    public var sequence: Int
    public var resource: Int
    public var value: Double
  }

  public struct SealedCheckpoint: Equatable, Sendable {
    public var seal: Seal
    public var holders: [Holder]

    public func isHeld(at place: CheckpointPlace?) -> Bool { place.map { holders.contains(.place($0)) } ?? false }
  }

  /// Who has a sealed generation.
  public enum Holder: Hashable, Sendable {
    case place(CheckpointPlace)
    case coordinator
    case store
  }

  /// What the training of the trial has cost, along the line of checkpoints that the newest attempt goes on.
  var costSoFar: Double { costBefore + cost }

  /// The name of the newest attempt; nil before the first start.
  public var current: TrialAttempt? { attempt.map { TrialAttempt(id, $0) } }
  public var isActive: Bool { if case .active = status { true } else { false } }

  /// Whether an end of its newest attempt shows that its host can do nothing for trials just now: it could not start it, or
  /// the script ended since others have filled the disk. One whose processes were killed shows nothing of that.
  public func wasFailedByHost(_ end: AttemptEnd) -> Bool {
    guard end.cause == .hostFault else { return false }
    return status == .active(.assigned) || end.exitStatus != nil || end.signal != nil
  }

  /// For what it waits that was given a slot in vain: what its host could not do is no restart of its own.
  var reasonToWait: AttemptAssignment.Reason { assignmentReason == .restarted ? .resumed : assignmentReason }
}

/// A folder of agents on a machine: what is sealed there can be resumed there.
public struct CheckpointPlace: Hashable, Sendable {
  /// The folder's own random name; in journals of version 1 the machine's id.
  public let name: String
  public let folder: String

  public init(name: String, folder: String) {
    self.name = name
    self.folder = folder
  }

  init(_ greeting: AgentGreeting) {
    self.init(name: greeting.place.isEmpty ? greeting.machineID : greeting.place, folder: greeting.home)
  }
}

public enum TrialStatus: Equatable, Sendable {
  /// Wants a slot.
  case pending(AttemptAssignment.Reason)
  /// Has one.
  case active(ActivePhase)
  /// Ended at its milestone, sealed; may be promoted.
  case paused
  case completed
  case stopped
  case failed(FailureKind)

  public enum ActivePhase: String, Sendable {
    case assigned
    case running
    /// Stopped at its milestone with its process alive.
    case held
  }

  public var isFinal: Bool {
    switch self {
    case .completed, .stopped, .failed: true
    case .pending, .active, .paused: false
    }
  }

  /// One word, as tables show it.
  public var word: String {
    switch self {
    case .pending: "pending"
    case .active(let phase): phase.rawValue
    case .paused: "paused"
    case .completed: "completed"
    case .stopped: "stopped"
    case .failed: "failed"
    }
  }
}

extension RunState {
  /// The best value that counts so far.
  public var bestSoFar: Double? {
    totals.bestTrial.flatMap { trials.indices.contains($0.rawValue) ? trials[$0.rawValue].best?.value : nil }
  }
}
