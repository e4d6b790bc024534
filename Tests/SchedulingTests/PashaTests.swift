import Scheduling
import Testing
import TuningModel

/// PASHA by hand-computed cases.
@Suite struct PashaTests {
  private func pasha(_ maxResource: Int, mode: MetricMode = .min) throws -> TrialScheduler {
    try TrialScheduler(SchedulerOptions(mode: mode, maxResource: maxResource))
  }

  /// Records a trial's values from resource 1 on and returns all that was decided; applies it.
  private func run(_ scheduler: inout TrialScheduler, _ trial: Int, _ values: [Double]) -> [SchedulingDecision] {
    scheduler.add(TrialID(trial))
    var decisions: [SchedulingDecision] = []
    for (index, value) in values.enumerated() {
      _ = scheduler.record(TrialID(trial), resource: index + 1, value: value)
      let found = scheduler.review(after: TrialID(trial))
      for decision in found { scheduler.apply(decision) }
      decisions += found
    }
    return decisions
  }

  @Test func theMaximumIsTheSecondLevelAtFirst() throws {
    #expect(try pasha(200).ladder[0].currentMaximum == 3)
    #expect(try pasha(200).ladder[0].comparedLevel == 3)
  }

  @Test func nothingIsPromotedFromTheCurrentMaximum() throws {
    var scheduler = try pasha(27)
    _ = run(&scheduler, 0, [0.1, 0.1, 0.1])
    _ = run(&scheduler, 1, [0.2, 0.2, 0.2])
    #expect(scheduler.proposePromotion() == nil)
    _ = run(&scheduler, 2, [0.3, 0.3, 0.05])
    #expect(scheduler.ladder[0].currentMaximum == 9)
    #expect(scheduler.proposePromotion()?.trial == TrialID(2))
    #expect(scheduler.proposePromotion()?.milestone == 9)
  }

  @Test func theMaximumStaysWhileTheOrderIsKept() throws {
    var scheduler = try pasha(27)
    for trial in 0..<5 {
      #expect(run(&scheduler, trial, [0.5, 0.4, 0.3].map { $0 + Double(trial) }).isEmpty)
    }
    #expect(scheduler.ladder[0].currentMaximum == 3)
  }

