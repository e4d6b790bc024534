import CoreMetrics
import HostSystem

/// Where the metrics of this process are kept (a backend of swift-metrics), and how Prometheus reads them: its text format,
/// version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
///
/// A label such as `http.server.request.duration` becomes a name with `_` in place of what names may not have; counters end
/// in `_total`, timers are histograms in seconds and end in `_seconds`.
final class MetricsRegistry: MetricsFactory {
  enum Kind: String { case counter, gauge, histogram }

  private struct Family {
    var kind: Kind
    /// By labels, as they are shown.
    var cells: [String: any MetricCell] = [:]
  }

  private let families = Locked<[String: Family]>([:])
  private let common: String
  private let help: [String: String]
  /// Labels of metrics that are not kept.
  private let ignored: Set<String>
  /// Label sets of one metric: more are kept nowhere, whatever a peer sends.
  static let mostCells = 4096

  /// - Parameters:
  ///   - label: what each metric has.
  ///   - help: by name.
  init(label: (String, String), help: [String: String], ignored: Set<String> = []) {
    self.ignored = ignored
    common = "\(label.0)=\"\(Self.escaped(label.1))\""
    self.help = help
  }

  /// All that is known now.
  var text: String {
    families.withLock { families in
      var text = ""
      for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.cells.isEmpty {
        if let words = help[name] { text += "# HELP \(name) \(words)\n" }
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        for (labels, cell) in family.cells.sorted(by: { $0.key < $1.key }) { text += cell.lines(name, labels) }
      }
      return text
    }
  }

  // MARK: The backend

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    value(label, dimensions, .counter)
  }

  func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    value(label, dimensions, .counter)
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { value(label, dimensions, .gauge) }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    value(label, dimensions, .gauge)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    make(Self.name(label, .histogram), .histogram, dimensions) { HistogramCell() }
  }

  func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  private func value(_ label: String, _ dimensions: [(String, String)], _ kind: Kind) -> ValueCell {
    if ignored.contains(label) { return ValueCell() }
    return make(Self.name(label, kind), kind, dimensions) { ValueCell() }
  }

  private func make<Cell: MetricCell>(
    _ name: String, _ kind: Kind, _ dimensions: [(String, String)], _ new: () -> Cell
  ) -> Cell {
    let labels = ([common] + dimensions.map { "\(Self.sanitized($0.0))=\"\(Self.escaped($0.1))\"" })
      .joined(separator: ",")
    return families.withLock { families in
      var family = families[name] ?? Family(kind: kind)
      if let known = family.cells[labels] as? Cell { return known }
      let cell = new()
      if family.kind == kind, family.cells.count < Self.mostCells { family.cells[labels] = cell }
      families[name] = family
      return cell
    }
  }

  private func remove(_ handler: Any) {
    guard let handler = handler as? any MetricCell else { return }
    families.withLock { families in
      for (name, family) in families {
        guard let labels = family.cells.first(where: { $0.value === handler })?.key else { continue }
        families[name]?.cells[labels] = nil
        return
      }
    }
  }

  // MARK: Text

  private static func name(_ label: String, _ kind: Kind) -> String {
    switch kind {
    case .counter: sanitized(label) + "_total"
    case .gauge: sanitized(label)
    case .histogram: sanitized(label) + "_seconds"
    }
  }

  private static func sanitized(_ name: String) -> String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
  }

  private static func escaped(_ label: String) -> String {
    label.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
  }
}

/// One line, or those of one histogram.
protocol MetricCell: AnyObject, Sendable {
  func lines(_ name: String, _ labels: String) -> String
}

/// A number of a counter or a gauge.
final class ValueCell: MetricCell, CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
  private let value = Locked(0.0)

  func increment(by amount: Int64) { value.withLock { $0 += Double(amount) } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func set(_ new: Int64) { value.withLock { $0 = Double(new) } }
  func set(_ new: Double) { value.withLock { $0 = new } }
  func record(_ new: Int64) { set(new) }
  func record(_ new: Double) { set(new) }
  func reset() { set(0.0) }

  func lines(_ name: String, _ labels: String) -> String {
    "\(name){\(labels)} \(Self.shown(value.withLock { $0 }))\n"
  }

  static func shown(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
  }
}

/// How many durations were at most so long.
final class HistogramCell: MetricCell, TimerHandler {
  /// Seconds.
  static let bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

  private struct Counts {
    var atMost = [Int](repeating: 0, count: HistogramCell.bounds.count)
    var count = 0
    var seconds = 0.0
  }

  private let counts = Locked(Counts())

  func recordNanoseconds(_ duration: Int64) {
    let seconds = Double(duration) / 1e9
    counts.withLock { counts in
      counts.count += 1
      counts.seconds += seconds
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound { counts.atMost[index] += 1 }
    }
  }

  func lines(_ name: String, _ labels: String) -> String {
    let counts = counts.withLock { $0 }
    var text = ""
    for (bound, count) in zip(Self.bounds, counts.atMost) {
      text += "\(name)_bucket{\(labels),le=\"\(ValueCell.shown(bound))\"} \(count)\n"
    }
    text += "\(name)_bucket{\(labels),le=\"+Inf\"} \(counts.count)\n"
    text += "\(name)_sum{\(labels)} \(ValueCell.shown(counts.seconds))\n"
    return text + "\(name)_count{\(labels)} \(counts.count)\n"
  }
}
