import Scheduling
import Testing
import TuningModel

@testable import Coordination

/// Programs that say what cannot be, and what comes of it: nothing is lost, and a mended program goes on.
struct ProgramFailureTests {
  private func message(_ farm: VirtualFarm) -> String {
    let end = farm.coordinator.state.closing?.end
    return end?.reason == .schedulerFailed ? end?.message ?? "" : "the run goes on"
  }

  @Test(arguments: [
    ([#"{"promote": 5, "milestone": 3}"#], "names trial 5, and there is none yet"),
    ([#"{"start": {}}"#, #"{"promote": 5, "milestone": 3}"#], "names trial 5, and the last one is 0"),
    ([#"{"start": {}}"#, #"{"promote": 0, "milestone": 9}"#], "promotes trial 0, which is over (completed)"),
    (
      [#"{"start": {"milestone": 3}}"#, #"{"promote": 0, "milestone": 3}"#],
      "promotes trial 0 to 3, which must be above 3, where it is, and at most max_t (9)"
    ),
    ([#"{"start": {}}"#, #"{"stop": 7}"#], "names trial 7, and the last one is 0"),
    ([#"{"wait": true}"#], "waits, and no trial is under way"),
    ([#"{"start": {"milestone": 2}}"#, #"{"wait": true}"#], "waits, and no trial is under way"),
    ([#"{"start": {"milestone": 10}}"#], "must give a milestone from 1 to max_t, which is 9, not 10"),
  ])
  func aRunIsSuspendedWithTheLine(lines: [String], expected: String) throws {
    let specification = Sample.programSpecification(trials: 5, max: 9)
    var farm = try Sample.programFarm(specification, slots: 1, decide: VirtualProgram.script(lines))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .suspended)
    #expect(message(farm).contains(expected), "\(message(farm))")
    if !expected.hasPrefix("must give") { #expect(message(farm).hasSuffix("it printed: \(lines.last ?? "")")) }
    // A mended program goes on.
    farm.outcome = nil
    farm.program = VirtualProgram(specification, decide: VirtualProgram.script([#"{"start": {}}"#]))
    try farm.restart()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.count == 5)
  }

  @Test func aRunningTrialIsNotPromoted() throws {
    var farm = try Sample.programFarm(
      Sample.programSpecification(trials: 5, max: 9),
      decide: VirtualProgram.script([#"{"start": {"milestone": 3}}"#, #"{"promote": 0, "milestone": 9}"#]))
    farm.begin()
    farm.run()
    #expect(message(farm).contains("promotes trial 0, which runs: it is at 0 and its milestone is 3"))
  }

  @Test func anAnswerToNoQuestionIsRefused() throws {
    var farm = try Sample.programFarm(Sample.programSpecification(max: 9)) { heard in
      heard.last?.text("event") == "suggest" ? [#"{"start": {}}"#, #"{"start": {}}"#] : []
    }
    farm.begin()
    farm.run()
    #expect(message(farm).contains("answers, and nothing was asked"), "\(message(farm))")
  }

  @Test func aTrialThatEndedAfterTheQuestionIsOnlyNoted() throws {
    var farm = try Sample.programFarm(Sample.programSpecification(max: 9), slots: 2) { heard in
      // One trial, and no answer to the second question.
      heard.count == 2 ? [#"{"start": {"milestone": 3}}"#] : []
    }
    farm.begin()
    farm.run()
    #expect(farm.coordinator.state.awaiting == [TrialID(0)] && farm.program?.questions == 2)
    farm.handle(.command(.stopTrial(TrialID(0))))
    #expect(farm.coordinator.state.trials[0].status == .stopped)
    #expect(farm.coordinator.asking.ended == [TrialID(0)])
    let output = farm.coordinator.handle(
      .scheduler(.promote(TrialID(0), milestone: 9), line: "promote 0"), at: farm.now)
    #expect(output.facts.isEmpty)
    #expect(output.effects.contains(.askScheduler))
    #expect(
      output.effects.contains {
        if case .note(let text) = $0 { text.contains("trial 0, which has just ended") } else { false }
      })
    #expect(message(farm) == "the run goes on")
  }

  @Test func afterTheSearchAProgramMayFail() throws {
    var specification = Sample.programSpecification(trials: 3, max: 9)
    specification.stop.trainBest = 1
    var farm = try Sample.programFarm(
      specification, slots: 1, decide: VirtualProgram.script([#"{"start": {"milestone": 1}}"#]))
    farm.begin()
    while farm.coordinator.state.training == nil, farm.step() {}
    #expect(farm.coordinator.state.training != nil)
    farm.handle(.schedulerFailed("it ended"))
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.count { $0.status == .completed } == 1)
  }
}
