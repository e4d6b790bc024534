import TuningModel

/// Whether the order of the trials in the top rung is still the one that they had below, by the criteria that look at
/// nothing but the two rungs.
struct RankingVerdict {
  /// The trial that shows it.
  var departure: Standing.Departure
  var epsilon: Double
  /// The overlap or regret, for the criteria that have one.
  var score: Double?

  /// Nil: the order holds, and the maximum stays.
  init?(_ standing: Standing, _ options: RankingOptions, _ mode: MetricMode) {
    epsilon = Self.epsilon(standing, options)
    switch options.criterion {
    case .softRanking, .softRankingAuto, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance:
      guard let left = standing.firstLeft(epsilon: standing.lower.count < 2 ? 0 : epsilon) else { return nil }
      departure = left
      return
    case .ranking: break
    case .rankBiasedOverlap:
      let overlap = Self.overlap(standing, persistence: options.effectiveScaling)
      guard overlap < epsilon else { return nil }
      score = overlap
    case .reciprocalRankRegret, .absoluteReciprocalRankRegret:
      let isAbsolute = options.criterion == .absoluteReciprocalRankRegret
      let regret = Self.regret(standing, weight: options.effectiveScaling, isAbsolute: isAbsolute, mode)
      // Not a number only where no value is finite: then nothing is known.
      guard regret > epsilon else { return nil }
      score = regret
    }
    guard let moved = standing.firstMoved ?? standing.anyPlace else { return nil }
    // Equal orders hold by `ranking`; an overlap of equal orders may be too small all the same (short lists).
    if options.criterion == .ranking, moved.runner.index == moved.holder.index { return nil }
    departure = moved
  }

  // MARK: Epsilon

  /// The epsilon of the criterion, scaled.
  static func epsilon(_ standing: Standing, _ options: RankingOptions) -> Double {
    let values = standing.lower.map(\.value).filter(\.isFinite)
    switch options.criterion {
    case .softRanking, .softRankingAuto, .ranking, .rankBiasedOverlap, .reciprocalRankRegret,
      .absoluteReciprocalRankRegret:
      return options.effectiveEpsilon
    case .softRankingStd: return values.count < 2 ? 0 : Spread.deviation(values) * options.effectiveScaling
    case .softRankingMeanDistance:
      return values.count < 2 ? 0 : Spread.meanDistance(values) * options.effectiveScaling
    case .softRankingMedianDistance:
      return values.count < 2 ? 0 : Spread.medianDistance(values) * options.effectiveScaling
    }
  }

  // MARK: Scores

  /// Rank-biased overlap of the two orders on these finite lists: (1 − p) Σ p^(d−1) A_d with A_d the part of the first
  /// d places that both have in common; with p = 1 the mean of A_d (Webber, Moffat, Zobel, TOIS 2010, equations 4 and 7).
  static func overlap(_ standing: Standing, persistence: Double) -> Double {
    var seen: Set<Int> = []
    var common = 0
    var (sum, weight) = (0.0, 1.0)
    for (depth, (upper, lower)) in zip(standing.upper, standing.lower).enumerated() {
      if upper.index == lower.index {
        common += 1
      } else {
        if !seen.insert(upper.index).inserted { common += 1 }
        if !seen.insert(lower.index).inserted { common += 1 }
      }
      sum += weight * Double(common) / Double(depth + 1)
      weight *= persistence
    }
    return persistence == 1 ? sum / Double(standing.upper.count) : (1 - persistence) * sum
  }

  /// Σ w^i · regret_i / Σ w^i: how much worse, place by place from the best, the values in the upper rung would be in
  /// the order of the lower one, as a part of the value that stands there. Places with a value that is not finite take
  /// no part.
  static func regret(_ standing: Standing, weight: Double, isAbsolute: Bool, _ mode: MetricMode) -> Double {
    let valueOf = Dictionary(
      zip(standing.upper, standing.upperValues).map { ($0.index, $1) }, uniquingKeysWith: { first, _ in first })
    var (sum, weights, factor) = (0.0, 0.0, 1.0)
    for (place, value) in zip(standing.lower, standing.upperValues) {
      if let placed = valueOf[place.index], placed.isFinite, value.isFinite {
        let difference = mode == .max ? value - placed : placed - value
        var regret = difference == 0 ? 0 : difference / value
        if isAbsolute { regret = abs(regret) }
        sum += factor * regret
        weights += factor
      }
      factor *= weight
    }
    return sum / weights
  }
}

extension Standing {
  /// The best place, where no trial moved.
  var anyPlace: Departure? {
    guard let first = upper.first, let holder = lower.first else { return nil }
    return Departure(position: 0, runner: first, holder: holder)
  }
}
