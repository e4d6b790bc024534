import Foundation
import Glibc
import TestSupport
import Testing

/// Scripts whose reports are wrong in some way: what can be used is used, and what happened is told.
struct BadReportTests {
  @Test func aRunWithoutAnyFiniteMetricFailsAndSaysSo() throws {
    let run = try ScriptRun(
      "nan", "nan_metrics.py", space: ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 4"], trials: 8)
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("no trial reported a finite loss"), "\(end.text)")
    #expect(try run.reports().count { $0["epoch"] == "1" && $0["loss"] == "" } >= 8, "NaN is an empty cell to pandas")
    #expect(try run.trials().allSatisfy { $0.best == nil && $0.status != "failed" })
    try run.expectNothingLeft()
  }

  @Test func whatIsNoFiniteNumberRanksWorst() throws {
    // Trials 0 to 2 report NaN, trials 3 to 5 numbers: with a reduction factor of 3 two of six go on.
    let program = """
      import argparse
      arguments = argparse.ArgumentParser()
      arguments.add_argument("--bad", type=int)
      arguments.add_argument("--lr", type=float)
      options, _ = arguments.parse_known_args()
      for epoch in range(1, 10):
          value = ["NaN", "Infinity", "1e400"][options.bad] if options.bad < 3 else str(options.lr)
          print('[tune-metric]: {"epoch": %d, "loss": %s}' % (epoch, value), flush=True)
      """
    let run = try ScriptRun(
      "worst", "python3 train.py",
      space: ["lr: {type: uniform, lower: 0, upper: 1}", "bad: {type: randint, lower: 0, upper: 5}"],
      experiment: ["code: ./code"],
      points: "[{bad: 0}, {bad: 1}, {bad: 2}, {bad: 3, lr: 0.9}, {bad: 4, lr: 0.5}, {bad: 5, lr: 0.1}]", trials: 6)
    try run.place.folder.write("code/train.py", program)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let best = try #require(try run.place.json(["best"]) as? [String: Any])
    #expect(best["trial"] as? Int == 5, "\(end.text)")
    let trials = try run.trials()
    #expect(trials[5].resource > 1, "\(end.text)")
    #expect(trials.prefix(3).allSatisfy { $0.best == nil && $0.unusableReports == 0 }, "\(trials)")
    try run.expectNothingLeft()
  }

