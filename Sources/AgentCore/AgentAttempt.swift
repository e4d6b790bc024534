import TuningModel
import Wire

/// One attempt as its agent knows it, from the order to start it until its end is acknowledged.
struct AgentAttempt: Equatable, Sendable {
  enum Phase: Equatable, Sendable {
    /// The order came before the code was in place.
    case waiting(StartAttempt)
    /// Its checkpoint is on the way from another host.
    case fetching(StartAttempt)
    /// The supervisor was started, or is being found again.
    case launching
    case running(pid: Int)
    case held(resource: Int)
    /// Process group and supervisor are gone.
    case ended(AttemptEnd)
  }

  /// How the attempt is to end; a later one overrides an earlier one.
  enum Intent: Int, Comparable, Sendable {
    case none
    case complete
    case pause
    case stop

    static func < (a: Intent, b: Intent) -> Bool { a.rawValue < b.rawValue }

    var command: SupervisorCommand? {
      switch self {
      case .none: nil
      case .complete: .complete
      case .pause: .pause
      case .stop: .stop
      }
    }
  }

  let attempt: TrialAttempt
  let slot: Int
  let maximum: Int
  let resumeFrom: Int?
  var phase: Phase
  var milestone: Int
  var intent = Intent.none
  /// The coordinator does not want to hear of it: it is ended, its end is not sent.
  var isDiscarded = false

  /// Whether the supervisor has spoken to this agent process, so that commands reach it.
  var isLinked = false
  /// The deadline that the supervisor was told.
  var knownDeadline: Instant?
  /// Whether `started` was sent in this session.
  var saidStarted = false

  /// Whether the log is being read.
  var isFollowed = false
  /// Reports found in the log when the attempt was recovered.
  var loggedSequence = 0
  /// Last report read.
  var readSequence = 0
  /// Last report sent in this session.
  var sentSequence = 0
  /// Last report that the coordinator acknowledged.
  var acknowledgedSequence = 0
  /// Reports read and not acknowledged.
  var buffer: [TrialReport] = []
  /// Reports that may still be delivered.
  var credit = 0
  var isLogFinished = false
  /// Whether `ended` was sent in this session.
  var saidEnded = false
  /// When something was last acknowledged, or first sent after all had been.
  var progressAt: Instant?

  init(start: StartAttempt, phase: Phase) {
    attempt = start.attempt
    slot = start.slot
    maximum = start.maximum
    resumeFrom = start.resumeFrom
    milestone = start.milestone
    self.phase = phase
  }

  init(_ recovered: RecoveredAttempt) {
    attempt = recovered.attempt
    slot = recovered.slot
    maximum = recovered.maximum
    resumeFrom = nil
    milestone = recovered.milestone
    phase = recovered.end.map { .ended($0) } ?? .launching
    loggedSequence = recovered.lastSequence
  }

  var end: AttemptEnd? {
    if case .ended(let end) = phase { end } else { nil }
  }

  var hasEnded: Bool { if case .ended = phase { true } else { false } }

  /// Whether its start was not carried out yet: nothing of the attempt exists on this host.
  var awaitsLaunch: Bool {
    switch phase {
    case .waiting, .fetching: true
    case .launching, .running, .held, .ended: false
    }
  }

  /// Whether it occupies its slot: until the supervisor is gone, and the supervisor stays until the group is empty.
  var occupiesSlot: Bool { !hasEnded }

  /// The last report known to be in the log.
  var lastSequence: Int { max(readSequence, loggedSequence, end?.lastSequence ?? 0) }

  var inventory: AttemptInventory {
    let phase: AttemptInventory.Phase =
      switch phase {
      case .waiting, .fetching, .launching, .running: .running
      // Told to go on, though its supervisor has not said so yet.
      case .held(let resource) where resource < milestone: .running
      case .held(let resource): .held(resource: resource)
      case .ended(let end): .ended(end)
      }
    return AttemptInventory(
      attempt: attempt, slot: slot, milestone: milestone, phase: phase, lastSequence: lastSequence)
  }

  var isFetching: Bool { if case .fetching = phase { true } else { false } }

  /// Whether something was sent that is not acknowledged.
  var awaitsAcknowledgement: Bool { sentSequence > acknowledgedSequence || saidEnded }

  /// Whether the end may be told: all that the log holds was sent before.
  var mayTellEnd: Bool { hasEnded && isLogFinished && sentSequence == readSequence }
}

extension TrialReport {
  /// Roughly what the report takes in a message.
  var weight: Int {
    fields.reduce(32) { $0 + $1.key.utf8.count + $1.value.weight }
  }
}

extension JSONValue {
  fileprivate var weight: Int {
    switch self {
    case .null, .bool, .int, .double: 16
    case .string(let text): 8 + text.utf8.count
    case .array(let values): values.reduce(8) { $0 + $1.weight }
    case .object(let members): members.reduce(8) { $0 + $1.key.utf8.count + $1.value.weight }
    }
  }
}
