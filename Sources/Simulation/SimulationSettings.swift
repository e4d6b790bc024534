import Coordination
import Scheduling
import TuningModel

/// How the configurations of a table are tried.
public enum SimulatedMethod: Sendable, Equatable {
  /// As a run with this scheduler would. Mode and `max_t` are those of the settings.
  case scheduler(SchedulerOptions)
  /// Every trial is trained for one epoch, and the best is chosen.
  case oneEpoch
  /// The first configuration of the order is chosen without training.
  case random
}

/// One run to be simulated.
public struct SimulationSettings: Sendable, Equatable {
  public var method: SimulatedMethod
  /// What the run is called in tables and plots.
  public var label: String
  public var mode: MetricMode
  /// `max_t`: epochs at which a trial is done, at least 1; a scheduler needs 2.
  public var maxResource: Int
  /// Trials that are started at most.
  public var trials: Int
  /// Trials that run at once at most.
  public var workers: Int
  /// What happens when one more trial would start.
  public var atLimit: StopCriterion.AtLimit
  /// Further criteria that end the search, and training after it; its limit of trials and `at_limit` do not count.
  public var stop = StopCriterion()
  /// Draws the order, and brackets where the scheduler has several.
  public var seed: UInt64
  /// Ids of rows in the order in which they are handed out; nil: all rows, in an order drawn from the seed.
  public var order: [Int]?

  public init(
    method: SimulatedMethod, label: String, mode: MetricMode, maxResource: Int, trials: Int, workers: Int = 4,
    atLimit: StopCriterion.AtLimit = .finishPromotions, seed: UInt64 = 0, order: [Int]? = nil
  ) {
    self.method = method
    self.label = label
    self.mode = mode
    self.maxResource = maxResource
    self.trials = trials
    self.workers = workers
    self.atLimit = atLimit
    self.seed = seed
    self.order = order
  }
}
