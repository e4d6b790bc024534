import Coordination
import Scheduling
import TuningModel

/// What a run spent, and what other ways of searching the same configurations would have spent, by the run's own curves.
///
/// Three ways are compared. *This run* is what was measured: all that its attempts trained, also what one trained again
/// without a checkpoint, or past its milestone (`extraEpochs`); the other ways train each epoch of a trial once. *Full training* trains every configuration that was started up
/// to the maximum resource: arithmetic alone. *Another scheduler* is the real one, run by `Simulation` on the curves that
/// the run has measured, with the configurations in the order in which the run started them.
///
/// The run's curves end where it stopped training. What another way would have trained beyond that is not known: such
/// epochs are counted apart (`assumedEpochs`). Each is taken to last as long as the trial's epochs did, and to leave the
/// metric as it was, so that no value is made up that could be the best; how many trials a scheduler promotes from a rung
/// follows from how many came there, and only which ones from the values. A trial that failed ends in every way where it
/// failed in the run.
public struct Savings: Sendable, Equatable {
  public struct Way: Sendable, Equatable {
    public var label: String
    public var trials = 0
    /// Epochs in all, of all trials.
    public var epochs = 0
    /// Those of `epochs` that the run did not train.
    public var assumedEpochs = 0
    /// Those of `epochs` that brought no trial further: trained again, or past a milestone.
    public var extraEpochs = 0
    /// Time in training, of all trials together; nil where scripts do not report each epoch.
    public var seconds: Double?
    /// Part of `seconds`.
    public var assumedSeconds = 0.0
    /// Time from the first to the last epoch on the run's slots, starting and loading left out; for full training what
    /// slots that are never idle take.
    public var wallSeconds: Double?
    /// The highest resource that a trial came to.
    public var maxResource = 0
    /// The best value among those that the run has measured; nil: none is known.
    public var best: Double?

    public init(label: String) { self.label = label }
  }

  /// Why a way is missing.
  public enum Note: Sendable, Equatable {
    /// Scripts did not report so many epochs: nothing is known of their curves beyond.
    case gaps(values: Int)
    /// Trials that ended before their first epoch; they are counted with no epoch.
    case withoutCurve(trials: Int)
    /// Curves of more epochs than are looked at.
    case tooLarge
    /// The scheduler's options do not go with the other scheduler.
    case notComparable(String)
  }

  public var run: Way
  /// The run's own scheduler on its curves: how near the simulation comes to what was.
  public var again: Way?
  /// ASHA, or of a run of ASHA PASHA.
  public var other: Way?
  public var full: Way
  /// Trials at once.
  public var slots: Int
  public var notes: [Note] = []

  /// Epochs of a table that are simulated at most.
  static let mostEpochs = 5_000_000

  /// - Parameters:
  ///   - searched: what was trained when the search ended; nil: the run trained nothing after its search.
  ///   - began: active seconds at the first start of a trial: the preparation of hosts is left out.
  ///   - slots: how many trials the run could train at once.
  public init(
    curves: RecordedCurves, state: RunState, searched: Searched? = nil, began: Double = 0, slots: Int
  ) {
    self.slots = max(1, slots)
    let own = SavingsCurves(curves, state: state)
    let searched = searched ?? Searched(state)
    run = Way(label: state.specification.scheduler.name.rawValue)
    full = Way(label: "full training")
    if curves.valuesLeftOut > 0 { notes.append(.gaps(values: curves.valuesLeftOut)) }
    let isTimed = curves.valuesLeftOut == 0
    for index in state.trials.indices where state.trials[index].attempt != nil {
      let (trained, ahead) = searched.trials.indices.contains(index) ? searched.trials[index] : (0, 0)
      run.trials += 1
      run.epochs = run.epochs.addingOrMost(trained)
      run.extraEpochs = run.extraEpochs.addingOrMost(max(0, trained - ahead))
      run.maxResource = max(run.maxResource, ahead)
      if isTimed { run.seconds = (run.seconds ?? 0) + curves.seconds(of: index) }
      own.add(index, upTo: own.fullLength(index, state), to: &full, isTimed: isTimed)
    }
    run.wallSeconds = (state.searchTime ?? state.lastStamp?.active).map { max(0, $0.inSeconds - began) }
    run.best = state.bestTrialValue
    full.wallSeconds = full.seconds.map { $0 / Double(self.slots) }
    let silent = state.trials.indices.count { state.trials[$0].attempt != nil && state.trials[$0].resource == 0 }
    if silent > 0 { notes.append(.withoutCurve(trials: silent)) }
    guard isTimed, !own.table.rows.isEmpty else { return }
    guard own.table.rows.reduce(0, { $0 + $1.values.count }) <= Self.mostEpochs else {
      notes.append(.tooLarge)
      return
    }
    simulate(own, state)
  }

  /// What was trained at a moment, by trial.
  public struct Searched: Sendable {
    /// In all, and how far the trial is ahead.
    var trials: [(trained: Int, ahead: Int)]

    public init(_ state: RunState) { trials = state.trials.map { ($0.trained, $0.resource) } }
  }

  private mutating func simulate(_ own: SavingsCurves, _ state: RunState) {
    let options = state.specification.scheduler
    let hasRungs = [.pasha, .asha, .hyperband, .rush, .costPromotion].contains(options.name) && !options.isStopping
    if options.name == .pasha || options.name == .asha, hasRungs { again = way(options, own, state) }
    var other = options
    other.name = options.name == .asha ? .pasha : .asha
    other.type = .promotion
    self.other = way(other, own, state)
  }

  private mutating func way(_ options: SchedulerOptions, _ own: SavingsCurves, _ state: RunState) -> Way? {
    let settings = SimulationSettings(
      method: .scheduler(options), label: options.name.rawValue, mode: state.specification.experiment.mode,
      maxResource: options.maxResource, trials: own.table.rows.count, workers: slots,
      atLimit: state.specification.stop.atLimit, seed: state.specification.searcher.randomSeed,
      order: own.table.rows.map(\.id))
    do throws(SimulationError) {
      let result = try Simulation(table: own.table, settings: settings).run()
      var way = Way(label: options.name.rawValue)
      for (place, reached) in result.reached.enumerated() where reached > 0 {
        own.add(own.table.rows[place].id, upTo: reached, to: &way, isTimed: true)
      }
      way.wallSeconds = result.runtimeSeconds
      way.maxResource = result.maxResource
      way.best = result.progress.last?.value
      return way
    } catch {
      notes.append(.notComparable(error.message))
      return nil
    }
  }
}

extension Int {
  fileprivate func addingOrMost(_ other: Int) -> Int {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }
}

extension RunState {
  var bestTrialValue: Double? { totals.bestTrial.flatMap { self[$0]?.best?.value } }
}
