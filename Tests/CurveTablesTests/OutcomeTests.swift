import CurveTables
import Foundation
import Scheduling
import Simulation
import Testing
import TuningModel

/// Simulated runs on measured curves against the results of Syne Tune 0.13.0's own simulator, with the same orders.
@Suite("Outcomes on measured learning curves")
struct OutcomeTests {
  /// What one combination of table, reduction factor and scheduler came to elsewhere, over 15 seeds.
  struct Reference: Sendable, CustomTestStringConvertible {
    var table: String
    var reductionFactor: Double
    var scheduler: String
    var mode: MetricMode
    var maxResource: Int
    var trials: Int
    var workers: Int
    var seeds: Int
    var bestMetric: Expected
    var runtimeSeconds: Expected
    var maximum: Expected

    var testDescription: String { "\(table), η \(reductionFactor), \(scheduler)" }
  }

  struct Expected: Sendable {
    var mean: Double
    var deviation: Double

    init(mean: Double, deviation: Double) { (self.mean, self.deviation) = (mean, deviation) }

    init(_ values: [Double]) throws {
      let statistics = try #require(SampleStatistics(values))
      (mean, deviation) = (statistics.mean, statistics.deviation)
    }
  }

  @Test("on NAS-Bench-201 PASHA is at least 2.5 times as fast as ASHA, and at most 0.3 points worse")
  func paperResult() throws {
    let table = try Curves(folder: DistilledTableTests.folder, orders: DistilledTableTests.folder + "/orders.csv")
    let runs = try ["pasha", "asha"].flatMap { name in
      try table.runs(name, reductionFactor: 3, mode: .max, maxResource: 200, trials: 199, workers: 4, seeds: 15)
    }
    let comparison = SimulationComparison(runs)
    let (pasha, asha) = (comparison.methods[0], comparison.methods[1])
    let speedUp = try #require(pasha.speedUp)
    let loss = try #require(asha.bestMetric).mean - #require(pasha.bestMetric).mean
    #expect(speedUp >= 2.5)
    #expect(loss.magnitude <= 0.3)
    #expect(asha.maxResource.mean > 190)
    #expect(pasha.maxResource.mean < 60)
  }

  @Test("on NAS-Bench-201 means are within two standard errors of Syne Tune's", arguments: try Self.distilled())
  func distilledTable(_ reference: Reference) throws {
    try check(
      reference, Curves(folder: DistilledTableTests.folder, orders: DistilledTableTests.folder + "/orders.csv"))
  }

  @Test(
    "on every other table in ../shared/data means are within two standard errors of Syne Tune's", arguments: Self.shared
  )
  func sharedTables(_ reference: Reference) throws {
    try check(
      reference,
      Curves(
        folder: "\(Self.sharedFolder)/\(reference.table)", orders: "\(Self.sharedFolder)/orders/\(reference.table).csv")
    )
  }

  @Test("which tables these tests used is said")
  func tablesUsed() {
    let tables = Set(Self.shared.map(\.table)).sorted()
    print(
      "outcomes are checked on Cluster/tables/nb201-cifar10"
        + (tables.isEmpty
          ? "; there is no ../shared/data with further tables"
          : ", and in ../shared/data on \(tables.joined(separator: ", "))"))
    #expect(tables.isEmpty || tables.contains("algoperf_wmt"))
  }

  private func check(_ reference: Reference, _ curves: Curves) throws {
    let runs = try curves.runs(
      reference.scheduler, reductionFactor: reference.reductionFactor, mode: reference.mode,
      maxResource: reference.maxResource, trials: reference.trials, workers: reference.workers, seeds: reference.seeds)
    // Where all of the reference's runs agree, ours must be the same; rounding to the fixture's digits apart.
    func expect(_ name: String, _ values: [Double], _ expected: Expected, tolerance: Double = 1e-6) throws {
      let mean = try #require(SampleStatistics(values)).mean
      let error = expected.deviation / Double(reference.seeds).squareRoot()
      let allowed = max(2 * error, tolerance * expected.mean.magnitude)
      #expect(
        (mean - expected.mean).magnitude <= allowed,
        "\(reference.testDescription): \(name) \(mean), reference \(expected.mean) ± \(error)")
    }
    try expect("best metric", runs.compactMap(\.bestMetric), reference.bestMetric)
    try expect("runtime", runs.map(\.runtimeSeconds), reference.runtimeSeconds)
    // On NAS-Bench-201 with η 4 one of ASHA's 15 runs ends when its best trial is at epoch 198 of 200; there, all runs
    // reach 200.
    try expect("maximum resource", runs.map { Double($0.maxResource) }, reference.maximum, tolerance: 1e-3)
  }
}

