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

  // MARK: Stopping

  private func report(_ trial: Int, _ resource: Int, _ value: Double, _ scheduler: inout TrialScheduler) -> Bool {
    scheduler.add(TrialID(trial))
    _ = scheduler.record(TrialID(trial), resource: resource, value: value)
    let decisions = scheduler.review(after: TrialID(trial))
    for decision in decisions { scheduler.apply(decision) }
    return decisions.contains { if case .stop(let stop) = $0 { stop.trial == TrialID(trial) } else { false } }
  }

  @Test(arguments: MetricMode.allCases, [Double.nan, .infinity, -.infinity])
  func whatIsNotFiniteIsStoppedAndStopsNobodyElse(_ mode: MetricMode, _ odd: Double) throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .asha, mode: mode, maxResource: 27, type: .stopping))
    // Nobody to compare with: the first goes on, whatever it says.
    #expect(!report(0, 1, odd, &scheduler))
    #expect(!report(1, 1, 5, &scheduler))
    #expect(report(2, 1, odd, &scheduler))
    #expect(!report(3, 1, 5, &scheduler))
    #expect(scheduler.isStopped(TrialID(2)) && !scheduler.isStopped(TrialID(0)))
    // The trial that began with it is judged again at the next rung.
    #expect(!report(1, 3, 5, &scheduler))
    #expect(report(0, 3, odd, &scheduler))
  }

  @Test func aJumpIsJudgedInTheHighestRung() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .asha, maxResource: 27, type: .stopping))
    for trial in 0..<3 { _ = report(trial, 1, Double(trial), &scheduler) }
    #expect(!report(0, 3, 0, &scheduler))
    // Past levels 1 and 3 at once: it stands in both, and is worse than the only other one at 3.
    #expect(report(7, 4, 9, &scheduler))
    #expect(scheduler.entries(system: 0, level: 1).contains { $0.trial == TrialID(7) && $0.isPromoted })
    #expect(scheduler.entries(system: 0, level: 3).contains { $0.trial == TrialID(7) && !$0.isPromoted })
  }

  @Test func aStoppedTrialIsHeardNoMore() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .asha, maxResource: 27, type: .stopping))
    #expect(!report(0, 1, 1, &scheduler))
    #expect(report(1, 1, 2, &scheduler))
    #expect(scheduler.record(TrialID(1), resource: 2, value: 0) == .rejected(.stopped))
    #expect(scheduler.review(after: TrialID(1)).isEmpty)
  }

  @Test func whatIsNotFiniteEntersNoMean() throws {
    let median = MedianOptions(gracePopulation: 2, rankCutoff: 0.4)
    var scheduler = try TrialScheduler(SchedulerOptions(name: .medianStopping, maxResource: 27, median: median))
    for trial in 0..<2 { #expect(!report(trial, 1, 1, &scheduler)) }
    // With nobody to compare with, it is borne; of two it would be the worse.
    #expect(!report(0, 2, .nan, &scheduler))
    #expect(!report(1, 2, 1, &scheduler))
    // Both means are 1: what was no number counts in none.
    #expect(!report(1, 3, 1, &scheduler))
    #expect(!report(0, 3, 1, &scheduler))
    #expect(!report(1, 4, 1, &scheduler))
    #expect(report(0, 4, .nan, &scheduler))
  }

  // MARK: Brackets, rungs, costs

  @Test func aTrialThatSkippedTheLowerRungIsNotRanked() throws {
    var scheduler = try TrialScheduler(
      SchedulerOptions(maxResource: 81, brackets: 2, ranking: RankingOptions(criterion: .ranking)))
    scheduler.add(TrialID(0), bracket: 0)
    scheduler.add(TrialID(1), bracket: 0)
    // Of the second bracket: it begins at level 3, where it is worse than both and would stand between them.
    scheduler.add(TrialID(2), bracket: 1)
    #expect(scheduler.milestone(of: TrialID(2)) == 3)
    for (trial, resource, value) in [(0, 1, 1.0), (1, 1, 2), (0, 3, 1), (2, 3, 1.5), (1, 3, 2)] {
      _ = scheduler.record(TrialID(trial), resource: resource, value: value)
      #expect(scheduler.review(after: TrialID(trial)).isEmpty)
    }
    #expect(scheduler.entries(system: 0, level: 3).map(\.trial.rawValue) == [0, 2, 1])
    #expect(scheduler.ladder[0].currentMaximum == 3)
  }

  @Test func oneRungTrainsToTheMaximum() throws {
    let scheduler = try TrialScheduler(SchedulerOptions(maxResource: 3))
    #expect(scheduler.ladder[0].rungs.map(\.level) == [1])
    #expect(scheduler.ladder[0].currentMaximum == 3)
  }

  /// Sums of tenths are no tenths: whether 0.1 three times is at most a third of 0.1 nine times hangs on how they are
  /// summed.
  @Test(arguments: [9, 300, 900, 2_700])
  func costsAreSummedOneByOneAtTheBorder(_ count: Int) throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .costPromotion, maxResource: 27))
    for trial in 0..<count {
      scheduler.add(TrialID(trial))
      _ = scheduler.record(TrialID(trial), resource: 1, value: Double(trial), cost: 0.1)
    }
    var promoted = 0
    while let promotion = scheduler.proposePromotion() {
      scheduler.apply(.promotion(promotion))
      promoted += 1
    }
    let all = (0..<count).reduce(0.0) { sum, _ in sum + 0.1 } * (1.0 / 3)
    var (spent, expected) = (0.0, 0)
    while spent + 0.1 <= all {
      spent += 0.1
      expected += 1
    }
    #expect(promoted == expected)
  }
}
