import TuningModel

/// A trial within its rung system.
struct Runner: Sendable {
  let trial: TrialID
  /// The highest resource reported; 0 before the first report.
  var resource = 0
  /// The resource to which the current leg runs.
  var milestone: Int
  /// The highest rung in which the trial stands; -1 for none. Its entries in the rungs below count as promoted.
  var rung = -1
  /// The key of the entry in the highest rung.
  var value = Double.nan
  var loss = Double.infinity
  var sequence = 0
  /// Whether the entry in the highest rung is promoted.
  var isPromoted = false
  var isRetired = false

  init(trial: TrialID, milestone: Int) {
    self.trial = trial
    self.milestone = milestone
  }

  func isPromoted(inRung index: Int) -> Bool { index < rung || isPromoted }
  var canBePromoted: Bool { rung >= 0 && !isPromoted && !isRetired && value.isFinite }
}
