import TuningModel

/// A trial within its rung system.
struct Runner: Sendable {
  let trial: TrialID
  /// The highest resource reported; 0 before the first report.
  var resource = 0
  /// The resource to which the current leg runs.
  var milestone: Int
  /// The rung that the trial enters first: its bracket where brackets share their rungs.
  let firstRung: Int
  /// The highest rung in which the trial stands; -1 for none. Its entries in the rungs below count as promoted.
  var rung = -1
  /// The key of the entry in the highest rung.
  var value = Double.nan
  var loss = Double.infinity
  var sequence = 0
  /// Whether the entry in the highest rung is promoted.
  var isPromoted = false
  var isRetired = false
  /// Stopped by a decision.
  var isStopped = false

  init(trial: TrialID, milestone: Int, firstRung: Int = 0) {
    self.trial = trial
    self.milestone = milestone
    self.firstRung = firstRung
  }

  func isPromoted(inRung index: Int) -> Bool { index < rung || isPromoted }
  var canBePromoted: Bool { rung >= 0 && !isPromoted && !isRetired && value.isFinite }
}
