import Coordination
import Foundation
import Glibc
import RunChecking
import TestSupport
import Testing

/// The commands beside a running coordinator, and their exit codes.
@Suite(.serialized) struct CommandTests {
  @Test func commandsLookAtARunAndSteerItWhileItRuns() throws {
    let run = try RealRun("commands", sleep: "0.2", trials: 40, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    let status = try #require(run.place.json(["status"]) as? [String: Any])
    #expect(status["status"] as? String == "running")
    #expect(status["coordinator_pid"] as? Int == Int(coordinator.pid))
    let trials = try #require(run.place.json(["trials"]) as? [[String: Any]])
    #expect(trials.count >= 2)
    let logs = try run.place.coordinator(["logs", "0"])
    #expect(try logs.wait() == 0)
    #expect(logs.output.contains("[tune-metric]: "))
    let errors = try run.place.coordinator(["logs", "0", "--error"])
    #expect(try errors.wait() == 0)
    #expect(errors.output.contains("starts with 0 epochs"))
    let both = try run.place.coordinator(["logs", "0", "--both"])
    #expect(try both.wait() == 0)
    #expect(both.output.contains("[tune-metric]: ") && !both.output.contains("starts with 0 epochs"))
    #expect(both.errors.contains("starts with 0 epochs") && !both.errors.contains("[tune-metric]: "))
    let members = try #require(run.place.json(["logs", "0", "--both"]) as? [[String: Any]]).first
    #expect((members?["text"] as? String)?.contains("[tune-metric]: ") == true)
    #expect((members?["error_text"] as? String)?.contains("starts with 0 epochs") == true)
    #expect(try run.place.coordinator(["logs", "0", "--both", "--error"]).wait() == 64)
    // A second coordinator is refused, with the first one's process.
    let second = try run.resume()
    #expect(try second.wait() == 76)
    #expect(second.errors.contains("\(coordinator.pid)"), "\(second.errors)")
    #expect(try run.place.coordinator(["stop", "--trial", "0"]).wait() == 0)
    try eventually("trial 0 to be stopped") {
      let trials = try run.place.json(["trials"]) as? [[String: Any]]
      return trials?.first?["status"] as? String == "stopped"
    }
    #expect(try run.place.coordinator(["stop", "--trial", "9999"]).wait() == 66)
    let attached = try run.place.coordinator(["attach"])
    #expect(try run.place.coordinator(["pause"]).wait() == 0)
    #expect(try coordinator.wait() == 75)
    #expect(try attached.wait() == 75)
    #expect(try run.place.coordinator(["pause"]).wait() == 69)
    #expect(try run.place.coordinator(["invite"]).wait() == 69)
    #expect(try run.place.coordinator(["status", "nothing-like-it"]).wait() == 66)
    #expect(try run.place.coordinator(["logs", "12345"]).wait() == 66)
    let resumed = try run.resume()
    // It is over: there is nothing left to stop.
    #expect(try run.place.coordinator(["stop", "--trial", "0"]).wait() == 64)
    try eventually("the coordinator to answer") { try run.place.coordinator(["hosts", "drain", "local"]).wait() == 0 }
    let removal = try run.place.coordinator(["hosts", "remove", "local"])
    #expect(try removal.wait() == 64)
    #expect(removal.errors.contains("cannot leave the run"), "\(removal.errors)")
    #expect(try run.place.coordinator(["stop"]).wait() == 0)
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    #expect(try run.resume().wait() == 64)
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  @Test func aPausedRunIsEndedForGoodAndNothingIsStartedForIt() throws {
    let run = try RealRun("paused-stop", sleep: "0.2", trials: 40, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    #expect(try run.place.coordinator(["pause"]).wait() == 0)
    #expect(try coordinator.wait() == 75)
    let refused = try run.place.coordinator(["stop", "--trial", "0"])
    #expect(try refused.wait() == 69, "\(refused.output)")
    let starts = try run.journal().count { $0.fact.kind == "attempt_assigned" }
    let stop = try run.place.coordinator(["stop"])
    #expect(try stop.wait() == 0, "\(stop.output)\(stop.errors)")
    #expect(stop.output.contains("results: "), "\(stop.output)")
    let status = try #require(run.place.json(["status"]) as? [String: Any])
    #expect(status["status"] as? String == "finished", "\(status)")
    #expect(try run.journal().count { $0.fact.kind == "attempt_assigned" } == starts)
    #expect(run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty)
    #expect(try run.resume().wait() == 64)
    #expect(try run.place.coordinator(["stop"]).wait() == 69)
  }

  @Test func aRunThatItsCoordinatorLeftIsEndedWithItsTrials() throws {
    let run = try RealRun("left-stop", sleep: "0.2", trials: 40, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    coordinator.send(SIGKILL)
    try coordinator.wait()
    #expect(!run.agents.isEmpty)
    let stop = try run.place.coordinator(["stop", "--json"])
    #expect(try stop.wait() == 0, "\(stop.output)\(stop.errors)")
    #expect(stop.output == "{\"ok\":true}\n", "\(stop.output)")
    #expect(try run.journal().last?.fact.kind == "run_finished")
    // What ran was ended in order, not lost.
    #expect(try run.journal().contains { $0.fact.kind == "attempt_ordered" })
    #expect(try !run.journal().contains { $0.fact.kind == "agent_lost" })
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  /// The kernel takes no packet of more than about 200 KiB.
  @Test(arguments: [1, 300_000, 6 * 65_536])
  func aLongFileIsTakenOver(length: Int) throws {
    let run = try RealRun("long", sleep: "0.2", trials: 40, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(1)
    let text = try String(contentsOfFile: run.file, encoding: .utf8).replacing(
      "trials_started: 40", with: "trials_started: 4")
    let lines = String(repeating: "# a line that says nothing\n", count: length / 27 + 1)
    let reload = try run.place.coordinator(["reload", try run.place.folder.write("long.yml", text + lines)])
    #expect(try reload.wait() == 0, "\(reload.errors)")
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
  }

  @Test func aRunInTheBackgroundIsAttachedTo() throws {
    let run = try RealRun("detached", trials: 5, max: 3)
    let started = try run.start(["--detach"])
    #expect(try started.wait() == 0, "\(started.errors)")
    let name = started.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(name.hasPrefix("detached-"))
    let attached = try run.place.coordinator(["attach", name])
    #expect(try attached.wait() == 0, "\(attached.output)\(attached.errors)")
    #expect(attached.output.contains("best: trial"))
  }

  @Test func aWordThatIsNeitherCommandNorFileIsTold() throws {
    let command = try RunPlace("word").coordinator(["statsu"])
    #expect(try command.wait() == 64)
    #expect(command.errors.contains("there is no command and no file 'statsu'"), "\(command.errors)")
  }

  /// What a file says is shown, and steers no terminal.
  @Test func aHostileFileSteersNoTerminal() throws {
    let place = RunPlace("escapes")
    let file = try place.folder.write(
      "cluster.yml",
      "\"\\e[2Jevil\\e]52;c;x\\a\\u009b\": 1\nexperiment: {name: a, entry_point: \"b \\e[31m\", metric: \"\\e[2J\", config_space: {x: {type: \"\\e[1m\"}}}\n"
    )
    let command = try place.coordinator(["check", file])
    #expect(try command.wait() == 64)
    let text = command.output + command.errors
    #expect(text.contains("evil"), "\(text)")
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
  }

  @Test func aFileWithMistakesStartsNothing() throws {
    let place = RunPlace("mistakes")
    let file = try place.folder.write("cluster.yml", "experiment: {name: a, metric: loss}\nscheduler: {max_t: 0}\n")
    let run = try place.coordinator([file])
    #expect(try run.wait() == 64)
    #expect(run.errors.contains("cluster.yml:2:"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.folder.file("state/runs")))
    let check = try place.coordinator(["check", file, "--json"])
    #expect(try check.wait() == 64)
    #expect(check.output.contains("\"ok\":false"))
  }
}
