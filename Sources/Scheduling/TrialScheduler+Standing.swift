import TuningModel

/// Where a trial stands in the highest rung that it reached, and what a promotion from there takes at present: for
/// showing why it is promoted or not.
public struct TrialStanding: Equatable, Sendable {
  /// The rung system: the trial's bracket.
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
  /// Where the rung shares out costs: what the trials from the best to this one have cost, and what they may have cost.
  public var costs: Costs?
  /// The threshold that given configurations have set, where this trial must reach it.
  public var threshold: Double?
  public var isGoodEnough: Bool
  /// Whether the trial went on from this rung already.
  public var isPromoted: Bool
  /// The trial that is promoted from this rung before this one can be; nil: none.
  public var before: TrialID?
  /// The resource up to which trials are promoted at present: they are promoted from rungs below it alone.
  public var currentMaximum: Int

  public struct Costs: Equatable, Sendable {
    public var spent: Double
    public var share: Double
  }
}

extension TrialScheduler {
  /// Nil for an unknown trial, for one that has reached no rung, and where trials are not promoted by their places in
  /// rungs that are open.
  public func standing(of trial: TrialID) -> TrialStanding? {
    guard let place = trials[trial], peers == nil, halving == nil else { return nil }
    let system = systems[place.system]
    let runner = system.runners[place.runner]
    guard system.rungs.indices.contains(runner.rung) else { return nil }
    let rung = system.rungs[runner.rung]
    let cutOff = rung.cutOff(system.mode)
    let first = rung.entries.firstOpen?.entry.runner
    let rank = rung.entries.rank(loss: runner.loss, sequence: runner.sequence) ?? 0
    var standing = TrialStanding(
      system: place.system, level: rung.level,
      next: runner.rung + 1 < system.levels.count ? system.levels[runner.rung + 1] : system.maxResource,
      rank: rank, size: rung.entries.count, value: runner.value, cutOff: cutOff,
      isGoodEnough: runner.value.isFinite && cutOff.map { !system.mode.isBetter($0, than: runner.value) } ?? false,
      isPromoted: runner.isPromoted,
      before: first.flatMap { $0 == place.runner || !runner.canBePromoted ? nil : system.runners[$0].trial },
      currentMaximum: system.currentMaximum)
    switch rung.rule {
    case .quantile: break
    case .cost:
      let (spent, all) = rung.entries.costs(throughRank: rank)
      let costs = TrialStanding.Costs(spent: spent, share: all * rung.quantile)
      standing.costs = costs
      standing.isGoodEnough = runner.value.isFinite && rung.entries.count >= 2 && costs.spent <= costs.share
    case .threshold(let candidates):
      guard trial.rawValue >= candidates, let threshold = rung.threshold else { break }
      standing.threshold = threshold
      if system.mode.isBetter(threshold, than: runner.value) { standing.isGoodEnough = false }
    }
    return standing
  }
}
