import Coordination
import TuningModel

/// The learning curves of a run, from the facts of its journal: what its trials reported, as a table for other runs.
///
/// Nothing is made up. A curve ends where the trial was last trained, or before the first epoch that it did not report.
/// An epoch takes the time between two reports by the agent's clock; the first after a start, or after the trial was
/// held, takes the time since then by the coordinator's, so that it includes the loading of the script.
public struct RecordedCurves: Sendable {
  private struct Epoch: Sendable {
    var value: Double
    var seconds: Double
    var isRanked: Bool
  }

  private struct Trial: Sendable {
    var epochs: [Int: Epoch] = [:]
    /// When the stretch under way began: the run's own time, and the agent's where a report of it came already.
    var began = Duration.zero
    var lastRead: Timestamp?
    /// Of all its epochs, those that it trained again and past its milestones included, and of its search alone.
    var spent = 0.0
    var searched: Double?
  }

  private var trials: [Trial] = []

  public init() {}

  /// Takes the next fact in.
  public mutating func note(_ stamped: StampedFact) {
    switch stamped.fact {
    case .trialCreated(let creation):
      if creation.trial.rawValue == trials.count { trials.append(Trial()) }
    case .attemptAssigned(let assignment): begin(assignment.attempt.trial, stamped.stamp)
    case .attemptStarted(let attempt, _), .attemptProceeded(let attempt, _): begin(attempt.trial, stamped.stamp)
    case .reportReceived(let report): note(report, stamped.stamp)
    case .trainingBegan:
      for index in trials.indices where trials[index].searched == nil { trials[index].searched = trials[index].spent }
    default: break
    }
  }

  private mutating func begin(_ trial: TrialID, _ stamp: Stamp) {
    guard trials.indices.contains(trial.rawValue) else { return }
    trials[trial.rawValue].began = stamp.active
    trials[trial.rawValue].lastRead = nil
  }

  private mutating func note(_ report: ReceivedReport, _ stamp: Stamp) {
    let index = report.attempt.trial.rawValue
    guard trials.indices.contains(index), let resource = report.resource, resource >= 1, let value = report.value
    else { return }
    let last = trials[index].lastRead
    let seconds =
      last.map { (report.readAt - $0).inSeconds }
      ?? (stamp.active - trials[index].began).inSeconds
    trials[index].lastRead = report.readAt
    trials[index].spent += max(0, seconds)
    let isRanked = report.disposition == .ranked
    // What was told to the scheduler counts; of repetitions, and of what was withheld and never settled, the first.
    guard trials[index].epochs[resource].map({ isRanked && !$0.isRanked }) ?? true else { return }
    trials[index].epochs[resource] = Epoch(value: value, seconds: max(0, seconds), isRanked: isRanked)
  }

  // MARK: What was recorded

  /// Trials of the run.
  public var trialCount: Int { trials.count }

  /// Values that stand behind an epoch without one, and in no curve therefore.
  public var valuesLeftOut: Int { trials.reduce(0) { $0 + $1.epochs.count - Self.length($1) } }

  /// Seconds in training of a trial during the search: of all that it reported, whatever became of it.
  func seconds(of trial: Int) -> Double {
    trials.indices.contains(trial) ? trials[trial].searched ?? trials[trial].spent : 0
  }

  /// The curves of the trials that reported their first epoch; rows have the numbers of the trials.
  public func table(name: String) -> CurveTable {
    var rows: [CurveTable.Row] = []
    for (id, trial) in trials.enumerated() where Self.length(trial) > 0 {
      var row = CurveTable.Row(id: id, values: [], seconds: [])
      var seconds = 0.0
      for epoch in 1...Self.length(trial) {
        guard let known = trial.epochs[epoch] else { break }
        seconds += known.seconds
        row.values.append(known.value)
        row.seconds.append(seconds)
      }
      rows.append(row)
    }
    return CurveTable(name: name, rows: rows)
  }

  private static func length(_ trial: Trial) -> Int {
    var length = 0
    while trial.epochs[length + 1] != nil { length += 1 }
    return length
  }
}
