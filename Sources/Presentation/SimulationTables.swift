import Foundation
import Simulation
import TuningModel

extension Presentation {
  /// Simulated runs compared as the PASHA paper's tables do (Bohdal et al. 2023, Section 5), one line a method: mean and
  /// sample standard deviation over the seeds; a single seed's values stand alone. Beside them stand when a fully
  /// trained model of the chosen configuration is there, and the epochs spent.
  ///
  /// `metric` is the heading over the best values.
  public static func simulation(_ comparison: SimulationComparison, metric: String = "best metric") -> String {
    table(simulationRows(comparison, metric, isAligned: true))
  }

  /// Real runs compared in the same way; beside them stand the trials started and the seeds.
  public static func benchmark(_ comparison: SimulationComparison, metric: String = "best metric") -> String {
    var rows = simulationRows(comparison, metric, isAligned: true)
    rows[0] += ["trials", "seeds"]
    let trials = cells(
      comparison.methods.map(\.trials), scale: 1, decimals: comparison.hasOneSeed ? 0 : 1, unit: "", isAligned: true)
    for (index, method) in comparison.methods.enumerated() {
      rows[index + 1] += [trials[index], method.runs.map { "\($0.seed)" }.joined(separator: ",")]
    }
    return table(rows)
  }

  /// The same as a table of Markdown.
  public static func simulationMarkdown(
    _ comparison: SimulationComparison, metric: String = "best metric"
  ) -> String {
    var lines = simulationRows(comparison, metric, isAligned: false).map { row in
      "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    lines.insert("| --- |" + String(repeating: " ---: |", count: 6), at: 1)
    return lines.joined(separator: "\n")
  }

  /// One run for scripts.
  public static func simulationJSON(_ result: SimulationResult) -> JSONValue {
    .object([
      .init("scheduler", .string(result.label)),
      .init("seed", Int(exactly: result.seed).map { .int($0) } ?? .double(Double(result.seed))),
      .init("best_metric", result.bestMetric.map { .double($0) } ?? .null),
      .init("runtime_seconds", .double(result.runtimeSeconds)),
      .init("max_resource", .int(result.maxResource)),
      .init("epochs", .int(result.epochs)),
      .init("trials", .int(result.trials)),
    ])
  }

  private static func simulationRows(
    _ comparison: SimulationComparison, _ metric: String, isAligned: Bool
  ) -> [[String]] {
    let methods = comparison.methods
    let unit = TimeUnit(seconds: methods.map(\.runtimeSeconds.mean).max() ?? 0)
    let trainedUnit = TimeUnit(seconds: methods.compactMap(\.secondsToTrainedBest?.mean).max() ?? 0)
    let metrics = methods.map(\.bestMetric)
    let decimals = decimals(of: metrics.compactMap { $0?.mean.magnitude }.max() ?? 0)
    func column(_ values: [SampleStatistics?], scale: Double = 1, decimals: Int?, unit: String = "") -> [String] {
      cells(values, scale: scale, decimals: decimals, unit: unit, isAligned: isAligned)
    }
    let columns = [
      methods.map { printable($0.label) },
      column(metrics, decimals: decimals),
      column(methods.map(\.runtimeSeconds), scale: unit.seconds, decimals: unit.decimals, unit: unit.name),
      methods.map { $0.speedUp.map { String(format: "%.1f×", $0) } ?? "–" },
      column(methods.map(\.maxResource), decimals: comparison.hasOneSeed ? 0 : 1),
      column(
        methods.map(\.secondsToTrainedBest), scale: trainedUnit.seconds, decimals: trainedUnit.decimals,
        unit: trainedUnit.name),
      column(methods.map(\.epochs), decimals: 0),
    ]
    let speedUp = "speed-up" + (comparison.baseline.map { " over \($0)" } ?? "")
    let heading = [
      "approach", printable(metric), "runtime", printable(speedUp), "max resources", "until trained", "epochs",
    ]
    return [heading] + methods.indices.map { row in columns.map { $0[row] } }
  }

  /// `90.98 ± 0.16 h` for each; numbers padded so that they stand below each other.
  private static func cells(
    _ values: [SampleStatistics?], scale: Double, decimals: Int?, unit: String, isAligned: Bool
  ) -> [String] {
    func text(_ value: Double) -> String {
      decimals.map { String(format: "%.\($0)f", value / scale) } ?? number(value / scale)
    }
    func padded(_ texts: [String?]) -> [String?] {
      guard isAligned else { return texts }
      let width = texts.compactMap { $0?.count }.max() ?? 0
      return texts.map { $0.map { String(repeating: " ", count: width - $0.count) + $0 } }
    }
    let means = padded(values.map { $0.map { text($0.mean) } })
    let deviations = padded(values.map { $0.flatMap { $0.count > 1 ? text($0.deviation) : nil } })
    return zip(means, deviations).map { mean, deviation in
      guard let mean else { return "–" }
      return mean + (deviation.map { " ± \($0)" } ?? "") + (unit.isEmpty ? "" : " \(unit)")
    }
  }

  /// As many decimals as four or five significant digits need; nil where only an exponent is readable.
  static func decimals(of magnitude: Double) -> Int? {
    switch magnitude {
    case 1e7...: nil
    case 10...: 2
    case 1...: 3
    default: 4
    }
  }

  /// The unit in which a span of time is readable.
  struct TimeUnit {
    let name: String
    let seconds: Double
    let decimals: Int

    init(seconds span: Double) {
      (name, seconds, decimals) = span >= 7200 ? ("h", 3600, 2) : span >= 120 ? ("min", 60, 1) : ("s", 1, 1)
    }
  }
}
