import Coordination
import TuningModel
import Testing
import Wire

/// What an agent may claim in a hello.
@Suite struct HostileHelloTests {
  /// A coordinator that took up a run in which trial 0 runs at the agent.
  private func resumed() throws -> (coordinator: Coordinator, farm: VirtualFarm) {
    var farm = try Sample.farm(Sample.specification(), slots: 1)
    farm.begin()
    var coordinator = try Coordinator(specification: farm.specification)
    for fact in farm.journal { coordinator.replay(fact) }
    let start = RunStart(run: "virtual", version: "0", specificationHash: "", codeHash: nil, randomSeed: 0)
    _ = coordinator.handle(.started(start), at: farm.now)
    return (coordinator, farm)
  }

  private func notes(_ inventory: [AttemptInventory]) throws -> [String] {
    var (coordinator, farm) = try resumed()
    let hello = AgentHello(
      hostname: "host", machineID: "m", bootID: "b", name: "agent", pid: 1, slots: 1, home: "/home",
      inventory: inventory, place: "key-a")
    let output = coordinator.handle(.message(from: "key-a", .hello(hello)), at: farm.now)
    return output.effects.compactMap { if case .note(let text) = $0 { text } else { nil } }
  }

  @Test func anAttemptThatIsNamedAgainAndAgainCountsOnce() throws {
    let item = AttemptInventory(
      attempt: TrialAttempt(TrialID(0), .first), slot: 0, milestone: 1, phase: .running, lastSequence: .max)
    let notes = try notes(Array(repeating: item, count: 3_000))
    #expect(
      notes == ["after the resume 1 of 1 agents are back, with 1 of 1 trials under way; \(Int.max) reports come late"])
  }

  @Test func attemptsThatNeverWereAreToldOfToABound() throws {
    let inventory = (1...5_000).map { number in
      AttemptInventory(
        attempt: TrialAttempt(TrialID(number), .first), slot: 0, milestone: 1, phase: .running, lastSequence: 0)
    }
    let told = try notes(inventory).count { $0.contains("not of this run") }
    #expect(told == 1_000)
  }

  /// A journal of somebody else may hold any time.
  @Test func timesAtTheEndOfAllTimeAreBorne() throws {
    let (_, farm) = try resumed()
    var state = try RunState(specification: farm.specification)
    for fact in farm.journal { state.apply(fact) }
    for wall in [Int64.min, .max] {
      let stamp = Stamp(wall: Timestamp(microseconds: wall), active: .zero)
      for reachability in [Reachability.suspect, .unreachable, .lost, .reachable] {
        state.apply(StampedFact(stamp: stamp, fact: .agentReachability(AgentID(0), reachability)))
      }
    }
    #expect(state.agents[0].reachability == .reachable)
  }
}
