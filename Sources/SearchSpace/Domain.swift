import TuningModel

/// What values a hyperparameter may take, and how they are drawn.
///
/// Words and rules are those of Syne Tune 0.13 (`syne_tune.config_space`): bounds belong to the domain, on both sides,
/// for whole numbers too; a logarithmic domain draws evenly in the logarithm; a `reverseloguniform` domain draws evenly
/// in -log(1 - x). Where Syne Tune refuses a domain with an assertion, `problems()` says what is wrong. Deviations:
/// values of `finrange` that rounding makes equal are one value; duplicates in `choice` are a problem.
///
/// Nothing here traps for a domain with problems, but what is drawn from it then means nothing.
public enum Domain: Hashable, Sendable {
  case real(RealRange)
  case integer(IntegerRange)
  /// Categories without an order, drawn evenly.
  case choice([ParameterValue])
  case ordinal(OrdinalValues)
  case finite(FiniteRange)

  public static func uniform(lower: Double, upper: Double) -> Domain {
    .real(RealRange(lower: lower, upper: upper, scale: .linear))
  }
  public static func loguniform(lower: Double, upper: Double) -> Domain {
    .real(RealRange(lower: lower, upper: upper, scale: .log))
  }
  /// For values near 1, such as a momentum: 1 - x is drawn evenly in its logarithm.
  public static func reverseloguniform(lower: Double, upper: Double) -> Domain {
    .real(RealRange(lower: lower, upper: upper, scale: .reverseLog))
  }
  public static func randint(lower: Int, upper: Int) -> Domain {
    .integer(IntegerRange(lower: lower, upper: upper, isLogarithmic: false))
  }
  public static func lograndint(lower: Int, upper: Int) -> Domain {
    .integer(IntegerRange(lower: lower, upper: upper, isLogarithmic: true))
  }
  /// Values with an order. Without a kind: `nearest` for numbers that increase, `equal` for all others.
  public static func ordinal(_ values: [ParameterValue], kind: OrdinalValues.Kind? = nil) -> Domain {
    .ordinal(OrdinalValues(values, kind: kind ?? OrdinalValues.defaultKind(of: values)))
  }
  public static func logordinal(_ values: [ParameterValue]) -> Domain {
    .ordinal(OrdinalValues(values, kind: .nearestInLog))
  }
  public static func finrange(lower: Double, upper: Double, size: Int, isWhole: Bool = false) -> Domain {
    .finite(FiniteRange(lower: lower, upper: upper, size: size, isLogarithmic: false, isWhole: isWhole))
  }
  public static func logfinrange(lower: Double, upper: Double, size: Int, isWhole: Bool = false) -> Domain {
    .finite(FiniteRange(lower: lower, upper: upper, size: size, isLogarithmic: true, isWhole: isWhole))
  }
}

/// Numbers between two bounds, which belong to the range.
public struct RealRange: Hashable, Sendable {
  public enum Scale: String, Hashable, Sendable { case linear, log, reverseLog }

  public var lower: Double
  public var upper: Double
  public var scale: Scale

  public init(lower: Double, upper: Double, scale: Scale) {
    self.lower = lower
    self.upper = upper
    self.scale = scale
  }

  func sample(_ generator: inout SeededGenerator) -> Double {
    let unit = generator.nextUnit()
    let value: Double
    switch scale {
    case .linear:
      value = Self.between(lower, upper, unit)
    case .log:
      value = Mathematics.exp(Self.between(Mathematics.log(lower), Mathematics.log(upper), unit))
    case .reverseLog:
      // 1 - x is exact for x near 1, where this scale is used.
      value = 1 - Mathematics.exp(Self.between(Mathematics.log(1 - lower), Mathematics.log(1 - upper), unit))
    }
    return clamped(value)
  }

  /// The middle of the range: in the logarithm for `log`, and as it stands for the others (Syne Tune does not take the
  /// middle of -log(1 - x)).
  var midpoint: Double {
    scale == .log
      ? clamped(Mathematics.exp(0.5 * (Mathematics.log(upper) + Mathematics.log(lower))))
      : clamped(0.5 * upper + 0.5 * lower)
  }

  func clamped(_ value: Double) -> Double { max(lower, min(upper, value)) }

  /// Between two numbers whose difference may be more than a double holds.
  static func between(_ a: Double, _ b: Double, _ unit: Double) -> Double { a * (1 - unit) + b * unit }
}

/// Whole numbers between two bounds, which belong to the range.
public struct IntegerRange: Hashable, Sendable {
  public var lower: Int
  public var upper: Int
  public var isLogarithmic: Bool

  public init(lower: Int, upper: Int, isLogarithmic: Bool) {
    self.lower = lower
    self.upper = upper
    self.isLogarithmic = isLogarithmic
  }

  /// How many numbers there are; nil: none, or more than an `Int` holds.
  var count: Int? {
    let (difference, overflow) = upper.subtractingReportingOverflow(lower)
    guard !overflow, difference >= 0 else { return nil }
    let (count, isTooMany) = difference.addingReportingOverflow(1)
    return isTooMany ? nil : count
  }

  func sample(_ generator: inout SeededGenerator) -> Int {
    guard lower < upper else { return lower }
    if isLogarithmic {
      let logarithm = RealRange.between(
        Mathematics.log(Double(lower)), Mathematics.log(Double(upper)), generator.nextUnit())
      return rounded(Mathematics.exp(logarithm))
    }
    let span = UInt64(bitPattern: Int64(upper &- lower))
    let offset = span == .max ? generator.nextBits() : generator.nextBelow(span + 1)
    return lower &+ Int(truncatingIfNeeded: offset)
  }

  var midpoint: Int {
    guard isLogarithmic else { return rounded(0.5 * Double(upper) + 0.5 * Double(lower)) }
    return rounded(Mathematics.exp(0.5 * (Mathematics.log(Double(upper)) + Mathematics.log(Double(lower)))))
  }

  /// The nearest whole number of the range; halves go to the even one, as in Python.
  private func rounded(_ value: Double) -> Int {
    let whole = value.rounded(.toNearestOrEven)
    guard whole > Double(lower) else { return lower }
    guard whole < Double(upper) else { return upper }
    return min(upper, max(lower, Int(exactly: whole) ?? lower))
  }
}
