import TuningModel

/// `size` numbers from `lower` to `upper`, equally spaced as they stand or in the logarithm.
public struct FiniteRange: Hashable, Sendable {
  /// More numbers than this are better drawn from `uniform` or `randint`.
  public static let maximumSize = 100_000

  public let lower: Double
  public let upper: Double
  public let size: Int
  public let isLogarithmic: Bool
  /// Whether the numbers are rounded to whole ones (Syne Tune's `cast_int`).
  public let isWhole: Bool
  /// The numbers from the smallest to the largest, each once.
  public let values: [ParameterValue]
  /// For each of the `size` steps its place in `values`.
  private let places: [Int]

  public init(lower: Double, upper: Double, size: Int, isLogarithmic: Bool, isWhole: Bool) {
    self.lower = lower
    self.upper = upper
    self.size = size
    self.isLogarithmic = isLogarithmic
    self.isWhole = isWhole
    var values: [ParameterValue] = []
    var places: [Int] = []
    let isSane = lower.isFinite && upper.isFinite && lower <= upper && (1...Self.maximumSize).contains(size)
    if isSane, !isLogarithmic || lower > 0 {
      let grid = Grid(lower: lower, upper: upper, size: size, isLogarithmic: isLogarithmic)
      for step in 0..<size {
        let value = Self.cast(max(lower, min(upper, grid.value(at: step))), isWhole: isWhole)
        if values.last != value { values.append(value) }
        places.append(values.count - 1)
      }
    }
    self.values = values
    self.places = places
  }

  func sampleIndex(_ generator: inout SeededGenerator) -> Int {
    guard !places.isEmpty else { return 0 }
    return places[Int(generator.nextBelow(UInt64(places.count)))]
  }

  /// The value nearest to the middle, arithmetic or geometric.
  var midpointIndex: Int {
    guard !places.isEmpty else { return 0 }
    let middle =
      isLogarithmic
      ? Mathematics.exp(0.5 * (Mathematics.log(upper) + Mathematics.log(lower))) : 0.5 * upper + 0.5 * lower
    return places[nearestStep(to: middle)]
  }

  /// The place in `values` of the one that a user means by a number: equal to it, but for the rounding of a number
  /// written with fewer digits.
  func index(of number: Double) -> Int? {
    guard number.isFinite, !places.isEmpty else { return nil }
    let place = places[nearestStep(to: number)]
    guard let value = values[place].number else { return nil }
    return (value - number).magnitude <= 1e-6 * max(value.magnitude, number.magnitude) ? place : nil
  }

  private func nearestStep(to number: Double) -> Int {
    let grid = Grid(lower: lower, upper: upper, size: size, isLogarithmic: isLogarithmic)
    guard grid.step > 0 else { return 0 }
    let clipped = max(lower, min(upper, number))
    let position = isLogarithmic ? Mathematics.log(clipped) : clipped
    let step = ((position - grid.first) / grid.step).rounded(.toNearestOrEven)
    return Int(max(0, min(Double(size - 1), step)))
  }

  private static func cast(_ number: Double, isWhole: Bool) -> ParameterValue {
    guard isWhole else { return .double(number) }
    let whole = number.rounded(.toNearestOrEven)
    return Int(exactly: whole).map(ParameterValue.int) ?? .double(whole)
  }

  public static func == (a: FiniteRange, b: FiniteRange) -> Bool {
    a.lower == b.lower && a.upper == b.upper && a.size == b.size && a.isLogarithmic == b.isLogarithmic
      && a.isWhole == b.isWhole
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(lower)
    hasher.combine(upper)
    hasher.combine(size)
    hasher.combine(isLogarithmic)
    hasher.combine(isWhole)
  }

  /// The equal steps, in the logarithm where the range is logarithmic.
  private struct Grid {
    let first: Double
    let step: Double
    let isLogarithmic: Bool

    init(lower: Double, upper: Double, size: Int, isLogarithmic: Bool) {
      first = isLogarithmic ? Mathematics.log(lower) : lower
      let last = isLogarithmic ? Mathematics.log(upper) : upper
      step = size > 1 ? (last - first) / Double(size - 1) : 0
      self.isLogarithmic = isLogarithmic
    }

    func value(at index: Int) -> Double {
      let position = Double(index) * step + first
      return isLogarithmic ? Mathematics.exp(position) : position
    }
  }
}
