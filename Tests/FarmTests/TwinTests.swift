import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Two agents with one key, on two hosts.
  @Suite(.serialized) struct Twins {
    private static let longLegs = "{name: asha, max_t: 9, grace_period: 6, random_seed: 5}"

    /// What was copied from one host to the other.
    enum Copy: String, Sendable, CustomTestStringConvertible {
      case folder = "the agent's folder"
      case machine = "the whole machine"

      var testDescription: String { rawValue }
    }

    @Test(arguments: [Copy.folder, .machine])
    func ofTwoAgentsWithOneKeyTheOneInTouchStays(_ copy: Copy) throws {
      let run = try FarmRun("twins", .init(hosts: ["ph1"], sleep: 0.4, trials: 5_000, scheduler: Self.longLegs))
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      for host in ["ph2", "ph3"] {
        try FileManager.default.copyItem(
          atPath: product("pasha-agent"), toPath: run.farm.home(host) + "/pasha-agent")
      }
      try Self.join(run, "ph2")
      _ = try run.awaitReport(on: "ph2")
      let home = try Self.copy(copy, from: "ph2", to: "ph3", run)
      let attempts = try Self.attempts(home)
      // It ends by itself, and says why and what to do.
      let twin = try run.farm.inside("ph3", "cd; exec \(Self.agent(run, "ph3")) </dev/null 2>&1", limit: 100)
      #expect(twin.status == 77, "\(twin)")
      for words in ["another agent has this one's key", "of ph2", "which is in touch", "delete it"] {
        #expect(twin.output.contains(words), "\(twin)")
      }
      #expect(coordinator.output.contains("two agents have the key of agent 1 (ph2)"), "\(coordinator.output)")
      // Nothing of the first was disturbed, and the second had nothing to do.
      #expect(try run.agents("ph2", byHand: true).count == 1)
      #expect(try run.trials("ph3").isEmpty)
      #expect(try Self.attempts(home) == attempts)
      // The way out that it was told of.
      try FileManager.default.removeItem(atPath: home)
      try Self.join(run, "ph3")
      _ = try run.awaitReport(on: "ph3")
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
      #expect(!check.attempts(on: "ph2").isEmpty && !check.attempts(on: "ph3").isEmpty)
    }

    /// Where the first one cannot be heard, what it runs may run all the same: until that is given up, nobody has its key.
    @Test func aCopyOfAnAgentThatIsCutOffGetsNothingBeforeTheLeaseIsOver() throws {
      let run = try FarmRun(
        "late-twin", .init(hosts: ["ph1"], sleep: 0.4, trials: 8, lostAfter: "8s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      for host in ["ph2", "ph3"] {
        try FileManager.default.copyItem(
          atPath: product("pasha-agent"), toPath: run.farm.home(host) + "/pasha-agent")
      }
      try Self.join(run, "ph2")
      let attempt = try run.awaitReport(on: "ph2") { $0.resource ?? 9 <= 2 }
      try run.farm.cut("ph2")
      _ = try Self.copy(.folder, from: "ph2", to: "ph3", run)
      sleep(3)
      let twin = try run.farm.inside("ph3", "cd; exec \(Self.agent(run, "ph3")) </dev/null 2>&1", limit: 100)
      #expect(twin.status == 77, "\(twin)")
      #expect(twin.output.contains("pasha-coord hosts lost ph2"), "\(twin)")
      try run.await("the lease's end", within: .seconds(40)) { $0.contains { $0.isEnd(of: attempt) } }
      // What the first ran has ended by itself.
      #expect(try run.trials("ph2").isEmpty)
      try run.farm.heal("ph2")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      #expect(lost.contains(attempt))
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
    }

    @Test func aCopyOfAMachineIsNotStartedOverSSH() throws {
      let run = try FarmRun(
        "cloned", hosts: 2, .init(hosts: ["ph1"], sleep: 0.4, trials: 5_000, scheduler: Self.longLegs))
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      let home = try Self.copy(.machine, from: "ph1", to: "ph2", run)
      try run.command(["hosts", "add", "ph2"])
      try eventually("the refusal of ph2", within: .seconds(60)) {
        usleep(100_000)
        return coordinator.output.contains("ph2: its agent has the key of ph1's")
      }
      #expect(try run.trials("ph2").isEmpty)
      try FileManager.default.removeItem(atPath: home)
      try run.command(["hosts", "add", "ph2"])
      _ = try run.awaitReport(on: "ph2")
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
    }

    // MARK: Agents by hand

    private static func agent(_ run: FarmRun, _ host: String) -> String {
      "./pasha-agent --connect \(run.farm.coordinatorAddress) --slots 1 --name \(host)"
    }

    private static func join(_ run: FarmRun, _ host: String) throws {
      let token = try run.command(["invite"]).output
      try Data(token.utf8).write(to: URL(fileURLWithPath: run.farm.home(host) + "/token"))
      _ = try run.farm.run(host, "setsid \(agent(run, host)) --token-file token </dev/null >agent.log 2>&1 &")
    }

    /// Copies the folder of the run from one host to another, and gives it as a path on this machine.
    private static func copy(_ copy: Copy, from: String, to: String, _ run: FarmRun) throws -> String {
      let machine = try machineID(from, run)
      if copy == .machine {
        let answer = try run.farm.inside(to, "echo \(machine) >/etc/machine-id")
        guard answer.status == 0 else { throw WaitedInVain(description: "the machine id of \(to): \(answer)") }
      }
      let target = "\(run.farm.home(to))/.pasha/\(try machineID(to, run))"
      try FileManager.default.createDirectory(atPath: run.farm.home(to) + "/.pasha", withIntermediateDirectories: true)
      let cp = try CommandProcess("/bin/cp", ["-a", "\(run.farm.home(from))/.pasha/\(machine)", target])
      // What comes and goes meanwhile cannot be copied.
      try cp.wait(limit: 30)
      return target
    }

    private static func machineID(_ host: String, _ run: FarmRun) throws -> String {
      try run.farm.inside(host, "cat /etc/machine-id").output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Folders of attempts below a copy.
    private static func attempts(_ home: String) throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: home).filter { $0.hasSuffix("/std.err") }.sorted()
    }
  }
}
