import Coordination
import FarmSupport
import Foundation
import Glibc
import Journal
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Runs that are started from here with `--on ph1`: their coordinator runs there.
  @Suite(.serialized) struct Elsewhere {
    @Test func aRunElsewhereOutlivesItsConnectionAndIsAttachedAgain() throws {
      let away = try AwayRun("away", .init(sleep: 0.3, trials: 9))
      let started = try away.command(["run", "--on", "ph1", away.file])
      try away.awaitReports(5, of: started)
      #expect(started.errors.contains("bringing pasha to ph1"), "\(started.errors)")
      let name = try away.name()
      let again = "`pasha-coord attach --on ph1 \(name)`"
      #expect(started.errors.contains("\(name) runs on ph1"), "\(started.errors)")
      // The connection breaks; everything on the host goes on.
      try away.breakConnections()
      #expect(try started.wait(limit: 30) == 68, "\(started.errors)")
      #expect(started.errors.contains("the connection to ph1 failed or is lost"), "\(started.errors)")
      #expect(started.errors.contains(again), "\(started.errors)")
      #expect(started.output.contains(" starts on slot "), "\(started.output)")

      let attached = try away.command(["attach", "--on", "ph1", name])
      #expect(try attached.wait(limit: 120) == 0, "\(attached.output)\(attached.errors)")
      #expect(attached.output.contains("best"), "\(attached.output)")
      #expect(!attached.errors.contains("bringing pasha"), "\(attached.errors)")
      try away.run.expectNothingLeft()
      let check = try away.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(Set(check.attempts.map(\.host)) == ["ph1", "ph2"])
      #expect(try away.names().count == 1, "nothing is kept here of it")
    }

    @Test func aKilledCoordinatorIsResumedFromHereWithoutBringingAnythingAgain() throws {
      let away = try AwayRun("away-killed", .init(sleep: 0.3, trials: 5000))
      let first = try away.command(["run", "--on", "ph1", "--detach", "--json", away.file])
      #expect(try first.wait(limit: 170) == 0, "\(first.errors)")
      let name = try away.name()
      let line = try #require(
        JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any], "\(first.output)")
      #expect(line["run"] as? String == name && line["host"] as? String == "ph1")
      try away.awaitReports(3)
      // Words of any kind arrive as they are.
      let odd = try away.command(["enqueue", "--on", "ph1", "--run", name, #"{lr: 'a "b" $HOME \x!'}"#])
      #expect(try odd.wait() == 64)
      #expect(odd.errors.contains(#"a \"b\" $HOME \\x!"#), "\(odd.errors)")
      let enqueued = try away.command(["enqueue", "--on=ph1", "--run", name, "{lr: 0.25}"])
      #expect(try enqueued.wait() == 0, "\(enqueued.errors)")
      #expect(enqueued.output.contains("lr=0.25"), "\(enqueued.output)")

      let coordinators = try away.coordinators()
      #expect(coordinators.count == 1)
      try away.run.kill(coordinators, on: "ph1")
      let list = try away.command(["list", "--on", "ph1", "--json"])
      #expect(try list.wait() == 0, "\(list.errors)")
      #expect(list.output.contains(#""status":"interrupted""#), "\(list.output)")
      let reports = try away.reports()
      let resumed = try away.command(["resume", "--on", "ph1", name])
      try away.awaitReports(reports + 3)
      let end = try away.command(["stop", "--on", "ph1"])
      #expect(try end.wait() == 0, "\(end.errors)")
      #expect(try resumed.wait(limit: 120) == 0, "\(resumed.output)\(resumed.errors)")
      #expect(resumed.output.contains("best: trial"), "\(resumed.output)")
      let check = try away.check()
      try check.expectSound()

      // The same version again: it is there.
      let second = try away.command(["run", "--on", "ph1", "--detach", away.file])
      #expect(try second.wait(limit: 60) == 0, "\(second.errors)")
      #expect(!second.errors.contains("bringing pasha"), "\(second.errors)")
      let names = try away.names()
      #expect(names.count == 2 && names.contains(second.output.trimmingCharacters(in: .whitespacesAndNewlines)))
      let stop = try away.command(["stop", "--on", "ph1"])
      #expect(try stop.wait() == 0, "\(stop.errors)")
      try away.run.expectNothingLeft()
      #expect(first.errors.contains("bringing pasha to ph1"))
    }

    @Test func whatCannotWorkIsToldBeforeAnythingIsDoneThere() throws {
      let away = try AwayRun("away-wrong", .init(trials: 2))
      // A mistake in the file: nobody logs in anywhere.
      let text = try String(contentsOfFile: away.file, encoding: .utf8)
      let wrong = try away.run.place.folder.write(
        "wrong.yml", text.replacing("metric: loss", with: "metrik: loss").replacing("slots: 1", with: "slots: 0"))
      let client = try away.run.place.folder.write("never.sh", "#!/bin/sh\ntouch \"$0.called\"\nexit 1\n", mode: 0o755)
      let mistaken = try away.command(["run", "--on", "ph1", wrong], client: client)
      #expect(try mistaken.wait() == 64)
      #expect(mistaken.errors.contains("metrik") && mistaken.errors.contains("slots"), "\(mistaken.errors)")
      #expect(!FileManager.default.fileExists(atPath: client + ".called"))
      #expect(!FileManager.default.fileExists(atPath: away.run.farm.home("ph1") + "/.pasha"))
      for words in [["check", "--on", "ph1", wrong], ["status", "--on", "a b"], ["run", "--on", "-oX=1", wrong]] {
        let command = try away.command(words, client: client)
        #expect(try command.wait() == 64, "\(words): \(command.errors)")
        #expect(!FileManager.default.fileExists(atPath: client + ".called"))
      }
      // Nobody there.
      let nobody = try away.command(["run", "--on", "nowhere", away.file], client: client)
      #expect(try nobody.wait(limit: 170) == 68)
      #expect(nobody.errors.contains("no login to nowhere"), "\(nobody.errors)")
      // A place that cannot be written.
      _ = try away.run.farm.run("ph1", "touch ~/.pasha")
      let closed = try away.command(["run", "--on", "ph1", away.file])
      #expect(try closed.wait() == 73)
      #expect(closed.errors.contains("/root/.pasha cannot be made or written by root"), "\(closed.errors)")
      // Keys are files of the host.
      _ = try away.run.farm.run("ph1", "rm ~/.pasha")
      let keyed = try away.run.place.folder.write(
        "keyed.yml", text.replacing("hosts: [ph1, ph2]", with: "hosts: [{host: ph2, identity_file: ~/.ssh/none}]"))
      let keys = try away.command(["run", "--on", "ph1", keyed])
      #expect(try keys.wait(limit: 60) == 64, "\(keys.output)\(keys.errors)")
      #expect(keys.errors.contains("must be a private key that can be read, not ~/.ssh/none"), "\(keys.errors)")
      #expect(keys.errors.contains("never copied there"), "\(keys.errors)")
      let left = try away.run.farm.run("ph1", "ls ~/.pasha/started ~/.local/state/pasha/runs | wc -l")
      #expect(try away.names().isEmpty && left.status == 0, "\(left)")
      let started = away.run.farm.home("ph1") + "/.pasha/started"
      #expect(try FileManager.default.contentsOfDirectory(atPath: started).isEmpty)
    }

    @Test func pathsMeanThereWhatTheyMeanHere() throws {
      let away = try AwayRun("away-paths", .init(sleep: 0.05, trials: 2))
      let folder = away.run.place.folder
      let text = try String(contentsOfFile: away.file, encoding: .utf8)
      try folder.write("conf/note.sh", "#!/bin/sh\n[ -f note.sh ] && echo $PASHA_EVENT >>~/noted\n", mode: 0o755)
      try folder.write("code/.pashaignore", "left-out\n")
      try folder.write("code/left-out", "")
      let notes = "\nnotifications:\n  - {command: \"./note.sh --all\"}\n"
      for (name, code) in [("relative.yml", "../code"), ("absolute.yml", folder.file("code"))] {
        let file = try folder.write("conf/\(name)", text.replacing("code: code", with: "code: \(code)") + notes)
        let started = try away.command(["run", "--on", "ph1", file])
        #expect(try started.wait(limit: 170) == 0, "\(started.output)\(started.errors)")
        let noted = try away.run.farm.run("ph1", "cat noted && rm noted")
        #expect(noted.output.contains("finish"), "\(noted)")
      }
      let left = try away.run.farm.run("ph1", "find .pasha .local -name left-out")
      #expect(left.status == 0 && left.output.isEmpty, "\(left)")
    }

    @Test func aHostWithoutRoomIsToldHowMuchIsNeeded() throws {
      var options = FarmRun.Options(trials: 2)
      options.disk = "32M"
      let away = try AwayRun("away-full", options)
      let full = try away.command(["run", "--on", "ph1", away.file])
      #expect(try full.wait(limit: 170) == 73)
      #expect(full.errors.contains("MB free, and pasha needs"), "\(full.errors)")
      #expect(!FileManager.default.fileExists(atPath: away.run.farm.home("ph1") + "/.pasha"))
    }
  }
}

