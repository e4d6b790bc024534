import Scheduling
import Testing
import TuningModel

@testable import Coordination

/// A program of the user's in place of a scheduler.
struct ProgramTests {
  private func promotions(_ farm: VirtualFarm) -> [Promotion] {
    farm.journal.compactMap { if case .scheduling(.promotion(let promotion)) = $0.fact { promotion } else { nil } }
  }

  @Test func aProgramDecidesWhatStartsAndWhatGoesOn() throws {
    let specification = Sample.programSpecification(trials: 12)
    var farm = try Sample.programFarm(
      specification, decide: VirtualProgram.halving([1, 3, 9], maximum: specification.scheduler.maxResource))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let state = farm.coordinator.state
    #expect(state.trials.count == 12)
    // The best third of twelve, of those four the best one.
    #expect(promotions(farm).count { $0.milestone == 3 } >= 4)
    #expect(promotions(farm).contains { $0.milestone == 9 })
    #expect(promotions(farm).allSatisfy { $0.rule == .external })
    #expect(state.trials.allSatisfy { [1, 3, 9, 27].contains($0.resource) })
    #expect(state.totals.continuedInPlace > 0)
    let first = farm.journal.compactMap { if case .trialCreated(let creation) = $0.fact { creation } else { nil } }
    #expect(first.allSatisfy { $0.milestone == 1 })
  }

  /// The coordinator dies between any two facts; the next one starts the program anew and tells it what was.
  @Test func aCrashAtAnyFactIsMended() throws {
    let specification = Sample.programSpecification(trials: 7, max: 9)
    final class Recorder {
      var turns: [(farm: VirtualFarm, facts: [StampedFact])] = []
    }
    let recorder = Recorder()
    var farm = try Sample.programFarm(specification, decide: VirtualProgram.halving([1, 3], maximum: 9))
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    var boundaries = 0
    for (before, facts) in recorder.turns {
      for cut in 0...facts.count {
        var crashed = before
        crashed.onTurn = nil
        crashed.journal = before.journal + facts.prefix(cut)
        try crashed.restart()
        crashed.run()
        boundaries += 1
        #expect(crashed.outcome == farm.outcome, "cut after \(crashed.journal.count) facts, \(cut) of the turn")
        #expect(crashed.coordinator.state.trials.count == 7)
        var told = SchedulerTelling(specification)
        let events = [told.hello] + crashed.journal.flatMap { told.events(of: $0.fact) }
        #expect(crashed.program?.story == events.map { $0.jsonText() })
        expectNothingTwice(crashed)
      }
    }
    #expect(boundaries > 60)
  }

  /// Each report stands in the journal once, each trial is promoted to a milestone once, and no resource is ranked twice.
  private func expectNothingTwice(_ farm: VirtualFarm) {
    var seen: Set<String> = []
    for stamped in farm.journal {
      switch stamped.fact {
      case .reportReceived(let report):
        #expect(seen.insert("\(report.attempt) \(report.sequence)").inserted)
        if report.disposition == .ranked {
          #expect(seen.insert("rank \(report.attempt.trial) \(report.resource ?? 0)").inserted)
        }
      case .scheduling(.promotion(let promotion)):
        #expect(seen.insert("promote \(promotion.trial) \(promotion.milestone)").inserted)
      default: break
      }
    }
  }

  @Test func replayGivesTheStateOfTheLiveRun() throws {
    let specification = Sample.programSpecification(trials: 9)
    var farm = try Sample.programFarm(specification, decide: VirtualProgram.halving([1, 3], maximum: 27))
    farm.begin()
    farm.run()
    var replayed = try RunState(specification: specification)
    for fact in farm.journal { replayed.apply(fact) }
    let live = farm.coordinator.state
    #expect(replayed.trials == live.trials && replayed.totals == live.totals && replayed.end == live.end)
    for trial in live.trials {
      #expect(replayed.scheduler.milestone(of: trial.id) == live.scheduler.milestone(of: trial.id))
    }
  }

