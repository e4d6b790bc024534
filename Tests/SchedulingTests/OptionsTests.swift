import Scheduling
import Testing
import TuningModel

@Suite struct OptionsTests {
  private func levels(_ maximum: Int, _ grace: Int = 1, factor: Double = 3) -> [Int] {
    SchedulerOptions(maxResource: maximum, gracePeriod: grace, reductionFactor: factor).levels
  }

  @Test func levelsGrowByTheReductionFactor() {
    #expect(levels(200) == [1, 3, 9, 27, 81])
    #expect(levels(81) == [1, 3, 9, 27])
    #expect(levels(9) == [1, 3])
    #expect(levels(3) == [1])
    #expect(levels(100, 3) == [3, 9, 27, 81])
    #expect(levels(256, 2, factor: 4) == [2, 8, 32, 128])
  }

  @Test func levelsOfAFractionalFactorAreRoundedHalfToEven() {
    #expect(levels(100, factor: 2.5) == [1, 2, 6, 16, 39, 98])
    // 1, 1.5, 2.25, 3.375, 5.06, 7.59: two of them round to 2.
    #expect(levels(9, factor: 1.5) == [1, 2, 3, 5, 8])
    // 9.5^1 rounds to 10, which is the maximum.
    #expect(levels(10, factor: 9.5) == [1])
  }

  @Test func givenLevelsAndIncrementsTakeThePlaceOfTheFactor() {
    #expect(SchedulerOptions(maxResource: 50, rungLevels: [1, 2, 5, 50]).levels == [1, 2, 5])
    #expect(SchedulerOptions(maxResource: 8, gracePeriod: 2, rungIncrement: 2).levels == [2, 4, 6])
  }

  @Test func eachBracketLeavesOutOneMoreLevel() throws {
    let scheduler = try TrialScheduler(SchedulerOptions(maxResource: 27, brackets: 9, rungSystemPerBracket: true))
    #expect(scheduler.ladder.map { $0.rungs.map(\.level) } == [[1, 3, 9], [3, 9], [9], []])
  }

  @Test func bracketsAreDrawnByTheirShares() throws {
    let options = SchedulerOptions(maxResource: 81, brackets: 2)
    #expect(options.bracketShares.map { ($0 * 1e6).rounded() } == [705_882, 294_118])
    let scheduler = try TrialScheduler(options)
    #expect(scheduler.bracket(forUnit: 0) == 0)
    #expect(scheduler.bracket(forUnit: 0.7058) == 0)
    #expect(scheduler.bracket(forUnit: 0.7059) == 1)
    #expect(scheduler.bracket(forUnit: 1) == 1)
  }

  @Test func everyProblemIsNamedAtOnce() {
    let options = SchedulerOptions(maxResource: 1, gracePeriod: 0, reductionFactor: 1, brackets: 0)
    #expect(options.problems().map(\.option) == ["max_t", "grace_period", "reduction_factor", "brackets"])
    #expect(options.problems().allSatisfy { $0.code == .outOfRange && $0.message.hasPrefix($0.option) })
  }

  @Test func problemsSayWhatWouldBeRight() {
    #expect(
      SchedulerOptions(maxResource: 9, gracePeriod: 9).problems().map(\.message)
        == ["grace_period (9) must be below max_t (9)"])
    #expect(
      SchedulerOptions(maxResource: 9, rungLevels: [1, 3, 3]).problems().map(\.message)
        == ["rung_levels must increase: 3 stands after 3"])
    #expect(
      SchedulerOptions(maxResource: 9, rungLevels: [1, 12]).problems().map(\.message)
        == ["rung_levels must not go past max_t (9), and 12 does"])
    #expect(SchedulerOptions(maxResource: 9, rungLevels: [0, 3]).problems().map(\.code) == [.outOfRange])
    #expect(SchedulerOptions(maxResource: 9, rungLevels: [9]).problems().map(\.code) == [.notBelowMaximum])
    #expect(SchedulerOptions(maxResource: 9, rungLevels: []).problems().map(\.code) == [.notBelowMaximum])
    #expect(
      SchedulerOptions(maxResource: 9, rungLevels: [1, 3], rungIncrement: 2).problems().map(\.code) == [.conflict])
    #expect(SchedulerOptions(maxResource: 9, rungIncrement: 0).problems().map(\.option) == ["rung_increment"])
    #expect(SchedulerOptions(maxResource: .max, rungIncrement: 1).problems().map(\.option) == ["rung_increment"])
    for factor in [Double.nan, .infinity, -3, 0, 1.05] {
      let options = SchedulerOptions(maxResource: 9, reductionFactor: factor)
      #expect(options.problems().map(\.option) == ["reduction_factor"])
    }
  }

  @Test func noSchedulerIsMadeOfOptionsWithAProblem() {
    #expect(throws: SchedulerOptionProblem.self) { try TrialScheduler(SchedulerOptions(maxResource: 0)) }
    #expect(throws: Never.self) { try TrialScheduler(SchedulerOptions(maxResource: 2)) }
  }

  @Test func theLargestNumbersGiveLevelsToo() {
    #expect(levels(.max).count == 40)
    #expect(SchedulerOptions(maxResource: .max, rungIncrement: .max / 2).levels == [1, .max / 2 + 1])
  }
}
