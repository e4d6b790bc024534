import Foundation

/// Values along one side of a plot, and the ticks that are named there.
public struct PlotAxis: Equatable, Sendable {
  public struct Tick: Equatable, Sendable {
    public var value: Double
    public var label: String

    public init(value: Double, label: String) {
      self.value = value
      self.label = label
    }
  }

  public var label: String
  /// Equal ratios are equally long; all values are above 0 then.
  public var isLogarithmic: Bool
  public var lower: Double
  public var upper: Double
  public var ticks: [Tick]

  /// Where a value lies, from 0 at the lower to 1 at the upper end.
  public func position(_ value: Double) -> Double {
    let value = Self.shown(value)
    guard upper > lower else { return 0.5 }
    guard isLogarithmic else { return (value - lower) / (upper - lower) }
    return Foundation.log(max(value, lower) / lower) / Foundation.log(upper / lower)
  }

  /// The value as it is drawn: a script may report any number, and beyond this differences overflow.
  public static func shown(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, -1e300), 1e300) }

  /// A linear axis from `range`, with round numbers as ticks; some room is left beyond values that are not zero.
  /// - Parameter steps: about so many ticks, or up to twice as few.
  public static func linear(_ label: String, _ range: ClosedRange<Double>, steps: Double = 5) -> PlotAxis {
    var (lower, upper) = (shown(range.lowerBound), shown(range.upperBound))
    // Values that differ by less leave no room for ticks between them.
    if upper - lower <= max(max(abs(lower), abs(upper)) * 1e-12, 1e-290) {
      let room = max(abs(lower) * 0.05, 1e-3)
      (lower, upper) = (lower - room, upper + room)
    }
    let room = (upper - lower) * 0.05
    if lower != 0 { lower -= room }
    upper += room
    let step = roundStep((upper - lower) / steps)
    let decimals = max(0, Int(-Foundation.log10(step).rounded(.down)))
    var ticks: [Tick] = []
    // Multiples of whole numbers: no error adds up from tick to tick.
    let first = (lower / step).rounded(.up)
    let count = Int(((upper / step).rounded(.down) - first).rounded())
    for index in 0...max(0, min(count, 20)) {
      let value = (first + Double(index)) * step
      let isPlain = decimals <= 9 && abs(value) < 1e7
      let text = isPlain ? String(format: "%.\(decimals)f", value) : Presentation.number(value)
      ticks.append(Tick(value: value, label: text.allSatisfy { "-0.".contains($0) } ? "0" : text))
    }
    return PlotAxis(label: label, isLogarithmic: false, lower: lower, upper: upper, ticks: ticks)
  }

  /// A logarithmic axis whose ticks are given; those too near to a larger one are left out.
  public static func logarithmic(_ label: String, levels: [Int]) -> PlotAxis {
    let levels = Set(levels.filter { $0 > 0 }).sorted()
    guard let low = levels.first, let high = levels.last else { return logarithmic(label, levels: [1, 10]) }
    let (lower, upper) = (Double(low) / 1.25, Double(high) * 1.25)
    var axis = PlotAxis(label: label, isLogarithmic: true, lower: lower, upper: upper, ticks: [])
    for level in levels.reversed() {
      if let last = axis.ticks.last, axis.position(last.value) - axis.position(Double(level)) < 0.055 { continue }
      axis.ticks.append(Tick(value: Double(level), label: "\(level)"))
    }
    axis.ticks.reverse()
    return axis
  }

  /// The smallest of 1, 2 and 5 times a power of ten that is not below `step`.
  private static func roundStep(_ step: Double) -> Double {
    let power = Foundation.pow(10, Foundation.log10(step).rounded(.down))
    let factor = step / power
    return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power
  }
}
