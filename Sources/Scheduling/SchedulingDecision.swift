import TuningModel

/// What a scheduler decided, with its reason in values. Decisions are returned as values and take effect when they are
/// applied, live and in a replay alike.
public enum SchedulingDecision: Equatable, Sendable {
  case promotion(Promotion)
  case maximumRaised(MaximumRaise)
  case epsilonMeasured(EpsilonMeasurement)
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
  /// The value that it had to reach.
  public var cutOff: Double

  public init(
    trial: TrialID, system: Int, fromLevel: Int, milestone: Int, rank: Int, rungSize: Int, value: Double, cutOff: Double
  ) {
    self.trial = trial
    self.system = system
    self.fromLevel = fromLevel
    self.milestone = milestone
    self.rank = rank
    self.rungSize = rungSize
    self.value = value
    self.cutOff = cutOff
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
  /// What `holder` had in the rung below. `trialValue` is further from it than `epsilon`.
  public var holderValue: Double
  public var epsilon: Double

  public init(
    system: Int, from: Int, to: Int, topLevel: Int, previousLevel: Int, trial: TrialID, position: Int,
    holder: TrialID, trialValue: Double, holderValue: Double, epsilon: Double
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
  /// The trial is below its milestone and goes on.
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
  }
}
