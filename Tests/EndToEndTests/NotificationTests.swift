import Coordination
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel
import Wire

/// `events.jsonl` and `notifications` of real runs: commands, and a real server of webhooks.
struct NotificationTests {
  /// A server that prints what is posted to it.
  private struct Server {
    let process: CommandProcess
    let port: Int

    init(refusing count: Int = 0) throws {
      let script = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts/webhook.py").path
      let process = try CommandProcess("/usr/bin/env", ["python3", script, "--refuse", "\(count)"])
      var port: Int?
      try eventually("the server's port") {
        port = process.output.split(separator: "\n").first.flatMap { Int($0) }
        return port != nil
      }
      self.process = process
      self.port = port ?? 0
    }

    /// Authorization and object of each request whose line is whole.
    func requests() throws -> [(authorization: String, body: [String: Any])] {
      try process.output.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast().map { line in
        let parts = line.components(separatedBy: " application/json ")
        let body = try JSONSerialization.jsonObject(with: Data((parts.last ?? "").utf8))
        return (parts.first ?? "", body as? [String: Any] ?? [:])
      }
    }
  }

  private func events(_ run: RealRun) throws -> [[String: Any]] {
    let text = try String(contentsOfFile: run.place.runFolder() + "/events.jsonl", encoding: .utf8)
    #expect(text.hasSuffix("\n"))
    return try text.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  @Test func newsReachACommandAndAWebhook() throws {
    let server = try Server(refusing: 1)
    let place = RunPlace("told")
    let told = place.folder.file("told")
    let run = try RealRun(
      "told", trials: 6,
      extra: [
        "notifications:",
        "  - {command: 'cat >> \"\(told)\"; echo \"$PASHA_EVENT|$PASHA_RUN|$PASHA_VALUE|$PASHA_CONFIG\" >> \"\(told).env\"', every: 0s}",
        "  - {webhook: 'http://127.0.0.1:${HOOK_PORT}/hook', headers: {Authorization: 'Bearer ${HOOK_TOKEN}'}, on: [finish]}",
        "  - {webhook: 'http://127.0.0.1:1/${MISSING}', on: [finish]}",
      ])
    try FileManager.default.createDirectory(
      atPath: place.folder.path, withIntermediateDirectories: true)
    let coordinator = try run.place.coordinator(
      [run.file], environment: ["HOOK_PORT": "\(server.port)", "HOOK_TOKEN": "s3cret"])
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")

    // The first try was refused.
    try eventually("the server to print what it took") { try !server.requests().isEmpty }
    let requests = try server.requests()
    #expect(requests.count == 1)
    #expect(requests.first?.authorization == "Bearer s3cret")
    #expect(requests.first?.body["status"] as? String == "finished")
    let lines = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
    let name = URL(fileURLWithPath: try run.place.runFolder()).lastPathComponent
    #expect(Set(lines.compactMap { $0["event"] as? String }) == ["new_best", "finish"])
    #expect(lines.last?["event"] as? String == "finish")
    #expect(lines.allSatisfy { $0["run"] as? String == name })
    let values = lines.filter { $0["event"] as? String == "new_best" }.compactMap { $0["value"] as? Double }
    #expect(values == values.sorted(by: >))
    let best = try #require(run.place.json(["best", "--json"]) as? [String: Any])
    #expect(values.last == best["value"] as? Double)
    #expect((lines.last?["best"] as? [String: Any])?["value"] as? Double == values.last)
    let environment = try String(contentsOfFile: told + ".env", encoding: .utf8).split(separator: "\n")
    #expect(environment.contains { $0.hasPrefix("new_best|\(name)|") && $0.contains("\"lr\":") })

    // Troubles are said, without what may be a secret, and change nothing.
    let said = coordinator.output
    #expect(said.contains("the webhook at 127.0.0.1: answered with 503"))
    #expect(said.contains("the environment of the coordinator has no variable MISSING"))
    #expect(said.contains("the webhook at 127.0.0.1: 1 message was not delivered (1 of finish)"))
    #expect(!said.contains("s3cret"))
  }

  @Test func aWebhookIsTriedUntilItTakesTheMessage() throws {
    let server = try Server(refusing: 1)
    let run = try RealRun(
      "retry", sleep: "0.3", trials: 6,
      extra: [
        "notifications: [{webhook: 'http://127.0.0.1:\(server.port)/', headers: {Authorization: a}, on: [new_best], every: 1h}]"
      ])
    let coordinator = try run.start()
    try eventually("the second try", within: .seconds(30)) { try !server.requests().isEmpty || coordinator.hasEnded }
    let first = try #require(server.requests().first)
    #expect(first.authorization == "a")
    #expect(first.body["event"] as? String == "new_best")
    #expect((first.body["text"] as? String)?.contains("the best so far: loss ") == true)
    coordinator.send(SIGINT)
    #expect([0, 75].contains(try coordinator.wait()))
  }

  @Test func eventsAreWholeAfterTheCoordinatorWasKilled() throws {
    let run = try RealRun("events", sleep: "0.1", trials: 8)
    var coordinator = try run.start()
    for reports in [3, 8] {
      try run.waitForReports(reports)
      coordinator.send(SIGKILL)
      try coordinator.wait()
      // As a power cut leaves it: some lines are missing, and of one there is the half.
      let path = try run.place.runFolder() + "/events.jsonl"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let lines = text.split(separator: "\n")
      let kept = lines.prefix(lines.count / 2).joined(separator: "\n") + "\n" + lines[lines.count / 2].prefix(20)
      try kept.write(toFile: path, atomically: true, encoding: .utf8)
      coordinator = try run.resume()
    }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let events = try events(run)
    let sequences = events.compactMap { $0["sequence"] as? Int }
    #expect(sequences.count == events.count)
    #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
    let journal = try run.journal()
    for kind in ["run_started", "run_resumed", "attempt_assigned", "promotion", "maximum_raised", "run_finished"] {
      #expect(
        events.filter { $0["event"] as? String == kind }.compactMap { $0["sequence"] as? Int }
          == journal.filter { $0.fact.kind == kind }.map(\.sequence), "\(kind)")
    }
    #expect(events.contains { $0["event"] as? String == "new_best" })
    #expect(!events.contains { $0["event"] as? String == "report_received" })
  }