/// A farm whose first host can log in to both, and a cluster file for a coordinator there.
struct AwayRun {
  let run: FarmRun
  let file: String
  private let client: String

  init(_ name: String, _ options: FarmRun.Options) throws {
    run = try FarmRun(name, hosts: 2, options)
    let farm = run.farm
    // As a user has it on a login node: keys and names are that host's own.
    let folder = farm.home("ph1") + "/.ssh"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (from, to) in [(farm.key, "key"), (farm.knownHosts, "known_hosts")] {
      try FileManager.default.copyItem(atPath: from, toPath: "\(folder)/\(to)")
    }
    let configuration = try String(contentsOfFile: farm.sshConfiguration, encoding: .utf8)
      .replacing(farm.key, with: "~/.ssh/key").replacing(farm.knownHosts, with: "~/.ssh/known_hosts")
    try configuration.write(toFile: "\(folder)/config", atomically: true, encoding: .utf8)
    let text = try String(contentsOfFile: run.file, encoding: .utf8)
    file = try run.place.folder.write(
      "away.yml", text.replacing("ssh_config: \(farm.sshConfiguration), ", with: ""))
    client = try run.place.folder.write(
      "ssh", "#!/bin/sh\nexec ssh -F \(farm.sshConfiguration) -o ConnectTimeout=5 \"$@\"\n", mode: 0o755)
  }

