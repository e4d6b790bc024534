import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Hosts that do not come up, come later, go, or come by themselves.
  @Suite(.serialized) struct Hosts {
    @Test func aSilentHostAndADeadOneDelayNobody() throws {
      let run = try FarmRun("absent", .init(trials: 5000))
      try run.farm.silence("ph2")
      try run.farm.kill("ph3")
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      for words in ["ph2: the handshake took longer than", "ph3: \(run.farm.address("ph3")) port 22 did not answer"] {
        try eventually("'\(words)'", within: .seconds(60)) {
          usleep(100_000)
          return coordinator.output.contains(words)
        }
      }
      try run.farm.answer("ph2")
      try run.farm.start("ph3")
      for host in ["ph2", "ph3"] { try run.command(["hosts", "add", host]) }
      for host in ["ph2", "ph3"] { _ = try run.awaitReport(on: host) }
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      try run.check().expectSound()
    }

    @Test func aChangedHostKeyIsRefusedWithItsPlaceAndAWayOut() throws {
      let run = try FarmRun("rekeyed", hosts: 2, .init(hosts: ["ph2"]))
      try run.farm.rekey("ph2")
      let coordinator = try run.start()
      #expect(try coordinator.wait(limit: 60) == 1, "\(coordinator.output)")
      #expect(coordinator.errors.contains("\(run.farm.knownHosts):2 "), "\(coordinator.errors)")
      #expect(coordinator.errors.contains("ssh-keygen -f \(run.farm.knownHosts) -R"), "\(coordinator.errors)")
    }

    @Test func checkTellsOfEachHost() throws {
      let run = try FarmRun("check")
      try run.farm.silence("ph2")
      try run.farm.rekey("ph3")
      let hosts = try Self.check(run, run.file)
      #expect(hosts.map { $0["host"] as? String } == ["ph1", "ph2", "ph3"])
      #expect(hosts[0]["code"] is NSNull && (hosts[0]["faults"] as? [Any])?.isEmpty == true, "\(hosts[0])")
      let report = try #require(hosts[0]["report"] as? [String: Any])
      #expect((report["landlock_abi"] as? Int ?? 0) > 0)
      #expect(report["hostname"] as? String == "ph1" || report["hostname"] == nil)
      #expect(Self.fault(hosts[1]).contains("does not answer"), "\(hosts[1])")
      #expect(hosts[2]["code"] as? String == "host_key_changed")
      #expect(Self.fault(hosts[2]).contains("\(run.farm.knownHosts):3 "), "\(hosts[2])")
    }

    @Test func keysOfNewHostsAreKeptWhereTheFileSaysSo() throws {
      let run = try FarmRun("new-keys", hosts: 1)
      let known = try run.place.folder.write("known_hosts", "")
      let text = try String(contentsOfFile: run.farm.sshConfiguration, encoding: .utf8)
        .replacing(run.farm.knownHosts, with: known)
      let configuration = try run.place.folder.write("ssh_config", text)
      func file(_ keys: String) throws -> String {
        let path = try run.write("new-keys", .init(cluster: ["host_keys: \(keys)"]), file: "\(keys).yml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try run.place.folder.write(
          "\(keys).yml", text.replacing(run.farm.sshConfiguration, with: configuration))
      }
      let strict = try file("strict")
      let accepting = try file("accept-new")
      let own = run.place.folder.file("state/known_hosts")
      #expect(Self.fault(try Self.check(run, strict)[0]).contains("in no known_hosts file"))
      #expect(!FileManager.default.fileExists(atPath: own))
      #expect(try Self.check(run, accepting)[0]["code"] is NSNull)
      #expect(try String(contentsOfFile: own, encoding: .utf8).contains("ssh-ed25519 "))
      #expect(try String(contentsOfFile: known, encoding: .utf8).isEmpty)
      #expect(try Self.check(run, strict)[0]["code"] is NSNull)
      try run.farm.rekey("ph1")
      #expect(Self.fault(try Self.check(run, accepting)[0]).contains("\(own):1 "))
    }

    @Test func hostsComeAndGoWhileTheRunGoesOn() throws {
      let run = try FarmRun("changing", .init(hosts: ["ph1", "ph2"], trials: 5000))
      let coordinator = try run.start()
      for host in ["ph1", "ph2"] { _ = try run.awaitReport(on: host) }
      try run.command(["hosts", "add", "ph3"])
      _ = try run.awaitReport(on: "ph3")
      try run.command(["hosts", "drain", "ph1"])
      try eventually("no trial on ph1", within: .seconds(30)) { try run.trials("ph1").isEmpty }
      try run.command(["hosts", "remove", "ph2"])
      try eventually("no agent on ph2", within: .seconds(30)) {
        try run.agents("ph2").isEmpty && run.supervisors("ph2").isEmpty
      }
      let list = try #require(run.place.json(["hosts", "list"]) as? [[String: Any]])
      let states = Dictionary(
        uniqueKeysWithValues: list.map { ($0["host"] as? String ?? "", $0["state"] as? String ?? "") })
      #expect(states["ph3"] == "ready" && states["ph1"] == "draining" && states["ph2"] != "ready", "\(states)")
      let started = try #require(run.place.json(["trials"]) as? [Any]).count
      try run.command([
        "reload", try run.write("changing", .init(hosts: ["ph1", "ph2"], trials: started + 6), file: "new.yml"),
      ])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(check.journal.state.trials.count >= started)
    }

    @Test func aHostJoinsByHand() throws {
      let run = try FarmRun("by-hand", .init(hosts: ["ph1"], trials: 5000))
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      // A host sees neither this machine's /tmp nor all of its home folders.
      for host in ["ph2", "ph3"] {
        try FileManager.default.copyItem(
          atPath: product("pasha-agent"), toPath: run.farm.home(host) + "/pasha-agent")
      }
      let agent = "setsid ./pasha-agent --connect \(run.farm.coordinatorAddress) --slots 1"
      let starts = [
        "ph2": "cat token | \(agent) --name ph2 >agent.log 2>&1 &",
        "ph3": "\(agent) --name ph3 --token-file token </dev/null >agent.log 2>&1 &",
      ]
      for (host, command) in starts.sorted(by: { $0.key < $1.key }) {
        let token = try run.command(["invite"]).output
        try Data(token.utf8).write(to: URL(fileURLWithPath: run.farm.home(host) + "/token"))
        _ = try run.farm.run(host, command)
      }
      for host in starts.keys.sorted() { _ = try run.awaitReport(on: host) }
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      try run.check().expectSound()
    }

    /// What `check --json` says of the hosts of a cluster file.
    private static func check(_ run: FarmRun, _ file: String) throws -> [[String: Any]] {
      try #require(run.object(["check", file])["hosts"] as? [[String: Any]])
    }

    /// The first fault of a host.
    private static func fault(_ host: [String: Any]) -> String {
      ((host["faults"] as? [[String: Any]])?.first?["text"] as? String) ?? ""
    }
  }
}
