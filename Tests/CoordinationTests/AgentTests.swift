import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

struct AgentTests {
  func reachabilities(_ farm: VirtualFarm) -> [Reachability] {
    farm.journal.compactMap { stamped in
      guard case .agentReachability(_, let reachability) = stamped.fact else { return nil }
      return reachability
    }
  }

  /// Lets the clock run to each deadline of the machine while its agent is silent.
  func tick(_ farm: inout VirtualFarm, milliseconds: Int) {
    let end = farm.clock + milliseconds
    while let deadline = farm.coordinator.nextDeadline(after: farm.now) {
      let due = Int(deadline.nanoseconds / 1_000_000) + 1
      guard due <= end else { break }
      farm.clock = max(farm.clock, due)
      farm.handle(.tick)
    }
    farm.clock = max(farm.clock, end)
  }

  @Test func silenceIsSuspectThenUnreachableThenLost() throws {
    var specification = Sample.specification(trials: 6, max: 9)
    specification.cluster.heartbeat = .seconds(5)
    specification.cluster.lostAfter = .seconds(600)
    var farm = try Sample.farm(specification, slots: 2)
    farm.begin()
    tick(&farm, milliseconds: 14_000)
    #expect(reachabilities(farm).isEmpty)
    tick(&farm, milliseconds: 2_000)
    #expect(reachabilities(farm) == [.suspect])
    tick(&farm, milliseconds: 46_000)
    #expect(reachabilities(farm) == [.suspect, .unreachable])
    #expect(farm.coordinator.state.activeTrials.count == 2)
    tick(&farm, milliseconds: 530_000)
    #expect(reachabilities(farm) == [.suspect, .unreachable])
    tick(&farm, milliseconds: 30_000)
    #expect(reachabilities(farm) == [.suspect, .unreachable, .lost])
    #expect(farm.coordinator.state.activeTrials.isEmpty)
    #expect(farm.coordinator.state.waiting.count == 2)
    // It comes back with what it still has: those attempts are over.
    let old = farm.agents[0].attempts
    farm.greet(0)
    #expect(farm.agents[0].attempts.keys.allSatisfy { old[$0] == nil })
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
  }

  @Test func aSignOfLifeEndsSuspicion() throws {
    var farm = try Sample.farm(Sample.specification(trials: 6, max: 9), slots: 2)
    farm.begin()
    tick(&farm, milliseconds: 20_000)
    #expect(reachabilities(farm) == [.suspect])
    farm.say(.heartbeat(sentAt: .zero), from: 0)
    #expect(reachabilities(farm) == [.suspect, .reachable])
  }

  @Test func aCoordinatorThatSleptCallsNobodyLost() throws {
    var specification = Sample.specification(trials: 6, max: 9)
    specification.cluster.lostAfter = .seconds(60)
    var farm = try Sample.farm(specification, slots: 2)
    farm.begin()
    // Stopped for ten times the lease: the first thing it does is the tick that was due long ago.
    farm.clock += 600_000
    farm.handle(.tick)
    #expect(!reachabilities(farm).contains(.lost))
    #expect(farm.coordinator.state.activeTrials.count == 2)
  }

  /// What agents said while nobody listened is read after the first tick: it calls none of them silent.
  @Test func aCoordinatorThatWakesCallsNobodySilent() throws {
    var farm = try Sample.farm(Sample.specification(trials: 6, max: 9), slots: 2)
    farm.begin()
    farm.clock += 60_000
    farm.handle(.tick)
    #expect(reachabilities(farm) == [])
    // Who is silent from then on is called so soon enough.
    for _ in 0..<8 {
      farm.clock += 2_500
      farm.handle(.tick)
    }
    #expect(reachabilities(farm) == [.suspect])
  }

