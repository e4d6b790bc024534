import Scheduling
import Testing
import TuningModel

/// Promotion by hand-computed cases.
@Suite struct PromotionTests {
  private func scheduler(
    _ values: [Double], mode: MetricMode = .min, name: SchedulerOptions.Name = .asha, maxResource: Int = 9
  ) throws -> TrialScheduler {
    var scheduler = try TrialScheduler(SchedulerOptions(name: name, mode: mode, maxResource: maxResource))
    for (trial, value) in values.enumerated() {
      scheduler.add(TrialID(trial))
      #expect(scheduler.record(TrialID(trial), resource: 1, value: value) == .reachedMilestone(1))
    }
    return scheduler
  }

  /// Promotes until nothing more can be promoted.
  private func promoteAll(_ scheduler: inout TrialScheduler) -> [Promotion] {
    var promotions: [Promotion] = []
    while let promotion = scheduler.proposePromotion() {
      scheduler.apply(.promotion(promotion))
      promotions.append(promotion)
    }
    return promotions
  }

  @Test func aTrialRunsToItsFirstLevelAndOnlyAPromotionTakesItFurther() throws {
    var scheduler = try scheduler([0.5, 0.4])
    #expect(scheduler.milestone(of: TrialID(1)) == 1)
    let promotion = try #require(scheduler.offer())
    // Quantile 1/3 of (0.4, 0.5) is 0.4 + 0.1 / 3.
    #expect(promotion.trial == TrialID(1) && promotion.fromLevel == 1 && promotion.milestone == 3)
    #expect(promotion.rank == 0 && promotion.rungSize == 2 && promotion.value == 0.4)
    #expect(abs(promotion.cutOff - (0.4 + 0.1 / 3)) < 1e-12)
    #expect(scheduler.milestone(of: TrialID(1)) == 1)
    scheduler.apply(.promotion(promotion))
    #expect(scheduler.milestone(of: TrialID(1)) == 3)
    #expect(scheduler.proposePromotion() == nil)
    #expect(scheduler.record(TrialID(1), resource: 2, value: 0.3) == .continues)
    #expect(scheduler.record(TrialID(1), resource: 3, value: 0.2) == .reachedMilestone(3))
  }

  @Test func oneEntryIsNeverPromoted() throws {
    var scheduler = try scheduler([0.5])
    #expect(scheduler.proposePromotion() == nil)
  }

  @Test func theLastPromotionGoesToTheMaximumResource() throws {
    var scheduler = try scheduler([0.5, 0.4, 0.3, 0.2])
    for trial in promoteAll(&scheduler).map(\.trial) {
      #expect(scheduler.record(trial, resource: 3, value: 0.1 * Double(trial.rawValue)) == .reachedMilestone(3))
    }
    let promotion = try #require(scheduler.offer())
    #expect(promotion.fromLevel == 3 && promotion.milestone == 9 && promotion.trial == TrialID(2))
    scheduler.apply(.promotion(promotion))
    #expect(scheduler.record(TrialID(2), resource: 9, value: 0.1) == .reachedMaximum)
    #expect(scheduler.ladder[0].rungs.map(\.entries) == [4, 2])
  }

  @Test func theHighestRungComesFirst() throws {
    var scheduler = try scheduler([5, 4, 3, 2, 1, 0])
    for trial in promoteAll(&scheduler).map(\.trial) { _ = scheduler.record(trial, resource: 3, value: 1) }
    for trial in 6..<12 {
      scheduler.add(TrialID(trial))
      _ = scheduler.record(TrialID(trial), resource: 1, value: -1)
    }
    #expect(scheduler.proposePromotion()?.fromLevel == 3)
  }

