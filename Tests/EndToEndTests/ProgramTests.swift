import Coordination
import Foundation
import Glibc
import Scheduling
import TestSupport
import Testing
import TuningModel

/// Runs whose scheduler is a program of the user's.
@Suite(.serialized) struct ProgramTests {
  private static let examples = repositoryRoot().appendingPathComponent("Cluster/examples/scheduler")

  /// A run whose file names `program.py` in its own folder, with this text.
  private func run(
    _ name: String, program text: String, scheduler: String = "command: python3 program.py", sleep: String = "0.03",
    trials: Int = 9, max: Int = 9, slots: Int = 2
  ) throws -> RealRun {
    let run = try RealRun(name, sleep: sleep, trials: trials, max: max, slots: slots, scheduler: scheduler)
    try run.place.folder.write("program.py", text)
    return run
  }

  private func example(_ name: String) throws -> String {
    try String(contentsOf: Self.examples.appendingPathComponent(name), encoding: .utf8)
  }

  /// What `RunCheck` says of any run; its decisions are the program's own.
  private func check(_ run: RealRun) throws -> RunCheck {
    let check = try RunCheck(run)
    try check.everyReportStandsInTheJournalOnce()
    check.attemptsNeverOverlap()
    check.everyTrialIsSettled()
    return check
  }

  @Test func theDocumentationHoldsTheExample() throws {
    let page = repositoryRoot().appendingPathComponent("Docs/scheduler-protocol.md")
    let program = try #require(try example("patience.py").components(separatedBy: "\"\"\"\n\n").last)
    #expect(program.hasPrefix("import json"))
    #expect(try String(contentsOf: page, encoding: .utf8).contains("```python\n\(program)```"))
  }

  @Test func theExampleRuns() throws {
    let file = Self.examples.appendingPathComponent("cluster.yml").path
    let place = RunPlace("own-scheduler")
    let checked = try #require(try place.json(["check", file]) as? [String: Any])
    #expect(checked["ok"] as? Bool == true)
    let program = try #require(checked["scheduler_program"] as? [String: Any])
    #expect(program["answer"] as? [String: [String: Int]] == ["start": ["milestone": 3]])
    let coordinator = try place.coordinator([file])
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.output.contains("is promoted from 3 to 9: the scheduler's program says so"))
    #expect(coordinator.output.contains("is promoted from 9 to 27: the scheduler's program says so"))
  }

  @Test func aCoordinatorThatIsKilledTellsTheNextProgramAllThatWas() throws {
    // What it hears is noted on the way.
    let run = try run(
      "program-kill", program: try example("halving.py"),
      scheduler: "command: sh -c 'tee -a heard | python3 program.py', options: {rungs: [1, 3]}", sleep: "0.2", trials: 9
    )
    var coordinator = try run.start()
    for reports in [3, 7, 11] {
      try run.waitForReports(reports)
      coordinator.send(SIGKILL)
      #expect(try coordinator.wait() == 128 + SIGKILL)
      try eventually("the program to end") { run.processes("program.py").isEmpty }
      coordinator = try run.resume()
    }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let check = try check(run)
    #expect(check.adopted > 0 && check.losses == 0)

    let lines = try (run.place.folder.read("heard") ?? "").split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
    let beginnings = lines.indices.filter { lines[$0].text("event") == "hello" }
    #expect(beginnings.count == 4)
    let last = Array(lines[(try #require(beginnings.last))...])
    #expect(last.contains { $0.member("replay") == .bool(true) && $0.text("event") == "report" })
    var telling = SchedulerTelling(check.specification)
    let story = [telling.hello] + check.records.flatMap { telling.events(of: $0.fact) }
    let heard = last.filter { $0.text("event") != "suggest" }.map { event in
      guard case .object(let members) = event else { return event }
      return JSONValue.object(members.filter { $0.key != "replay" })
    }
    #expect(heard == Array(story.prefix(heard.count)))
    #expect(heard.count { $0.text("event") == "decided" } == story.count { $0.text("event") == "decided" })

    var ranked: Set<String> = []
    var promotions = 0
    for record in check.records {
      switch record.fact {
      case .reportReceived(let report) where report.disposition == .ranked:
        #expect(ranked.insert("\(report.attempt.trial) \(report.resource ?? 0)").inserted)
      case .scheduling(.promotion(let promotion)):
        promotions += 1
        #expect(ranked.insert("promote \(promotion.trial) \(promotion.milestone)").inserted)
        #expect(promotion.rule == .external)
      default: break
      }
    }
    #expect(promotions >= 3)
    try eventually("every process to end") { run.processes("program.py").isEmpty && run.trials.isEmpty }
  }

  @Test func aProgramThatOnlyStopsTrials() throws {
    // Every value but the first is no better than the one before.
    let run = try run(
      "program-stop", program: try example("patience.py"),
      scheduler: "command: python3 program.py, options: {patience: 2}", trials: 4, max: 9)
    let text = try String(contentsOfFile: run.file, encoding: .utf8).replacing("mode: min", with: "mode: max")
    try text.write(toFile: run.file, atomically: true, encoding: .utf8)
    let coordinator = try run.start()
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let check = try check(run)
    let stops = check.records.compactMap { record in
      if case .scheduling(.stop(let stop)) = record.fact { stop } else { nil }
    }
    #expect(!stops.isEmpty && stops.allSatisfy { $0.rule == .external && $0.level >= 3 && $0.level < 9 })
    #expect(coordinator.output.contains(": the scheduler's program says so"))
  }

  @Test(arguments: [
    ("exits", "import sys\nprint('no licence', file=sys.stderr)\nsys.exit(3)", "ended with status 3", "no licence"),
    ("garbage", "print('hello world', flush=True)\ninput()\ninput()\ninput()", "line 1", "it printed: hello world"),
    (
      // A child that has its pipes and does not go by itself; it is looked for by the file's name.
      "forks",
      "import os, signal, sys, time\nif os.fork() == 0:\n  signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + "  time.sleep(600)\nsys.exit(3)", "ended with status 3", "mend the program, then: pasha-coord resume"
    ),
    (
      "floods", "import sys\nwhile True: sys.stdout.write('x' * 65536)", "printed a line of more than 1048576 bytes",
      "mend the program, then: pasha-coord resume"
    ),
    (
      "hangs", "import time\ntime.sleep(600)", "did not answer suggest within 5.0 s",
      "mend the program, then: pasha-coord resume"
    ),
    (
      "unknown", "import sys\nfor line in sys.stdin:\n  if 'suggest' in line: print('{\"promote\": 7}', flush=True)",
      "names trial 7, and there is none yet", #"it printed: {"promote": 7}"#
    ),
  ])
  func aProgramThatFailsSuspendsTheRun(name: String, text: String, message: String, more: String) throws {
    let run = try run(
      "program-\(name)", program: text,
      scheduler: "command: python3 program.py, answer_within: 5s, options: {rungs: [1, 3]}", trials: 4)
    let coordinator = try run.start()
    #expect(try coordinator.wait() == 1, "\(coordinator.output)\(coordinator.errors)")
    #expect(coordinator.errors.contains(message) && coordinator.errors.contains(more), "\(coordinator.errors)")
    try eventually("every process to end") { run.processes("program.py").isEmpty && run.agents.isEmpty }
    let checking = try run.place.coordinator(["check", run.file])
    #expect(try checking.wait() == 1)
    #expect(checking.output.contains("ERROR  "), "\(checking.output)")

    try run.place.folder.write("program.py", example("halving.py"))
    let resumed = try run.resume()
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    _ = try check(run)
  }
}
