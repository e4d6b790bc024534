import Foundation
import Glibc
import TestSupport
import Testing

/// `plan` with real processes on this machine: what it says, and that nothing stays.
struct PlanTests {
  private func expectNothingLeft(_ run: WatchedRun) throws {
    try run.expectNothingLeft()
    let manager = FileManager.default
    #expect(!manager.fileExists(atPath: run.place.folder.file("state/runs")))
    let left = (try? manager.contentsOfDirectory(atPath: run.place.folder.file("state"))) ?? []
    #expect(left.filter { $0.hasPrefix("plan-") } == [])
    let work = run.place.folder.file("home/.pasha")
    for machine in (try? manager.contentsOfDirectory(atPath: work)) ?? [] {
      #expect(try manager.contentsOfDirectory(atPath: "\(work)/\(machine)") == [])
    }
  }

  @Test func aTrialIsTriedAndTheSearchForecast() throws {
    // The script would go on for 500 epochs.
    let run = try WatchedRun(
      "plan", sleep: 0.05, epochs: 500, trials: 12, slots: 3, scheduler: "{name: pasha, max_t: 27, random_seed: 5}")
    let plan = try run.object(["plan", run.file, "--seeds", "3"])
    let kinds = try #require(plan["kinds"] as? [[String: Any]])
    #expect(kinds.count == 1)
    let kind = try #require(kinds.first)
    #expect(kind["hosts"] as? [String] == ["local"])
    #expect(kind["slots_per_host"] as? Int == 3)
    #expect(kind["failure"] is NSNull)
    // Sleeping is the least that an epoch takes.
    let epoch = try #require(kind["epoch_seconds"] as? Double)
    #expect(epoch >= 0.05)
    #expect((kind["steps"] as? Int).map { $0 >= 2 && $0 < 500 } == true)
    let bytes = try #require(kind["checkpoint_bytes"] as? Int)
    #expect(bytes > 0)
    let forecasts = try #require(plan["forecasts"] as? [[String: Any]])
    #expect(forecasts.map { $0["approach"] as? String } == ["pasha", "asha", "full training"])
    let full = try #require(forecasts.last)
    #expect(full["exact"] as? Bool == true)
    let start = try #require(kind["start_seconds"] as? Double)
    let wall = try #require((full["wall_seconds"] as? [String: Any])?["median"] as? Double)
    #expect(abs(wall - 4 * (27 * epoch + start)) < 1e-6)
    #expect(full["checkpoint_bytes"] as? Int == 12 * bytes)
    for forecast in forecasts.dropLast() {
      let epochs = try #require((forecast["epochs"] as? [String: Any])?["median"] as? Double)
      #expect(epochs >= 12 && epochs < 324)
    }
    try expectNothingLeft(run)
  }

  @Test func aScriptThatFailsIsSaid() throws {
    let run = try WatchedRun("plan-fails")
    let text = try #require(run.place.folder.read("cluster.yml"))
    try run.place.folder.write("cluster.yml", text.replacing("keeps_watch.py", with: "dies_at_once.py"))
    let plan = try run.place.coordinator(["plan", run.file])
    #expect(try plan.wait() == 1)
    #expect(plan.output.contains("no such data set"), "\(plan.output)\(plan.errors)")
    #expect(!plan.output.contains("estimate"))
    try expectNothingLeft(run)
  }

  @Test func aScriptThatNeverReportsIsSaid() throws {
    let run = try WatchedRun("plan-silent")
    let text = try #require(run.place.folder.read("cluster.yml"))
    let script = try run.place.folder.write("silent.py", "import time\ntime.sleep(600)\n")
    let entry = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts/keeps_watch.py").path
    try run.place.folder.write("cluster.yml", text.replacing(entry, with: script))
    let plan = try run.place.coordinator(["plan", run.file, "--limit-minutes", "0.05"])
    #expect(try plan.wait() == 1)
    #expect(plan.output.contains("no trial reported loss"), "\(plan.output)\(plan.errors)")
    try expectNothingLeft(run)
  }

  @Test func anInterruptLeavesNothing() throws {
    let run = try WatchedRun("plan-interrupt", sleep: 0.2, epochs: 500, scheduler: "{max_t: 500}")
    let plan = try run.place.coordinator(["plan", run.file, "--epochs", "400"])
    try run.awaitStarts(1)
    plan.send(SIGINT)
    #expect(try plan.wait() == 130)
    #expect(plan.errors.contains("interrupted"), "\(plan.output)\(plan.errors)")
    try expectNothingLeft(run)
  }

  @Test func whatCannotBePlannedIsRefusedBeforeAnythingIsTried() throws {
    let run = try WatchedRun("plan-endless", stop: "{min_metric_value: 0}")
    let endless = try run.command(["plan", run.file], expecting: 64)
    #expect(endless.errors.contains("give --trials N"), "\(endless.errors)")
    #expect(run.notes("starts").isEmpty)
    try run.command(["plan", run.file, "--epochs", "1"], expecting: 64)
    try run.command(["plan", run.file, "--trials", "0"], expecting: 64)
    try run.command(["plan", run.file + ".missing"], expecting: 66)
    try expectNothingLeft(run)
  }
}
