import Testing
import TuningModel
import Wire

@testable import Coordination

/// Hellos of two agents with one key.
@Suite struct RivalTests {
  private func farm() throws -> VirtualFarm {
    var specification = Sample.specification(trials: 6, max: 9)
    specification.cluster.heartbeat = .seconds(5)
    specification.cluster.lostAfter = .seconds(600)
    var farm = try Sample.farm(specification, slots: 2)
    farm.begin()
    return farm
  }

  private func hello(machine: String = "m", boot: String = "b", home: String = "/home", pid: Int = 1) -> AgentHello {
    AgentHello(
      hostname: "twin", machineID: machine, bootID: boot, name: "twin", pid: pid, slots: 2, home: home, inventory: [])
  }

  private func verdict(_ farm: VirtualFarm, _ hello: AgentHello) -> Coordinator.HelloVerdict {
    farm.coordinator.verdict(on: hello, from: "key-a", at: farm.now.monotonic)
  }

  /// The first agent goes on for so long, and the other one says hello again and again.
  private func pass(_ farm: inout VirtualFarm, _ seconds: Int, _ hello: AgentHello? = nil, isSilent: Bool = false) {
    for _ in 0..<seconds {
      farm.clock += 1_000
      if !isSilent { farm.say(.heartbeat(sentAt: farm.now.monotonic), from: 0) }
      farm.handle(.tick)
      if let hello, verdict(farm, hello) != .counts { farm.say(.hello(hello), from: 0) }
    }
  }

  private func isRefused(_ verdict: Coordinator.HelloVerdict) -> String? {
    if case .refused(let text) = verdict { text } else { nil }
  }

  @Test func anotherProcessOfThePlaceCounts() throws {
    let farm = try farm()
    #expect(verdict(farm, hello(pid: 2)) == .counts)
  }

  @Test func onAnotherMachineItIsRefusedWithWhoHasTheKeyAndTheWayOut() throws {
    var farm = try farm()
    let before = farm.coordinator.state.digest
    let twin = hello(machine: "other", home: "/copied")
    let text = try #require(isRefused(verdict(farm, twin)))
    for words in ["key-a", "agent 0 of ", "which is in touch", "/copied", "pasha-coord invite"] {
      #expect(text.contains(words), "\(text)")
    }
    // It changes nothing, and people are told once.
    farm.notes = []
    pass(&farm, 60, twin)
    #expect(farm.coordinator.state.digest == before)
    #expect(farm.notes.filter { $0.contains("two agents have the key of agent 0") }.count == 1, "\(farm.notes)")
  }

  @Test func onAnotherMachineItWaitsForTheEndOfWhatTheFirstRuns() throws {
    var farm = try farm()
    let twin = hello(machine: "other")
    pass(&farm, 100, isSilent: true)
    #expect(isRefused(verdict(farm, twin))?.contains("pasha-coord hosts lost") == true)
    #expect(farm.coordinator.state.activeTrials.count == 2)
    pass(&farm, 530, isSilent: true)
    #expect(farm.coordinator.state.activeTrials.isEmpty)
    #expect(verdict(farm, twin) == .counts)
  }

  @Test func anotherBootCountsOnceTheOneBeforeIsNotHeard() throws {
    var farm = try farm()
    pass(&farm, 2)
    #expect(verdict(farm, hello(boot: "c")) == .waits)
    pass(&farm, 14, hello(boot: "c"), isSilent: true)
    #expect(verdict(farm, hello(boot: "c")) == .waits)
    pass(&farm, 2, hello(boot: "c"), isSilent: true)
    #expect(verdict(farm, hello(boot: "c")) == .counts)
  }

  @Test(arguments: ["boot", "folder"])
  func aCopyOnTheMachineIsRefusedWhenTheFirstGoesOn(_ what: String) throws {
    var farm = try farm()
    let twin = what == "boot" ? hello(boot: "c") : hello(home: "/copied")
    pass(&farm, 5, twin)
    #expect(verdict(farm, twin) == .waits)
    pass(&farm, 20, twin)
    #expect(isRefused(verdict(farm, twin))?.contains("which is in touch") == true)
    #expect(farm.coordinator.state.activeTrials.count == 2)
  }

  @Test func aCopyOfTheMachineTakesOverFromOneThatIsSilentAndThenThatOneIsRefused() throws {
    var farm = try farm()
    pass(&farm, 20, isSilent: true)
    farm.say(.hello(hello(boot: "c")), from: 0)
    #expect(isRefused(verdict(farm, hello())) == nil, "it has not been told apart yet")
    var first = hello()
    first.saidAt = farm.now.monotonic
    #expect(isRefused(verdict(farm, first))?.contains("which is in touch") == true)
  }

  /// A copy that was started by mistake and deleted again does not keep the first from coming back; what is only late does not
  /// bring it back.
  @Test func anEarlierBootCountsAgainWhenItGoesOnAndTheLaterOneIsGone() throws {
    var farm = try farm()
    var first = hello()
    first.saidAt = farm.now.monotonic + .seconds(1)
    farm.say(.hello(first), from: 0)
    pass(&farm, 20, isSilent: true)
    farm.say(.hello(hello(boot: "c")), from: 0)
    pass(&farm, 20, isSilent: true)
    #expect(verdict(farm, first) == .outdated)
    var late = first
    late.saidAt = first.saidAt + .seconds(5)
    for _ in 0..<10 {
      #expect(verdict(farm, late) == .waits)
      farm.say(.hello(late), from: 0)
      pass(&farm, 20, isSilent: true)
    }
    for _ in 0..<4 {
      late.saidAt = farm.now.monotonic
      if verdict(farm, late) == .counts { break }
      farm.say(.hello(late), from: 0)
      pass(&farm, 20, isSilent: true)
    }
    #expect(verdict(farm, late) == .counts)
  }

  @Test func afterARestartTheFirstIsGivenTimeToComeBack() throws {
    let before = try farm()
    var farm = try farm()
    farm.coordinator = try Coordinator(specification: farm.specification)
    for fact in before.journal { farm.coordinator.replay(fact) }
    let start = RunStart(run: "virtual", version: "0", specificationHash: "", codeHash: nil, randomSeed: 0)
    _ = farm.coordinator.handle(.started(start), at: farm.now)
    #expect(verdict(farm, hello(boot: "c")) == .waits)
    #expect(isRefused(verdict(farm, hello(machine: "other"))) != nil)
    #expect(verdict(farm, hello(pid: 2)) == .counts)
    for _ in 0..<61 {
      farm.clock += 1_000
      _ = farm.coordinator.handle(.tick, at: farm.now)
    }
    #expect(verdict(farm, hello(boot: "c")) == .counts)
    #expect(isRefused(verdict(farm, hello(machine: "other"))) != nil)
  }

  /// A coordinator that slept has not heard anybody, and may not say that they were silent.
  @Test func itsOwnSleepIsNobodysSilence() throws {
    var farm = try farm()
    pass(&farm, 2)
    farm.clock += 500_000
    #expect(verdict(farm, hello(boot: "c")) == .waits)
  }
}
