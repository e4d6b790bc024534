import Coordination
import Foundation
import Testing
import TuningModel

/// The real Syne Tune reads a run's folder as one of its own experiments.
@Suite struct SyneTuneTests {
  private func accuracy(_ value: Double) -> [JSONValue.Member] {
    [
      .init("val_accuracy", .double(value)), .init("st_worker_timestamp", .double(1_795_455_631.25)),
      .init("st_worker_time", .double(0.5)), .init("st_worker_iter", .int(0)),
    ]
  }

  @Test func aFolderLoadsAndItsBestConfigurationAgrees() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 0.01)
    try run.start(1, lr: 0.0123456789, activation: "tanh, scaled")
    try run.report(0, epoch: 1, accuracy(0.5))
    try run.report(1, epoch: 1, accuracy(0.25))
    try run.report(1, epoch: 2, accuracy(.nan))
    try run.report(1, epoch: 3, accuracy(0.75))
    try run.report(0, epoch: 2, accuracy(-.infinity) + [.init("note", .string("a \"quoted\" word,\nand a line"))])
    try run.report(0, epoch: 3, accuracy(0.625) + [.init("nested", .object([.init("a", .array([.int(1), .null]))]))])
    try run.writer().update()

    let found = try SyneTune.load(root: run.root.path, name: RecordedRun.name)
    #expect(found["problem"] == .null, "the archive is whole")
    #expect(found["members"] == .array([.string("results.csv")]))
    #expect(
      found["best"]
        == .object(
          [
            .init("epoch", .int(3)), .init("val_accuracy", .double(0.75)), .init("config_lr", .double(0.0123456789)),
            .init("config_hidden", .int(9)), .init("config_activation", .string("tanh, scaled")),
            .init("config_bias", .bool(false)), .init("config_epochs", .int(9)), .init("trial_id", .int(1)),
            .init("note", .string("nan")), .init("nested", .string("nan")),
          ].sortedLike(found["best"])))
    let types: [(String, String)] = [
      ("epoch", "int64"), ("val_accuracy", "float64"), ("st_worker_timestamp", "float64"),
      ("st_worker_time", "float64"),
      ("st_worker_iter", "int64"), ("st_decision", "object"), ("st_status", "object"), ("trial_id", "int64"),
      ("config_lr", "float64"), ("config_hidden", "int64"), ("config_activation", "object"), ("config_bias", "bool"),
      ("config_epochs", "int64"), ("st_tuner_time", "float64"), ("note", "object"), ("nested", "object"),
    ]
    for (column, type) in types { #expect(found["types"]?[column]?.text == type, "\(column)") }
    #expect(found["columns"] == .array(types.map { .string($0.0) }), "in the order of first appearance")
    #expect(found["rows"]?.count == 6)
    #expect(found["rows"]?[2]?[1]?.text == "nan")
    #expect(found["rows"]?[4]?[1]?.text == "-inf")
    #expect(found["rows"]?[4]?[14]?.text == "a \"quoted\" word,\nand a line")
    #expect(found["rows"]?[5]?[15]?.text == "{'a': [1, None]}")
    #expect(found["summary"]?.text?.contains("6 evaluations from 2 trials") == true)
    for index in 0..<2 {
      guard case .int(let size) = found["figures"]?[index] else {
        Issue.record("no figure \(index)")
        continue
      }
      #expect(size > 1000, "the figure is drawn")
    }

    #expect(found["entrypoint"]?.text == "train_digits")
    #expect(found["space"]?["lr"]?.text == "loguniform(1e-05, 0.1)")
    #expect(found["space"]?["hidden"]?.text == "lograndint(8, 256)")
    #expect(found["space"]?["epochs"]?.text == "9")
    let metadata = found["metadata"]
    #expect(metadata?["metric_names"] == .array([.string("val_accuracy")]))
    #expect(metadata?["metric_mode"]?.text == "max")
    #expect(metadata?["scheduler_name"]?.text == "pasha")
    #expect(metadata?["note"]?.text == "first run")
    #expect(metadata?["max_t"] == .int(9), "what the user gives does not hide what is ours")
    #expect(metadata?["random_seed"] == .int(42))
    #expect(metadata?["pasha_version"]?.text == "0.1.0")
    #expect(metadata?["st_tuner_creation_timestamp"] == .double(1_795_455_628.130914))
  }

  @Test func anExperimentWithoutReportsLoads() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 0.01)
    try run.writer().update()
    #expect(FileManager.default.fileExists(atPath: run.folder + "/results.csv.zip") == false)
    #expect(FileManager.default.fileExists(atPath: run.folder + "/metadata.json"))
  }
}

extension [JSONValue.Member] {
  /// In the order of another object, which says nothing here.
  fileprivate func sortedLike(_ other: JSONValue?) -> [JSONValue.Member] {
    guard case .object(let members) = other else { return self }
    return sorted { a, b in
      let place = { (key: String) in members.firstIndex { $0.key == key } ?? .max }
      return place(a.key) < place(b.key)
    }
  }
}
