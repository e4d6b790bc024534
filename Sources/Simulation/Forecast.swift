import Coordination
import Scheduling
import TuningModel

/// Hosts that are alike, and how a trial went on one of them.
public struct HostKind: Sendable, Equatable {
  public var hosts: Int
  /// Trials at once on each host.
  public var slotsPerHost: Int
  public var pace: TrialPace

  public init(hosts: Int, slotsPerHost: Int, pace: TrialPace) {
    self.hosts = hosts
    self.slotsPerHost = slotsPerHost
    self.pace = pace
  }

  public var slots: Int { hosts * slotsPerHost }
}

/// Hosts of several kinds as one: trials are taken to be spread over the slots, whichever kind they are of.
public struct FarmPace: Sendable, Equatable {
  /// Trials at once on the whole farm.
  public var slots: Int
  /// Seconds of one epoch on a slot of mean speed: all slots together train slots / epochSeconds epochs in a second.
  public var epochSeconds: Double
  /// The mean over the slots.
  public var startSeconds: Double
  public var checkpointBytes: Int

  /// - Parameter maxWorkers: `n_workers`.
  /// - Returns: nil without a slot.
  public init?(_ kinds: [HostKind], maxWorkers: Int? = nil) {
    let all = kinds.reduce(0) { $0 + $1.slots }
    guard all > 0 else { return nil }
    slots = min(all, maxWorkers ?? all)
    // An epoch that was too short to be measured takes a microsecond.
    let rate = kinds.reduce(0.0) { $0 + Double($1.slots) / max($1.pace.epochSeconds, 1e-6) }
    epochSeconds = Double(all) / rate
    startSeconds = kinds.reduce(0.0) { $0 + Double($1.slots) * $1.pace.startSeconds } / Double(all)
    checkpointBytes = kinds.reduce(0) { max($0, $1.pace.checkpointBytes) }
  }
}

/// What a search is expected to take with one scheduler.
public struct Forecast: Sendable, Equatable {
  public var label: String
  /// Whether it is arithmetic alone, the same whatever the curves are.
  public var isExact: Bool
  public var trials: Quartiles
  /// Seconds from the first start to the last report.
  public var wallSeconds: Quartiles
  /// Seconds until the chosen configuration is trained up to `max_t`; nil: none was chosen.
  public var trainedSeconds: Quartiles?
  /// Seconds during which slots are occupied, all slots together.
  public var slotSeconds: Quartiles
  public var epochs: Quartiles
  public var maxResource: Quartiles
  /// Checkpoints on all hosts together when there are most: the sealed generations that are kept, and what each slot is
  /// writing.
  public var checkpoints: Quartiles

  /// Every trial trained up to `max_t`, as many at once as there are slots.
  public init(fullTraining trials: Int, maxResource: Int, on farm: FarmPace, label: String = "full training") {
    self.label = label
    isExact = true
    let each = farm.startSeconds + Double(maxResource) * farm.epochSeconds
    let slots = min(farm.slots, trials)
    let rounds = (trials + farm.slots - 1) / farm.slots
    self.trials = Quartiles(exactly: Double(trials))
    wallSeconds = Quartiles(exactly: Double(rounds) * each)
    trainedSeconds = wallSeconds
    slotSeconds = Quartiles(exactly: Double(trials) * each)
    epochs = Quartiles(exactly: Double(trials) * Double(maxResource))
    self.maxResource = Quartiles(exactly: Double(maxResource))
    // Each is sealed once, at its end; those that run write one at the same time.
    checkpoints = Quartiles(exactly: Double(max(trials, slots)))
  }

  /// Of simulated runs of one scheduler on `ForecastCurves`. nil without results.
  ///
  /// A process that is started again for a promotion takes `startSeconds` once more, of which the runs know nothing; the
  /// wall time is longer by the share of one slot.
  public init?(_ results: [SimulationResult], on farm: FarmPace) {
    func quartiles(_ value: (SimulationResult) -> Double) -> Quartiles? { Quartiles(results.map(value)) }
    func late(_ result: SimulationResult) -> Double {
      Double(max(0, result.starts - result.trials)) * farm.startSeconds / Double(farm.slots)
    }
    guard let first = results.first, let trials = quartiles({ Double($0.trials) }),
      let wall = quartiles({ $0.runtimeSeconds + late($0) }),
      let slot = quartiles({ Double($0.epochs) * farm.epochSeconds + Double($0.starts) * farm.startSeconds }),
      let epochs = quartiles({ Double($0.epochs) }), let maximum = quartiles({ Double($0.maxResource) }),
      let checkpoints = quartiles({ Double($0.mostSeals + min(farm.slots, $0.trials)) })
    else { return nil }
    label = first.label
    isExact = false
    self.trials = trials
    wallSeconds = wall
    trainedSeconds = Quartiles(results.compactMap { result in result.secondsToTrainedBest.map { $0 + late(result) } })
    slotSeconds = slot
    self.epochs = epochs
    maxResource = maximum
    self.checkpoints = checkpoints
  }
}

/// Curves for the simulated runs of a forecast: every epoch takes the same time, the first includes the start.
public struct ForecastCurves: Sendable {
  /// Trials that a run may start.
  public var trials: Int
  public var maxResource: Int
  public var mode: MetricMode
  public var epochSeconds: Double
  public var startSeconds: Double
  /// Curves to take, at least `maxResource` long; nil: synthetic ones, others for each seed.
  public var measured: CurveTable?

  public init(trials: Int, maxResource: Int, mode: MetricMode, farm: FarmPace, measured: CurveTable? = nil) {
    self.trials = trials
    self.maxResource = maxResource
    self.mode = mode
    epochSeconds = farm.epochSeconds
    startSeconds = farm.startSeconds
    self.measured = measured
  }

  /// As many rows as trials. Where fewer were measured, they come again, in the same order.
  public func table(seed: UInt64) -> CurveTable {
    let synthetic = SyntheticCurves(epochs: maxResource, seed: seed)
    let times = (1...max(1, maxResource)).map { startSeconds + Double($0) * epochSeconds }
    let rows = (0..<trials).map { trial -> CurveTable.Row in
      let values: [Double]
      if let measured, !measured.rows.isEmpty {
        values = Array(measured.rows[trial % measured.rows.count].values.prefix(maxResource))
      } else {
        values = synthetic.values(of: trial).map { mode == .max ? -$0 : $0 }
      }
      // The same array for all that are as long.
      let seconds = values.count == times.count ? times : Array(times.prefix(values.count))
      return CurveTable.Row(id: trial, values: values, seconds: seconds)
    }
    return CurveTable(name: measured?.name ?? "synthetic curves", rows: rows)
  }
}
