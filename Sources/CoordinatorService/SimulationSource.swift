import Coordination
import CurveTables
import Journal
import Simulation
import TuningModel

/// The learning curves of a simulation, and what is known of them beside.
struct SimulationSource {
  let table: CurveTable
  let metric: String?
  let mode: MetricMode
  let maxResource: Int
  /// What a person should know of the table before believing a result.
  let notes: [String]
  /// Its orders by seed; nil: they are drawn.
  let orders: TrialOrders?

  /// A table in files, up to `max_t`.
  static func table(_ path: String, _ options: SimulateOptions) throws -> SimulationSource {
    let measured = try CurveTables.read(path)
    guard let mode = options.mode ?? measured.description.mode else {
      throw ServiceError(
        .usage, "\(path) does not say whether small or large values are good: give --mode min or --mode max")
    }
    let maxResource = options.maxResource ?? measured.description.maxResource ?? measured.longest
    let (table, leftOut) = try measured.curves(upTo: maxResource)
    var notes = leftOut.count > 0 ? [leftOut.description] : []
    if !measured.hasTimes {
      notes.append("the table has no times: each epoch takes \(Int(CurveTables.assumedEpochSeconds)) s")
    }
    return SimulationSource(
      table: table, metric: measured.description.metric, mode: mode, maxResource: maxResource, notes: notes,
      orders: try options.order.map { try TrialOrders.read($0, table: measured, maxResource: maxResource) })
  }

  /// What the trials of a run have reported so far.
  static func run(_ name: String, _ options: SimulateOptions, home: String) throws -> SimulationSource {
    let folder = try RunFolder.find(name, in: home)
    let specification = try folder.specification()
    if let mode = options.mode, mode != specification.experiment.mode {
      throw ServiceError(
        .usage, "run \(folder.name) has the mode \(specification.experiment.mode.rawValue): leave --mode out")
    }
    var curves = RecordedCurves()
    try JournalReader(at: folder.journal).replay { record in
      curves.note(StampedFact(stamp: record.stamp, fact: record.fact))
    }
    let table = curves.table(name: folder.name)
    if table.rows.isEmpty { throw ServiceError(.notFound, "no trial of run \(folder.name) has reported an epoch") }
    var notes: [String] = []
    if table.rows.count < curves.trialCount {
      notes.append("\(curves.trialCount - table.rows.count) of \(curves.trialCount) trials have no first epoch")
    }
    if curves.valuesLeftOut > 0 {
      notes.append("\(curves.valuesLeftOut) values are left out: they stand behind an epoch that was not reported")
    }
    return SimulationSource(
      table: table, metric: specification.experiment.metric, mode: specification.experiment.mode,
      maxResource: options.maxResource ?? specification.scheduler.maxResource, notes: notes, orders: nil)
  }
}
