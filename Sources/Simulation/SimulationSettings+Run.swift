import Coordination
import Scheduling
import SearchSpace
import TuningModel

extension SimulationSettings {
  /// More slots than the largest farm has.
  static let mostWorkers = 10_000
  /// Longer than any run: 285 years, near the end of what an instant can hold.
  static let forever = Duration.seconds(9_000_000_000)

  func check() throws(SimulationError) {
    func refuse(_ message: String) -> SimulationError { SimulationError(code: .badSetting, message: message) }
    if maxResource < 1 { throw refuse("max_t must be a whole number of at least 1, not \(maxResource)") }
    if trials < 1 { throw refuse("the number of trials must be at least 1, not \(trials)") }
    guard (1...Self.mostWorkers).contains(workers) else {
      throw refuse("the number of workers must be 1…\(Self.mostWorkers), not \(workers)")
    }
    if case .scheduler(let options) = method, let problem = completed(options).problems().first {
      throw refuse("\(label): \(problem.message)")
    }
  }

  func completed(_ options: SchedulerOptions) -> SchedulerOptions {
    var options = options
    options.mode = mode
    options.maxResource = maxResource
    return options
  }

  /// Places in the table of the rows that are handed out, in their order.
  func places(in table: CurveTable) throws(SimulationError) -> [Int] {
    guard let order else {
      var places = Array(table.rows.indices)
      var generator = SeededGenerator(seed: seed, stream: 0x6f72_6465_7200_0000)
      // Fisher and Yates: each order is equally likely.
      for last in places.indices.dropFirst().reversed() {
        places.swapAt(last, Int(generator.nextBelow(UInt64(last + 1))))
      }
      return places
    }
    func refuse(_ message: String) -> SimulationError {
      SimulationError(code: .badOrder, message: "the order of seed \(seed) \(message)")
    }
    if order.isEmpty { throw refuse("is empty") }
    var placeOf: [Int: Int] = [:]
    for (place, row) in table.rows.enumerated() { placeOf[row.id] = place }
    var seen: Set<Int> = []
    var places: [Int] = []
    for id in order {
      guard let place = placeOf[id] else { throw refuse("names row \(id), which \(table.name) does not have") }
      guard seen.insert(id).inserted else { throw refuse("names row \(id) twice") }
      places.append(place)
    }
    return places
  }

  /// The run: its searcher hands out the rows from the first to the last.
  func specification(rows: Int, scheduler: SchedulerOptions) -> RunSpecification {
    let space = ConfigurationSpace([.init(SimulatedHost.hyperparameter, .randint(lower: 0, upper: rows - 1))])
    let points = (0..<rows).map { Configuration([.init(SimulatedHost.hyperparameter, .int($0))]) }
    var stop = stop
    stop.maxTrialsStarted = trials
    stop.atLimit = method == .oneEpoch ? .finishPromotions : atLimit
    return RunSpecification(
      experiment: Experiment(
        name: "simulation", entryPoint: ["simulated"], space: space, metric: SimulatedHost.metric, mode: mode,
        resourceAttribute: SimulatedHost.resource,
        costAttribute: scheduler.name == .costPromotion ? SimulatedHost.cost : nil),
      scheduler: scheduler,
      searcher: SearcherOptions(randomSeed: seed, pointsToEvaluate: points),
      stop: stop,
      cluster: ClusterOptions(lostAfter: Self.forever, heartbeat: Self.forever),
      checkpoints: CheckpointPolicy(holdLimit: Self.forever, settle: .zero, grace: .zero))
  }
}