  /// A command of `pasha-coord`, which reaches the farm's hosts.
  func command(_ words: [String], client: String? = nil) throws -> CommandProcess {
    try run.place.coordinator(words, environment: ["PASHA_SSH": client ?? self.client])
  }

  private var runs: String { run.farm.home("ph1") + "/.local/state/pasha/runs" }

  /// Names of the runs there.
  func names() throws -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? [] }

  /// The name of the only run there.
  func name() throws -> String {
    let names = try names()
    guard names.count == 1 else { throw WaitedInVain(description: "runs on ph1: \(names)") }
    return names[0]
  }

  /// The facts so far of the only run there.
  func facts() throws -> [Fact] {
    var facts: [Fact] = []
    guard let name = try? name(), let reader = try? JournalReader(at: "\(runs)/\(name)/journal.sqlite") else {
      return []
    }
    try reader.replay { facts.append($0.fact) }
    return facts
  }

  func reports() throws -> Int { try facts().count { if case .reportReceived = $0 { true } else { false } } }

  /// Waits until so many reports have come, while the command goes on.
  func awaitReports(_ count: Int, of command: CommandProcess? = nil) throws {
    try eventually("\(count) reports", within: .seconds(150)) {
      if let command, command.hasEnded {
        throw WaitedInVain(description: "it ended: \(command.output)\(command.errors)")
      }
      usleep(100_000)
      return try reports() >= count
    }
  }

  func check() throws -> FarmCheck {
    let homes = run.farm.names.map { ($0, run.farm.home($0)) }
    return try FarmCheck(
      .init(
        run: "\(runs)/\(name())", base: run.place.folder.path, homes: Dictionary(uniqueKeysWithValues: homes)))
  }

  /// Process ids of coordinators there.
  func coordinators() throws -> [Int32] {
    try run.farm.processes("ph1", "/pasha-coord run").filter { $0.command.contains("/ld-linux") }.map(\.pid)
  }

  /// Ends the sessions of the host's SSH server, as a network that forgets connections does.
  func breakConnections() throws {
    let sessions = try run.farm.processes("ph1", "sshd: root").map(\.pid)
    try run.kill(sessions, on: "ph1")
  }
}
