import Coordination
import TuningModel

/// The curves of a run, each drawn out to where its trial could have been trained.
struct SavingsCurves {
  /// Rows have the numbers of their trials. A value beyond the measured ones is the last of them.
  private(set) var table: CurveTable
  /// Epochs that were measured, by trial.
  private var measured: [Int]
  private var seconds: [[Double]]
  /// Of an epoch of each trial.
  private var pace: [Double]
  private let maximum: Int

  init(_ curves: RecordedCurves, state: RunState) {
    maximum = state.specification.scheduler.maxResource
    measured = [Int](repeating: 0, count: state.trials.count)
    seconds = [[Double]](repeating: [], count: state.trials.count)
    let known = curves.table(name: state.start?.run ?? "the run")
    var paces: [Int: Double] = [:]
    for row in known.rows where row.id < state.trials.count {
      measured[row.id] = row.values.count
      seconds[row.id] = row.seconds
      // The first epoch includes the start of the script.
      let steps = zip(row.seconds.dropFirst(), row.seconds).map { $0 - $1 }
      if steps.count >= 2 { paces[row.id] = Quartiles(steps)?.median }
    }
    let firsts = known.rows.map { ($0.seconds.last ?? 0) / Double(max(1, $0.values.count)) }
    let usual = Quartiles(paces.keys.sorted().compactMap { paces[$0] })?.median ?? Quartiles(firsts)?.median ?? 0
    pace = state.trials.indices.map { paces[$0] ?? usual }
    table = CurveTable(name: known.name, rows: [])
    for row in known.rows where row.id < state.trials.count {
      var row = CurveTable.Row(
        id: row.id, values: Array(row.values.prefix(maximum)), seconds: Array(row.seconds.prefix(maximum)))
      if !isFailed(row.id, state) {
        let last = (value: row.values.last ?? 0, seconds: row.seconds.last ?? 0, epoch: row.values.count)
        for epoch in row.values.count..<max(row.values.count, maximum) {
          row.values.append(last.value)
          row.seconds.append(last.seconds + Double(epoch + 1 - last.epoch) * pace[row.id])
        }
      }
      table.rows.append(row)
    }
  }

  private func isFailed(_ trial: Int, _ state: RunState) -> Bool {
    if case .failed = state.trials[trial].status { return true }
    return false
  }

  /// How far full training takes a trial.
  func fullLength(_ trial: Int, _ state: RunState) -> Int {
    isFailed(trial, state) ? min(maximum, state.trials[trial].resource) : maximum
  }

  /// Counts a trial that is trained up to an epoch.
  func add(_ trial: Int, upTo epoch: Int, to way: inout Savings.Way, isTimed: Bool) {
    way.trials += 1
    way.epochs += epoch
    way.maxResource = max(way.maxResource, epoch)
    let known = min(epoch, measured[trial])
    way.assumedEpochs += isTimed ? epoch - known : 0
    guard isTimed else { return }
    let beyond = Double(epoch - known) * pace[trial]
    way.seconds = (way.seconds ?? 0) + (known > 0 ? seconds[trial][known - 1] : 0) + beyond
    way.assumedSeconds += beyond
  }
}
