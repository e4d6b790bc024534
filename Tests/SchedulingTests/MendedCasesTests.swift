import Scheduling
import Testing
import TuningModel

/// What stops or misleads the reference, and must not here.
@Suite struct MendedCasesTests {
  private func asha(_ values: [Double], mode: MetricMode = .min) throws -> TrialScheduler {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .asha, mode: mode, maxResource: 27))
    for (trial, value) in values.enumerated() {
      scheduler.add(TrialID(trial))
      _ = scheduler.record(TrialID(trial), resource: 1, value: value)
    }
    return scheduler
  }

  private func promoted(_ scheduler: inout TrialScheduler) -> [Int] {
    var trials: [Int] = []
    while let promotion = scheduler.proposePromotion() {
      scheduler.apply(.promotion(promotion))
      trials.append(promotion.trial.rawValue)
    }
    return trials
  }

  @Test(arguments: MetricMode.allCases, [Double.nan, .infinity, -.infinity])
  func whatIsNotFiniteRanksWorstAndIsNeverPromoted(_ mode: MetricMode, _ odd: Double) throws {
    var scheduler = try asha([odd, 1, 2, odd], mode: mode)
    let best = mode == .min ? 1 : 2
    #expect(scheduler.entries(system: 0, level: 1).map(\.trial.rawValue) == [best, 3 - best, 0, 3])
    #expect(!scheduler.canStillBePromoted(TrialID(0)))
    // It counts: with four entries the quantile falls on the second, which is promoted too.
    #expect(promoted(&scheduler) == [best, 3 - best])
  }

  @Test(arguments: MetricMode.allCases)
  func aCutOffOnWhatIsNotFiniteIsTheNearestFiniteValue(_ mode: MetricMode) throws {
    // The place is between the only finite value and the first of the others.
    var scheduler = try asha([.nan, 5, .nan], mode: mode)
    let promotion = try #require(scheduler.offer())
    #expect(promotion.trial == TrialID(1) && promotion.cutOff == 5 && promotion.rungSize == 3)
    // The place is among the others.
    scheduler = try asha([5] + Array(repeating: .nan, count: 9), mode: mode)
    #expect(scheduler.proposePromotion()?.cutOff == 5)
    #expect(promoted(&scheduler) == [0])
  }

  @Test func aRungWithoutAFiniteValuePromotesNobody() throws {
    var scheduler = try asha([.nan, .infinity, -.infinity])
    #expect(scheduler.proposePromotion() == nil)
  }

  @Test func whatIsNotFiniteNeverEntersEpsilon() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 27))
    let curves: [[Double]] = [[1, 4, 1], [2, 3, .nan], [3, .infinity, -.infinity], [4, 1, 5]]
    for (trial, values) in curves.enumerated() {
      scheduler.add(TrialID(trial))
      for (index, value) in values.enumerated() {
        _ = scheduler.record(TrialID(trial), resource: index + 1, value: value)
      }
    }
    // Only (0, 3) has three finite values in common: 4 apart. (0, 1) and (1, 3) crossed once.
    #expect(scheduler.measuredEpsilon() == EpsilonMeasurement(system: 0, epsilon: 4, previous: 0, noisyPairs: 1))
  }

  @Test func valuesAtTheEndsOfTheRangeDoNotOverflow() throws {
    let huge = Double.greatestFiniteMagnitude
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 27))
    for (trial, values) in [[1, 4, -huge], [2, 3, huge], [0, 9, huge]].enumerated() {
      scheduler.add(TrialID(trial))
      for (index, value) in values.enumerated() {
        _ = scheduler.record(TrialID(trial), resource: index + 1, value: value)
        for decision in scheduler.review(after: TrialID(trial)) { scheduler.apply(decision) }
      }
    }
    #expect(scheduler.measuredEpsilon()?.epsilon == huge)
    scheduler = try asha([-huge, huge, huge])
    #expect(scheduler.proposePromotion()?.cutOff.isFinite == true)
  }

  @Test func resourcesLeftOutTakeNoPartInCrossings() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81, gracePeriod: 1, reductionFactor: 9))
    // At 1, 3, 5 and 9 in common: below, above, below, below. At 4 and 6 only one reported.
    for (resource, value) in [(1, 1.0), (3, 5), (4, 0), (5, 1), (9, 1)] {
      if scheduler.milestone(of: TrialID(0)) == nil { scheduler.add(TrialID(0)) }
      _ = scheduler.record(TrialID(0), resource: resource, value: value)
    }
    scheduler.add(TrialID(1))
    for (resource, value) in [(1, 2.0), (3, 2)] { _ = scheduler.record(TrialID(1), resource: resource, value: value) }
    #expect(scheduler.measuredEpsilon()?.noisyPairs == 0)
    for (resource, value) in [(5, 2.0), (6, 0)] { _ = scheduler.record(TrialID(1), resource: resource, value: value) }
    #expect(scheduler.measuredEpsilon() == EpsilonMeasurement(system: 0, epsilon: 1, previous: 0, noisyPairs: 1))
    _ = scheduler.record(TrialID(1), resource: 9, value: 4)
    #expect(scheduler.measuredEpsilon()?.epsilon == 3)
  }

  @Test func aMilestoneJumpedOverCountsInEachRungPassed() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81))
    scheduler.add(TrialID(0))
    #expect(scheduler.record(TrialID(0), resource: 11, value: 0.5) == .reachedMilestone(9))
    for (level, isPromoted) in [(1, true), (3, true), (9, false)] {
      #expect(
        scheduler.entries(system: 0, level: level)
          == [RungEntryView(trial: TrialID(0), value: 0.5, isPromoted: isPromoted)])
    }
    #expect(scheduler.ladder[0].rungs.map(\.promoted) == [1, 1, 0, 0])
    #expect(scheduler.canStillBePromoted(TrialID(0)))
    // It stands above the maximum and waits until that rises.
    for trial in 1...3 {
      scheduler.add(TrialID(trial))
      _ = scheduler.record(TrialID(trial), resource: 1, value: 1)
    }
    #expect(scheduler.ladder[0].currentMaximum == 3)
    #expect(promoted(&scheduler) == [1, 2, 3])
  }

  @Test func aJumpToTheMaximumResourceEndsTheTrial() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81))
    scheduler.add(TrialID(0))
    #expect(scheduler.record(TrialID(0), resource: 100, value: 0.5) == .reachedMaximum)
    #expect(scheduler.ladder[0].rungs.map(\.entries) == [1, 1, 1, 1])
    #expect(scheduler.ladder[0].rungs.map(\.promoted) == [1, 1, 1, 1])
    #expect(!scheduler.canStillBePromoted(TrialID(0)))
  }

  @Test func theSameResourceAgainOrAnEarlierOneIsNotRanked() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81))
    scheduler.add(TrialID(0))
    _ = scheduler.record(TrialID(0), resource: 1, value: 0.5)
    _ = scheduler.record(TrialID(0), resource: 2, value: 0.4)
    let before = Snapshot(scheduler)
    #expect(scheduler.record(TrialID(0), resource: 2, value: 0.1) == .repeated)
    #expect(scheduler.record(TrialID(0), resource: 1, value: 0.1) == .repeated)
    #expect(scheduler.review(after: TrialID(0)).isEmpty)
    #expect(Snapshot(scheduler) == before)
  }

  @Test func aResourceBelowOneIsRejectedAndTheTrialGoesOn() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81))
    scheduler.add(TrialID(0))
    #expect(scheduler.record(TrialID(0), resource: 0, value: 0.5) == .rejected(.resourceBelowOne))
    #expect(scheduler.record(TrialID(0), resource: -3, value: 0.5) == .rejected(.resourceBelowOne))
    #expect(scheduler.record(TrialID(0), resource: .min, value: 0.5) == .rejected(.resourceBelowOne))
    #expect(scheduler.record(TrialID(0), resource: 1, value: 0.5) == .reachedMilestone(1))
    scheduler.add(TrialID(1))
    #expect(scheduler.record(TrialID(1), resource: .max, value: 0.5) == .reachedMaximum)
  }

  @Test func aTrialThatEndsBeforeItsMilestoneCountsWhereItReported() throws {
    var scheduler = try asha([3, 2, 1])
    #expect(promoted(&scheduler) == [2])
    _ = scheduler.record(TrialID(2), resource: 2, value: 0)
    scheduler.retire(TrialID(2))
    #expect(scheduler.ladder[0].rungs.map(\.entries) == [3, 0, 0])
    #expect(scheduler.ladder[0].rungs.map(\.promoted) == [1, 0, 0])
    #expect(scheduler.proposePromotion() == nil)
  }

  @Test func whatATrialReportsAfterItsEndCountsAndIsNotPromoted() throws {
    var scheduler = try asha([3, 2, 1])
    #expect(promoted(&scheduler) == [2])
    scheduler.retire(TrialID(2))
    #expect(scheduler.record(TrialID(2), resource: 3, value: 0) == .reachedMilestone(3))
    _ = scheduler.record(TrialID(1), resource: 3, value: 1)
    #expect(!scheduler.canStillBePromoted(TrialID(2)))
    #expect(scheduler.proposePromotion() == nil)
  }

  /// The order in which trials were added does not decide which of a pair is the lower: the ids do.
  @Test func tiesInAPairGoByTheLowerID() throws {
    var measured: [Int?] = []
    for ids in [[0, 1], [1, 0]] {
      var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 27))
      for (id, values) in zip(ids, [[2.0, 1, 2], [1, 1, 1]]) {
        scheduler.add(TrialID(id))
        for (index, value) in values.enumerated() {
          _ = scheduler.record(TrialID(id), resource: index + 1, value: value)
        }
      }
      measured.append(scheduler.measuredEpsilon()?.noisyPairs)
    }
    // 2 > 1, 1 = 1, 2 > 1 from the one side changes twice; 1 < 2, 1 = 1, 1 < 2 from the other never.
    #expect(measured == [1, 0])
  }
}
