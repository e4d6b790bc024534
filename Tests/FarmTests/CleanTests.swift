import FarmSupport
import Foundation
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// What `doctor` says of hosts, and what `clean` removes of them.
  @Suite(.serialized) struct Upkeep {
    private static func findings(_ object: [String: Any], _ host: String) -> [String: [String: Any]] {
      let all = object["findings"] as? [[String: Any]] ?? []
      return Dictionary(
        all.filter { $0["of"] as? String == host }.map { ($0["check"] as? String ?? "", $0) }, uniquingKeysWith: { $1 })
    }

    @Test func theDoctorTellsOfEachHost() throws {
      let run = try FarmRun("doctor", hosts: 4)
      // One takes no key any more, one has got another key, one cannot reach this machine by itself.
      try Data().write(to: URL(fileURLWithPath: "\(run.farm.folder)/hosts/ph2/authorized_keys"))
      try run.farm.rekey("ph3")
      try run.farm.firewall("ph4")
      let command = try run.command(["doctor", run.file, "--json"], expecting: 1)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any])
      #expect(object["ok"] as? Bool == false)

      let well = Self.findings(object, "ph1")
      for check in ["login", "work dir", "disk", "clock", "program", "connection"] {
        #expect(well[check]?["level"] as? String == "ok", "\(check): \(well)")
      }
      #expect((well["login"]?["text"] as? String)?.contains("host key SHA256:") == true, "\(well)")
      #expect((well["connection"]?["text"] as? String)?.contains(run.farm.coordinatorAddress) == true, "\(well)")

      let refusing = Self.findings(object, "ph2")
      #expect(refusing.keys.sorted() == ["login"] && refusing["login"]?["level"] as? String == "failure", "\(refusing)")
      #expect((refusing["login"]?["text"] as? String)?.contains("accepts none of the keys") == true, "\(refusing)")
      #expect((refusing["login"]?["fix"] as? String)?.contains("ssh -v ") == true, "\(refusing)")

      let changed = Self.findings(object, "ph3")
      #expect((changed["login"]?["text"] as? String)?.contains("\(run.farm.knownHosts):3 ") == true, "\(changed)")

      let firewalled = Self.findings(object, "ph4")
      #expect(firewalled["login"]?["level"] as? String == "ok", "\(firewalled)")
      #expect(firewalled["connection"]?["level"] as? String == "warning", "\(firewalled)")
      try run.write("doctor", .init(hosts: ["ph4"], cluster: ["connect: direct"]))
      let direct = try run.command(["doctor", run.place.folder.file("cluster.yml")], expecting: 1)
      #expect(direct.output.contains("FAILURE connection   it cannot reach this machine at "), "\(direct.output)")
    }

    @Test func cleaningFreesHostsAndTellsOfThoseThatAreAway() throws {
      let run = try FarmRun("upkeep", hosts: 2, .init(sleep: 0.02, bytes: 50_000))
      try run.expectEnd(run.start())
      let name = (try run.place.runFolder() as NSString).lastPathComponent
      func folders(_ host: String) -> [String] {
        let work = run.farm.home(host) + "/.pasha"
        let machines = (try? FileManager.default.contentsOfDirectory(atPath: work)) ?? []
        return machines.map { "\(work)/\($0)/\(name)" }.filter { FileManager.default.fileExists(atPath: $0) }
      }
      #expect(folders("ph1").count == 1 && folders("ph2").count == 1)

      // An agent of another version, an upload that broke, and what is nobody's.
      let bundles = run.farm.home("ph1") + "/.pasha/bundles"
      let old = String(repeating: "0", count: 64)
      for file in ["\(old)/pasha-agent", ".new.ph1.999999999/packed", "mine/notes"] {
        let path = "\(bundles)/\(file)"
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: path))
      }
      try run.command(["clean", "--yes"])
      let left = try FileManager.default.contentsOfDirectory(atPath: bundles).sorted()
      #expect(left.count == 2 && left.contains("mine") && !left.contains(old), "\(left)")

      try run.command(["clean", name, "--keep-best", "1", "--yes"])
      let best = try #require(run.place.json(["best"]) as? [String: Any])
      let trial = try #require(best["trial"] as? Int)
      for folder in folders("ph1") + folders("ph2") {
        let files = FileManager.default.enumerator(atPath: folder + "/trials")?.allObjects as? [String] ?? []
        #expect(files.filter { $0.hasSuffix(".seal") }.allSatisfy { $0.hasPrefix("\(trial)/") }, "\(files)")
      }
      let checkpoint = try #require(best["checkpoint"] as? [String: Any])
      let host = try #require(checkpoint["host"] as? String)
      #expect(try run.farm.run(host, "test -d \(try #require(checkpoint["path"] as? String))").status == 0)

      // One host is off: the other one is freed, and the run stays known until that one is, too.
      try run.farm.kill("ph2")
      let command = try run.command(["clean", name, "--yes", "--json"], expecting: 74)
      #expect(command.output.contains("\"host\":\"ph2\""), "\(command.output)")
      #expect(folders("ph1").isEmpty && folders("ph2").count == 1)
      #expect(FileManager.default.fileExists(atPath: try run.place.runFolder()))
      try run.farm.start("ph2")
      try run.command(["clean", name, "--yes"])
      #expect(folders("ph2").isEmpty)
      #expect(!FileManager.default.fileExists(atPath: run.place.folder.file("state/runs/\(name)")))
    }
  }
}
