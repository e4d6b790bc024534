import Scheduling
import Testing
import TuningModel

/// A scheduler that decides nothing: what it knows is what was decided elsewhere.
struct ExternalScheduleTests {
  private func promotion(_ trial: TrialID, to milestone: Int) -> SchedulingDecision {
    .promotion(
      Promotion(
        trial: trial, system: 0, fromLevel: 3, milestone: milestone, rank: 0, rungSize: 0, value: 1, cutOff: 1,
        rule: .external))
  }

  @Test func milestonesAreThoseThatWereDecided() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .external, maxResource: 27))
    let (first, second) = (TrialID(0), TrialID(1))
    scheduler.add(first, milestone: 3)
    scheduler.add(second)
    #expect(scheduler.milestone(of: first) == 3 && scheduler.milestone(of: second) == 27)
    #expect(scheduler.canStillBePromoted(first) && !scheduler.canStillBePromoted(second))
    #expect(scheduler.record(first, resource: 2, value: 1) == .continues)
    #expect(scheduler.record(first, resource: 2, value: 1) == .repeated)
    #expect(scheduler.record(first, resource: 3, value: .nan) == .reachedMilestone(3))
    #expect(scheduler.record(second, resource: 27, value: 1) == .reachedMaximum)
    #expect(scheduler.record(TrialID(2), resource: 1, value: 1) == .rejected(.unknownTrial))
    #expect(scheduler.review(after: first).isEmpty && scheduler.reviewAll().isEmpty)
    #expect(scheduler.propose().promotion == nil && scheduler.bracketCount == 1 && scheduler.ladder.isEmpty)
    scheduler.apply(promotion(first, to: 9))
    #expect(scheduler.milestone(of: first) == 9)
    #expect(scheduler.record(first, resource: 8, value: 1) == .continues)
  }

  @Test func whatIsStoppedOrOverCountsNoMore() throws {
    var scheduler = try TrialScheduler(SchedulerOptions(name: .external, maxResource: 27))
    for trial in 0..<2 { scheduler.add(TrialID(trial), milestone: 3) }
    let stop = StopDecision(
      trial: TrialID(0), system: 0, level: 1, rank: 0, count: 0, value: 1, bound: 1, rule: .external)
    scheduler.apply(.stop(stop))
    #expect(scheduler.isStopped(TrialID(0)) && !scheduler.isStopped(TrialID(1)))
    #expect(scheduler.record(TrialID(0), resource: 2, value: 1) == .rejected(.stopped))
    #expect(!scheduler.canStillBePromoted(TrialID(0)))
    scheduler.retire(TrialID(1))
    #expect(!scheduler.canStillBePromoted(TrialID(1)))
  }
}