  @Test func everyKindOfBadMetricIsToldApartInOneTrial() throws {
    // One rung at the maximum alone: the trial runs through.
    let run = try ScriptRun(
      "kinds", "nan_metrics.py", scheduler: "{name: asha, max_t: 27, grace_period: 9, random_seed: 3}", trials: 2)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials.allSatisfy { $0.best == 0.25 && $0.unusableReports == 2 }, "\(trials)")
    let rows = try run.reports().filter { $0["trial_id"] == "0" }
    let values = Dictionary(rows.map { ($0["epoch"] ?? "", $0["loss"] ?? "") }) { a, _ in a }
    #expect(["inf", "Infinity"].contains(values["2"] ?? ""), "\(rows)")
    #expect(["-inf", "-Infinity"].contains(values["3"] ?? ""), "\(rows)")
    #expect(["inf", "Infinity"].contains(values["4"] ?? ""), "1e400 is what Python reads: \(rows)")
    try run.expectNothingLeft()
  }

  @Test func aMissingMetricFailsTheTrialWithWhatAReportNeeds() throws {
    let run = try ScriptRun("missing", "missing_metric.py", trials: 8)
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("reports were not usable") && end.errors.contains("loss (a number)"), "\(end.errors)")
    #expect(try run.trials().contains { $0.unusableReports == 9 })
    try run.expectNothingLeft()
  }

  @Test func aMetricThatGoesMissingLeavesWhatWasReported() throws {
    let run = try ScriptRun(
      "fading", "missing_metric.py",
      space: ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9", "missing_from: 3"], trials: 4)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials.allSatisfy { $0.best != nil && $0.resource <= 2 }, "\(trials)")
    try run.expectNothingLeft()
  }

  @Test func aResourceThatGoesBackwardsIsRecordedAndNotRanked() throws {
    let run = try ScriptRun(
      "back", "backwards.py", scheduler: "{name: asha, max_t: 9, grace_period: 3, random_seed: 3}", trials: 4)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    // A repeated epoch carries 10 more: it would show in the best value only if it were the first.
    #expect(trials.allSatisfy { $0.unusableReports == 0 && $0.resource >= 3 }, "\(trials)")
    for trial in trials {
      let loss = try #require(trial.best)
      #expect(loss < 10)
    }
    let full = try #require(trials.first { $0.resource == 9 })
    let epochs = try run.reports().filter { $0["trial_id"] == "\(full.id)" }.compactMap { $0["epoch"] }
    #expect(
      epochs.suffix(12) == ["1", "2", "3", "2", "1", "4", "4", "5", "6", "7", "8", "9"],
      "kept in their order: \(epochs)")
    try run.expectNothingLeft()
  }

  @Test func jumpingOverMilestonesCountsForThem() throws {
    let run = try ScriptRun(
      "jumps", "jumps.py", space: ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 12", "stride: 4"],
      trials: 6)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials.count == 6)
    #expect(trials.allSatisfy { $0.unusableReports == 0 && $0.resource >= 4 }, "\(trials)")
    #expect(trials.contains { $0.resource >= 8 }, "someone was promoted: \(end.text)")
    try run.expectNothingLeft()
  }

  @Test func twoReportsGluedIntoOneLineBothCount() throws {
    let run = try ScriptRun(
      "glued", "glued.py", scheduler: "{name: asha, max_t: 9, grace_period: 4, random_seed: 3}", trials: 3)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    for trial in try run.trials() {
      let epochs = rows.filter { $0["trial_id"] == "\(trial.id)" }.compactMap { $0["epoch"] }
      #expect(epochs.starts(with: ["1", "2", "3", "4"]), "\(epochs)")
      #expect(trial.unusableReports == 0)
    }
    try run.expectNothingLeft()
  }

  @Test func aHalfLineIsNoReportWhenTheProcessIsKilled() throws {
    let run = try ScriptRun(
      "half", "half_line.py",
      space: ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9", "half_at: 2"],
      scheduler: "{name: asha, max_t: 9, grace_period: 3, random_seed: 3}", trials: 2)
    let command = try run.start()
    try eventually("both trials to have reported twice") {
      (try? run.trials())?.filter { $0.resource == 2 }.count == 2
    }
    let stop = try run.place.coordinator(["stop"])
    #expect(try stop.wait(limit: 30) == 0)
    #expect(try command.wait(limit: 60) == 0, "\(command.output)\(command.errors)")
    for trial in try run.trials() {
      #expect(trial.resource == 2 && trial.unusableReports == 0, "\(trial)")
      #expect(try run.log(trial.id).hasSuffix("{\"epoch\": 3, \"lo"), "the half line is in the log")
    }
    #expect(try run.reports().count == 4)
    try run.expectNothingLeft()
  }

  @Test(arguments: [0, 1]) func aLineOf100MegabytesIsPassedOver(asReport: Int) throws {
    let run = try ScriptRun(
      "long\(asReport)", "long_line.py",
      space: [
        "lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 4", "bytes: 100000000",
        "as_report: \(asReport)",
      ], scheduler: "{name: asha, max_t: 9, grace_period: 4, random_seed: 3}", trials: 1, slots: 1)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trial = try #require(try run.trials().first)
    #expect(trial.unusableReports == 0, "it is no report")
    #expect(trial.resource == 4, "what came behind the line was read: \(trial)")
    let epochs = try run.reports().compactMap { $0["epoch"] }
    #expect(epochs == ["1", "2", "3", "4"], "\(epochs)")
    try run.expectNothingLeft()
  }

  @Test func childrenEndWithTheirTrial() throws {
    let run = try ScriptRun("children", "child_processes.py", trials: 4)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    #expect(rows.count >= 4)
    for row in rows {
      for name in ["same", "deaf", "session"] {
        let pid = try #require(Int32(row[name] ?? ""))
        #expect(!isOurs(pid), "\(name) \(pid) is still there")
      }
    }
    try run.expectNothingLeft()
  }

  /// Whether the id still belongs to a child of the script; ids are given out again.
  private func isOurs(_ pid: Int32) -> Bool {
    guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
    return String(decoding: line, as: UTF8.self).contains("time.sleep(3600)")
  }

  @Test func aScriptThatIgnoresSIGTERMIsKilled() throws {
    let run = try ScriptRun(
      "deaf", "ignores_sigterm.py",
      space: ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9", "sleep: 0.1"], trials: 6)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    #expect(try run.trials().allSatisfy { $0.status == "paused" || $0.status == "completed" })
    try run.expectNothingLeft()
  }

  /// Sums over trials must not overflow, and a number that no resource can be does not hold a trial for ever.
  @Test func hugeResourcesNeitherStopTheCoordinatorNorHoldATrial() throws {
    let run = try ScriptRun("huge", "huge_resource.py", trials: 3)
    let end = try run.finish()
    #expect(end.status == 0 || end.status == 1, "\(end.text)")
    try run.expectNothingLeft()
  }
}
