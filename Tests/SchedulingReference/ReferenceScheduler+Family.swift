import Scheduling
import TuningModel

/// Stopping rules and the other rank checks, the slow way.
extension ReferenceScheduler {
  // MARK: Stopping

  func checkStop(_ trial: Int, _ system: System, _ index: Int, _ consequences: inout Consequences) {
    let rung = system.rungs[index]
    let level = system.levels[index]
    let next = index + 1 < system.levels.count ? system.levels[index + 1] : options.maxResource
    guard let rank = rung.firstIndex(where: { $0.trial == trial }), !retired.contains(trial) else { return }
    let value = rung[rank].value
    func stop(_ rule: StopDecision.Rule, _ bound: Double) -> StopDecision {
      StopDecision(
        trial: TrialID(trial), system: system.index, level: level, rank: rank, count: rung.count, value: value,
        bound: bound, rule: rule)
    }
    func isGood(_ value: Double, _ bound: Double) -> Bool {
      value.isFinite && (options.mode == .min ? value <= bound : value >= bound)
    }
    if let cutOff = cutOff(rung, Double(level) / Double(next)), !isGood(value, cutOff) {
      consequences.stop = stop(.quantile, cutOff)
      return
    }
    guard options.name == .rush, value.isFinite else { return }
    let known = system.thresholds[level]
    if trial < options.thresholdCandidates {
      if let known, isGood(known, value) { return }
      consequences.threshold = ThresholdChange(
        system: system.index, level: level, trial: TrialID(trial), value: value, previous: known)
    } else if let known, !isGood(value, known) {
      consequences.stop = stop(.threshold, known)
    }
  }

  /// Compares a trial with all that reported at its resource.
  mutating func compare(_ trial: Int, _ resource: Int, _ value: Double) -> Consequences {
    var consequences = Consequences(outcome: resource >= options.maxResource ? .reachedMaximum : .continues)
    if options.name == .fifo { return consequences }
    var loss = options.mode.loss(value)
    if value.isFinite {
      history[trial, default: []].append(loss)
      if options.name == .medianStopping, options.median.runningAverage {
        loss = (history[trial] ?? []).reduce(0, +) / Double(history[trial]?.count ?? 1)
      }
    }
    peers[resource, default: []].append(loss)
    let all = peers[resource] ?? []
    let rank = all.count { $0 < loss }
    guard resource < options.maxResource, !retired.contains(trial) else { return consequences }
    let shown = value.isFinite ? (options.mode == .min ? loss : -loss) : value
    func stop(_ rule: StopDecision.Rule, _ bound: Double) {
      consequences.stop = StopDecision(
        trial: TrialID(trial), system: 0, level: resource, rank: rank, count: all.count, value: shown, bound: bound,
        rule: rule)
    }
    if options.name == .medianStopping {
      let median = options.median
      if all.count >= median.gracePopulation, resource >= median.graceTime,
        Double(rank) / Double(all.count) > median.rankCutoff
      {
        stop(.median, median.rankCutoff)
      }
    } else if resource >= options.gracePeriod {
      // The best p per cent of n: the trial is out when so many that the rest would be more are better.
      let staying = stride(from: 1, through: all.count, by: 1).first {
        Double($0) >= options.percentile * Double(all.count) / 100
      }
      if rank >= staying ?? all.count { stop(.percentile, options.percentile / 100) }
    }
    return consequences
  }

  // MARK: Ranking

  func setEpsilon(_ system: System, _ lower: [Entry]) {
    let options = self.options.ranking
    let values = lower.map(\.value).filter(\.isFinite)
    let scaling = options.epsilonScaling ?? 1
    let distances = values.indices.flatMap { a in
      values.indices.compactMap { b in a == b ? nil : abs(values[a] - values[b]) }
    }.sorted()
    switch options.criterion {
    case .softRankingAuto: break
    case .softRanking, .ranking: system.epsilon = options.epsilon ?? 0
    case .rankBiasedOverlap: system.epsilon = options.epsilon ?? 0.5
    case .reciprocalRankRegret, .absoluteReciprocalRankRegret: system.epsilon = options.epsilon ?? 0.05
    case .softRankingStd:
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      system.epsilon = values.count < 2 ? 0 : variance.squareRoot() * scaling
    case .softRankingMeanDistance:
      system.epsilon = values.count < 2 ? 0 : distances.reduce(0, +) / Double(distances.count) * scaling
    case .softRankingMedianDistance:
      let half = distances.count / 2
      system.epsilon = values.count < 2 ? 0 : (distances[half - 1] + distances[half]) / 2 * scaling
    }
  }

  /// The criteria that judge the whole order at once; nil: it holds, or the criterion is another.
  func judgeWhole(
    _ top: [Entry], _ lower: [Entry], _ system: System
  ) -> (place: Int, entry: Entry, holder: Entry, score: Double?, lower: [Entry])? {
    guard !top.isEmpty else { return nil }
    let moved = top.indices.first { top[$0].trial != lower[$0].trial }
    var score: Double?
    switch options.ranking.criterion {
    case .ranking:
      guard moved != nil else { return nil }
    case .rankBiasedOverlap:
      let p = options.ranking.epsilonScaling ?? 0.5
      var sum = 0.0
      for depth in 1...top.count {
        let common = Set(top[..<depth].map(\.trial)).intersection(lower[..<depth].map(\.trial)).count
        let part = Double(common) / Double(depth)
        sum += p == 1 ? part / Double(top.count) : (1 - p) * Mathematics.pow(p, Double(depth - 1)) * part
      }
      guard sum < system.epsilon else { return nil }
      score = sum
    case .reciprocalRankRegret, .absoluteReciprocalRankRegret:
      let weight = options.ranking.epsilonScaling ?? 0.5
      var (sum, weights) = (0.0, 0.0)
      for place in top.indices {
        let value = top[place].value
        guard let placed = top.first(where: { $0.trial == lower[place].trial })?.value, placed.isFinite,
          value.isFinite
        else { continue }
        var regret = (options.mode == .max ? value - placed : placed - value) / value
        if value == placed { regret = 0 }
        if options.ranking.criterion == .absoluteReciprocalRankRegret { regret = abs(regret) }
        sum += Mathematics.pow(weight, Double(place)) * regret
        weights += Mathematics.pow(weight, Double(place))
      }
      guard sum / weights > system.epsilon else { return nil }
      score = sum / weights
    case .softRankingAuto, .softRanking, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance:
      return nil
    }
    let place = moved ?? 0
    return (place, top[place], lower[place], score, lower)
  }
}

extension Promotion {
  /// The same to the last bit, but for sums of costs, which may be taken in another order.
  package func isSame(as other: Promotion) -> Bool {
    guard case .cost(let spent, let share) = rule, case .cost(let otherSpent, let otherShare) = other.rule else {
      return self == other
    }
    var copy = self
    copy.rule = other.rule
    let tolerance = 1e-12 * max(share, otherShare)
    return copy == other && abs(spent - otherSpent) <= tolerance && abs(share - otherShare) <= tolerance
  }
}
