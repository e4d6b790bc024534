import Foundation
import TestSupport
import Testing

/// Scripts written for Syne Tune run as they are, with its own reporter, and Syne Tune loads what became of them.
///
/// The source distributions of Syne Tune on PyPI hold no training scripts (0.13.0 has the package alone, and its examples
/// are in the repository only). What stands for them: `python_entrypoint.py` of the package itself, unmodified, which runs
/// every function tuned with its PythonBackend; and scripts of our own in the way of the checkpoint example (saves after
/// the report), of the benchmarks (saves before it, with Syne Tune's helpers) and of the height example (saves nothing).
struct SyneTuneScriptTests {
  /// Good ones first: they are promoted when their slot has gone to another.
  private let points = "[{lr: 0.01}, {lr: 0.02}, {lr: 0.9}, {lr: 0.8}, {lr: 0.7}, {lr: 0.015}]"
  private let space = ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9"]
  private let scheduler = "{name: pasha, max_t: 9, random_seed: 3}"

  private func isWhole(_ rows: [[String: String]]) -> Bool {
    rows.allSatisfy { Double($0["epoch"] ?? "") == Double($0["trained"] ?? "") }
  }

  /// The real `load_experiment` on the run's folder, beside what `pasha-coord` says.
  private func expectThatSyneTuneAgrees(_ run: ScriptRun, runsOn: Bool = true, _ text: String) throws {
    let folder = try run.place.runFolder()
    let name = (folder as NSString).lastPathComponent
    // Syne Tune draws its figures beside the experiment.
    let root = TemporaryFolder("loaded")
    try FileManager.default.createSymbolicLink(atPath: root.file(name), withDestinationPath: folder)
    let loading = try CommandProcess(
      SyneTuneEnvironment.python(), [SyneTuneEnvironment.fixtures + "/load.py", root.path, name],
      environment: ["MPLCONFIGDIR": root.file("matplotlib")])
    #expect(try loading.wait() == 0, "\(loading.errors)")
    let line = loading.output.split(separator: "\n").last ?? ""
    let found = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let theirs = try #require(found["best"] as? [String: Any])
    let ours = try #require(try run.place.json(["best"]) as? [String: Any])
    #expect(theirs["trial_id"] as? Int == ours["trial"] as? Int, "\(theirs) \(ours)\n\(text)")
    #expect(theirs["epoch"] as? Int == ours["resource"] as? Int)
    // Reading a CSV, pandas 2 is off by some units in the last place.
    let value = try #require(ours["value"] as? Double)
    #expect(abs(try #require(theirs["loss"] as? Double) - value) < 1e-14)
    for (name, value) in try #require(ours["config"] as? [String: Any]) {
      // With `max_resource_attr` Syne Tune's column is the milestone of the leg.
      if !runsOn, name == "epochs" { continue }
      let other = theirs["config_\(name)"]
      if let value = value as? Double, let other = other as? Double {
        #expect(abs(other - value) <= 1e-14 * abs(value), "\(name)")
      } else {
        #expect(other as? String == value as? String, "\(name)")
      }
    }
    let rows = try #require(found["rows"] as? [Any])
    let reports = try #require(try run.summary()["reports"] as? Int)
    // A script that runs on past its milestone reports epochs that may never count; they are no rows, as with Syne Tune.
    #expect(runsOn ? rows.count <= reports : rows.count == reports, "\(rows.count) rows, \(reports) reports")
    let told = try run.reports()
    for trial in try run.trials() {
      let epochs = told.filter { $0["trial_id"] == "\(trial.id)" }.compactMap { Int($0["epoch"] ?? "") }
      #expect(Set(epochs) == Set(1...max(trial.resource, 1)), "trial \(trial.id), \(trial.resource): \(epochs)")
    }
  }

  @Test(arguments: ["saves_before.py", "saves_after.py"])
  func aScriptWithCheckpointsIsResumedWhereItWas(script: String) throws {
    let run = try ScriptRun(
      "st" + script.dropLast(3).replacingOccurrences(of: "_", with: ""),
      "\(SyneTuneEnvironment.python()) \(SyneTuneEnvironment.fixtures)/\(script)", space: space, scheduler: scheduler,
      points: points)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    #expect(isWhole(rows), "no epoch lost or trained twice: \(rows)")
    #expect(rows.allSatisfy { $0["st_worker_timestamp"]?.isEmpty == false && $0["st_worker_iter"]?.isEmpty == false })
    let trials = try run.trials()
    #expect(trials.contains { $0.resource >= 3 }, "one was promoted: \(end.text)")
    #expect(trials.contains { $0.attempt > 1 }, "one was resumed: \(end.text)")
    try expectThatSyneTuneAgrees(run, end.text)
    try run.expectNothingLeft()
  }

  @Test func aScriptWithoutCheckpointsBeginsAgain() throws {
    let run = try ScriptRun(
      "stonlyreports", "\(SyneTuneEnvironment.python()) \(SyneTuneEnvironment.fixtures)/only_reports.py", space: space,
      scheduler: scheduler, points: points)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    #expect(try run.trials().contains { $0.resource >= 3 }, "\(end.text)")
    try expectThatSyneTuneAgrees(run, end.text)
    try run.expectNothingLeft()
  }

  @Test func syneTunesOwnEntryPointRunsUnmodified() throws {
    let making = TemporaryFolder("function")
    let make = try CommandProcess(
      SyneTuneEnvironment.python(), [SyneTuneEnvironment.fixtures + "/make_function.py", making.path])
    #expect(try make.wait() == 0, "\(make.errors)")
    let line = make.output.split(separator: "\n").last ?? ""
    let made = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    let run = try ScriptRun(
      "stentrypoint", "\(SyneTuneEnvironment.python()) \(try #require(made["entry"]))",
      space: space + [
        "tune_function_root: \"\(try #require(made["root"]))\"",
        "tune_function_hash: \"\(try #require(made["hash"]))\"",
      ], experiment: ["max_resource_attr: epochs"], scheduler: scheduler, points: points)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    #expect(isWhole(try run.reports()), "\(end.text)")
    #expect(try run.trials().contains { $0.resource >= 3 }, "\(end.text)")
    try expectThatSyneTuneAgrees(run, runsOn: false, end.text)
    try run.expectNothingLeft()
  }
}