  @Test func amongEqualsTheFirstIsPromotedFirstAndThenStandsLast() throws {
    var scheduler = try scheduler([1, 1, 1, 2])
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [0, 1, 2])
    #expect(scheduler.entries(system: 0, level: 1).map(\.trial.rawValue) == [0, 1, 2, 3])
    scheduler.add(TrialID(4))
    _ = scheduler.record(TrialID(4), resource: 1, value: 1)
    #expect(scheduler.entries(system: 0, level: 1).map(\.trial.rawValue) == [0, 1, 2, 4, 3])
    #expect(promoteAll(&scheduler).map(\.rank) == [3])
  }

  @Test func inMaxModeTheLargestIsTheBest() throws {
    var scheduler = try scheduler([0.1, 0.9, 0.5, 0.7], mode: .max)
    // Quantile 2/3 of (0.1, 0.5, 0.7, 0.9) is 0.7: the second of four passes.
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [1, 3])
  }

  @Test func aRetiredTrialCountsAndIsNotPromoted() throws {
    var scheduler = try scheduler([1, 2, 3, 4, 5, 6, 7])
    scheduler.retire(TrialID(0))
    #expect(!scheduler.canStillBePromoted(TrialID(0)))
    #expect(scheduler.canStillBePromoted(TrialID(1)))
    let promotions = promoteAll(&scheduler)
    #expect(promotions.map(\.trial.rawValue) == [1, 2])
    #expect(promotions.map(\.rungSize) == [7, 7])
    #expect(!scheduler.canStillBePromoted(TrialID(1)))
    #expect(scheduler.ladder[0].rungs.map(\.promoted) == [2, 0])
  }

  @Test func eachBracketHasRungsOfItsOwn() throws {
    var scheduler = try TrialScheduler(
      SchedulerOptions(name: .asha, maxResource: 9, brackets: 3, rungSystemPerBracket: true))
    for (trial, bracket) in [0, 0, 1, 1, 2].enumerated() { scheduler.add(TrialID(trial), bracket: bracket) }
    #expect((0..<5).map { scheduler.milestone(of: TrialID($0)) } == [1, 1, 3, 3, 9])
    for trial in 0..<5 { _ = scheduler.record(TrialID(trial), resource: 1, value: Double(trial)) }
    #expect(scheduler.proposePromotion(bracket: 0)?.trial == TrialID(0))
    #expect(scheduler.proposePromotion(bracket: 1) == nil)
    for trial in 2..<5 { _ = scheduler.record(TrialID(trial), resource: 3, value: Double(trial)) }
    let promotion = try #require(scheduler.offer(bracket: 1))
    #expect(promotion.trial == TrialID(2) && promotion.system == 1 && promotion.milestone == 9)
    #expect(scheduler.proposePromotion(bracket: 2) == nil)
    #expect(scheduler.record(TrialID(4), resource: 9, value: 0) == .reachedMaximum)
  }

  @Test func unknownTrialsBracketsAndSystemsChangeNothing() throws {
    var scheduler = try scheduler([1, 2])
    scheduler.add(TrialID(1), bracket: 5)
    #expect(scheduler.record(TrialID(7), resource: 1, value: 0) == .rejected(.unknownTrial))
    #expect(scheduler.record(TrialID(-1), resource: 1, value: 0) == .rejected(.unknownTrial))
    #expect(scheduler.milestone(of: TrialID(7)) == nil)
    #expect(!scheduler.canStillBePromoted(TrialID(7)))
    #expect(scheduler.review(after: TrialID(7)).isEmpty)
    #expect(scheduler.entries(system: 3, level: 1).isEmpty && scheduler.entries(system: 0, level: 2).isEmpty)
    #expect(scheduler.measuredEpsilon(system: 4) == nil)
    var promotion = try #require(scheduler.offer(bracket: 99))
    promotion.trial = TrialID(12)
    let before = scheduler.ladder
    scheduler.retire(TrialID(9))
    scheduler.apply(.promotion(promotion))
    scheduler.apply(.epsilonMeasured(EpsilonMeasurement(system: 9, epsilon: 1, previous: 0, noisyPairs: 1)))
    #expect(scheduler.ladder == before)
  }
}
