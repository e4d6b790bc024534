import Coordination
import Presentation
import Testing
import TuningModel
import Wire

@testable import Coordination

/// Every recovery is one line: what people are told, held against what happened.
struct RecoveryLineTests {
  final class Lines {
    var all: [String] = []
    /// Without the time of day.
    var texts: [String] { all.map { String($0.dropFirst(10)) } }
    func containing(_ text: String) -> [String] { texts.filter { $0.contains(text) } }
    func clear() { all = [] }
  }

  /// A farm with a 5 s heartbeat, and what people were told of its facts; notes are in `farm.notes`.
  static func farm(
    agents: Int = 2, slots: Int = 2, seed: UInt64 = 1, edit: (inout RunSpecification) -> Void = { _ in }
  ) throws -> (VirtualFarm, Lines) {
    var specification = Sample.specification(trials: 30, max: 27)
    specification.cluster.heartbeat = .seconds(5)
    specification.cluster.lostAfter = .seconds(600)
    edit(&specification)
    var farm = try TrainingTests.farm(specification, agents: agents, slots: slots, seed: seed)
    let lines = Lines()
    farm.onTurn = { farm, facts in
      for fact in facts { lines.all += Presentation.lines(for: fact, in: farm.coordinator.state) }
    }
    return (farm, lines)
  }

  /// An agent says hello, as the process and the boot that it is.
  static func hello(_ farm: inout VirtualFarm, _ index: Int, pid: Int = 1, boot: String = "b", losing: Bool = false) {
    if losing { farm.agents[index].attempts = [:] }
    let agent = farm.agents[index]
    let inventory = agent.attempts.sorted { $0.key < $1.key }.map { name, attempt in
      AttemptInventory(
        attempt: name, slot: attempt.start.slot, milestone: attempt.milestone,
        phase: attempt.end.map { .ended($0) } ?? (attempt.isHeld ? .held(resource: attempt.next - 1) : .running),
        lastSequence: attempt.log.count)
    }
    farm.say(
      .hello(
        AgentHello(
          hostname: "host", machineID: agent.machine, bootID: boot, name: agent.name, pid: pid, slots: agent.slots,
          home: "/home", inventory: inventory, place: agent.key)), from: index)
    farm.say(.prepared(Preparation(codeHash: "")), from: index)
  }

  /// Lets time pass to each deadline of the machine; agents that are not cut off send their heartbeats.
  static func pass(_ farm: inout VirtualFarm, _ milliseconds: Int, silent: Set<Int> = []) {
    let end = farm.clock + milliseconds
    while farm.clock < end {
      farm.clock = min(end, farm.clock + 2_500)
      for index in farm.agents.indices where !silent.contains(index) {
        farm.say(.heartbeat(sentAt: farm.now.monotonic), from: index)
      }
      farm.handle(.tick)
    }
  }

