import Coordination
import Presentation
import Testing
import TuningModel
import Wire

@testable import Coordination

/// `explain --waiting`: each cause for which a trial waits or a slot is idle.
struct WaitingTests {
  private func explain(_ farm: VirtualFarm) throws -> WaitingExplanation {
    var explanation = try WaitingExplanation(specification: farm.specification)
    for fact in farm.journal { explanation.take(fact) }
    return explanation
  }

  private func idle(_ farm: VirtualFarm, isServed: Bool = true) throws -> [WaitingExplanation.Idle] {
    try explain(farm).idle(at: farm.now.wall, isServed: isServed)
  }

  private func farm(
    trials: Int = 20, agents: Int = 2, slots: Int = 2, edit: (inout RunSpecification) -> Void = { _ in }
  ) throws -> VirtualFarm {
    var specification = Sample.specification(trials: trials, max: 27)
    edit(&specification)
    return try TrainingTests.farm(specification, agents: agents, slots: slots)
  }

  /// Nothing waits and no slot is idle when a coordinator was killed in full work: that it is gone is told all the same.
  @Test func aDeadCoordinatorIsTold() throws {
    var farm = try farm()
    farm.begin()
    for isServed in [true, false] {
      let text = Presentation.explanation(try explain(farm), at: farm.now.wall, isServed: isServed)
      #expect(text.contains("no coordinator runs the run: `pasha-coord resume") == !isServed, "\(text)")
    }
  }

  @Test func aBusyFarmHasNoIdleSlot() throws {
    var farm = try farm()
    farm.begin()
    for _ in 0..<10 { _ = farm.step() }
    #expect(try idle(farm) == [])
    #expect(try explain(farm).waiting(at: farm.now.wall, isServed: true) == [])
    farm.run()
    #expect(try idle(farm) == [])
    #expect(
      Presentation.explanation(try explain(farm), at: farm.now.wall, isServed: false).contains("the run is over"))
  }

  @Test func theCausesOfAHostAreTold() throws {
    var farm = try farm(agents: 4)
    farm.agents[2].refuses = true
    farm.begin()
    farm.handle(.host(.drain("host1")))
    farm.say(.slotStates([SlotState(slot: 1, isUsable: false, reason: "used by bob")]), from: 3)
    farm.agents[0].isCut = true
    for name in farm.agents[1].attempts.keys.sorted() { farm.finish(name, on: 1, cause: .paused) }
    for name in farm.agents[3].attempts.keys.sorted() where farm.agents[3].attempts[name]?.start.slot == 1 {
      farm.finish(name, on: 3, cause: .paused)
    }
    let idle = try idle(farm)
    #expect(idle.first { $0.host == "host1" }?.text == "its host is drained")
    #expect(idle.first { $0.host == "host1" }?.slots == [0, 1])
    let resting = try #require(idle.first { $0.host == "host2" })
    #expect(resting.slots == [0, 1])
    #expect(resting.text.hasPrefix("2 trials failed on its host (the last, trial "), "\(resting)")
    #expect(resting.text.contains("), which rests until "), "\(resting)")
    let refused = try explain(farm).waiting(at: farm.now.wall, isServed: true).filter { $0.text.contains("refused") }
    #expect(!refused.isEmpty)
    #expect(refused.allSatisfy { $0.text.contains("; it was refused by host2 (") }, "\(refused)")
    // As long as the coordinator itself lets it rest, and no longer.
    let until = try #require(farm.coordinator.restsUntil[AgentID(2)])
    func rests(_ milliseconds: Int) throws -> Bool {
      let wall = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(milliseconds) * 1000)
      return try explain(farm).idle(at: wall, isServed: true).contains { $0.text.contains("rests until") }
    }
    let end = Int(until.nanoseconds / 1_000_000)
    #expect(try rests(end - 1) && !rests(end))
    #expect(idle.contains { $0.host == "host3" && $0.slots == [1] && $0.text == "it gets no work: used by bob" })
  }

  @Test func whatIsNotPreparedOrNotThereIsTold() throws {
    var farm = try farm { $0.cluster.hosts = ["host0", "host1", "host9"].map { HostOptions(name: $0, host: $0) } }
    farm.begin()
    farm.handle(.admit(publicKey: "key-x", name: "host5"))
    farm.say(.prepared(Preparation(codeHash: "", failure: "pip: no such package")), from: 1)
    for name in farm.agents[1].attempts.keys.sorted() { farm.finish(name, on: 1, cause: .paused) }
    let idle = try idle(farm)
    #expect(idle.contains { $0.host == "host1" && $0.text == "its host cannot run the code: pip: no such package" })
    #expect(idle.contains { $0.host == "host5" && $0.text == "its agent has not said hello yet" && $0.slots == [] })
    #expect(idle.contains { $0.host == "host9" && $0.agent == nil && $0.text.hasPrefix("no agent has come up there") })
    #expect(try self.idle(farm, isServed: false).allSatisfy { !$0.text.contains("bob") })
  }

  @Test func fewerWorkersThanSlotsAreTold() throws {
    var farm = try farm { $0.cluster.maxWorkers = 3 }
    farm.begin()
    _ = farm.step()
    #expect(try idle(farm).map(\.text) == ["n_workers: no more than 3 run at once"])
    #expect(try idle(farm, isServed: false)[0].text.hasPrefix("no coordinator runs the run"))
  }

  @Test func theEndOfTheSearchIsTold() throws {
    // More slots than trials.
    var farm = try farm(trials: 6, agents: 1, slots: 8)
    farm.begin()
    var seen = false
    while farm.step() {
      for idle in try idle(farm) where farm.outcome == nil {
        #expect(idle.text.hasPrefix("all 6 trials were started, and no trial can be promoted now; what "))
        seen = true
      }
    }
    #expect(seen)
  }

  @Test func theTrainingIsTold() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(1, TrainingTests.time), slots: 2)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    _ = farm.step()
    #expect(
      try idle(farm).map(\.text) == ["the search is over, and nothing is left to train but 1 running trial"])
  }

  @Test func aTrialWaitsForASlotOrForItsCheckpoint() throws {
    var farm = try farm(trials: 30, agents: 2, slots: 1) { $0.cluster.heartbeat = .milliseconds(100) }
    farm.begin()
    var causes: Set<String> = []
    while farm.step() {
      let state = farm.coordinator.state
      let told = try explain(farm).waiting(at: farm.now.wall, isServed: true)
      #expect(told.map(\.trial) == (state.end == nil ? state.waiting : []))
      for element in told { causes.insert(String(element.text.drop { $0 != ":" })) }
    }
    // A promoted trial whose checkpoint's host is silent waits for it.
    var cut = try self.farm(trials: 30, agents: 2, slots: 1) { $0.cluster.heartbeat = .milliseconds(100) }
    cut.begin()
    for _ in 0..<14 { _ = cut.step() }
    cut.agents[0].isCut = true
    cut.agents[0].attempts = [:]
    for _ in 0..<400 {
      cut.clock += 50
      cut.say(.heartbeat(sentAt: cut.now.monotonic), from: 1)
      cut.handle(.tick)
      _ = cut.step()
      for element in try explain(cut).waiting(at: cut.now.wall, isServed: true) {
        causes.insert(String(element.text.drop { $0 != ":" }))
      }
    }
    #expect(
      causes.contains { $0.hasPrefix(": its checkpoint is on host0 alone, which does not answer; it is waited for") },
      "\(causes)")
  }
}