  @Test func configurationsOfTheProgramAreTaken() throws {
    var farm = try Sample.programFarm(
      Sample.programSpecification(trials: 3, max: 3), slots: 1,
      decide: VirtualProgram.script([#"{"start": {"config": {"x": 0.25}}}"#, #"{"start": {}}"#]))
    farm.begin()
    farm.run()
    let trials = farm.coordinator.state.trials
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(trials.count == 3 && trials.allSatisfy { $0.status == .completed })
    #expect(trials[0].configuration["x"] == .double(0.25) && trials[0].origin == .program)
    #expect(trials[1].origin != .program)
  }

  @Test func scriptsThatEndAtTheirMilestonesAreStartedAgain() throws {
    var specification = Sample.programSpecification(trials: 7, max: 9)
    specification.experiment.maxResourceAttribute = "epochs"
    var farm = try Sample.programFarm(specification, decide: VirtualProgram.halving([1, 3], maximum: 9))
    farm.begin()
    while farm.outcome == nil {
      for (name, attempt) in farm.agents[0].attempts.sorted(by: { $0.key < $1.key }) where attempt.isHeld {
        #expect(attempt.start.configuration["epochs"] == .int(attempt.milestone))
        farm.finish(name, on: 0, cause: .exited)
      }
      guard farm.step() else { break }
    }
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(promotions(farm).count >= 2 && farm.coordinator.state.totals.continuedInPlace == 0)
    expectNothingTwice(farm)
  }

  @Test func aSecondHostTakesWhatTheProgramStarts() throws {
    let specification = Sample.programSpecification(trials: 9, max: 9)
    var farm = try VirtualFarm(
      specification,
      agents: ["a", "b"].map { VirtualFarm.Agent(key: "key-\($0)", machine: $0, slots: 2, name: $0) },
      curve: Sample.curve(seed: 3), speed: Sample.speed(seed: 3))
    farm.program = VirtualProgram(specification, decide: VirtualProgram.halving([1, 3], maximum: 9))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.agents.allSatisfy { !$0.begun.isEmpty })
    expectNothingTwice(farm)
  }

  @Test func stopsAreCarriedOutAtOnce() throws {
    var farm = try Sample.programFarm(Sample.programSpecification(trials: 4, max: 9)) { heard in
      switch heard.last?.text("event") {
      case "suggest": [#"{"start": {}}"#]
      // Said twice, as by a program that does not keep what it said.
      case "report" where heard.last?.whole("resource") == 4 && heard.last?.whole("trial") != 2:
        ["{\"stop\": \(heard.last?.whole("trial") ?? 0)}", "{\"stop\": \(heard.last?.whole("trial") ?? 0)}"]
      default: []
      }
    }
    farm.begin()
    farm.run()
    let state = farm.coordinator.state
    #expect(state.trials.map(\.status.word) == ["stopped", "stopped", "completed", "stopped"])
    #expect(state.trials.map(\.resource) == [4, 4, 9, 4])
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.journal.count { if case .scheduling(.stop) = $0.fact { true } else { false } } == 3)
  }

  @Test func finishEndsTheRunWhenAllThatRunsIsAtItsMilestone() throws {
    var farm = try Sample.programFarm(
      Sample.programSpecification(trials: nil, max: 9),
      decide: VirtualProgram.script([
        #"{"start": {"milestone": 3}}"#, #"{"start": {"milestone": 2}}"#, #"{"wait": true}"#, #"{"finish": true}"#,
      ]))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .schedulerFinished)))
    #expect(farm.coordinator.state.trials.map(\.resource) == [3, 2])
    #expect(farm.program?.heard.count { $0.text("event") == "no_more_trials" } == 1)
    #expect(farm.program?.questions == 4)
  }

  @Test func whoWaitsIsAskedAgainAfterTheNextReport() throws {
    var farm = try Sample.programFarm(Sample.programSpecification(trials: 2, max: 9)) { heard in
      guard heard.last?.text("event") == "suggest" else { return [] }
      let reports = heard.count { $0.text("event") == "report" }
      let isFirst = !heard.contains { $0.text("event") == "decided" }
      return [isFirst || reports == 5 ? #"{"start": {}}"# : #"{"wait": true}"#]
    }
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let story = farm.program?.story ?? []
    let second = try #require(story.firstIndex { $0.contains(#""start":1"#) })
    #expect(story[..<second].count { $0.contains(#""event":"report""#) } == 5)
  }
}
