import Simulation
import TuningModel

/// Sums over seeds of the fault simulation.
public struct FaultCounts: Sendable {
  public private(set) var seeds = 0
  public private(set) var faults = 0
  public private(set) var reports = 0
  public private(set) var restarts = 0
  public private(set) var steps = 0
  public private(set) var seconds = 0.0

  public init() {}

  public mutating func add(_ result: FaultSimulation.Result) {
    seeds += 1
    faults += result.faults
    reports += result.reports
    restarts += result.restarts
    steps += result.steps
    seconds += result.seconds
  }
}

extension Presentation {
  /// One seed: what it came to, its faults, what happened; `lines`: only the last so many of these, nil: all.
  public static func faults(_ explanation: FaultSimulation.Explanation, lines: Int?) -> String {
    let result = explanation.result
    var text: [String] = []
    if let violation = result.violation {
      text.append("seed \(result.seed) fails: \(violation)")
      text.append("with \(explanation.faults.count) of its faults:")
    } else {
      text.append(
        "seed \(result.seed): \(count(result.reports, "report")), \(count(result.restarts, "restart")), "
          + "\(count(result.steps, "step")), digest "
          + hexadecimal(result.digest))
      text.append("\(count(explanation.faults.count, "fault")):")
    }
    text += explanation.faults.map { "  \($0)" }
    let shown = lines.map { explanation.trace.suffix($0) } ?? explanation.trace[...]
    if shown.count < explanation.trace.count {
      text.append("the last \(shown.count) of \(explanation.trace.count) events:")
    }
    text += shown.map { "  \(printable(withoutModules($0)))" }
    if result.violation != nil { text.append("again: pasha-coord simulate --faults --seed \(result.seed)") }
    return text.joined(separator: "\n")
  }

  public static func faultSummary(_ counts: FaultCounts, failed: [UInt64], in time: Duration) -> String {
    let rate = Double(counts.seeds) / max(time.inSeconds, 0.001) * 60
    var text =
      "\(count(counts.seeds, "seed")), \(count(counts.faults, "fault")), \(count(counts.reports, "report")), "
      + "\(count(counts.restarts, "restart")), "
      + "\(Int(counts.seconds / 3_600)) hours of virtual time; \(Int(rate)) seeds per minute; "
    text += failed.isEmpty ? "none failed" : "\(failed.count) failed: "
    text += failed.prefix(20).map(String.init).joined(separator: ", ")
    return failed.count > 20 ? text + ", …" : text
  }

  public static func faultJSON(_ result: FaultSimulation.Result) -> JSONValue {
    .object([
      .init("seed", .string(String(result.seed))), .init("violation", result.violation.map { .string($0) } ?? .null),
      .init("digest", .string(hexadecimal(result.digest))), .init("steps", .int(result.steps)),
      .init("faults", .int(result.faults)), .init("reports", .int(result.reports)),
      .init("restarts", .int(result.restarts)), .init("seconds", .double(result.seconds)),
    ])
  }

  /// Descriptions of values name the modules of their types.
  private static func withoutModules(_ text: String) -> String {
    let modules = ["Coordination.", "Scheduling.", "TuningModel.", "Wire.", "Simulation.", "AgentCore."]
    return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      var word = String(word)
      for module in modules {
        while let range = word.firstRange(of: module) { word.removeSubrange(range) }
      }
      return word
    }.joined(separator: " ")
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