  @Test func anotherProtocolVersionIsRejectedWithBothNumbers() throws {
    var machine = try Coordinator(specification: Sample.specification())
    let now = Moment(monotonic: .zero, wall: Timestamp(microseconds: 0))
    _ = machine.handle(
      .started(RunStart(run: "r", version: "0", specificationHash: "", codeHash: nil, randomSeed: 0)), at: now)
    _ = machine.handle(.admit(publicKey: "k", name: "a"), at: now)
    let hello = AgentHello(
      protocolVersion: 99, version: "9.9", hostname: "h", machineID: "m", bootID: "b", name: "a", pid: 1, slots: 1,
      home: "/", inventory: [])
    let output = machine.handle(.message(from: "k", .hello(hello)), at: now)
    guard case .send(_, .rejected(.protocolMismatch, let message))? = output.effects.first else {
      Issue.record("not rejected: \(output)")
      return
    }
    #expect(message.contains("99") && message.contains("\(ProtocolVersion.current)"))
    #expect(output.facts.isEmpty)
  }

  @Test func aTokenAdmitsOneAgentOnce() throws {
    var farm = try Sample.farm(Sample.specification(trials: 6, max: 9), slots: 2)
    farm.begin()
    farm.handle(.issueToken(publicKey: "token"))
    let now = farm.now
    let first = farm.coordinator.handle(.join(token: "token", publicKey: "key-b", name: "b"), at: now)
    #expect(first.effects.contains(.admit(publicKey: "key-b")))
    #expect(first.effects.contains(.answerJoin(token: "token")))
    let again = farm.coordinator.handle(.join(token: "token", publicKey: "key-b", name: "b"), at: now)
    #expect(again.facts.isEmpty && again.effects.contains(.answerJoin(token: "token")))
    let other = farm.coordinator.handle(.join(token: "token", publicKey: "key-c", name: "c"), at: now)
    #expect(other.facts.isEmpty)
    guard case .rejectJoin? = other.effects.first else {
      Issue.record("a used token let another key in")
      return
    }
  }

  /// While there is a slot for it where its checkpoint is, a trial goes there.
  @Test func aPromotedTrialPrefersTheMachineOfItsCheckpoint() throws {
    let specification = Sample.specification(trials: 24, max: 9)
    var farm = try VirtualFarm(
      specification,
      agents: [
        VirtualFarm.Agent(key: "key-a", machine: "a", slots: 2),
        VirtualFarm.Agent(key: "key-b", machine: "b", slots: 2),
      ], curve: Sample.curve(seed: 3), speed: Sample.speed(seed: 3))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    var homes: [TrialID: AgentID] = [:]
    var state = try RunState(specification: specification)
    var moved = 0
    for stamped in farm.journal {
      if case .attemptAssigned(let assignment) = stamped.fact {
        let home = homes[assignment.attempt.trial] ?? assignment.slot.agent
        if home != assignment.slot.agent {
          moved += 1
          #expect(assignment.source == .agent(home))
          #expect(state[home]?.slots.allSatisfy { $0 != nil } == true, "its own machine had a free slot")
        }
        if assignment.reason == .promoted { #expect(assignment.resumeFrom != nil) }
        homes[assignment.attempt.trial] = assignment.slot.agent
      }
      state.apply(stamped)
    }
    #expect(Set(homes.values).count == 2)
    #expect(moved < homes.count)
  }

  @Test func aFailedSetupOnTheOnlyHostEndsTheRunWithItsOutput() throws {
    var farm = try Sample.farm(Sample.specification(), slots: 1)
    farm.agents = []
    farm.begin()
    farm.agents = [VirtualFarm.Agent(key: "key-a", machine: "m", slots: 1)]
    farm.handle(.admit(publicKey: "key-a", name: "a"))
    farm.say(
      .hello(
        AgentHello(
          hostname: "h", machineID: "m", bootID: "b", name: "a", pid: 1, slots: 1, home: "/", inventory: [])), from: 0)
    farm.say(.prepared(Preparation(codeHash: "", failure: "pip: no such package")), from: 0)
    #expect(farm.outcome == .finished(RunEnd(reason: .noUsableHost, message: "pip: no such package")))
  }
}
