import Coordination
import Presentation
import Testing
import TuningModel
import Wire

@testable import Coordination

/// `status`, `hosts list` and `explain --waiting` after a bad night.
struct HostHealthTests {
  private typealias Recovery = RecoveryLineTests

  private func status(_ farm: VirtualFarm, launches: [String: LiveView.Launch] = [:]) -> String {
    var live = farm.coordinator.view(at: farm.now)
    live.launches = launches
    return Presentation.status(farm.coordinator.state, service: .running(pid: 12), live: live)
  }

  /// In one line, as it was before it was broken at 80 columns.
  private func joined(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private func explained(_ farm: VirtualFarm, launches: [String: LiveView.Launch] = [:]) throws -> String {
    var explanation = try WaitingExplanation(specification: farm.specification)
    for fact in farm.journal { explanation.take(fact) }
    var live = farm.coordinator.view(at: farm.now)
    live.launches = launches
    explanation.service = .running(pid: 12)
    if case .object(let hosts) = Presentation.troublesJSON(farm.coordinator.state, live: live) {
      for host in hosts { if case .string(let text) = host.value { explanation.troubles[host.key] = text } }
    }
    return Presentation.explanation(explanation, at: farm.now.wall, isServed: true)
  }

  @Test func aSilentHostSaysSinceWhenAndWhenItIsGivenUp() throws {
    var (farm, _) = try Recovery.farm(edit: {
      $0.cluster.hosts = ["host0", "host1"].map { HostOptions(name: $0, host: $0) }
    })
    farm.begin()
    Recovery.pass(&farm, 10_000)
    let heard = Presentation.clock(farm.now.wall)
    Recovery.pass(&farm, 20_000, silent: [1])
    let first = joined(status(farm))
    #expect(first.contains("hosts: 2 (1 suspect, 1 ready)"), "\(first)")
    #expect(first.contains("host1: suspect since \(heard) (20.0 s): nothing was heard of it; given up at "), "\(first)")
    Recovery.pass(&farm, 50_000, silent: [1])
    let second = joined(status(farm))
    // 612 s after it was heard last.
    let due = Presentation.clock(Timestamp(microseconds: farm.now.wall.microseconds + 542_000_000))
    #expect(second.contains("host1: unreachable since \(heard) (1 min 10 s): "), "\(second)")
    #expect(second.contains("given up at \(due) unless it answers"), "\(second)")
    #expect(try joined(explained(farm)).contains("given up at \(due)") == !farm.coordinator.state.waiting.isEmpty)
    let row = try #require(
      Presentation.trials(farm.coordinator.state).split(separator: "\n").first { $0.contains("1/0") })
    #expect(row.contains("running, host unreachable"), "\(row)")
    // It has a slot since the beginning, up to the last fact.
    #expect(row.contains("  1 min "), "\(row)")
    let trial = try #require(farm.coordinator.state.agents[1].slots[0])
    var explanation = try TrialExplanation(trial: trial, specification: farm.specification)
    for fact in farm.journal { explanation.take(fact) }
    explanation.finish()
    #expect(
      explanation.standing(isServed: true).hasSuffix(
        "; its host is unreachable, nothing was heard of it since \(heard)"))
    // Another coordinator: since when follows from the facts, and it is awaited anew.
    farm.agents[1].isCut = true
    try farm.restart()
    let third = joined(status(farm))
    #expect(third.contains("host1: unreachable since \(heard)"), "\(third)")
    Recovery.pass(&farm, 640_000, silent: [1])
    let lost = joined(status(farm))
    #expect(lost.contains("hosts: 2 (1 lost, 1 ready)") && lost.contains("host1: lost since "), "\(lost)")
    // It comes back.
    farm.agents[1].isCut = false
    farm.agents[1].attempts = [:]
    Recovery.hello(&farm, 1)
    #expect(joined(status(farm)).contains("host1: it had been lost, and came back at "))
  }

  @Test func aHostThatCannotBeStartedSaysWhyAndWhenItIsTriedAgain() throws {
    var (farm, _) = try Recovery.farm(agents: 1) {
      $0.cluster.hosts = ["host0", "gpu7", "gpu8"].map { HostOptions(name: $0, host: $0) }
    }
    farm.begin()
    let launches = [
      "gpu7": LiveView.Launch(failure: "gpu7: the host shows another key", failures: 4, nextIn: .seconds(120)),
      "gpu8": LiveView.Launch(failures: 0, step: "copying the agent (3 MiB so far)", startedAgo: .seconds(8)),
    ]
    let text = joined(status(farm, launches: launches))
    let next = Presentation.clock(Timestamp(microseconds: farm.now.wall.microseconds + 120_000_000))
    #expect(text.contains("hosts: 3 (1 cannot be started, 1 not there yet, 1 ready)"), "\(text)")
    #expect(
      text.contains("gpu7: cannot be started since ")
        && text.contains(": the host shows another key; the next start is at \(next) (4 starts failed)"), "\(text)")
    let waiting = try joined(explained(farm, launches: launches))
    #expect(
      waiting.contains("gpu7: no agent has come up there: cannot be started since ") && waiting.contains("at \(next)"),
      "\(waiting)")
    #expect(waiting.contains("gpu8: no agent has come up there: not there yet since "), "\(waiting)")
    #expect(waiting.contains("it is being started: copying the agent (3 MiB so far)"), "\(waiting)")
  }

  @Test func aQuarantinedSlotAndAnAttemptThatDoesNotEndAreShown() throws {
    var (farm, _) = try Recovery.farm()
    farm.begin()
    farm.say(.slotStates([SlotState(slot: 1, isUsable: false, reason: "12 GiB are in use by pid 77")]), from: 0)
    farm.isSlowToEnd = true
    farm.handle(.command(.stopTrial(TrialID(0))))
    Recovery.pass(&farm, 120_000)
    let text = joined(status(farm))
    #expect(text.contains("1 quarantined, 1 ready"), "\(text)")
    #expect(text.contains("host0, slot 1: quarantined since "), "\(text)")
    #expect(text.contains("(2 min 00 s): 12 GiB are in use by pid 77"), "\(text)")
    #expect(text.contains("host0, slot 0: attempt 1 of trial 0 was told to stop at "), "\(text)")
    guard
      case .array(let hosts)? = Presentation.statusJSON(
        farm.coordinator.state, service: .running(pid: 12), live: farm.coordinator.view(at: farm.now)
      ).member("hosts"), case .array(let slots)? = hosts.first?.member("unusable")
    else {
      Issue.record("the JSON has no hosts")
      return
    }
    #expect(hosts[0].text("state") == "quarantined" && slots.first?.text("reason") == "12 GiB are in use by pid 77")
  }

  @Test func agentsThatJoinedByHandAreHostsAsWell() throws {
    var (farm, _) = try Recovery.farm(agents: 1)
    farm.begin()
    farm.handle(.issueToken(publicKey: "token"))
    farm.handle(.join(token: "token", publicKey: "key-x", name: "laptop"))
    #expect(joined(status(farm)).contains("1 not there yet, 1 ready"))
  }

  /// 200 hosts, some with long reasons: the summary stands first, then what is wrong, and no line is longer than 80.
  @Test func twoHundredHostsAreReadableAtEightyColumns() throws {
    let names = (0..<200).map { "gpu-node-\($0).cluster.example.org" }
    var (farm, _) = try Recovery.farm(agents: 0) {
      $0.cluster.hosts = names.map { HostOptions(name: $0, host: $0) }
    }
    farm.agents = (0..<190).map {
      VirtualFarm.Agent(key: "key-\($0)", machine: "m\($0)", slots: 8, name: names[$0])
    }
    farm.begin()
    farm.say(.slotStates([SlotState(slot: 3, isUsable: false, reason: "GPU-0 is gone")]), from: 5)
    let launches = Dictionary(
      uniqueKeysWithValues: names.suffix(10).map { name in
        (
          name,
          LiveView.Launch(
            failure:
              "\(name): the host's key SHA256:0123456789012345678901234567890123456789012 is in no known_hosts file",
            failures: 2, nextIn: .seconds(300))
        )
      })
    let lines = status(farm, launches: launches).split(separator: "\n").map(String.init)
    #expect(lines.filter { $0.count > 80 && $0.split(separator: " ").allSatisfy { $0.count < 60 } } == [])
    let summary = try #require(
      lines.firstIndex { $0.contains("hosts: 200 (10 cannot be started, 1 quarantined, 189 ready)") })
    #expect(summary < 12, "\(lines.prefix(14))")
    let trouble = try #require(lines.firstIndex { $0.contains("gpu-node-190.cluster.example.org: cannot be started") })
    let healthy = try #require(lines.firstIndex { $0.contains("gpu-node-7.cluster.example.org), ready") })
    #expect(trouble < healthy)
    #expect(lines.count < 300)
    let table = Presentation.hosts(farm.coordinator.state, live: nil)
    #expect(table.split(separator: "\n").count < 300)
  }

  @Test func aClockThatJumpsChangesNoLength() throws {
    var (farm, _) = try Recovery.farm(agents: 2, slots: 1)
    farm.begin()
    farm.say(.slotStates([SlotState(slot: 0, isUsable: false, reason: "away")]), from: 0)
    farm.clock += 30_000
    let before = farm.coordinator.view(at: farm.now)
    // A day back, and a day forth.
    for day in [-86_400_000_000, 86_400_000_000] as [Int64] {
      var live = before
      live.now = Stamp(wall: Timestamp(microseconds: before.now.wall.microseconds + day), active: before.now.active)
      let text = joined(Presentation.status(farm.coordinator.state, service: .running(pid: 1), live: live))
      #expect(text.contains("(30.0 s): away"), "\(text)")
    }
  }

  @Test func aHostWhoseLinkFlapsSaysHowOften() throws {
    var (farm, _) = try Recovery.farm()
    farm.begin()
    for _ in 0..<6 {
      Recovery.pass(&farm, 17_500, silent: [1])
      Recovery.pass(&farm, 5_000)
    }
    let text = joined(status(farm))
    #expect(
      text.contains("hosts: 2 (2 ready)") && text.contains("host1: its link broke 6 times in the last "), "\(text)")
    Recovery.pass(&farm, 700_000)
    #expect(!joined(status(farm)).contains("its link broke"))
  }

  @Test func allHostsAwayIsSaidOfTheTrialsThatWait() throws {
    var (farm, _) = try Recovery.farm()
    farm.begin()
    for index in farm.agents.indices {
      farm.agents[index].isCut = true
      farm.agents[index].attempts = [:]
    }
    Recovery.pass(&farm, 640_000, silent: [0, 1])
    #expect(!farm.coordinator.state.waiting.isEmpty)
    let text = try joined(explained(farm))
    #expect(
      text.contains("there is no slot that takes work: of 2 hosts 2 lost; `status` says what comes next"), "\(text)")
    #expect(joined(status(farm)).contains("hosts: 2 (2 lost)"))
  }

  @Test func aStoppedCoordinatorIsNotCalledDead() throws {
    var (farm, _) = try Recovery.farm()
    farm.begin()
    let state = farm.coordinator.state
    let text = joined(Presentation.status(state, service: .silent(pid: 44, isStopped: true)))
    #expect(
      text.contains("its coordinator (process 44) is stopped: nothing is decided until `kill -CONT 44`"), "\(text)")
    #expect(!text.contains("no coordinator is running"))
    var explanation = try WaitingExplanation(specification: farm.specification)
    for fact in farm.journal { explanation.take(fact) }
    explanation.service = .silent(pid: 44, isStopped: true)
    let told = Presentation.explanation(explanation, at: farm.now.wall, isServed: true)
    #expect(told.contains("is stopped: `kill -CONT 44` lets it go on"), "\(told)")
    #expect(
      joined(Presentation.status(state, service: .none)).contains("no coordinator is running (`pasha-coord resume`"))
  }

  /// What the state keeps for people follows from the facts alone.
  @Test func sinceWhenFollowsFromTheFacts() throws {
    var (farm, _) = try Recovery.farm()
    farm.begin()
    farm.agents[1].refuses = true
    Recovery.pass(&farm, 100_000, silent: [1])
    farm.say(.heartbeat(sentAt: .zero), from: 1)
    for _ in 0..<30 { _ = farm.step() }
    Recovery.hello(&farm, 0, pid: 7, losing: true)
    var replayed = try RunState(specification: farm.specification)
    for fact in farm.journal { replayed.apply(fact) }
    #expect(replayed.agents == farm.coordinator.state.agents)
    #expect(replayed.trials == farm.coordinator.state.trials)
  }
}