extension OutcomeTests {
  /// The means in the repository.
  static func distilled() throws -> [Reference] {
    let fixture = URL(fileURLWithPath: DistilledTableTests.folder).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Tests/Fixtures/simulation/syne_tune_nb201.csv").path
    return try records(fixture).map { cells in
      Reference(
        table: "nb201", reductionFactor: try number(cells, "reduction_factor"), scheduler: cells["scheduler"] ?? "",
        mode: .max, maxResource: 200, trials: Int(try number(cells, "trials")),
        workers: Int(try number(cells, "workers")), seeds: Int(try number(cells, "seeds")),
        bestMetric: Expected(
          mean: try number(cells, "best_metric"), deviation: try number(cells, "best_metric_sd")),
        runtimeSeconds: Expected(
          mean: try number(cells, "runtime_seconds"), deviation: try number(cells, "runtime_seconds_sd")),
        maximum: Expected(
          mean: try number(cells, "max_resource"), deviation: try number(cells, "max_resource_sd")))
    }
  }

  static let sharedFolder = URL(fileURLWithPath: DistilledTableTests.folder).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/data").path

  /// The runs of the reference in ../shared/data but those on the table that is in the repository too; empty where there
  /// is none.
  static let shared: [Reference] = {
    guard let rows = try? records("\(sharedFolder)/syne_tune_reference.csv") else { return [] }
    let groups = Dictionary(grouping: rows) {
      "\($0["table"] ?? "") \($0["reduction_factor"] ?? "") \($0["scheduler"] ?? "")"
    }
    return groups.keys.sorted().compactMap { key in
      guard let runs = groups[key], let first = runs.first, first["table"] != "nb201",
        let mode = MetricMode(rawValue: first["mode"] ?? "")
      else { return nil }
      return try? Reference(
        table: first["table"] ?? "", reductionFactor: number(first, "reduction_factor"),
        scheduler: first["scheduler"] ?? "", mode: mode, maxResource: Int(number(first, "max_t")),
        trials: Int(number(first, "trials")), workers: Int(number(first, "workers")), seeds: runs.count,
        bestMetric: Expected(runs.map { try number($0, "best_metric") }),
        runtimeSeconds: Expected(runs.map { try number($0, "runtime_seconds") }),
        maximum: Expected(runs.map { try number($0, "max_resource") }))
    }
  }()

  private static func records(_ path: String) throws -> [[String: String]] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let names = lines.first?.split(separator: ",").map(String.init) ?? []
    return lines.dropFirst().map { line in
      Dictionary(
        zip(names, line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)),
        uniquingKeysWith: { first, _ in first })
    }
  }

  private static func number(_ cells: [String: String], _ name: String) throws -> Double {
    try #require(cells[name].flatMap(Double.init), "\(name)")
  }
}

/// A table with its orders.
private struct Curves {
  var table: MeasuredTable
  var orders: String

  init(folder: String, orders: String) throws {
    table = try CurveTables.read(folder)
    self.orders = orders
  }

  func runs(
    _ name: String, reductionFactor: Double, mode: MetricMode, maxResource: Int, trials: Int, workers: Int, seeds: Int
  ) throws -> [SimulationResult] {
    let curves = try table.curves(upTo: maxResource).table
    let orders = try TrialOrders.read(orders, table: table, maxResource: maxResource)
    let options = SchedulerOptions(
      name: try #require(SchedulerOptions.Name(rawValue: name)), mode: mode, maxResource: maxResource,
      reductionFactor: reductionFactor)
    return try (0..<UInt64(seeds)).map { seed in
      try Simulation(
        table: curves,
        settings: SimulationSettings(
          method: .scheduler(options), label: name, mode: mode, maxResource: maxResource, trials: trials,
          workers: workers, atLimit: .now, seed: seed, order: orders.order(seed: seed))
      ).run()
    }
  }
}
