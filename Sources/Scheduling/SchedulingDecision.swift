import TuningModel

/// What a scheduler decided, with its reason in values. Decisions are returned as values and take effect when they are
/// applied, live and in a replay alike.
public enum SchedulingDecision: Equatable, Sendable {
  case promotion(Promotion)
  case maximumRaised(MaximumRaise)
  case epsilonMeasured(EpsilonMeasurement)
  /// A running trial is not worth going on.
  case stop(StopDecision)
  case thresholdSet(ThresholdChange)
}

/// A paused trial goes on to the next milestone.
public struct Promotion: Equatable, Sendable {
  public var trial: TrialID
  /// The rung system: the trial's bracket.
  public var system: Int
  /// The rung's level from which the trial is promoted.
  public var fromLevel: Int
  /// The resource to which it goes on: the next level, or the maximum resource.
  public var milestone: Int
  /// The trial's place in its rung when it was promoted; 0 is the best.
  public var rank: Int
  /// How many trials stood in the rung.
  public var rungSize: Int
  /// The trial's value in the rung.
  public var value: Double
  /// The value that it had to reach; where the rule is `share`, the value of the last trial that may go on.
  public var cutOff: Double
  public var rule: Rule

  /// What made the trial good enough.
  public enum Rule: Equatable, Sendable {
    /// No worse than the rung's quantile.
    case quantile
    /// The trials from the best to this one cost no more than their share of what the whole rung has cost (in the unit
    /// of the script's cost).
    case cost(spent: Double, share: Double)
    /// Among the best so many of a rung that is full.
    case share(Int)
    /// A program of the user's has said so; `system`, `rank` and `rungSize` are 0, `cutOff` is `value`.
    case external
  }

  public init(
    trial: TrialID, system: Int, fromLevel: Int, milestone: Int, rank: Int, rungSize: Int, value: Double,
    cutOff: Double, rule: Rule = .quantile
  ) {
    self.trial = trial
    self.system = system
    self.fromLevel = fromLevel
    self.milestone = milestone
    self.rank = rank
    self.rungSize = rungSize
    self.value = value
    self.cutOff = cutOff
    self.rule = rule
  }
}

/// A trial is stopped for good.
public struct StopDecision: Equatable, Sendable {
  public enum Rule: String, Sendable, CaseIterable {
    /// Worse than the rung's quantile.
    case quantile
    /// Worse than the threshold that given configurations have set in the rung.
    case threshold
    /// Behind too many of the trials that reported at the resource.
    case median
    case percentile
    /// A program of the user's has said so; `system`, `rank` and `count` are 0, `level` is how far the trial had come,
    /// `value` and `bound` are its last value, NaN before the first.
    case external
  }

  public var trial: TrialID
  public var system: Int
  /// The rung's level, or the resource at which the trial was compared.
  public var level: Int
  /// The trial's place there; 0 is the best.
  public var rank: Int
  /// How many trials were compared, itself among them.
  public var count: Int
  /// What was compared: its value, or the mean of its values.
  public var value: Double
  /// What it had to reach: a value of the metric for `quantile` and `threshold`; for `median` and `percentile` the share
  /// of the trials, from 0 to 1, that go on.
  public var bound: Double
  public var rule: Rule

  public init(
    trial: TrialID, system: Int, level: Int, rank: Int, count: Int, value: Double, bound: Double, rule: Rule
  ) {
    self.trial = trial
    self.system = system
    self.level = level
    self.rank = rank
    self.count = count
    self.value = value
    self.bound = bound
    self.rule = rule
  }
}

/// A given configuration has set the threshold of a rung (RUSH: Zappella, Salinas, Archambeau, "A resource-efficient
/// method for repeated HPO and NAS problems", 2021).
public struct ThresholdChange: Equatable, Sendable {
  public var system: Int
  public var level: Int
  public var trial: TrialID
  public var value: Double
  /// What stood before; nil: none.
  public var previous: Double?

  public init(system: Int, level: Int, trial: TrialID, value: Double, previous: Double?) {
    self.system = system
    self.level = level
    self.trial = trial
    self.value = value
    self.previous = previous
  }
}

/// PASHA's current maximum resource rises, because the order of the trials in the top rung is not the order that they
/// had one rung below.
public struct MaximumRaise: Equatable, Sendable {
  public var system: Int
  public var from: Int
  public var to: Int
  /// The level of the top rung whose order was compared …
  public var topLevel: Int
  /// … and the level of the rung below.
  public var previousLevel: Int
  /// The best-placed trial of the top rung that left its group.
  public var trial: TrialID
  /// Its place in the top rung; 0 is the best.
  public var position: Int
  /// The trial that held this place in the rung below, among the trials in both.
  public var holder: TrialID
  /// What `trial` had in the rung below.
  public var trialValue: Double
  /// What `holder` had in the rung below. With the soft criteria `trialValue` is further from it than `epsilon`.
  public var holderValue: Double
  public var epsilon: Double
  public var criterion: RankingOptions.Criterion
  /// The overlap or the regret that `epsilon` bounds, for the criteria that judge the whole order at once; `trial` is
  /// then the first that does not stand where it stood.
  public var score: Double?

  public init(
    system: Int, from: Int, to: Int, topLevel: Int, previousLevel: Int, trial: TrialID, position: Int,
    holder: TrialID, trialValue: Double, holderValue: Double, epsilon: Double,
    criterion: RankingOptions.Criterion = .softRankingAuto, score: Double? = nil
  ) {
    self.system = system
    self.from = from
    self.to = to
    self.topLevel = topLevel
    self.previousLevel = previousLevel
    self.trial = trial
    self.position = position
    self.holder = holder
    self.trialValue = trialValue
    self.holderValue = holderValue
    self.epsilon = epsilon
    self.criterion = criterion
    self.score = score
  }
}

/// PASHA's measured epsilon: how far apart two trials may be and still count as equally good.
public struct EpsilonMeasurement: Equatable, Sendable {
  public var system: Int
  /// The 90th percentile of the distances of the noisy pairs.
  public var epsilon: Double
  /// What stood before.
  public var previous: Double
  /// How many pairs of trials crossed and crossed back, in the range of resources looked at.
  public var noisyPairs: Int

  public init(system: Int, epsilon: Double, previous: Double, noisyPairs: Int) {
    self.system = system
    self.epsilon = epsilon
    self.previous = previous
    self.noisyPairs = noisyPairs
  }
}

/// What became of a recorded report.
public enum RecordOutcome: Equatable, Sendable {
  /// The trial is below its milestone and goes on, as far as no decision stops it.
  case continues
  /// The trial stands in the rung of this level (the highest that it passed) and waits for a promotion.
  case reachedMilestone(Int)
  /// The trial is done.
  case reachedMaximum
  /// The resource was seen before, or a higher one was: the value is not ranked and nothing changed.
  case repeated
  /// Nothing changed.
  case rejected(Rejection)

  public enum Rejection: String, Equatable, Sendable {
    case unknownTrial
    case resourceBelowOne
    /// It was stopped by a decision.
    case stopped
  }
}
