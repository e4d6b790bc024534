import Scheduling
import Testing
import TuningModel

/// Algorithm 1 of the paper (Bohdal et al., "PASHA: Efficient HPO and NAS with Progressive Resource Allocation", ICLR
/// 2023), line by line, where its words and the code of its authors agree; where they do not, the code counts.
@Suite struct PASHAPaperTests {
  private func scheduler(
    _ criterion: RankingOptions.Criterion = .softRanking, epsilon: Double? = 0.1, maximum: Int = 81
  ) throws -> TrialScheduler {
    try TrialScheduler(
      SchedulerOptions(
        mode: .max, maxResource: maximum, ranking: RankingOptions(criterion: criterion, epsilon: epsilon)))
  }

  private func report(_ trial: Int, _ resource: Int, _ value: Double, _ scheduler: inout TrialScheduler) -> [Int] {
    _ = scheduler.record(TrialID(trial), resource: resource, value: value)
    var raises: [Int] = []
    for decision in scheduler.review(after: TrialID(trial)) {
      if case .maximumRaised(let raise) = decision { raises.append(raise.to) }
      scheduler.apply(decision)
    }
    return raises
  }

  /// Gives trials their values at both of the lowest levels.
  private func fill(_ values: [(low: Double, high: Double)], _ scheduler: inout TrialScheduler) -> [Int] {
    var raises: [Int] = []
    for (trial, value) in values.enumerated() {
      scheduler.add(TrialID(trial))
      raises += report(trial, 1, value.low, &scheduler)
    }
    for (trial, value) in values.enumerated() { raises += report(trial, 3, value.high, &scheduler) }
    return raises
  }

  @Test("lines 1 to 3: the maximum begins at the second rung, r·η")
  func beginning() throws {
    let scheduler = try scheduler()
    #expect(scheduler.ladder[0].currentMaximum == 3)
    #expect(scheduler.ladder[0].rungs.map(\.level) == [1, 3, 9, 27])
  }

