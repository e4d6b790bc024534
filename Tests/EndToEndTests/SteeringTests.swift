import Coordination
import Foundation
import Glibc
import RunChecking
import TestSupport
import Testing
import TuningModel

/// Single trials and whole runs steered by hand, with real processes.
@Suite(.serialized) struct SteeringTests {
  private func trials(_ run: RealRun) throws -> [[String: Any]] {
    try #require(run.place.json(["trials"]) as? [[String: Any]])
  }

  @Test func aConfigurationIsEnqueuedAndATrialPausedAndResumed() throws {
    let run = try RealRun("steered", sleep: "0.3", trials: 30, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    let wrong = try run.place.coordinator(["enqueue", "lrr=0.5"])
    #expect(try wrong.wait() == 64)
    #expect(wrong.errors.contains("did you mean lr?"), "\(wrong.errors)")
    #expect(try run.place.coordinator(["enqueue", "0.5"]).wait() == 64)
    let enqueued = try #require(run.place.json(["enqueue", "lr=0.125", "--json"]) as? [String: Any])
    let number = try #require(enqueued["trial"] as? Int)
    try eventually("the enqueued trial to run") {
      try (trials(run).first { $0["trial"] as? Int == number })?["attempt"] is Int
    }
    let mine = try #require(trials(run).first { $0["trial"] as? Int == number })
    #expect((mine["config"] as? [String: Any])?["lr"] as? Double == 0.125)
    let active = try #require(
      trials(run).first { ["running", "held", "assigned"].contains($0["status"] as? String ?? "") }?["trial"] as? Int)
    let pause = try run.place.coordinator(["pause", "--trial", "\(active)"])
    #expect(try pause.wait() == 0, "\(pause.errors)")
    try eventually("the trial to be paused") {
      let trial = try trials(run).first { $0["trial"] as? Int == active }
      return trial?["paused_by_hand"] as? Bool == true && trial?["slot"] is NSNull
    }
    #expect(try run.place.coordinator(["pause", "--trial", "9999"]).wait() == 66)
    let shown = try run.place.coordinator(["show", "\(active)"])
    #expect(try shown.wait() == 0)
    #expect(shown.output.contains("paused by hand"), "\(shown.output)")
    // One that goes on by itself is not resumed.
    let other = try #require(
      trials(run).first { $0["paused_by_hand"] as? Bool == false && $0["status"] as? String != "stopped" })
    #expect(try run.place.coordinator(["resume", "--trial", "\(other["trial"] as? Int ?? 0)"]).wait() == 64)
    let resume = try run.place.coordinator(["resume", "--trial", "\(active)"])
    #expect(try resume.wait() == 0, "\(resume.errors)")
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.output.contains("operator: trial \(number) is enqueued, lr=0.125"))
    #expect(coordinator.output.contains("operator: resume trial \(active)"))
    try RunCheck(run).all()
  }

  @Test func whatIsOverIsExtendedAndWhatGoesOnToo() throws {
    let run = try RealRun("extended", sleep: "0.3", trials: 6, slots: 2)
    #expect(try run.start().wait() == 0)
    #expect(try run.place.coordinator(["enqueue", "lr=0.5"]).wait() == 69)
    #expect(try run.place.coordinator(["extend"]).wait() == 64)
    #expect(try run.place.coordinator(["extend", "--time", "soon"]).wait() == 64)
    let useless = try run.place.coordinator(["extend", "--time", "1h"])
    #expect(try useless.wait() == 64)
    #expect(useless.errors.contains("all 6 trials were started"), "\(useless.errors)")
    let extended = try run.place.coordinator(["extend", "--trials", "5"])
    try eventually("the extended run to report") { try trials(run).count > 6 }
    let more = try run.place.coordinator(["extend", "--trials", "3"])
    #expect(try more.wait() == 0, "\(more.errors)")
    #expect(more.output.contains("11 → 14"), "\(more.output)")
    #expect(try extended.wait() == 0, "\(extended.output)\(extended.errors)")
    #expect(try trials(run).count == 14)
    let statuses = Set(try trials(run).compactMap { $0["status"] as? String })
    #expect(statuses.isSubset(of: ["paused", "completed"]), "\(statuses)")
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  /// Each adds to what the one before has made of it, and none changes what another one is taking over.
  @Test func extensionsAtTheSameTimeAddUp() throws {
    let run = try RealRun("added", sleep: "0.3", trials: 40, slots: 1)
    let coordinator = try run.start()
    try run.waitForReports(1)
    let extensions = try (0..<4).map { _ in try run.place.coordinator(["extend", "--trials", "10"]) }
    for command in extensions { #expect(try command.wait() == 0, "\(command.output)\(command.errors)") }
    let file = try String(contentsOfFile: run.place.runFolder() + "/cluster.yml", encoding: .utf8)
    #expect(file.contains("max_num_trials_started: 80"), "\(file)")
    #expect(try run.place.coordinator(["pause"]).wait() == 0)
    #expect(try coordinator.wait() == 75)
    // The file is the one that the journal names.
    let resumed = try run.resume()
    try eventually("the run to go on") { resumed.output.contains("goes on") }
    #expect(try run.place.coordinator(["stop"]).wait() == 0)
    #expect(try resumed.wait() == 0, "\(resumed.errors)")
    let over = try run.place.coordinator(["reload", run.file])
    #expect(try over.wait() == 69)
    #expect(over.errors.contains("is over"), "\(over.errors)")
  }

  /// Agents know their coordinator by its key: without it another one is begun here, and what the one before had is given
  /// up at the end of its lease.
  @Test func aRunWhoseKeyIsGoneGoesOnHere() throws {
    let run = try RealRun("keyless", sleep: "0.3", trials: 6, slots: 2, lostAfter: "10s")
    let coordinator = try run.start()
    try run.waitForReports(2)
    kill9([coordinator.pid])
    _ = try coordinator.wait()
    try FileManager.default.removeItem(atPath: run.place.runFolder() + "/secret.key")
    let resumed = try run.resume()
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    #expect(resumed.output.contains("secret.key was gone"), "\(resumed.output)")
    #expect(try trials(run).count == 6)
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  @Test func aRunThatCannotBeginLeavesNothing() throws {
    let run = try RealRun("unbegun", trials: 2)
    let command = try CommandProcess(
      "/bin/sh", ["-c", "ulimit -n 24; exec \(product("pasha-coord")) \(run.file)"], environment: run.place.environment)
    #expect(try command.wait() == 70, "\(command.output)\(command.errors)")
    #expect((try run.place.json(["list"]) as? [Any])?.isEmpty == true, "\(command.errors)")
  }

  /// As on a full disk: the coordinator ends with the reason, and goes on where it may write.
  @Test func aFileThatMayNotGrowIsAWriteThatFails() throws {
    let run = try RealRun("bounded", sleep: "0.05", trials: 20, slots: 1)
    let command = try CommandProcess(
      "/bin/bash", ["-c", "ulimit -f 160; exec \(product("pasha-coord")) \(run.file)"],
      environment: run.place.environment)
    #expect(try command.wait() == 70, "\(command.output)\(command.errors)")
    #expect(!command.errors.isEmpty)
    let resumed = try run.resume()
    #expect(try resumed.wait() == 0, "\(resumed.errors)")
    #expect(try trials(run).count == 20)
  }

  @Test func aPausedRunIsExtended() throws {
    let run = try RealRun("paused", sleep: "0.1", trials: 30, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(2)
    #expect(try run.place.coordinator(["pause"]).wait() == 0)
    #expect(try coordinator.wait() == 75)
    let extended = try run.place.coordinator(["extend", "--trials", "1", "--quiet"])
    #expect(try extended.wait() == 0, "\(extended.errors)")
    #expect(try trials(run).count == 31)
  }

  @Test func runsAreListedShownAndCompared() throws {
    let run = try RealRun("first", sleep: "0.02", trials: 5, max: 3)
    #expect(try run.start().wait() == 0)
    let second = try run.place.folder.write(
      "second.yml",
      try String(contentsOfFile: run.file, encoding: .utf8).replacing("name: first", with: "name: second")
        .replacing("random_seed: 7", with: "random_seed: 8"))
    #expect(try run.place.coordinator([second]).wait() == 0)
    let listed = try #require(run.place.json(["list"]) as? [[String: Any]])
    let names = listed.compactMap { $0["run"] as? String }
    try #require(names.count == 2)
    #expect(names[0].hasPrefix("second-") && names[1].hasPrefix("first-"), "the newest first")
    #expect(listed.allSatisfy { $0["status"] as? String == "finished" })
    let compared = try #require(run.place.json(["compare", "first", "second"]) as? [String: Any])
    let runs = try #require(compared["runs"] as? [[String: Any]])
    let bests = listed.reversed().compactMap { $0["best"] as? Double }
    #expect(compared["common_value"] as? Double == bests.max(), "both came to the worse one")
    #expect(runs.allSatisfy { $0["resource_to_common"] is Int })
    #expect(try run.place.coordinator(["compare", "first"]).wait() == 64)
    let best = try #require(run.place.json(["best", "first"]) as? [String: Any])
    let configuration = try run.place.coordinator(["best", "first", "--config"])
    #expect(try configuration.wait() == 0)
    let parsed = try #require(
      JSONSerialization.jsonObject(with: Data(configuration.output.utf8)) as? [String: Any])
    #expect(parsed["lr"] as? Double == (best["config"] as? [String: Any])?["lr"] as? Double)
    let checkpoint = try run.place.coordinator(["best", "first", "--checkpoint"])
    #expect(try checkpoint.wait() == 0)
    let path = checkpoint.output.trimmingCharacters(in: .newlines)
    #expect(FileManager.default.fileExists(atPath: path))
    let number = try #require(best["trial"] as? Int)
    let shown = try #require(run.place.json(["show", "\(number)", "--run", "first"]) as? [String: Any])
    let attempts = try #require(shown["attempts"] as? [[String: Any]])
    #expect(attempts.map { $0["attempt"] as? Int } == Array(1...attempts.count))
    #expect(attempts.allSatisfy { $0["end"] is String && $0["host"] as? String == "local" })
    #expect(try run.place.coordinator(["show", "77", "--run", "first"]).wait() == 66)
  }

  @Test func aLogIsFollowedOverAttemptsUntilTheRunEnds() throws {
    let run = try RealRun("followed", sleep: "0.1", trials: 6, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(1)
    let followed = try run.place.coordinator(["logs", "0", "--follow"])
    let both = try run.place.coordinator(["logs", "0", "--follow", "--both"])
    #expect(try coordinator.wait() == 0, "\(coordinator.errors)")
    #expect(try followed.wait() == 0, "\(followed.errors)")
    #expect(try both.wait() == 0, "\(both.errors)")
    let whole = try run.place.coordinator(["logs", "0"])
    #expect(try whole.wait() == 0)
    #expect(followed.output == whole.output && followed.output.contains("[tune-metric]: "))
    let error = try run.place.coordinator(["logs", "0", "--error"])
    #expect(try error.wait() == 0)
    #expect(both.output == whole.output)
    #expect(both.errors == error.output && both.errors.contains("starts with 0 epochs"))
  }
}
