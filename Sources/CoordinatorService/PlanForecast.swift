import Coordination
import Dispatch
import HostSystem
import Scheduling
import Simulation
import TuningModel

/// Forecasts what a cluster file's search takes, by simulated runs.
struct PlanForecast {
  let specification: RunSpecification
  let farm: FarmPace
  /// Curves that were measured; nil: synthetic ones.
  let measured: CurveTable?
  let seeds: Int
  /// Trials, where the command line says how many.
  let trials: Int?
  private(set) var forecasts: [Forecast] = []
  private(set) var notes: [String] = []

  /// Trials that a search without a limit of them is simulated with at most.
  private static let mostTrials = 5_000

  init(
    _ specification: RunSpecification, farm: FarmPace, measured: CurveTable?, seeds: Int, trials: Int?
  ) throws {
    self.specification = specification
    self.farm = farm
    self.measured = measured
    self.seeds = seeds
    self.trials = trials
    let (count, isGiven) = try countTrials()
    if specification.program != nil {
      notes.append("there is no forecast of scheduler.command: what the program decides is not known beforehand")
    }
    for options in schedulers {
      if options.name == .costPromotion {
        notes.append("there is no forecast of cost_promotion: what trials cost is not known beforehand")
        continue
      }
      do {
        if let forecast = Forecast(try simulate(options, trials: count), on: farm) { forecasts.append(forecast) }
      } catch let error as SimulationError {
        notes.append("there is no forecast of \(options.name.rawValue): \(error.message)")
      }
    }
    let started = isGiven ? count : forecasts.first.map { Int($0.trials.median.rounded()) }
    if let started {
      forecasts.append(
        Forecast(fullTraining: started, maxResource: specification.scheduler.maxResource, on: farm))
    }
    noteLimits(count, isGiven: isGiven)
  }

  // MARK: What is simulated

  /// PASHA, ASHA, and the file's own scheduler where it is another one.
  private var schedulers: [SchedulerOptions] {
    let own = specification.scheduler
    return Self.options([.pasha, .asha, own.name].filter { $0 != .fifo && $0 != .external }, from: own)
  }

  /// Options of the schedulers named, each once: the file's own where it is that one, else what they share with it.
  private static func options(_ names: [SchedulerOptions.Name], from own: SchedulerOptions) -> [SchedulerOptions] {
    var result: [SchedulerOptions] = []
    for name in names where !result.contains(where: { $0.name == name }) {
      guard name != own.name else {
        result.append(own)
        continue
      }
      result.append(
        SchedulerOptions(
          name: name, mode: own.mode, maxResource: own.maxResource, gracePeriod: own.gracePeriod,
          reductionFactor: own.reductionFactor, rungLevels: own.rungLevels, rungIncrement: own.rungIncrement))
    }
    return result
  }

  /// How many trials the search may start, and whether that is said and not only what there is time for.
  private func countTrials() throws(ServiceError) -> (Int, isGiven: Bool) {
    let stop = specification.stop
    let space = specification.experiment.space.count
    if let limit = trials ?? stop.maxTrialsStarted { return (max(1, min(limit, space ?? limit)), true) }
    var bounds: [Double] = []
    if let time = stop.maxWallclockTime {
      let least = farm.startSeconds + Double(specification.scheduler.gracePeriod) * farm.epochSeconds
      bounds.append((time.inSeconds / max(least, 1e-6)).rounded(.up) * Double(farm.slots) + Double(farm.slots))
    }
    for limit in [stop.maxEvaluations, stop.maxTrialsFinished].compactMap({ $0 }) { bounds.append(Double(limit)) }
    if let space { bounds.append(Double(space)) }
    guard let bound = bounds.min() else { throw Self.endless }
    let most = max(1, min(Self.mostTrials, Self.mostEpochs / specification.scheduler.maxResource))
    return (Int(max(1, min(bound, Double(most)))), false)
  }

  /// Refuses a search that nothing would end, before anything is tried.
  static func check(_ specification: RunSpecification, trials: Int?) throws(ServiceError) {
    let stop = specification.stop
    let hasLimit =
      stop.maxWallclockTime != nil || stop.maxEvaluations != nil || stop.maxTrialsFinished != nil
      || (trials ?? stop.maxTrialsStarted ?? specification.experiment.space.count) != nil
    if !hasLimit { throw endless }
    let maximum = specification.scheduler.maxResource
    let count = trials ?? stop.maxTrialsStarted ?? 1
    let (epochs, isTooMany) = maximum.multipliedReportingOverflow(by: count)
    if isTooMany || epochs > mostEpochs {
      throw ServiceError(
        .usage,
        "\(count) trials of up to \(maximum) are too many to simulate: at most \(mostEpochs) epochs in all; give "
          + "--trials N, or forecast a search with a smaller scheduler.max_t")
    }
  }

  /// Epochs of all curves of one simulated search at most.
  private static let mostEpochs = 20_000_000

  private static let endless = ServiceError(
    .usage,
    "the file sets no limit of trials, reports or time, so that its search never ends: give --trials N, or "
      + "stop_criterion: {max_num_trials_started: N}")

  private func simulate(_ options: SchedulerOptions, trials: Int) throws -> [SimulationResult] {
    let mode = specification.experiment.mode
    var stop = specification.stop
    // Nothing is known of what they are about.
    stop.maxCost = nil
    stop.maxMetricValue = nil
    stop.minMetricValue = nil
    let curves = ForecastCurves(
      trials: trials, maxResource: options.maxResource, mode: mode, farm: farm, measured: measured)
    // Each has its curves for as long as it runs: not all of them at once.
    return try Commands.run(count: seeds) { [stop] (index) throws(SimulationError) in
      let seed = UInt64(index)
      var settings = SimulationSettings(
        method: .scheduler(options), label: options.name.rawValue, mode: mode, maxResource: options.maxResource,
        trials: trials, workers: farm.slots, atLimit: specification.stop.atLimit, seed: seed)
      settings.stop = stop
      return try Simulation(table: curves.table(seed: seed), settings: settings)
    }
  }

  // MARK: What is to be known

  private mutating func noteLimits(_ count: Int, isGiven: Bool) {
    let stop = specification.stop
    if !isGiven {
      let isCut = count >= min(Self.mostTrials, Self.mostEpochs / specification.scheduler.maxResource)
      notes.append(
        "the file sets no max_num_trials_started: the searches go on until another limit of it ends them"
          + (isCut ? ", or until \(count) trials were started" : "")
          + "; full training is of as many trials as the first of them starts")
    }
    if stop.maxCost != nil || stop.maxMetricValue != nil || stop.minMetricValue != nil {
      notes.append("max_cost, max_metric_value and min_metric_value are not part of the forecast")
    }
    if let measured, measured.rows.count < count {
      notes.append("\(measured.name) has \(measured.rows.count) curves, fewer than trials: they come several times")
    }
  }
}
