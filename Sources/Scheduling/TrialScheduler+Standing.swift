import TuningModel

/// Where a trial stands in the highest rung that it reached, and what it takes to go on from there at present: for
/// showing why it goes on or not.
public struct TrialStanding: Equatable, Sendable {
  /// What makes a trial of the rung good enough.
  public enum Rule: Equatable, Sendable {
    /// No worse than the cut-off.
    case quantile
    /// The trials from the best to this one cost no more than their share of what the whole rung has cost.
    case cost(spent: Double, share: Double)
    /// No worse than the cut-off, and than the threshold unless the trial may set it; nil: none is set.
    case threshold(Double?)
  }

  /// The rung system: the trial's bracket, where each has rungs of its own.
  public var system: Int
  /// The rung's level.
  public var level: Int
  /// The resource to which a trial goes on from this rung.
  public var next: Int
  /// The trial's place in the rung; 0 is the best.
  public var rank: Int
  /// How many trials stand in the rung.
  public var size: Int
  /// The trial's value in the rung.
  public var value: Double
  /// The value that is just good enough; nil below two trials, or when no value is finite.
  public var cutOff: Double?
  public var rule: Rule
  public var isGoodEnough: Bool
  /// Whether the trial went on from this rung already.
  public var isPromoted: Bool
  /// The trial that is promoted from this rung before this one can be; nil: none.
  public var before: TrialID?
  /// The resource up to which trials are promoted at present: they are promoted from rungs below it alone.
  public var currentMaximum: Int
  /// Whether trials go on past the rung unless they are stopped there.
  public var isStopping: Bool
}

/// How far the rung of a trial's bracket is, where rungs are full before any trial goes on.
public struct BracketStanding: Equatable, Sendable {
  public var bracket: Int
  /// The rung that the bracket works on.
  public var level: Int
  /// Trials that it is to have, and of those how many have come and how many have reported.
  public var size: Int
  public var entered: Int
  public var reported: Int
  /// How many of its trials go on, at most; 0 in the last rung.
  public var staying: Int
  /// The resource to which they go on; nil in the last rung.
  public var next: Int?
  /// Whether the trial is among those of this rung.
  public var isIn: Bool
}

extension TrialScheduler {
  /// Nil for an unknown trial, for one that has reached no rung, and where there are no rungs of this kind.
  public func standing(of trial: TrialID) -> TrialStanding? {
    guard let place = trials[trial], systems.indices.contains(place.system) else { return nil }
    let system = systems[place.system]
    let runner = system.runners[place.runner]
    guard system.rungs.indices.contains(runner.rung) else { return nil }
    let rung = system.rungs[runner.rung]
    let rank = rung.entries.rank(loss: runner.loss, sequence: runner.sequence) ?? 0
    let first = rung.entries.firstOpen?.entry.runner
    let isInLine = first == place.runner || first == nil || !runner.canBePromoted
    let (rule, isGoodEnough) = rung.judgement(of: runner, rank: rank, system.mode)
    return TrialStanding(
      system: place.system, level: rung.level,
      next: runner.rung + 1 < system.levels.count ? system.levels[runner.rung + 1] : system.maxResource,
      rank: rank, size: rung.entries.count, value: runner.value, cutOff: rung.cutOff(system.mode), rule: rule,
      isGoodEnough: isGoodEnough, isPromoted: runner.isPromoted,
      before: isInLine ? nil : first.map { system.runners[$0].trial }, currentMaximum: system.currentMaximum,
      isStopping: system.isStopping)
  }

  /// Nil for an unknown trial, and for schedulers whose rungs need not be full.
  public func bracketStanding(of trial: TrialID) -> BracketStanding? {
    guard let place = trials[trial] else { return nil }
    return halving?.standing(of: place.runner)
  }
}

extension Rung {
  /// What the rung asks of a trial, and whether the trial meets it.
  fileprivate func judgement(of runner: Runner, rank: Int, _ mode: MetricMode) -> (TrialStanding.Rule, Bool) {
    let reachesCutOff = runner.value.isFinite && cutOff(mode).map { !mode.isBetter($0, than: runner.value) } ?? false
    switch rule {
    case .quantile: return (.quantile, reachesCutOff)
    case .cost:
      let (spent, all) = entries.costs(throughRank: rank)
      let isWithin = runner.value.isFinite && entries.count >= 2 && spent <= all * quantile
      return (.cost(spent: spent, share: all * quantile), isWithin)
    case .threshold(let candidates):
      let passes = runner.trial.rawValue < candidates || !isBelowThreshold(runner.value, mode)
      return (.threshold(threshold), reachesCutOff && passes)
    }
  }
}
