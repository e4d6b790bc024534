import Scheduling
import Testing
import TuningModel

/// How much is done, counted and not timed.
@Suite struct WorkTests {
  /// Trials up to the top rung whose order there is not that of the rung below, so that epsilon is needed at each
  /// report, with a distance that is epsilon exactly, so that no bound decides and the maximum stays.
  private func noisyTuning(trials: Int, each: (TrialScheduler) -> Void) throws -> TrialScheduler {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 200, rungLevels: [1, 41]))
    var generator = SeededGenerator(seed: 3)
    for trial in 0..<trials {
      scheduler.add(TrialID(trial))
      for resource in 1...41 {
        let isLow = generator.nextBelow(2) == 0 || (trial < 20 && resource == 1)
        _ = scheduler.record(TrialID(trial), resource: resource, value: isLow ? 0 : 0.3)
        for decision in scheduler.review(after: TrialID(trial)) { scheduler.apply(decision) }
        each(scheduler)
      }
    }
    return scheduler
  }

  @Test func aReportTouchesAtMostThePairsOfItsTrial() throws {
    var last = 0
    var reports = 0
    var most = 0
    let scheduler = try noisyTuning(trials: 120) { scheduler in
      let touched = scheduler.pairWork.touchedPairs
      // The first decision that needs epsilon takes in the pairs that are there.
      if last > 0 { most = max(most, touched - last) }
      last = touched
      reports += 1
    }
    #expect(scheduler.ladder[0].currentMaximum == 41)
    #expect(most <= 119)
    #expect(last > 100 * 40 * 119 / 4)
    #expect(last <= reports * 119)
  }

  @Test func allPairsAreGoneThroughOnlyToLayOutDistancesAnew() throws {
    var layouts = 0
    var scheduler = try noisyTuning(trials: 120) { layouts = $0.pairWork.layouts }
    #expect(scheduler.ladder[0].currentMaximum == 41)
    #expect(scheduler.measuredEpsilon()?.epsilon == 0.3)
    #expect((1...3).contains(layouts))
  }

  @Test func nothingIsComparedWhileTheOrderIsKept() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 81))
    for trial in 0..<200 {
      scheduler.add(TrialID(trial))
      for resource in 1...3 {
        let value = Double(trial) - 0.1 * Double(resource)
        _ = scheduler.record(TrialID(trial), resource: resource, value: value)
        #expect(scheduler.review(after: TrialID(trial)).isEmpty)
      }
    }
    #expect(scheduler.pairWork.touchedPairs == 0)
  }

  @Test func nothingIsComparedAtTheLastMaximum() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(maxResource: 9))
    scheduler.apply(
      .maximumRaised(
        MaximumRaise(
          system: 0, from: 3, to: 9, topLevel: 3, previousLevel: 1, trial: TrialID(0), position: 0, holder: TrialID(1),
          trialValue: 1, holderValue: 0, epsilon: 0.5)))
    for trial in 0..<50 {
      scheduler.add(TrialID(trial))
      for resource in 1...8 {
        _ = scheduler.record(TrialID(trial), resource: resource, value: Double((trial * 7919 + resource * 31) % 101))
        #expect(scheduler.review(after: TrialID(trial)).isEmpty)
      }
    }
    #expect(scheduler.pairWork.touchedPairs == 0)
    #expect(scheduler.ladder[0].epsilon == 0.5)
  }
}
