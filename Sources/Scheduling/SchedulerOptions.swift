import TuningModel

/// What the cluster file's `scheduler:` says.
public struct SchedulerOptions: Equatable, Sendable {
  public enum Name: String, Sendable, CaseIterable {
    /// Promotion type, with a maximum resource that grows while the ranking of the trials is not settled.
    case pasha
    /// Promotion type: asynchronous successive halving.
    case asha
  }

  public var name: Name
  public var mode: MetricMode
  /// `max_t`: the resource at which a trial is done.
  public var maxResource: Int
  /// `grace_period`: the lowest rung level, unless `rungLevels` says otherwise.
  public var gracePeriod: Int
  /// `reduction_factor`: each rung level is this many times the one below; need not be whole.
  public var reductionFactor: Double
  /// `rung_levels`: the levels themselves, in place of grace period and reduction factor. A last one equal to
  /// `maxResource` is left out.
  public var rungLevels: [Int]?
  /// `rung_increment`: the levels are this far apart, in place of the reduction factor.
  public var rungIncrement: Int?
  /// How many rung systems there are at most; each leaves out one more of the lowest levels than the one before. There
  /// are never more than levels plus one.
  public var brackets: Int

  public init(
    name: Name = .pasha, mode: MetricMode = .min, maxResource: Int, gracePeriod: Int = 1, reductionFactor: Double = 3,
    rungLevels: [Int]? = nil, rungIncrement: Int? = nil, brackets: Int = 1
  ) {
    self.name = name
    self.mode = mode
    self.maxResource = maxResource
    self.gracePeriod = gracePeriod
    self.reductionFactor = reductionFactor
    self.rungLevels = rungLevels
    self.rungIncrement = rungIncrement
    self.brackets = brackets
  }
}

/// An option that makes no sense, alone or together with the others.
public struct SchedulerOptionProblem: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case outOfRange
    case notBelowMaximum
    case notIncreasing
    case conflict
  }

  public var code: Code
  /// The option's key in the cluster file, as `grace_period`.
  public var option: String
  /// What is wrong and what would be right; begins with the option's key.
  public var message: String

  public init(code: Code, option: String, message: String) {
    self.code = code
    self.option = option
    self.message = message
  }

  public var description: String { message }
}