  @Test func anAgentThatIsBackInTouchIsOneLineWithTheLengthOfItsSilence() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    lines.clear()
    Self.pass(&farm, 20_000, silent: [1])
    #expect(lines.containing("agent 1 (host1) is silent; it may come back").count == 1)
    Self.pass(&farm, 50_000, silent: [1])
    #expect(lines.containing("agent 1 (host1) is unreachable").count == 1)
    farm.say(.heartbeat(sentAt: farm.now.monotonic), from: 1)
    let back = lines.containing("agent 1 (host1) is back in touch after 1 min 1")
    #expect(back.count == 1, "\(lines.texts)")
    let trials = farm.coordinator.state.agents[1].slots.compactMap { $0 }
    #expect(back[0].hasSuffix("; its trials \(trials[0]) and \(trials[1]) ran on"), "\(back)")
    #expect(lines.all.count == 3, "\(lines.texts)")
  }

  @Test func anAgentThatWasStartedAgainNamesTheTrialsThatItFound() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    lines.clear()
    Self.hello(&farm, 0, pid: 2)
    #expect(lines.texts == ["agent 0 (host0) was started again; it found trials 0 and 1, which ran on"])
    lines.clear()
    // The same process connects anew: no other line, and none that it is ready once more.
    Self.hello(&farm, 0, pid: 2)
    #expect(lines.texts == ["agent 0 (host0) connected anew; its trials 0 and 1 ran on"])
  }

  @Test func aTrialThatWasLostSaysWhyFromWhereAndHowOftenItMayBe() throws {
    var (farm, lines) = try Self.farm(agents: 1)
    farm.begin()
    lines.clear()
    Self.hello(&farm, 0, pid: 2, losing: true)
    #expect(lines.containing("agent 0 (host0) was started again; no trial runs there").count == 1)
    #expect(
      lines.containing(
        "trial 0 was lost (the agent came back without the trial): it starts again from the start, restart 1 of 3"
      )
      .count == 1, "\(lines.texts)")
    #expect(
      lines.containing("trial 0 starts again from the start (there is no checkpoint of it) on slot 0/0").count == 1,
      "\(lines.texts)")
  }

  @Test func aTrialThatItsHostFailedSaysHowWithoutOurMark() throws {
    var (farm, lines) = try Self.farm(slots: 1)
    farm.begin()
    let name = try #require(farm.agents[0].attempts.keys.first)
    farm.agents[0].attempts[name] = nil
    lines.clear()
    farm.say(
      .ended(
        name,
        AttemptEnd(
          cause: .hostFault, exitStatus: 1, lastSequence: 0,
          errorTail: "OSError: no\npasha: the disk of /d is full\npasha: the checkpoint is not sealed: no room\n")),
      from: 0)
    #expect(lines.texts.contains("trial 0 was lost (the disk of /d is full)"), "\(lines.texts)")
    let health = HostHealth.all(farm.coordinator.state, live: farm.coordinator.view(at: farm.now))
    #expect(health.contains { $0.reason.contains("1 attempt failed there: the disk of /d is full") }, "\(health)")
  }

  @Test func aRunThatIsPausedSaysWhichTrialsItDidNotReach() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    let running = farm.coordinator.state.agents[1].slots.compactMap { $0 }
    farm.agents[1].isCut = true
    Self.pass(&farm, 70_000, silent: [1])
    farm.handle(.command(.pauseRun))
    Self.pass(&farm, 5_000, silent: [1])
    let start =
      "trials \(running[0]) and \(running[1]) may go on, since nobody answers on host1; all others are paused and"
    #expect(lines.containing(start).count == 1, "\(lines.texts)")
  }

  @Test func aHostThatIsLostIsOneLineWithItsTrialsAndWhereTheyGoOn() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    for _ in 0..<12 { _ = farm.step() }
    let running = farm.coordinator.state.agents[1].slots.compactMap { $0 }
    lines.clear()
    farm.agents[1].isCut = true
    farm.agents[1].attempts = [:]
    Self.pass(&farm, 640_000, silent: [1])
    let lost = lines.containing("agent 1 (host1) is lost; ")
    #expect(lost.count == 1, "\(lines.texts)")
    for trial in running { #expect(lost[0].contains("\(trial)"), "\(lost)") }
    #expect(lost[0].contains(" elsewhere, from the start") || lost[0].contains("had reached what"), "\(lost)")
    #expect(lines.containing("was lost (its host is lost)").isEmpty)
    // It comes back with what was given up: told once, and ended there.
    lines.clear()
    farm.agents[1].isCut = false
    let stale = TrialAttempt(running[0], .first)
    let inventory = [
      AttemptInventory(attempt: stale, slot: 0, milestone: 1, phase: .running, lastSequence: 0)
    ]
    for _ in 0..<2 {
      farm.say(
        .hello(
          AgentHello(
            hostname: "host", machineID: "m", bootID: "b", name: "host1", pid: 1, slots: 2, home: "/home",
            inventory: inventory, place: "key-1")), from: 1)
    }
    #expect(
      lines.containing("agent 1 (host1) is back after 1").filter { $0.contains("it had been given up") }.count == 1,
      "\(lines.texts)")
    #expect(
      farm.notes.filter {
        $0.contains("agent 1 (host1) came with attempt 1 of trial \(running[0]), which was given up")
      }.count == 1)
  }

  @Test func aMachineThatWasStartedAnewIsToldApart() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    lines.clear()
    Self.pass(&farm, 30_000, silent: [0])
    Self.hello(&farm, 0, pid: 9, boot: "b2", losing: true)
    #expect(
      lines.containing("agent 0 (host0) is back after 30.0 s of silence: its machine was started anew").count == 1,
      "\(lines.texts)")
  }

  @Test func aResumeTellsWhatWasReplayedAndOnceWhatWasFoundAgain() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    for _ in 0..<4 { _ = farm.step() }
    // Reports that are printed while nobody listens.
    let busy = farm.coordinator.state.activeTrials.count
    let late = try #require(farm.agents[0].attempts.keys.sorted().first)
    let printed = farm.agents[0].attempts[late]?.log.count ?? 0
    let report = TrialReport(
      sequence: printed + 1, readAt: farm.now.wall, fields: [.init("epoch", .int(1)), .init("loss", .double(1))])
    farm.agents[0].attempts[late]?.log.append(report)
    lines.clear()
    farm.notes = []
    let facts = farm.journal.count
    try farm.restart()
    #expect(
      lines.containing("virtual goes on: \(facts) facts replayed; 2 agents with \(busy) trials under way are awaited")
        .count == 1, "\(lines.texts)")
    #expect(
      farm.notes.filter {
        $0 == "after the resume 2 of 2 agents are back, with \(busy) of \(busy) trials under way; 1 reports come late"
      }.count == 1, "\(farm.notes)")
    // The summary stands for the lines of each.
    #expect(lines.containing("ran on").isEmpty && lines.containing("is ready").isEmpty, "\(lines.texts)")
  }

  @Test func anAgentThatComesLongAfterTheResumeHasALineOfItsOwn() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    farm.agents[1].isCut = true
    lines.clear()
    farm.notes = []
    try farm.restart()
    #expect(farm.notes.isEmpty)
    Self.pass(&farm, 61_000, silent: [1])
    #expect(
      farm.notes.filter { $0.contains("1 of 2 agents are back") && $0.hasSuffix("awaited still: host1") }.count == 1)
    farm.agents[1].isCut = false
    lines.clear()
    Self.hello(&farm, 1)
    #expect(
      lines.containing("agent 1 (host1) is back, 1 min 01 s after the resume; its trials").count == 1, "\(lines.texts)")
  }

  @Test func aLinkThatFlapsIsToldAFewTimesAndThenOnceInTenMinutes() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    lines.clear()
    for _ in 0..<20 {
      Self.pass(&farm, 17_500, silent: [1])
      Self.pass(&farm, 5_000)
    }
    #expect(lines.containing("agent 1 (host1) is silent; it may come back").count == 3, "\(lines.texts)")
    #expect(lines.containing("agent 1 (host1) is back in touch").count == 3)
    #expect(lines.containing("the 4th break of its link within 10 min 00 s: told once").count == 1)
    #expect(lines.all.count == 7, "\(lines.texts)")
    Self.pass(&farm, 300_000)
    lines.clear()
    Self.pass(&farm, 17_500, silent: [1])
    #expect(
      lines.containing("agent 1 (host1) is silent; before, its link broke 20 times within 10 min 00 s, for").count == 1,
      "\(lines.texts)")
  }

  @Test func aSlotThatGetsWorkAgainSaysSinceWhenItHadNone() throws {
    var (farm, lines) = try Self.farm()
    farm.begin()
    lines.clear()
    farm.say(.slotStates([SlotState(slot: 1, isUsable: false, reason: "GPU 1 is in use by pid 77")]), from: 0)
    #expect(lines.texts == ["slot 0/1 on host0 gets no work: GPU 1 is in use by pid 77"])
    lines.clear()
    // Said again after a hello it is no news, and keeps its time.
    Self.pass(&farm, 60_000)
    lines.clear()
    Self.hello(&farm, 0)
    farm.say(.slotStates([SlotState(slot: 1, isUsable: false, reason: "GPU 1 is in use by pid 77")]), from: 0)
    #expect(lines.containing("gets no work").isEmpty, "\(lines.texts)")
    Self.pass(&farm, 60_000)
    lines.clear()
    farm.say(
      .slotStates([SlotState(slot: 0, isUsable: true, reason: ""), SlotState(slot: 1, isUsable: true, reason: "")]),
      from: 0)
    #expect(
      lines.containing("slot 0/1 on host0 gets work again after 2 min 00 s; it had got none: GPU 1 is in use by pid 77")
        .count == 1, "\(lines.texts)")
  }

  @Test func aHostWithRoomAgainSaysHowManyStartsHadFailed() throws {
    var (farm, lines) = try Self.farm()
    farm.agents[1].refuses = true
    farm.begin()
    #expect(lines.containing("was not started: disk full").count == 2)
    farm.agents[1].refuses = false
    for name in farm.agents[0].attempts.keys.sorted() { farm.finish(name, on: 0, cause: .paused) }
    lines.clear()
    Self.pass(&farm, 15_000)
    #expect(
      lines.containing("host1 starts trials again, ").filter {
        $0.hasSuffix("of 2 attempts that failed there: disk full")
      }
      .count == 1, "\(lines.texts)")
  }

  @Test func anOlderCheckpointIsToldWithTheReason() throws {
    var (farm, lines) = try Self.farm(agents: 1, slots: 2)
    farm.begin()
    // Generations 1 and 2 of a trial; the second is not there when it is wanted.
    func missing(_ farm: VirtualFarm) -> StampedFact? {
      farm.journal.last { if case .attemptAssigned(let a) = $0.fact { (a.resumeFrom ?? 0) >= 2 } else { false } }
    }
    while missing(farm) == nil, farm.step() {}
    guard case .attemptAssigned(let assignment)? = missing(farm)?.fact else {
      Issue.record("no trial went on from its second checkpoint")
      return
    }
    lines.clear()
    let attempt = assignment.attempt
    farm.agents[0].attempts[attempt] = nil
    farm.say(.refused(attempt, StartRefusal(code: .checkpointMissing, detail: "its hash is wrong")), from: 0)
    #expect(
      lines.containing(
        "trial \(attempt.trial) was not started: its hash is wrong: it starts again from its older checkpoint"
      )
      .filter { $0.hasSuffix("restart 1 of 3") }.count == 1, "\(lines.texts)")
    for _ in 0..<200 where lines.containing("trial \(attempt.trial) starts again from an older").isEmpty {
      _ = farm.step()
    }
    #expect(
      lines.containing("trial \(attempt.trial) starts again from an older checkpoint (generation 1, epoch ")
        .filter { $0.contains("; generation 2 is missing or damaged)") }.count == 1, "\(lines.texts)")
  }

  @Test func aCoordinatorThatSleptAndAClockThatWasSetAreOneLineEach() throws {
    var (farm, _) = try Self.farm()
    farm.begin()
    Self.pass(&farm, 30_000)
    farm.notes = []
    farm.clock += 3_600_000
    farm.handle(.tick)
    #expect(
      farm.notes.count == 1 && farm.notes[0].hasPrefix("this coordinator did not run for 59 min"), "\(farm.notes)")
    Self.pass(&farm, 30_000)
    #expect(farm.notes.count == 1, "\(farm.notes)")
    for (hours, way) in [(-24, "back by 24 h 0 min"), (24, "forth by 24 h 0 min")] {
      farm.notes = []
      let now = farm.now
      let wall = Timestamp(microseconds: now.wall.microseconds + Int64(hours) * 3_600_000_000)
      let output = farm.coordinator.handle(.tick, at: Moment(monotonic: now.monotonic, wall: wall))
      let notes = output.effects.compactMap { if case .note(let text) = $0 { text } else { nil } }
      #expect(notes.count == 1 && notes[0].hasPrefix("the time of day was set \(way)"), "\(notes)")
      // And to where it was.
      _ = farm.coordinator.handle(.tick, at: now)
    }
  }

  @Test func lateAndRepeatedMessagesAreCountedAndToldAtMostOnceInTenMinutes() throws {
    var (farm, _) = try Self.farm()
    farm.begin()
    farm.notes = []
    let old = TrialAttempt(TrialID(99), .first)
    for _ in 0..<50 {
      farm.say(.reports(old, [TrialReport(sequence: 1, readAt: farm.now.wall, fields: [])]), from: 0)
    }
    #expect(farm.notes.filter { $0.contains("came twice or too late") }.count == 1, "\(farm.notes)")
    Self.pass(&farm, 605_000)
    #expect(farm.notes.filter { $0.hasPrefix("49 messages came twice or too late") }.count == 1, "\(farm.notes)")
  }
}
