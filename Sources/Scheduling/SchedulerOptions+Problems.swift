import TuningModel

extension SchedulerOptions {
  /// The smallest reduction factor taken: below it the levels of a long run would count in the thousands.
  static let smallestReductionFactor = 1.1
  /// The most levels that an increment may give.
  static let mostLevels = 1000

  /// All that is wrong with the options, in the order of the options; empty when a scheduler can be made of them.
  public func problems() -> [SchedulerOptionProblem] {
    var found: [SchedulerOptionProblem] = []
    func add(_ code: SchedulerOptionProblem.Code, _ option: String, _ message: String) {
      found.append(SchedulerOptionProblem(code: code, option: option, message: "\(option) \(message)"))
    }

    if maxResource < 2 {
      add(.outOfRange, "max_t", "must be a whole number of at least 2, not \(maxResource)")
    }
    if let rungLevels {
      if rungIncrement != nil {
        add(.conflict, "rung_levels", "and rung_increment cannot be given together: keep one of them")
      }
      checkLevels(rungLevels, add)
    } else {
      if gracePeriod < 1 {
        add(.outOfRange, "grace_period", "must be a whole number of at least 1, not \(gracePeriod)")
      } else if maxResource >= 2, gracePeriod >= maxResource {
        add(.notBelowMaximum, "grace_period", "(\(gracePeriod)) must be below max_t (\(maxResource))")
      }
      if let rungIncrement {
        if rungIncrement < 1 {
          add(.outOfRange, "rung_increment", "must be a whole number of at least 1, not \(rungIncrement)")
        } else if gracePeriod >= 1, gracePeriod < maxResource,
          incrementedLevelCount(rungIncrement) > Self.mostLevels
        {
          add(
            .outOfRange, "rung_increment",
            "(\(rungIncrement)) makes \(incrementedLevelCount(rungIncrement)) levels below max_t (\(maxResource)): "
              + "at most \(Self.mostLevels) are taken, give a larger one")
        }
      }
    }
    // Levels may be given; the sizes of synchronous rungs hang on it all the same.
    if !(reductionFactor.isFinite && reductionFactor >= Self.smallestReductionFactor) {
      add(
        .outOfRange, "reduction_factor",
        "must be a number of at least \(Self.smallestReductionFactor), not \(reductionFactor); 3 is usual")
    }
    if brackets < 1 {
      add(.outOfRange, "brackets", "must be a whole number of at least 1, not \(brackets)")
    }
    checkRules(add)
    return found
  }

  private func checkRules(_ add: (SchedulerOptionProblem.Code, String, String) -> Void) {
    if type == .stopping, ![.asha, .hyperband, .rush].contains(name) {
      add(.conflict, "type", "stopping goes with asha, hyperband and rush, not with \(name.rawValue)")
    }
    if thresholdCandidates < 0 {
      add(.outOfRange, "num_threshold_candidates", "must be a whole number of at least 0, not \(thresholdCandidates)")
    }
    if !(percentile > 0 && percentile <= 100) {
      add(.outOfRange, "percentile", "must be above 0 and at most 100, not \(percentile)")
    }
    if median.graceTime < 1 {
      add(.outOfRange, "grace_time", "must be a whole number of at least 1, not \(median.graceTime)")
    }
    if median.gracePopulation < 1 {
      add(.outOfRange, "grace_population", "must be a whole number of at least 1, not \(median.gracePopulation)")
    }
    if !(median.rankCutoff >= 0 && median.rankCutoff <= 1) {
      add(.outOfRange, "rank_cutoff", "must be from 0 to 1, not \(median.rankCutoff)")
    }
    checkRanking(add)
  }

  private func checkRanking(_ add: (SchedulerOptionProblem.Code, String, String) -> Void) {
    if let epsilon = ranking.epsilon, !(epsilon.isFinite && epsilon >= 0) {
      add(.outOfRange, "epsilon", "must be a number of at least 0, not \(epsilon)")
    } else if ranking.criterion == .softRanking, ranking.epsilon == nil {
      add(
        .outOfRange, "epsilon",
        "is needed with ranking_criterion: soft_ranking: how far apart two trials may be, in the metric's unit, and "
          + "still count as equally good; soft_ranking_auto measures it")
    }
    guard let scaling = ranking.epsilonScaling else { return }
    switch ranking.criterion {
    case .rankBiasedOverlap, .reciprocalRankRegret, .absoluteReciprocalRankRegret:
      guard !(scaling > 0 && scaling <= 1) else { return }
      add(
        .outOfRange, "epsilon_scaling",
        "must be above 0 and at most 1 with ranking_criterion: \(ranking.criterion.rawValue), not \(scaling): it is the "
          + "weight of a place against the one before it")
    case .softRanking, .softRankingAuto, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance,
      .ranking:
      guard !(scaling.isFinite && scaling >= 0) else { return }
      add(.outOfRange, "epsilon_scaling", "must be a number of at least 0, not \(scaling)")
    }
  }

  private func checkLevels(_ levels: [Int], _ add: (SchedulerOptionProblem.Code, String, String) -> Void) {
    if let low = levels.first(where: { $0 < 1 }) {
      add(.outOfRange, "rung_levels", "must all be at least 1, not \(low)")
      return
    }
    for (low, high) in zip(levels, levels.dropFirst()) where high <= low {
      add(.notIncreasing, "rung_levels", "must increase: \(high) stands after \(low)")
      return
    }
    if let last = levels.last, last > maxResource {
      add(.notBelowMaximum, "rung_levels", "must not go past max_t (\(maxResource)), and \(last) does")
    } else if !levels.contains(where: { $0 < maxResource }) {
      add(.notBelowMaximum, "rung_levels", "need at least one level below max_t (\(maxResource))")
    }
  }
}
