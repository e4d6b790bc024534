import TuningModel

/// Values with an order.
public struct OrdinalValues: Hashable, Sendable {
  /// How a value is drawn.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Each value as often as the others.
    case equal
    /// A number is drawn evenly from an interval that holds all values, and the nearest value is taken; the interval
    /// goes beyond the first and the last value by half of the mean distance between neighbours.
    case nearest = "nn"
    /// The same in the logarithm.
    case nearestInLog = "nn-log"
  }

  public var values: [ParameterValue]
  public var kind: Kind

  public init(_ values: [ParameterValue], kind: Kind) {
    self.values = values
    self.kind = kind
  }

  /// The kind that Syne Tune takes when none is given.
  static func defaultKind(of values: [ParameterValue]) -> Kind {
    let numbers = values.compactMap(\.number)
    guard values.count > 1, numbers.count == values.count else { return .equal }
    return isIncreasing(numbers) ? .nearest : .equal
  }

  static func isIncreasing(_ numbers: [Double]) -> Bool { zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } }

  func sampleIndex(_ generator: inout SeededGenerator) -> Int {
    guard values.count > 1 else { return 0 }
    if kind == .equal { return Int(generator.nextBelow(UInt64(values.count))) }
    let positions = positions
    let margin = 0.5 * (positions[positions.count - 1] - positions[0]) / Double(positions.count - 1)
    let drawn = RealRange.between(
      positions[0] - margin, positions[positions.count - 1] + margin, generator.nextUnit())
    return Self.nearest(to: drawn, in: positions)
  }

  /// The value in the middle: of the list for `equal`, else the one nearest to the middle of the first and the last.
  var midpointIndex: Int {
    guard values.count > 1 else { return 0 }
    if kind == .equal { return values.count / 2 }
    let positions = positions
    let ends = (values[0].number ?? 0, values[values.count - 1].number ?? 0)
    if kind == .nearest { return Self.nearest(to: 0.5 * (ends.0 + ends.1), in: positions) }
    let middle = Mathematics.exp(0.5 * (Mathematics.log(ends.1) + Mathematics.log(ends.0)))
    return Self.nearest(to: Mathematics.log(middle), in: positions)
  }

  /// Where the values stand on the line from which is drawn.
  private var positions: [Double] {
    values.map { value in
      let number = value.number ?? 0
      return kind == .nearestInLog ? Mathematics.log(number) : number
    }
  }

  /// The first of the nearest.
  private static func nearest(to target: Double, in positions: [Double]) -> Int {
    var best = 0
    for index in positions.indices
    where (positions[index] - target).magnitude < (positions[best] - target).magnitude {
      best = index
    }
    return best
  }
}

extension ParameterValue {
  /// The value as a number; nil for text and truth values.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .string, .bool: nil
    }
  }
}
