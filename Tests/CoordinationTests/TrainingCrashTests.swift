import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

/// The training after the search goes on after whatever interrupts it.
struct TrainingCrashTests {
  private final class Recorder {
    var turns: [(farm: VirtualFarm, facts: [StampedFact])] = []
  }

  private static let stops = [
    StopCriterion(maxTrialsStarted: 8), StopCriterion(maxTrialsStarted: 8, atLimit: .now),
    StopCriterion(maxEvaluations: 20),
  ]

  /// The coordinator dies at every boundary between two facts, also within a turn: the same trials are trained.
  @Test(arguments: stops.indices)
  func aCrashAtAnyFactIsGoneOnFrom(stop: Int) throws {
    let specification = TrainingTests.specification(2, Self.stops[stop])
    let recorder = Recorder()
    var farm = try TrainingTests.farm(specification, agents: 2, slots: 1)
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    let expected = try TrainingTests.check(farm, count: 2)
    var boundaries = 0
    for (before, facts) in recorder.turns {
      for cut in 0...facts.count {
        var crashed = before
        crashed.onTurn = nil
        crashed.journal = before.journal + facts.prefix(cut)
        try crashed.restart()
        crashed.run()
        boundaries += 1
        #expect(crashed.outcome == farm.outcome)
        let next = facts.dropFirst(cut).first.map { "\($0.fact)" } ?? "nothing"
        let training = try TrainingTests.check(crashed, count: 2)
        #expect(training == expected, "cut after \(before.journal.count + cut) facts, before \(next)")
      }
    }
    #expect(boundaries > 100)
  }

  /// The search ends while a start is on its way to its host, where it never arrives: it is sent again, no restart is
  /// counted, and the trial goes on to the maximum once it runs.
  @Test func aStartThatWasLostIsSentAgain() throws {
    let recorder = Recorder()
    var farm = try TrainingTests.farm(Sample.specification(trials: 14), agents: 1, slots: 3)
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    var lost = 0
    for (before, facts) in recorder.turns {
      for (index, stamped) in facts.enumerated() {
        guard case .attemptAssigned(let assignment) = stamped.fact, assignment.reason == .promoted else { continue }
        let journal = before.journal + facts.prefix(index + 1)
        let reports = journal.count { if case .reportReceived = $0.fact { true } else { false } }
        var again = try VirtualFarm(
          TrainingTests.specification(3, StopCriterion(maxEvaluations: reports)), agents: before.agents,
          curve: before.curve, speed: before.speed)
        again.clock = before.clock
        again.journal = journal
        try again.restart()
        again.run()
        let training = try TrainingTests.check(again, count: 3)
        if training.trials.contains(assignment.attempt.trial) { lost += 1 }
        #expect(again.coordinator.state.trials.allSatisfy { $0.restarts == 0 })
      }
    }
    #expect(lost > 0)
  }

  @Test func replayGivesTheStateOfTheLiveRun() throws {
    let specification = TrainingTests.specification(3, TrainingTests.time)
    var farm = try TrainingTests.farm(specification, agents: 2, slots: 2)
    farm.begin()
    var inTraining = 0
    repeat {
      var replayed = try RunState(specification: specification)
      for fact in farm.journal { replayed.apply(fact) }
      let live = farm.coordinator.state
      #expect(replayed.trials == live.trials)
      #expect(replayed.waiting == live.waiting)
      #expect(replayed.awaiting == live.awaiting)
      #expect(replayed.totals == live.totals)
      #expect(replayed.training == live.training && replayed.searchTime == live.searchTime)
      #expect(replayed.scheduler.ladder == live.scheduler.ladder)
      if live.training != nil { inTraining += 1 }
    } while farm.step()
    #expect(inTraining > 20)
  }

  /// Paused and resumed at any step of the training, twice.
  @Test func pausingAndResumingGoesOn() throws {
    let specification = TrainingTests.specification(2, TrainingTests.time)
    var farm = try TrainingTests.farm(specification, slots: 3)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    var steps = 0
    repeat {
      var paused = farm
      for _ in 0..<2 where paused.outcome == nil {
        paused.handle(.command(.pauseRun))
        #expect(paused.outcome == .suspended)
        #expect(paused.coordinator.state.activeTrials.isEmpty)
        paused.outcome = nil
        try paused.restart()
        _ = paused.step()
      }
      paused.run()
      #expect(paused.outcome == .finished(RunEnd(reason: .wallclockTime)))
      try TrainingTests.check(paused, count: 2)
      steps += 1
    } while farm.step() && farm.outcome == nil
    #expect(steps > 20)
  }

  /// Pausing the run while its search ends: the training begins when it is resumed.
  @Test func aRunThatWasPausedAtTheEndOfItsSearchTrainsWhenItIsResumed() throws {
    let specification = TrainingTests.specification(2, StopCriterion(maxEvaluations: 20))
    var farm = try TrainingTests.farm(specification, slots: 3)
    farm.begin()
    while farm.coordinator.state.totals.reports < 19, farm.step() {}
    farm.isSlowToEnd = true
    farm.handle(.command(.pauseRun))
    while farm.coordinator.state.totals.reports < 21, farm.step() {}
    #expect(TrainingTests.began(farm) == nil)
    farm.isSlowToEnd = false
    for name in farm.agents[0].attempts.keys.sorted() { farm.finish(name, on: 0, cause: .paused) }
    #expect(farm.outcome == .suspended)
    farm.outcome = nil
    try farm.restart()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .evaluations)))
    try TrainingTests.check(farm, count: 2)
  }
}
