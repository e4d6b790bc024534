import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

struct CrashTests {
  /// The coordinator dies at every boundary between two facts of a run, also between facts of one turn, which a journal
  /// never shows; each time another one takes the journal up, the agents say hello to it, and the run goes on to its
  /// end.
  @Test(arguments: [1, 2] as [UInt64])
  func aCrashAtAnyFactChangesNoDecision(seed: UInt64) throws {
    let specification = Sample.specification(trials: 9, max: 9)
    final class Recorder {
      var turns: [(farm: VirtualFarm, facts: [StampedFact])] = []
    }
    let recorder = Recorder()
    var farm = try Sample.farm(specification, slots: 2, seed: seed)
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    let expected = farm.decisions
    #expect(expected.count > 9)
    let finalStatuses = farm.coordinator.state.trials.map(\.status.word)
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
        #expect(
          crashed.decisions == expected,
          "cut after \(before.journal.count + cut) facts, \(cut) of the turn, before \(next)")
        #expect(crashed.coordinator.state.trials.map(\.status.word) == finalStatuses)
        try checkDecisions(crashed.journal, specification)
        checkReports(crashed)
      }
    }
    #expect(boundaries > 100)
  }

  /// Replaying the facts gives the state of the live machine, at every turn.
  @Test func replayGivesTheStateOfTheLiveRun() throws {
    let specification = Sample.specification(trials: 14, max: 9)
    var farm = try Sample.farm(specification, slots: 3)
    farm.begin()
    var steps = 0
    repeat {
      var replayed = try RunState(specification: specification)
      for fact in farm.journal { replayed.apply(fact) }
      let live = farm.coordinator.state
      #expect(replayed.trials == live.trials)
      #expect(replayed.agents == live.agents)
      #expect(replayed.waiting == live.waiting)
      #expect(replayed.awaiting == live.awaiting)
      #expect(replayed.totals == live.totals)
      #expect(replayed.drain == live.drain && replayed.closing == live.closing && replayed.end == live.end)
      steps += 1
    } while farm.step()
    #expect(steps > 20)
  }

  /// What each agent's logs say was reported stands in the journal exactly once.
  func checkReports(_ farm: VirtualFarm) {
    var seen: Set<String> = []
    for stamped in farm.journal {
      guard case .reportReceived(let report) = stamped.fact else { continue }
      #expect(seen.insert("\(report.attempt) \(report.sequence)").inserted)
    }
  }

  @Test func anAgentThatLostItsProcessesStartsItsTrialsAgainFromTheirSeals() throws {
    let specification = Sample.specification(trials: 12, max: 9)
    var farm = try Sample.farm(specification, slots: 3)
    farm.begin()
    for _ in 0..<20 { _ = farm.step() }
    // Agent and supervisors were killed: what ran has ended without a new seal.
    for (name, attempt) in farm.agents[0].attempts where attempt.end == nil {
      farm.agents[0].attempts[name]?.end = AttemptEnd(cause: .hostFault, lastSequence: attempt.log.count)
    }
    farm.greet(0)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.contains { $0.restarts == 1 })
    try checkDecisions(farm.journal, specification)
    checkReports(farm)
  }

  @Test func pausingTheRunAndResumingItGoesOn() throws {
    let specification = Sample.specification(trials: 14, max: 9)
    var farm = try Sample.farm(specification, slots: 3)
    farm.begin()
    for _ in 0..<15 { _ = farm.step() }
    farm.handle(.command(.pauseRun))
    #expect(farm.outcome == .suspended)
    #expect(farm.coordinator.state.activeTrials.isEmpty)
    farm.outcome = nil
    try farm.restart()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.allSatisfy { $0.status == .paused || $0.status == .completed })
    try checkDecisions(farm.journal, specification)
  }

  @Test func aStoppedRunIsOver() throws {
    var farm = try Sample.farm(Sample.specification(trials: 14, max: 9), slots: 3)
    farm.begin()
    for _ in 0..<15 { _ = farm.step() }
    farm.handle(.command(.stopRun))
    #expect(farm.outcome == .finished(RunEnd(reason: .stoppedByOperator)))
  }
}