  @Test("get_job: the top 1/η of the highest rung below the maximum goes on, else a new configuration starts")
  func jobs() throws {
    var scheduler = try scheduler()
    for trial in 0..<6 {
      scheduler.add(TrialID(trial))
      #expect(scheduler.milestone(of: TrialID(trial)) == 1)
      _ = report(trial, 1, Double(trial), &scheduler)
    }
    var promoted: [Int] = []
    while let promotion = scheduler.proposePromotion() {
      scheduler.apply(.promotion(promotion))
      promoted.append(promotion.trial.rawValue)
      #expect(promotion.milestone == 3)
    }
    #expect(promoted == [5, 4])
    // Nothing goes past the maximum while the ranking holds.
    for trial in [5, 4] { #expect(report(trial, 3, Double(trial), &scheduler).isEmpty) }
    #expect(scheduler.proposePromotion() == nil)
  }

  @Test("lines 9 to 13: a stable ranking of the top two rungs keeps the maximum")
  func stable() throws {
    var scheduler = try scheduler()
    #expect(fill([(0.1, 0.2), (0.5, 0.6), (0.9, 0.95)], &scheduler).isEmpty)
    #expect(scheduler.ladder[0].currentMaximum == 3)
  }

  @Test("a change among near-equals, within epsilon in the lower rung, is none")
  func nearEquals() throws {
    var scheduler = try scheduler()
    #expect(fill([(0.50, 0.7), (0.55, 0.6), (0.9, 0.95)], &scheduler).isEmpty)
  }

  @Test("lines 14 to 16: an unstable ranking raises the maximum by one rung, to the next power of η")
  func unstable() throws {
    var scheduler = try scheduler()
    #expect(fill([(0.1, 0.9), (0.5, 0.6), (0.9, 0.95)], &scheduler) == [9])
    #expect(scheduler.ladder[0].currentMaximum == 9)
    #expect(scheduler.ladder[0].comparedLevel == 9)
    // Now trials go on from the second rung.
    #expect(scheduler.proposePromotion()?.milestone == 9)
  }

  @Test("the maximum ends at R, and stays there")
  func ending() throws {
    var scheduler = try scheduler(.ranking, epsilon: nil, maximum: 9)
    #expect(fill([(0.1, 0.9), (0.9, 0.1)], &scheduler) == [9])
    #expect(scheduler.ladder[0].currentMaximum == 9)
    scheduler.add(TrialID(2))
    #expect(report(2, 1, 0.5, &scheduler).isEmpty)
    #expect(report(2, 3, 0.05, &scheduler).isEmpty)
  }

  @Test("section 4.3: epsilon is the 90th percentile of the distances of pairs that cross and cross back")
  func epsilon() throws {
    var scheduler = try scheduler(.softRankingAuto, epsilon: nil)
    for trial in 0..<2 { scheduler.add(TrialID(trial)) }
    // 0 before 1, behind, before again; 0.02 apart at the end.
    for (resource, values) in [(0.5, 0.4), (0.5, 0.6), (0.62, 0.60)].enumerated() {
      #expect(report(0, resource + 1, values.0, &scheduler).isEmpty)
      #expect(report(1, resource + 1, values.1, &scheduler).isEmpty)
    }
    let known = scheduler.measuredEpsilon()
    let measured = try #require(known)
    #expect(measured.noisyPairs == 1)
    #expect(measured.epsilon == 0.62 - 0.60)
  }

  // MARK: The other criteria of the authors' first release, by hand

  /// 2.0, 1.0, 0.0 below; 0.9, 0.8, 0.7 above, best first in another order.
  @Test func equalOrdersAlone() throws {
    var kept = try scheduler(.ranking, epsilon: nil)
    #expect(fill([(0, 0.7), (1, 0.8), (2, 0.9)], &kept).isEmpty)
    var left = try scheduler(.ranking, epsilon: nil)
    #expect(fill([(0, 0.7), (1, 0.9), (2, 0.8)], &left) == [9])
  }

  @Test func rankBiasedOverlap() throws {
    // Reports come in the order of trials: after trial 0 alone the overlap is 1 − p = 0.5; after two equal orders 0.75.
    var kept = try scheduler(.rankBiasedOverlap, epsilon: 0.5)
    #expect(fill([(2, 0.9), (1, 0.8), (0, 0.7)], &kept).isEmpty)
    // Trials 0 and 1 change places: 0.5 · (0 + 0.5 · 1) = 0.25.
    var left = try scheduler(.rankBiasedOverlap, epsilon: 0.5)
    #expect(fill([(2, 0.8), (1, 0.9), (0, 0.7)], &left) == [9])
    var bound = try scheduler(.rankBiasedOverlap, epsilon: 0.25)
    #expect(fill([(2, 0.8), (1, 0.9)], &bound).isEmpty)
  }

  @Test func reciprocalRankRegret() throws {
    // Best first above: 1 (0.9), 0 (0.8); below: 0, 1. Regrets (0.9 − 0.8)/0.9 and (0.8 − 0.9)/0.8; weights 1 and 0.5:
    // (0.1111 − 0.0625)/1.5 = 0.0324, and 0.1157 with absolute values.
    let values = [(2.0, 0.8), (1.0, 0.9)]
    var kept = try scheduler(.reciprocalRankRegret, epsilon: 0.033)
    #expect(fill(values, &kept).isEmpty)
    var left = try scheduler(.reciprocalRankRegret, epsilon: 0.032)
    #expect(fill(values, &left) == [9])
    var absolute = try scheduler(.absoluteReciprocalRankRegret, epsilon: 0.115)
    #expect(fill(values, &absolute) == [9])
    var bound = try scheduler(.absoluteReciprocalRankRegret, epsilon: 0.116)
    #expect(fill(values, &bound).isEmpty)
  }

  @Test func epsilonsOfTheLowerRung() throws {
    // Below: 0, 1, 5. Deviation sqrt(14/3) = 2.16; distances 1, 4, 5: mean 3.33, median 4.
    for (criterion, expected) in [
      (RankingOptions.Criterion.softRankingStd, (14.0 / 3).squareRoot()), (.softRankingMeanDistance, 10.0 / 3),
      (.softRankingMedianDistance, 4),
    ] {
      var scheduler = try scheduler(criterion, epsilon: nil)
      _ = fill([(0, 0), (1, 1), (5, 5)], &scheduler)
      let known = scheduler.measuredEpsilon()?.epsilon
      let measured = try #require(known)
      #expect(abs(measured - expected) < 1e-12, "\(criterion)")
    }
  }
}
