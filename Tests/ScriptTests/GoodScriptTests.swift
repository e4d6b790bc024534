import Foundation
import TestSupport
import Testing

/// Scripts as they should be: held, continued in place, paused, sealed and resumed without losing an epoch.
struct GoodScriptTests {
  private let lr = "lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}"

  /// Reports by trial, each with whole numbers where they are such.
  private func numbers(_ rows: [[String: String]], _ column: String) -> [Int] {
    rows.compactMap { $0[column].flatMap { Int(Double($0) ?? -1) } }
  }

  /// The first points are the worse ones, so that later trials overtake them and paused ones are promoted again.
  private let points =
    "[{lr: 0.9}, {lr: 0.5}, {lr: 0.2}, {lr: 0.05}, {lr: 0.02}, {lr: 0.012}, {lr: 0.0105}, {lr: 0.01}]"

  @Test(arguments: ["save_before.py", "save_after.py"])
  func noEpochIsLostOrTrainedTwice(script: String) throws {
    let isAfter = script == "save_after.py"
    let run = try ScriptRun(
      String(script.dropLast(3)).replacingOccurrences(of: "_", with: ""), script,
      space: [lr, "epochs: 9"] + (isAfter ? ["save_delay: 0.1"] : []) + ["sleep: 0.02"],
      points: points, trials: 8)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    #expect(numbers(rows, "trained") == numbers(rows, "epoch"), "what the checkpoint has behind it: \(rows)")
    let trials = try run.trials()
    #expect(trials.contains { $0.resource == 9 }, "\(end.text)")
    #expect(trials.contains { $0.attempt > 1 || $0.resource > 1 })
    for trial in trials {
      let epochs = numbers(rows.filter { $0["trial_id"] == "\(trial.id)" }, "epoch")
      #expect(epochs.prefix(trial.resource).elementsEqual(1...max(trial.resource, 1)), "trial \(trial.id): \(epochs)")
      let starts = try run.log(trial.id, ["--error"]).split(separator: "\n").filter { $0.hasPrefix("starts with") }
      #expect(starts.count == trial.attempt)
      #expect(starts.first == "starts with 0 epochs")
      #expect(!starts.dropFirst().contains("starts with 0 epochs"), "resumed from a copy: \(starts)")
    }
    try run.expectNothingLeft()
  }

  @Test func aCooperatingScriptGoesOnInPlace() throws {
    // One slot, each trial better than the one before: the promoted trial is mostly the one that waits.
    let run = try ScriptRun(
      "inplace", "cooperates.py", space: [lr, "epochs: 9"], points: points, trials: 8, slots: 1)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    #expect(numbers(rows, "trained") == numbers(rows, "epoch"), "\(rows)")
    let continued = try #require(try run.summary()["continued_in_place"] as? Int)
    #expect(continued > 0, "\(end.text)")
    for trial in try run.trials() {
      let own = rows.filter { $0["trial_id"] == "\(trial.id)" }
      #expect(Set(numbers(own, "pid")).count == Set(numbers(own, "attempt")).count, "one process an attempt: \(own)")
      #expect(numbers(own, "epoch") == Array(1...own.count), "it never runs past a milestone: \(own)")
    }
    let inPlace = try run.trials().contains { trial in
      let own = rows.filter { $0["trial_id"] == "\(trial.id)" && $0["attempt"] == "\(trial.attempt)" }
      return Set(own.compactMap { $0["pid"] }).count == 1 && numbers(own, "epoch").contains(1) && own.count > 1
    }
    #expect(inPlace, "one process reported on both sides of a milestone: \(rows)")
    try run.expectNothingLeft()
  }

  @Test func aCooperatingScriptIsPausedAndResumedFromACopy() throws {
    // The better ones first: they have left their slot when the others make room for their promotion.
    let run = try ScriptRun(
      "resumed", "cooperates.py", space: [lr, "epochs: 9"],
      points: "[{lr: 0.01}, {lr: 0.02}, {lr: 0.03}, {lr: 0.5}, {lr: 0.6}, {lr: 0.7}]",
      trials: 6, slots: 1)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let rows = try run.reports()
    let resumed = try run.trials().filter { $0.attempt > 1 }
    #expect(!resumed.isEmpty, "\(end.text)")
    for trial in resumed {
      let own = rows.filter { $0["trial_id"] == "\(trial.id)" }
      #expect(numbers(own, "epoch") == Array(1...own.count), "no epoch twice: \(own)")
      #expect(numbers(own, "trained") == numbers(own, "epoch"))
      #expect(Set(numbers(own, "pid")).count == Set(numbers(own, "attempt")).count)
      let log = try run.log(trial.id, ["--error"])
      #expect(log.contains("leaves after 1 epochs"), "`finally` ran at the pause: \(log)")
    }
    let best = try #require(try run.place.json(["best"]) as? [String: Any])
    let path = try #require((best["checkpoint"] as? [String: Any])?["path"] as? String)
    let saved = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path + "/state.json")))
    #expect((saved as? [Int])?.count == best["resource"] as? Int, "the best checkpoint is that of the best value")
    try run.expectNothingLeft()
  }

  @Test func withMaxResourceAttrEachLegIsAProcessThatEndsByItself() throws {
    let run = try ScriptRun(
      "legs", "save_before.py", space: [lr, "epochs: 9"], experiment: ["max_resource_attr: epochs"], points: points,
      trials: 8)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    #expect(try run.summary()["continued_in_place"] as? Int == 0)
    let rows = try run.reports()
    #expect(numbers(rows, "trained") == numbers(rows, "epoch"), "\(rows)")
    let trials = try run.trials()
    #expect(trials.contains { $0.resource == 9 && $0.status == "completed" && $0.attempt == 3 }, "\(trials)")
    for trial in trials {
      #expect([1, 3, 9].contains(trial.resource), "\(trial)")
      let own = rows.filter { $0["trial_id"] == "\(trial.id)" }
      #expect(numbers(own, "epoch") == Array(1...trial.resource))
      #expect(trial.status == "paused" || trial.resource == 9, "\(trial)")
    }
    try run.expectNothingLeft()
  }
}
