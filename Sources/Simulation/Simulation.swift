import Coordination
import Scheduling
import TuningModel

/// A run on tabulated learning curves in virtual time: the coordinator, an agent and its supervisors as they are, with
/// scripts that take their epochs from a table. The same table and settings give the same result.
///
/// An epoch takes the time that the table says; nothing else takes any. A trial that is promoted goes on from where it
/// was paused. What happens at the same instant happens in the order in which the legs began; a leg is a start, or
/// going on after a hold.
public struct Simulation: Sendable {
  private let table: CurveTable
  private let settings: SimulationSettings
  /// Places in the table of the rows that may be handed out, in their order.
  private let places: [Int]

  /// Checks all that could keep a run from being made.
  public init(table: CurveTable, settings: SimulationSettings) throws(SimulationError) {
    try settings.check()
    try table.check()
    self.table = table
    self.settings = settings
    places = Array(try settings.places(in: table).prefix(settings.method == .random ? 1 : settings.trials))
  }

  public func run() throws(SimulationError) -> SimulationResult {
    let options: SchedulerOptions
    var epochs = Int.max
    switch settings.method {
    case .random:
      return finished(SimulationResult(label: settings.label, seed: settings.seed), chosen: places.first, trained: 0)
    case .scheduler(let given): options = settings.completed(given)
    case .oneEpoch:
      // Scripts that end below the lowest rung: none is ever promoted.
      options = SchedulerOptions(name: .asha, mode: settings.mode, maxResource: 3, rungLevels: [2])
      epochs = 1
    }
    let rows = places.map { SimulatedRow(table.rows[$0], epochs: epochs) }
    let specification = settings.specification(rows: rows.count, scheduler: options)
    var (result, best) = try simulated(specification, rows)
    if settings.method == .oneEpoch {
      // They were to end there.
      result.trialsCutShort = 0
      result.epochsMissing = 0
    }
    return finished(result, chosen: best.map { places[$0.row] }, trained: best?.epoch ?? 0)
  }

  /// What the journal of such a run would hold.
  package func facts(of given: SchedulerOptions) throws -> (specification: RunSpecification, facts: [StampedFact]) {
    let rows = places.map { SimulatedRow(table.rows[$0], epochs: .max) }
    let specification = settings.specification(rows: rows.count, scheduler: settings.completed(given))
    var run = try SimulatedRun(specification, rows: rows, settings: settings)
    run.facts = []
    _ = try run.run()
    return (specification, run.facts ?? [])
  }

  private func simulated(_ specification: RunSpecification, _ rows: [SimulatedRow]) throws(SimulationError) -> (
    SimulationResult, SimulatedRun.Choice?
  ) {
    do {
      var run = try SimulatedRun(specification, rows: rows, settings: settings)
      return try run.run()
    } catch let error as SimulationError {
      throw error
    } catch {
      throw SimulationError(code: .badSetting, message: "\(error)")
    }
  }

  /// Adds what is read off the whole curve of the configuration that the run chose.
  private func finished(_ result: SimulationResult, chosen place: Int?, trained: Int) -> SimulationResult {
    guard let place else { return result }
    var result = result
    let row = table.rows[place]
    let known = min(settings.maxResource, row.values.count)
    result.chosen = row.id
    result.bestMetric = row.values[..<known].reduce(nil) { best, value in
      best.map { settings.mode.isBetter(value, than: $0) } ?? value.isFinite ? value : best
    }
    let before = trained > 0 ? row.seconds[trained - 1] : 0
    result.secondsToTrainedBest = result.runtimeSeconds + max(0, row.seconds[known - 1] - before)
    return result
  }
}
