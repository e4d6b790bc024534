import Coordination
import CurveTables
import Dispatch
import HostSystem
import Presentation
import Scheduling
import Simulation
import TuningModel

/// What `simulate` is asked for; what is nil has a default that depends on the table.
public struct SimulateOptions: Sendable {
  /// A folder or file with learning curves.
  public var table: String?
  /// A run whose reports are the table.
  public var run: String?
  /// Names of schedulers, `one_epoch` and `random`.
  public var schedulers: [String]
  public var mode: MetricMode?
  /// `max_t`.
  public var maxResource: Int?
  public var gracePeriod: Int
  public var reductionFactor: Double
  public var trials: Int?
  public var workers: Int
  public var seeds: Int?
  public var atLimit: StopCriterion.AtLimit
  /// A file with the configurations of each seed, in order.
  public var order: String?
  public var json: Bool
  /// The table as Markdown.
  public var markdown: Bool
  /// Where an SVG picture is written.
  public var plot: String?

  public init(
    table: String? = nil, run: String? = nil, schedulers: [String] = ["pasha", "asha"], mode: MetricMode? = nil,
    maxResource: Int? = nil, gracePeriod: Int = 1, reductionFactor: Double = 3, trials: Int? = nil, workers: Int = 4,
    seeds: Int? = nil, atLimit: StopCriterion.AtLimit = .finishPromotions, order: String? = nil, json: Bool = false,
    markdown: Bool = false, plot: String? = nil
  ) {
    self.table = table
    self.run = run
    self.schedulers = schedulers
    self.mode = mode
    self.maxResource = maxResource
    self.gracePeriod = gracePeriod
    self.reductionFactor = reductionFactor
    self.trials = trials
    self.workers = workers
    self.seeds = seeds
    self.atLimit = atLimit
    self.order = order
    self.json = json
    self.markdown = markdown
    self.plot = plot
  }
}

extension Commands {
  /// Seeds without an order file: as many as give a standard error that is worth something.
  static let usualSeeds = 15
  static let mostSeeds = 10_000

  /// Tries schedulers on learning curves that were measured before.
  public static func simulate(_ options: SimulateOptions, home: String = RunFolder.home) throws -> ExitCode {
    let source: SimulationSource
    switch (options.table, options.run) {
    case (let path?, nil): source = try .table(path, options)
    case (nil, let run?):
      if options.order != nil { throw ServiceError(.usage, "--order needs --table: a run has no orders") }
      source = try .run(run, options, home: home)
    default: throw ServiceError(.usage, "give --table DIR, or --run RUN, and not both")
    }
    let simulations = try self.simulations(of: source, options)
    for note in source.notes { complain("\(source.table.name): \(note)") }
    let results = try run(simulations)
    let comparison = SimulationComparison(results)
    if let plot = options.plot { try write(comparison, source, to: plot) }
    if options.json {
      for result in results { show(Presentation.simulationJSON(result).jsonText(.strict)) }
    } else {
      let metric = source.metric ?? "best metric"
      show(
        options.markdown
          ? Presentation.simulationMarkdown(comparison, metric: metric)
          : Presentation.simulation(comparison, metric: metric))
    }
    for method in comparison.methods { complainAboutShortCurves(method) }
    return results.contains { $0.chosen == nil } ? .runFailed : .success
  }

  // MARK: Settings

  private static func simulations(of source: SimulationSource, _ options: SimulateOptions) throws -> [Simulation] {
    let seeds = options.seeds ?? source.orders?.seeds.count ?? usualSeeds
    guard (1...mostSeeds).contains(seeds) else {
      throw ServiceError(.usage, "--seeds must be 1…\(mostSeeds), not \(seeds)")
    }
    let methods = try options.schedulers.map { ($0, try method($0, source, options)) }
    for (index, name) in options.schedulers.enumerated() where options.schedulers[..<index].contains(name) {
      throw ServiceError(.usage, "--scheduler names \(name) twice")
    }
    var simulations: [Simulation] = []
    for (name, method) in methods {
      for seed in 0..<UInt64(seeds) {
        let order = try source.orders?.order(seed: seed)
        do {
          simulations.append(
            try Simulation(
              table: source.table,
              settings: SimulationSettings(
                method: method, label: name, mode: source.mode, maxResource: source.maxResource,
                trials: options.trials ?? order?.count ?? source.table.rows.count, workers: options.workers,
                atLimit: options.atLimit, seed: seed, order: order)))
        } catch let error {
          throw ServiceError(.usage, error.message)
        }
      }
    }
    return simulations
  }

  private static func method(
    _ name: String, _ source: SimulationSource, _ options: SimulateOptions
  ) throws(ServiceError) -> SimulatedMethod {
    switch name {
    case "one_epoch": return .oneEpoch
    case "random": return .random
    default:
      return .scheduler(
        try SimulatedScheduler(
          name, mode: source.mode, maxResource: source.maxResource, gracePeriod: options.gracePeriod,
          reductionFactor: options.reductionFactor
        ).options)
    }
  }

  // MARK: Running

  /// Runs them side by side, on as many cores as there are; each is a value of its own, so that the order does not show.
  static func run(_ simulations: [Simulation]) throws -> [SimulationResult] {
    try run(count: simulations.count) { simulations[$0] }
  }

  /// The same, each made when its turn comes.
  static func run(
    count: Int, _ simulation: @Sendable (Int) throws(SimulationError) -> Simulation
  ) throws -> [SimulationResult] {
    let outcomes = Locked([Result<SimulationResult, SimulationError>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let outcome = Result { () throws(SimulationError) in try simulation(index).run() }
      outcomes.withLock { $0[index] = outcome }
    }
    return try outcomes.withLock { $0 }.compactMap { try $0?.get() }
  }

  private static func write(_ comparison: SimulationComparison, _ source: SimulationSource, to path: String) throws {
    let picture = Presentation.simulationPlot(
      comparison, title: source.table.name, metric: source.metric ?? "best metric", mode: source.mode)
    do {
      try Files.writeAtomically(path, Array(picture.utf8), mode: 0o644)
    } catch {
      throw ServiceError(.cannotCreate, "cannot write the plot: \(error)")
    }
  }

  private static func complainAboutShortCurves(_ method: SimulationComparison.Method) {
    let trials = method.runs.reduce(0) { $0 + $1.trialsCutShort }
    guard trials > 0 else { return }
    let epochs = method.runs.reduce(0) { $0 + $1.epochsMissing }
    let runs = method.runs.count { $0.trialsCutShort > 0 }
    complain(
      "\(method.label): trials that ended where their curves do: \(trials) in \(runs) of \(method.runs.count) runs; "
        + "epochs missing: \(epochs)")
  }
}