  @Test func aRaiseSaysWhoLeftWhoseGroup() throws {
    var scheduler = try pasha(27)
    _ = run(&scheduler, 0, [0.1, 0.1, 0.3])
    let decisions = run(&scheduler, 1, [0.2, 0.2, 0.2])
    #expect(
      decisions == [
        .maximumRaised(
          MaximumRaise(
            system: 0, from: 3, to: 9, topLevel: 3, previousLevel: 1, trial: TrialID(1), position: 0,
            holder: TrialID(0), trialValue: 0.2, holderValue: 0.1, epsilon: 0))
      ])
    #expect(scheduler.ladder[0].comparedLevel == 9)
  }

  @Test func trialsWithinEpsilonAreEquals() throws {
    // The pair (0, 1) crosses and crosses back between 1 and 3: epsilon is its distance at 3.
    var scheduler = try pasha(27)
    _ = run(&scheduler, 0, [0.125, 0.5, 0.125])
    #expect(run(&scheduler, 1, [0.25, 0.25, 0.375]).isEmpty)
    #expect(scheduler.measuredEpsilon()?.epsilon == 0.25)
    #expect(scheduler.measuredEpsilon()?.noisyPairs == 1)
    // Trial 2 takes the first place; at 1 it was 0.25 behind trial 0: on the border, which belongs to the group.
    #expect(run(&scheduler, 2, [0.375, 0.75, 0.0625]).isEmpty)
    #expect(scheduler.ladder[0].currentMaximum == 3)
    // 0.376 is past the border.
    let decisions = run(&scheduler, 3, [0.376, 0.8, 0.03])
    #expect(decisions.count == 2)
    guard case .epsilonMeasured(let measured)? = decisions.first, case .maximumRaised(let raise)? = decisions.last
    else {
      Issue.record("\(decisions)")
      return
    }
    #expect(measured == EpsilonMeasurement(system: 0, epsilon: 0.25, previous: 0, noisyPairs: 1))
    #expect(raise.epsilon == 0.25 && raise.trial == TrialID(3) && raise.position == 0 && raise.holder == TrialID(0))
    #expect(raise.trialValue == 0.376 && raise.holderValue == 0.125)
    #expect(scheduler.ladder[0].epsilon == 0.25)
  }

  @Test func epsilonStaysUntilTheNewWindowHasANoisyPair() throws {
    var scheduler = try pasha(27)
    _ = run(&scheduler, 0, [0.125, 0.5, 0.125])
    _ = run(&scheduler, 1, [0.25, 0.25, 0.375])
    _ = run(&scheduler, 2, [0.9, 0.9, 0.01])
    #expect(scheduler.ladder[0].currentMaximum == 9)
    #expect(scheduler.measuredEpsilon() == EpsilonMeasurement(system: 0, epsilon: 0.25, previous: 0.25, noisyPairs: 0))
    // At 4 the pair (0, 1) is still noisy, by its whole curves.
    _ = scheduler.record(TrialID(0), resource: 4, value: 0.5)
    _ = scheduler.record(TrialID(1), resource: 4, value: 0.625)
    #expect(scheduler.measuredEpsilon() == EpsilonMeasurement(system: 0, epsilon: 0.125, previous: 0.25, noisyPairs: 1))
  }

  @Test func epsilonIsThe90thPercentileOfTheNoisyDistances() throws {
    // Trials that swap at 2 and swap back at 3; distances at 3: 1, 2, 3 between neighbours and their sums.
    var scheduler = try pasha(27)
    for (trial, last) in [0.0, 1, 3, 6].enumerated() {
      _ = run(&scheduler, trial, [Double(trial), Double(-trial), last])
    }
    // 1, 2, 3, 3, 5, 6: the place is 4.5, half way from 5 to 6.
    #expect(scheduler.measuredEpsilon() == EpsilonMeasurement(system: 0, epsilon: 5.5, previous: 0, noisyPairs: 6))
  }

  @Test func withTwoRungsTheTopIsTheSecondAndTheMaximumCanRise() throws {
    var scheduler = try pasha(9)
    #expect(scheduler.ladder[0].currentMaximum == 3)
    _ = run(&scheduler, 0, [0.1, 0.1, 0.3])
    #expect(scheduler.proposePromotion() == nil)
    _ = run(&scheduler, 1, [0.2, 0.2, 0.2])
    #expect(scheduler.ladder[0].currentMaximum == 9)
    #expect(scheduler.proposePromotion()?.milestone == 9)
  }

  @Test func withOneRungTheMaximumIsTheMaximumResource() throws {
    var scheduler = try pasha(3)
    #expect(scheduler.ladder[0].currentMaximum == 3)
    #expect(scheduler.ladder[0].comparedLevel == nil)
    _ = run(&scheduler, 0, [0.1])
    _ = run(&scheduler, 1, [0.2])
    let promotion = try #require(scheduler.offer())
    #expect(promotion.trial == TrialID(0) && promotion.milestone == 3)
    scheduler.apply(.promotion(promotion))
    #expect(scheduler.record(TrialID(0), resource: 2, value: 0.1) == .continues)
    #expect(scheduler.record(TrialID(0), resource: 3, value: 0.1) == .reachedMaximum)
    #expect(scheduler.measuredEpsilon()?.epsilon == 0)
  }

  @Test func theMaximumRisesByOneRungAReportUpToTheMaximumResource() throws {
    var scheduler = try pasha(27)
    var raises: [Int] = []
    // Each pair of trials changes its order between any two levels.
    for (first, second, resource) in [(0, 1, 3), (2, 3, 9), (4, 5, 9)] {
      for (trial, sign) in [(first, 1.0), (second, -1.0)] {
        scheduler.add(TrialID(trial))
        for level in [1, 3, 9] where level <= resource {
          _ = scheduler.record(TrialID(trial), resource: level, value: (level == 3 ? -1 : 1) * sign * Double(trial + 1))
          for decision in scheduler.review(after: TrialID(trial)) {
            scheduler.apply(decision)
            if case .maximumRaised(let raise) = decision { raises.append(raise.to) }
          }
        }
      }
    }
    #expect(raises == [9, 27])
    #expect(scheduler.ladder[0].currentMaximum == 27)
  }

  @Test func aReportRaisesTheMaximumOnceEvenWhenTheNextRungDiffersToo() throws {
    var scheduler = try pasha(27)
    scheduler.add(TrialID(0))
    scheduler.add(TrialID(1))
    for (resource, value) in [(1, 0.1), (3, 0.3), (9, 0.1)] {
      _ = scheduler.record(TrialID(0), resource: resource, value: value)
    }
    _ = scheduler.record(TrialID(1), resource: 1, value: 0.2)
    // Past 3 in one step: there the order is turned, at 9 it is turned back.
    _ = scheduler.record(TrialID(1), resource: 9, value: 0.2)
    for decision in scheduler.review(after: TrialID(1)) { scheduler.apply(decision) }
    #expect(scheduler.ladder[0].currentMaximum == 9)
    let again = scheduler.reviewAll()
    #expect(again.isEmpty)
    _ = scheduler.record(TrialID(1), resource: 10, value: 0.2)
    for decision in scheduler.review(after: TrialID(1)) { scheduler.apply(decision) }
    #expect(scheduler.ladder[0].currentMaximum == 27)
  }
}