  @Test func whatAKilledCoordinatorHadNotToldTheNextOneTells() throws {
    let place = RunPlace("later")
    try FileManager.default.createDirectory(atPath: place.folder.path, withIntermediateDirectories: true)
    let (gate, told) = (place.folder.file("gate"), place.folder.file("told"))
    let run = try RealRun(
      "later", sleep: "0.2", trials: 6,
      extra: [
        "notifications: [{command: 'test -e \"\(gate)\" && echo \"$PASHA_EVENT\" >> \"\(told)\"', on: [new_best, finish]}]"
      ])
    let coordinator = try run.start()
    try eventually("a failed try") {
      coordinator.output.contains("was") || coordinator.output.contains("ended with status 1")
    }
    try run.waitForReports(4)
    coordinator.send(SIGKILL)
    try coordinator.wait()
    #expect(!FileManager.default.fileExists(atPath: told))
    #expect(FileManager.default.createFile(atPath: gate, contents: nil))
    let resumed = try run.resume()
    try eventually("what was not told", within: .seconds(30)) { FileManager.default.fileExists(atPath: told) }
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    let lines = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines.first == "new_best")
    #expect(lines.last == "finish")
  }

  @Test func aCommandThatHangsDoesNotHoldUpTheRun() throws {
    let run = try RealRun("hangs", trials: 4, extra: ["notifications: [{command: sleep 1000, on: [new_best]}]"])
    let coordinator = try run.start()
    #expect(try coordinator.wait(limit: 60) == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.output.contains("and was ended"))
  }

  @Test func whoDoesNotAnswerKeepsNothingFromTheOthers() throws {
    let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(silent) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        // Connections are taken by the system, and nobody ever reads them.
        #expect(bind(silent, address, length) == 0)
        #expect(listen(silent, 16) == 0)
        #expect(getsockname(silent, address, &length) == 0)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let place = RunPlace("others")
    let told = place.folder.file("told")
    let run = try RealRun(
      "others", trials: 4,
      extra: [
        "notifications:", "  - {webhook: 'http://127.0.0.1:\(port)/', on: [new_best, finish]}",
        "  - {command: 'echo \"$PASHA_EVENT\" >> \"\(told)\"', on: [finish]}",
      ])
    let coordinator = try run.start()
    #expect(try coordinator.wait(limit: 90) == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(try String(contentsOfFile: told, encoding: .utf8) == "finish\n")
  }

  /// Told at the same time, each gets its own headers and nobody another's.
  @Test func targetsThatAreToldAtOnceAreNotMixedUp() throws {
    let server = try Server()
    // Of one event each: a target whose message another took in its place would never be heard of. A message may
    // come twice, as where the answer to the first was too late.
    let targets = (0..<20).map {
      "{webhook: 'http://127.0.0.1:\(server.port)/', headers: {Authorization: 'token-\($0)'}, on: [new_best], every: 1h}"
    }
    let run = try RealRun(
      "mixed", sleep: "0.5", trials: 40, extra: ["notifications: [\(targets.joined(separator: ", "))]"])
    let coordinator = try run.start()
    let expected = Set((0..<20).map { "token-\($0)" })
    try eventually("a message of each target", within: .seconds(120)) {
      try Set(server.requests().map(\.authorization)).isSuperset(of: expected) || coordinator.hasEnded
    }
    coordinator.send(SIGINT)
    #expect([0, 75].contains(try coordinator.wait()), "\(coordinator.output)\(coordinator.errors)")
    #expect(try Set(server.requests().map(\.authorization)) == expected)
  }

  @Test func aCommandThatPrintsWithoutEndFillsNoDisk() throws {
    let run = try RealRun("yes", trials: 4, extra: ["notifications: [{command: exec yes, on: [finish]}]"])
    let coordinator = try run.start()
    #expect(try coordinator.wait(limit: 90) == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.output.contains("printed more than 1 MiB and was ended"), "\(coordinator.output)")
    let path = try run.place.runFolder() + "/notifications.log"
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    #expect(size > 0 && size < 16 << 20)
  }

  /// A configuration that is longer than an environment may be, and more than an option of curl may hold.
  @Test func aLongMessageReachesEverybody() throws {
    let server = try Server()
    let place = RunPlace("long")
    let told = place.folder.file("told")
    let long = String(repeating: "long \\\" ", count: 5_000)
    let script = try place.folder.write(
      "long.py",
      "import json\nprint('[tune-metric]: ' + json.dumps({'epoch': 1, 'loss': 1.0}), flush=True)\n")
    let file = try place.folder.write(
      "cluster.yml",
      [
        "experiment: {name: long, entry_point: python3 \(script), metric: loss, config_space: {lr: {type: uniform, lower: 0, upper: 1}, a: '\(long)', b: '\(long)', c: '\(long)', d: '\(long)'}}",
        "scheduler: {name: fifo, max_t: 2}", "stop_criterion: {max_num_trials_started: 1}", "cluster: {slots: 1}",
        "notifications: [{webhook: 'http://127.0.0.1:\(server.port)/', on: [new_best]}, {command: 'cat >> \"\(told)\"', on: [new_best]}]",
      ].joined(separator: "\n") + "\n")
    let coordinator = try place.coordinator([file])
    #expect(
      try coordinator.wait(limit: 60) == 0, "\(coordinator.output.suffix(2000))\(coordinator.errors.suffix(2000))")
    try eventually("the server to print what it took") { try !server.requests().isEmpty }
    let body = try #require(server.requests().first?.body)
    #expect(((body["config"] as? [String: Any])?["d"] as? String) == long)
    #expect(((body["message"] as? String)?.utf8.count ?? 0) < 17_000)
    #expect(try String(contentsOfFile: told, encoding: .utf8).utf8.count > 100_000)
  }

  @Test func whatIsNoFileInPlaceOfTheEventsHoldsUpNothing() throws {
    let run = try RealRun("fifo", sleep: "0.2", trials: 5)
    let coordinator = try run.start()
    try run.waitForReports(2)
    let path = try run.place.runFolder() + "/events.jsonl"
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(try coordinator.wait(limit: 60) == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.output.contains("events.jsonl: No such device or address"), "\(coordinator.output)")
  }

  @Test func checkSendsAMessageToEachTarget() throws {
    let server = try Server()
    let run = try RealRun(
      "checked",
      extra: ["notifications: [{webhook: 'http://127.0.0.1:\(server.port)/'}, {command: 'echo no room >&2; exit 3'}]"])
    let check = try run.place.coordinator(["check", run.file, "--notify"])
    #expect(try check.wait() == 1)
    #expect(check.output.contains("the webhook at 127.0.0.1 took a message"))
    #expect(check.output.contains("ended with status 3"))
    #expect(check.output.contains("no room"))
    try eventually("the server to print what it took") { try !server.requests().isEmpty }
    #expect(try server.requests().first?.body["event"] as? String == "test")
  }
}
