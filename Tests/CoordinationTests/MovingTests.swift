import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

/// Checkpoints go where a slot is free, never change what is decided, and are kept for as long as they may be needed.
struct MovingTests {
  private func farm(
    _ specification: RunSpecification, agents: Int = 2, slots: Int = 2, seed: UInt64 = 1
  ) throws -> VirtualFarm {
    try VirtualFarm(
      specification,
      agents: (0..<agents).map { VirtualFarm.Agent(key: "key-\($0)", machine: "m", slots: slots, name: "host\($0)") },
      curve: Sample.curve(seed: seed), speed: Sample.speed(seed: seed))
  }

  private func specification(_ store: CheckpointPolicy.Store = .host, trials: Int = 20) -> RunSpecification {
    var specification = Sample.specification(trials: trials, max: 27)
    specification.checkpoints.store = store
    return specification
  }

  /// Each attempt goes on from the last resource that the attempt before it sealed.
  private func checkNothingRanTwice(_ farm: VirtualFarm, sourceLocation: SourceLocation = #_sourceLocation) {
    var sealed: [TrialID: Int] = [:]
    var begun: [TrialAttempt: Int] = [:]
    for agent in farm.agents { begun.merge(agent.begun) { $1 } }
    for stamped in farm.journal {
      switch stamped.fact {
      case .attemptStarted(let attempt, _):
        #expect(begun[attempt] == sealed[attempt.trial, default: 0], "\(attempt)", sourceLocation: sourceLocation)
      case .attemptEnded(let attempt, let end, _):
        if let covered = end.seal?.coveredResource { sealed[attempt.trial] = covered }
      default: break
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func checkpointsMoveAndNothingIsTrainedTwice(seed: UInt64) throws {
    var farm = try farm(specification(), agents: 3, slots: 1, seed: seed)
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(!farm.fetched.isEmpty)
    #expect(farm.coordinator.state.trials.reduce(0) { $0 + $1.moves } == farm.fetched.count)
    checkNothingRanTwice(farm)
    try checkDecisions(farm.journal, farm.specification)
  }

  /// The same run on one host and on three decides the same, in the same order.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func placementDecidesNothing(seed: UInt64) throws {
    var one = try farm(specification(), agents: 1, slots: 6, seed: seed)
    one.begin()
    one.run()
    var three = try farm(specification(), agents: 3, slots: 2, seed: seed)
    three.begin()
    three.run()
    #expect(one.decisions == three.decisions)
    #expect(one.coordinator.state.totals.bestTrial == three.coordinator.state.totals.bestTrial)
  }

  /// Once a trial has sealed elsewhere, the copy that it left is deleted, also when its host was away meanwhile.
  @Test func copiesThatNobodyNeedsAreDeleted() throws {
    var farm = try farm(specification(), agents: 3, slots: 1)
    farm.begin()
    var steps = 0
    while farm.step(), farm.outcome == nil {
      steps += 1
      for trial in farm.coordinator.state.trials where !trial.isActive {
        #expect(trial.leftAt.isEmpty)
        let holders = farm.agents.filter { !($0.seals[trial.id] ?? [:]).isEmpty }.map(\.key)
        let known = trial.seals.flatMap(\.holders).compactMap { holder in
          if case .place(let place) = holder { place.name } else { nil }
        }
        #expect(Set(holders) == Set(known), "trial \(trial.id)")
      }
    }
    #expect(steps > 20)
  }

  @Test func aHostThatWasAwayIsToldToDeleteWhenItIsBack() throws {
    var state = try RunState(specification: specification())
    let stamp = Stamp(wall: Timestamp(microseconds: 0), active: .zero)
    func apply(_ fact: Fact) { state.apply(StampedFact(stamp: stamp, fact: fact)) }
    for index in 0...1 {
      apply(
        .agentAdmitted(
          AgentAdmission(agent: AgentID(index), publicKey: "k\(index)", name: "h\(index)", origin: .launched)))
      apply(
        .agentGreeted(
          AgentGreeting(
            agent: AgentID(index), version: "0", hostname: "h", machineID: "m", bootID: "b", home: "/h", slots: 1,
            place: "p\(index)")))
    }
    apply(
      .trialCreated(TrialCreation(trial: TrialID(0), configuration: Configuration(), bracket: 0, origin: .point(0))))
    func run(_ attempt: Int, on agent: Int, seal: Int?, from source: CheckpointHolder? = nil) {
      let name = TrialAttempt(TrialID(0), Attempt(attempt))
      apply(
        .attemptAssigned(
          AttemptAssignment(
            attempt: name, slot: SlotID(agent: AgentID(agent), index: 0), milestone: 1, resumeFrom: seal.map { $0 - 1 },
            reason: .created, source: source)))
      let sealed = seal.map {
        Seal(
          generation: $0, attempt: Attempt(attempt), coveredSequence: 1, coveredResource: $0, files: 1, bytes: 1,
          hash: "\($0)")
      }
      apply(.attemptEnded(name, AttemptEnd(cause: .paused, lastSequence: 0, seal: sealed), consequence: .paused))
    }
    run(1, on: 0, seal: 1)
    let first = try #require(state.agents[0].place)
    let second = try #require(state.agents[1].place)
    #expect(first != second, "the same machine id and folder, and yet not the same place")
    run(2, on: 1, seal: 2, from: .agent(AgentID(0)))
    #expect(state[TrialID(0)]?.seals.map(\.seal.generation) == [2])
    #expect(state[TrialID(0)]?.leftAt == [first])
    apply(.checkpointsDeleted(TrialID(0), AgentID(0)))
    #expect(state[TrialID(0)]?.leftAt == [])
    // Back where it was: what it leaves at the other place is remembered.
    run(3, on: 0, seal: 3, from: .agent(AgentID(1)))
    #expect(state[TrialID(0)]?.leftAt == [second])
    #expect(state[TrialID(0)]?.lastGeneration == 3)
  }

  /// While the host that has a checkpoint is away, its trial waits, and the others go on.
  @Test func aTrialWaitsForAHostThatMayComeBack() throws {
    var farm = try farm(specification(trials: 40), agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 10, farm.step() {}
    farm.agents[0].isCut = true
    silence(&farm, agent: 0, to: .unreachable)
    while farm.step(), farm.coordinator.state.trials.count < 40 {}
    let away = farm.coordinator.state.waiting.filter { id in
      farm.coordinator.state[id]?.seals.last?.isHeld(at: farm.coordinator.state.agents[0].place) == true
    }
    #expect(farm.refusals == 0)
    #expect(farm.coordinator.state.end == nil)
    for id in away { #expect(farm.coordinator.state[id]?.restarts == 0) }
    farm.agents[0].isCut = false
    farm.greet(0)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    checkNothingRanTwice(farm)
  }

  /// Lets time pass for one agent alone.
  private func silence(_ farm: inout VirtualFarm, agent: Int, to goal: Reachability) {
    for _ in 0..<20_000 where farm.coordinator.state.agents[agent].reachability != goal {
      guard let deadline = farm.coordinator.nextDeadline(after: farm.now) else { return }
      farm.clock = max(farm.clock, Int(deadline.nanoseconds / 1_000_000))
      for index in farm.agents.indices where !farm.agents[index].isCut {
        farm.say(.heartbeat(sentAt: .zero), from: index)
      }
      farm.handle(.tick)
    }
  }

  /// Copies at the coordinator make a dead host cost nothing but the legs under way.
  @Test func withCopiesAtTheCoordinatorADeadHostCostsNothing() throws {
    var farm = try farm(specification(.coordinator, trials: 24), agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 12, farm.step() {}
    let paused = farm.coordinator.state.trials.filter { $0.status == .paused }
    #expect(!paused.isEmpty && paused.allSatisfy { $0.seals.last?.holders.contains(.coordinator) == true })
    for trial in paused {
      #expect(farm.vault[trial.id]?[trial.seals.last?.seal.generation ?? 0] != nil, "what counts as copied is there")
    }
    farm.agents[0].isCut = true
    farm.handle(.host(.lost("host0")))
    #expect(farm.coordinator.state.agents[0].reachability == .lost)
    farm.agents[0].attempts = [:]
    farm.agents[0].seals = [:]
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    checkNothingRanTwice(farm)
    for trial in farm.coordinator.state.trials {
      #expect(farm.vault[trial.id, default: [:]].count <= 2, "older copies are deleted")
    }
  }

  /// Without copies a trial whose host is dead for good runs again from the start; what it reported before counts once.
  @Test func withoutCopiesALostCheckpointIsTrainedAgain() throws {
    var farm = try farm(specification(trials: 24), agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 12, farm.step() {}
    farm.agents[0].isCut = true
    farm.handle(.host(.lost("host0")))
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    var ranked: Set<String> = []
    for case .reportReceived(let report) in farm.journal.map(\.fact) where report.disposition == .ranked {
      #expect(ranked.insert("\(report.attempt.trial) \(report.resource ?? 0)").inserted)
    }
    try checkDecisions(farm.journal, farm.specification)
  }

  @Test func aDrainedHostGetsNothingNewAndItsTrialsMove() throws {
    var farm = try farm(specification(trials: 30), agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 10, farm.step() {}
    farm.handle(.host(.drain("host0")))
    let before = farm.journal.count
    farm.run()
    for case .attemptAssigned(let assignment) in farm.journal[before...].map(\.fact) {
      #expect(assignment.slot.agent == AgentID(1))
    }
    for case .attemptProceeded(let attempt, _) in farm.journal[before...].map(\.fact) {
      #expect(farm.agents[1].begun[attempt] != nil, "none goes on in place on a drained host")
    }
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    checkNothingRanTwice(farm)
  }

  @Test func aRemovedHostLeavesItsCheckpointsHere() throws {
    var farm = try farm(specification(trials: 30), agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 12, farm.step() {}
    let held = farm.coordinator.state.trials.filter { trial in
      trial.seals.last?.isHeld(at: farm.coordinator.state.agents[0].place) == true
    }
    #expect(!held.isEmpty)
    farm.handle(.host(.remove("host0")))
    #expect(farm.coordinator.state.mark(of: "host0") == .removed)
    #expect(farm.agents[0].isGone)
    for trial in held { #expect(farm.vault[trial.id]?.isEmpty == false) }
    farm.agents[0].seals = [:]
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    checkNothingRanTwice(farm)
    // It may come again.
    var again = try self.farm(specification(trials: 30), agents: 2, slots: 2)
    again.begin()
    while again.coordinator.state.trials.count < 12, again.step() {}
    again.handle(.host(.drain("host1")))
    again.handle(.host(.add(HostOptions(name: "host1", host: "host1"))))
    #expect(again.coordinator.state.mark(of: "host1") == .inUse)
    #expect(again.coordinator.state.hosts.map(\.name) == ["host1"])
  }

  /// Whoever has the checkpoint does not answer: the trial waits again, and its host is not blamed.
  @Test func aSourceThatIsAwayCostsNoRestart() throws {
    var farm = try farm(specification(trials: 30), agents: 2, slots: 1)
    farm.begin()
    while farm.coordinator.state.trials.count < 8, farm.step() {}
    // Cut off, and not noticed yet.
    farm.agents[0].isCut = true
    var steps = 0
    while farm.refusals < 3, steps < 500, farm.step() { steps += 1 }
    if farm.refusals > 0 {
      let refused = farm.journal.compactMap { stamped -> TrialID? in
        if case .attemptRefused(let attempt, _, _) = stamped.fact { attempt.trial } else { nil }
      }
      for id in refused { #expect(farm.coordinator.state[id]?.restarts == 0) }
    }
    farm.agents[0].isCut = false
    farm.greet(0)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
  }

  /// A host that cannot start trials gets no work for a while, and costs no trial its restarts while others can.
  @Test func aHostThatCannotStartTrialsUsesUpNone() throws {
    var farm = try farm(specification(trials: 20), agents: 2, slots: 2)
    farm.agents[1].refuses = true
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.allSatisfy { $0.restarts == 0 })
    #expect(farm.coordinator.state.totals.failed == 0)
    let refused = farm.journal.count { if case .attemptRefused = $0.fact { true } else { false } }
    #expect((1...20).contains(refused), "\(refused)")
  }

  /// `hosts add NAME` tries a host again, or brings it back: with the user, slots and GPUs that it had.
  @Test func aHostThatIsNamedAndNoMoreIsTheOneThatIsKnown() throws {
    var specification = specification(trials: 20)
    let known = HostOptions(
      name: "host1", host: "10.1.0.12", user: "bob", port: 2222, slots: 1, gpus: .listed(["0"]),
      workDirectory: "/scratch")
    specification.cluster.hosts = [HostOptions(name: "host0", host: "host0"), known]
    var farm = try farm(specification, agents: 2, slots: 1)
    farm.begin()
    let bare = HostOptions(name: "host1", host: "host1")
    farm.handle(.host(.add(bare)))
    #expect(farm.coordinator.state.hosts == specification.cluster.hosts)
    #expect(farm.coordinator.state.addedHosts.isEmpty)
    farm.handle(.host(.remove("host1")))
    for _ in 0..<4 { _ = farm.step() }
    #expect(farm.coordinator.state.mark(of: "host1") == .removed)
    farm.handle(.host(.add(bare)))
    #expect(farm.coordinator.state.hosts == specification.cluster.hosts)
    // What is said of it goes before.
    let other = HostOptions(name: "host1", host: "host1", user: "eve")
    farm.handle(.host(.add(other)))
    #expect(farm.coordinator.state.hosts == [specification.cluster.hosts[0], other])
  }

  /// A trial that was restarted once is restarted no more by hosts that cannot start it.
  @Test func hostsThatCannotStartATrialAreNoRestartsOfIt() throws {
    var farm = try farm(specification(trials: 20), agents: 3, slots: 1)
    farm.begin()
    let name = try #require(farm.agents[0].attempts.keys.first)
    farm.agents[0].refuses = true
    farm.agents[1].refuses = true
    farm.agents[0].attempts[name] = nil
    farm.say(.ended(name, AttemptEnd(cause: .hostFault, lastSequence: 0)), from: 0)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state[name.trial]?.restarts == 1)
    #expect(farm.coordinator.state.totals.failed == 0)
  }

  /// `hosts lost` of a host that lives: its agent still ends what ran there when it is given work again.
  @Test func slotsThatAreNotFreeYetAreNoRestartsOfTrials() throws {
    var farm = try farm(specification(trials: 20), agents: 1, slots: 8)
    farm.begin()
    farm.agents[0].refuses = true
    farm.agents[0].refusal = .slotBusy
    farm.handle(.host(.lost("host0")))
    func pass(_ seconds: Int) {
      for _ in 0..<seconds {
        farm.clock += 1_000
        farm.say(.heartbeat(sentAt: farm.now.monotonic), from: 0)
        farm.handle(.tick)
      }
    }
    pass(2)
    let refused = farm.journal.count { if case .attemptRefused = $0.fact { true } else { false } }
    #expect((1...8).contains(refused), "\(refused)")
    // The first rest is over after five seconds, however many slots there are.
    farm.agents[0].refuses = false
    pass(5)
    #expect(farm.coordinator.state.activeTrials.count == 8)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.totals.failed == 0)
    // The loss itself is one.
    #expect(farm.coordinator.state.trials.allSatisfy { $0.restarts <= 1 })
  }

  /// With full disks everywhere for an hour trials wait: none of them fails, and then all go on.
  @Test func withAllDisksFullTrialsWaitUntilThereIsRoom() throws {
    var farm = try farm(specification(trials: 20), agents: 2, slots: 2)
    for index in farm.agents.indices { farm.agents[index].refuses = true }
    farm.begin()
    func pass(_ minutes: Int) {
      for _ in 0..<(minutes * 6) {
        farm.clock += 10_000
        for index in farm.agents.indices { farm.say(.heartbeat(sentAt: farm.now.monotonic), from: index) }
        farm.handle(.tick)
      }
    }
    pass(60)
    let refused = farm.journal.count { if case .attemptRefused = $0.fact { true } else { false } }
    #expect((10...80).contains(refused), "\(refused)")
    for index in farm.agents.indices { farm.agents[index].refuses = false }
    pass(6)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.totals.failed == 0)
    #expect(farm.coordinator.state.trials.reduce(0) { $0 + $1.restarts } <= 2)
  }

  /// A script that ends since others have filled its host's disk goes elsewhere, and the host rests ever longer.
  @Test func aDiskThatFillsUnderATrialCostsItNoRestart() throws {
    var farm = try farm(specification(trials: 400), agents: 2, slots: 1)
    farm.begin()
    for count in 0..<3 {
      while farm.agents[0].attempts.isEmpty, farm.step() { farm.handle(.tick) }
      let name = try #require(farm.agents[0].attempts.keys.first)
      farm.agents[0].attempts[name] = nil
      farm.say(.ended(name, AttemptEnd(cause: .hostFault, exitStatus: 1, lastSequence: 0)), from: 0)
      let until = try #require(farm.coordinator.restsUntil[AgentID(0)])
      #expect(until - farm.now.monotonic == Coordinator.restAfterFault(count))
      #expect(farm.coordinator.state[name.trial]?.restarts == 0)
    }
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.totals.failed == 0)
  }

  /// Fewer workers than slots: a trial that waits for its own host's slot gets it.
  @Test func fewWorkersStarveNoPromotedTrial() throws {
    var specification = specification(trials: 20)
    specification.cluster.maxWorkers = 2
    var farm = try farm(specification, agents: 3, slots: 2)
    farm.begin()
    var longest = 0
    while farm.step() { longest = max(longest, farm.coordinator.state.waiting.count) }
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(longest <= 3, "\(longest)")
  }

  @Test func slotsThatOthersUseGetNoWork() throws {
    var farm = try farm(specification(trials: 12), agents: 2, slots: 2)
    farm.begin()
    farm.say(.slotStates([SlotState(slot: 0, isUsable: false, reason: "used by bob")]), from: 0)
    let before = farm.journal.count
    while farm.coordinator.state.trials.count < 8, farm.step() {}
    for case .attemptAssigned(let assignment) in farm.journal[before...].map(\.fact) {
      #expect(assignment.slot != SlotID(agent: AgentID(0), index: 0))
    }
    farm.say(.slotStates([SlotState(slot: 0, isUsable: true)]), from: 0)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.agents[0].unusable.isEmpty)
  }

  /// With `keep_best` the checkpoint of a trial that will not go on is deleted at once, unless it is among the best.
  @Test func whatCanNeverBeResumedIsDeleted() throws {
    var specification = specification(trials: 16)
    specification.checkpoints.keepBest = 2
    var farm = try farm(specification, agents: 2, slots: 2)
    farm.begin()
    while farm.coordinator.state.trials.count < 8, farm.step() {}
    let ranking = farm.coordinator.state.ranking.map(\.id)
    let last = try #require(ranking.last)
    farm.handle(.command(.stopTrial(last)))
    farm.run()
    #expect(farm.coordinator.state[last]?.status == .stopped)
    #expect(farm.coordinator.state[last]?.seals.isEmpty == true)
    let kept = Set(farm.coordinator.state.ranking.prefix(2).map(\.id))
    for trial in farm.coordinator.state.trials where !kept.contains(trial.id) { #expect(trial.seals.isEmpty) }
    for agent in farm.agents {
      for (trial, seals) in agent.seals where !seals.isEmpty { #expect(kept.contains(trial), "\(trial)") }
    }
  }

  /// As in `CrashTests`, with hosts between which checkpoints move.
  @Test func aCrashAtAnyFactLosesNoCheckpoint() throws {
    let specification = specification(.coordinator, trials: 9)
    final class Recorder {
      var turns: [(farm: VirtualFarm, facts: [StampedFact])] = []
    }
    let recorder = Recorder()
    var farm = try farm(specification, agents: 2, slots: 1)
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    #expect(farm.fetched.count > 0)
    for (before, facts) in recorder.turns {
      for cut in 0...facts.count {
        var crashed = before
        crashed.onTurn = nil
        crashed.journal = before.journal + facts.prefix(cut)
        try crashed.restart()
        crashed.run()
        #expect(crashed.outcome == farm.outcome)
        try checkDecisions(crashed.journal, specification)
        CrashTests().checkReports(crashed)
      }
    }
  }
}
