import AgentCore
import TuningModel

/// A training script under its supervisor. For each epoch it writes its checkpoint, then reports what its row says, and
/// it goes on until it is ended or its row is.
struct SimulatedTrial: Sendable {
  let attempt: TrialAttempt
  /// Place of its row among those of the run.
  let row: Int
  /// Number that its checkpoint gets when it is sealed.
  let generation: Int
  /// Epoch of the checkpoint that it began with; 0: from the start.
  let resumedAt: Int
  var supervision: Supervision
  /// The last epoch reported, or that it began with.
  var epoch: Int
  /// The stretch that it is on: from a start, or from going on after it was stopped.
  var leg: Int
  /// When its next report comes, or its end; nil while none is under way.
  var due: Instant?
  /// What was left of the epoch when it was stopped; nil: it was stopped between two.
  var rest: Duration?
  /// Whether its process lives.
  var isAlive = true
  /// Stopped by its supervisor.
  var isStopped = false

  /// Reports of this attempt.
  var reports: Int { epoch - resumedAt }

  mutating func stop(at now: Instant) {
    rest = due.map { $0 - now }
    due = nil
    isStopped = true
  }
}

/// A row that is handed out in a run.
struct SimulatedRow: Sendable {
  let id: Int
  let values: [Double]
  /// When each value is reported, counted from the start of training.
  let times: [Instant]

  /// How long the epoch after this one takes; nil: there is none.
  func duration(after epoch: Int) -> Duration? {
    guard epoch < times.count else { return nil }
    return times[epoch] - (epoch > 0 ? times[epoch - 1] : .zero)
  }
}
