/// Whether a smaller or a larger value of the metric is better.
public enum MetricMode: String, Sendable, CaseIterable {
  case min
  case max

  /// Whether `a` is strictly better than `b`. Values that are not finite are worse than every finite one and equal
  /// among themselves (`Docs/decisions/0003-values-that-are-not-finite.md`).
  public func isBetter(_ a: Double, than b: Double) -> Bool {
    guard a.isFinite else { return false }
    guard b.isFinite else { return true }
    return self == .min ? a < b : a > b
  }

  /// The value with its sign turned so that smaller is better; +infinity where the value is not finite.
  public func loss(_ value: Double) -> Double {
    guard value.isFinite else { return .infinity }
    return self == .min ? value : -value
  }
}
