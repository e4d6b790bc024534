import Coordination
import TuningModel

/// Curves, results and configurations for a screen.
extension Chronicle {
  public enum Choice: Equatable, Sendable {
    /// The best ones.
    case best
    /// Those in a slot, by id.
    case running
    /// Evenly from the best to the worst.
    case spread
    case listed([Int])
  }

  /// The trials of a choice, in its order, and how many there are of the kind.
  public mutating func chosen(_ choice: Choice, limit: Int) -> (total: Int, trials: [Int]) {
    switch choice {
    case .best:
      let all = ranking()
      return (all.count, Array(all.prefix(limit)))
    case .spread:
      let all = ranking()
      return (all.count, Thinning.evenly(all.count, limit: limit).map { all[$0] })
    case .running:
      let all = state.activeTrials.map(\.rawValue)
      let kept = Set(all.prefix(limit))
      return (all.count, inOrderOfRank(kept))
    case .listed(let ids):
      var seen: Set<Int> = []
      let all = ids.filter { state.trials.indices.contains($0) && seen.insert($0).inserted }
      return (all.count, Array(all.prefix(limit)))
    }
  }

  /// Best first, those without a value last.
  private mutating func inOrderOfRank(_ trials: Set<Int>) -> [Int] {
    let ranked = ranking().filter { trials.contains($0) }
    return ranked + trials.subtracting(ranked).sorted()
  }

  /// The points of a trial's curve that a screen needs, as places among its reports: first, last, best and those at
  /// milestones before all others, the rest evenly over the logarithm of the resource.
  public func curve(of trial: Int, points limit: Int) -> [Int] {
    guard trials.indices.contains(trial) else { return [] }
    let column = trials[trial].reports
    let ranked = column.ranked
    let mode = state.specification.experiment.mode
    let milestones = Set(milestones(of: trial).map { Int32(clamping: $0) })
    var best: Int?
    var kept: [Int] = []
    for (place, index) in ranked.enumerated() {
      let report = column.reports[index]
      if best.map({ mode.isBetter(report.value, than: column.reports[ranked[$0]].value) }) ?? true { best = place }
      if milestones.contains(report.resource) { kept.append(place) }
    }
    return Thinning.extremes(
      ranked.count, limit: limit, keeping: (best.map { [$0] } ?? []) + kept,
      x: { Mathematics.log(Double(max(1, column.reports[ranked[$0]].resource))) },
      value: { column.reports[ranked[$0]].value }
    ).map { ranked[$0] }
  }

  /// Levels of its bracket, and the maximum resource.
  public func milestones(of trial: Int) -> [Int] {
    levels[max(0, min(levels.count - 1, state.trials[trial].bracket))] + [state.specification.scheduler.maxResource]
  }

  /// Levels of all brackets and the maximum resource, in order.
  public var allMilestones: [Int] { Set(levels.flatMap { $0 } + [state.specification.scheduler.maxResource]).sorted() }

  /// The steps of the best value that a screen needs.
  public func bestSteps(over x: (BestStep) -> Double, limit: Int) -> [BestStep] {
    Thinning.steps(steps.count, limit: limit) { x(steps[$0]) }.map { steps[$0] }
  }

  /// Trials for the cloud of results: the best half of what is asked for, and the rest spread evenly.
  public mutating func results(limit: Int) -> [Int] {
    let all = ranking()
    guard all.count > limit else { return all }
    return bestAndSpread(all.count, limit: limit).map { all[$0] }
  }

  /// Rows for parallel coordinates: best first, those without a value last; of more, half are the best, the rest are
  /// spread evenly over the others.
  public mutating func configurationRows(limit: Int) -> [Int] {
    let ranked = ranking()
    var rest: [Int] = []
    if ranked.count < state.trials.count {
      let isRanked = Set(ranked)
      rest = state.trials.indices.filter { !isRanked.contains($0) }
    }
    let all = ranked + rest
    return bestAndSpread(all.count, limit: limit).map { all[$0] }
  }

  private func bestAndSpread(_ count: Int, limit: Int) -> [Int] {
    guard count > limit else { return Array(0..<count) }
    let best = (limit + 1) / 2
    return Array(0..<best) + Thinning.evenly(count - best, limit: limit - best).map { $0 + best }
  }
}
