import TuningModel

/// What is wrong with a domain or a name of a configuration space.
public struct SpaceProblem: Hashable, Sendable {
  /// The part of a domain that is wrong, under the name that it has in a cluster file.
  public enum Part: String, Hashable, Sendable { case name, lower, upper, values, size }

  public let part: Part
  /// The place in the list that `values` is.
  public let index: Int?
  /// What it must be, what it is, and the way out: follows the name of the part.
  public let message: String

  public init(_ part: Part, index: Int? = nil, _ message: String) {
    self.part = part
    self.index = index
    self.message = message
  }
}

extension Domain {
  /// Everything that is wrong with the domain; empty: nothing.
  public func problems() -> [SpaceProblem] {
    switch self {
    case .real(let range):
      switch range.scale {
      case .linear: return Self.bounds(range.lower, range.upper)
      case .log: return Self.bounds(range.lower, range.upper, logarithmic: "loguniform", instead: "uniform")
      case .reverseLog: return Self.reverseBounds(range.lower, range.upper)
      }
    case .integer(let range):
      if range.isLogarithmic, range.lower < 1 {
        return [
          SpaceProblem(.lower, "must be at least 1 for lograndint, not \(range.lower); use randint for a range with 0")
        ] + (range.lower > range.upper ? [Self.reversed("\(range.lower)", "\(range.upper)")] : [])
      }
      return range.lower > range.upper ? [Self.reversed("\(range.lower)", "\(range.upper)")] : []
    case .choice(let values): return Self.list(values)
    case .ordinal(let ordinal): return Self.list(ordinal.values) + Self.order(ordinal)
    case .finite(let range):
      return
        (range.isLogarithmic
        ? Self.bounds(range.lower, range.upper, logarithmic: "logfinrange", instead: "finrange")
        : Self.bounds(range.lower, range.upper)) + Self.size(range)
    }
  }

  private static func bounds(
    _ lower: Double, _ upper: Double, logarithmic type: String? = nil, instead: String = ""
  ) -> [SpaceProblem] {
    let problems = finite(lower, upper)
    guard problems.isEmpty else { return problems }
    var found: [SpaceProblem] = []
    if let type, lower <= 0 {
      found.append(
        SpaceProblem(
          .lower,
          "must be above 0 for \(type), not \(PythonNumber.text(lower)); use \(instead) for a range that holds 0"))
    }
    if lower > upper { found.append(reversed(PythonNumber.text(lower), PythonNumber.text(upper))) }
    return found
  }

  private static func reverseBounds(_ lower: Double, _ upper: Double) -> [SpaceProblem] {
    var found = finite(lower, upper)
    guard found.isEmpty else { return found }
    if lower < 0 {
      found.append(SpaceProblem(.lower, "must be at least 0 for reverseloguniform, not \(PythonNumber.text(lower))"))
    }
    if upper >= 1 {
      found.append(
        SpaceProblem(
          .upper,
          "must be below 1 for reverseloguniform, not \(PythonNumber.text(upper)); "
            + "it draws 1 - x evenly in the logarithm"
        ))
    }
    if lower > upper { found.append(reversed(PythonNumber.text(lower), PythonNumber.text(upper))) }
    return found
  }

  private static func finite(_ lower: Double, _ upper: Double) -> [SpaceProblem] {
    [(SpaceProblem.Part.lower, lower), (.upper, upper)].compactMap { part, value in
      value.isFinite ? nil : SpaceProblem(part, "must be a finite number, not \(PythonNumber.text(value))")
    }
  }

  private static func reversed(_ lower: String, _ upper: String) -> SpaceProblem {
    SpaceProblem(.lower, "must be at most upper (\(upper)), not \(lower); exchange the two")
  }

  private static func list(_ values: [ParameterValue]) -> [SpaceProblem] {
    guard let first = values.first else {
      return [SpaceProblem(.values, "must hold at least one value, not none")]
    }
    var found: [SpaceProblem] = []
    var seen: [ParameterValue: Int] = [:]
    for (index, value) in values.enumerated() {
      if value.typeName != first.typeName {
        found.append(
          SpaceProblem(
            .values, index: index,
            "must be \(first.typeName) like the first value, not \(value.typeName) (\(value.quotedText)); "
              + "put all values in quotes to have them as text"))
      } else if let number = value.number, !number.isFinite {
        found.append(
          SpaceProblem(.values, index: index, "must be a finite number, not \(PythonNumber.text(number))"))
      } else if let earlier = seen[value] {
        found.append(
          SpaceProblem(
            .values, index: index, "must be there once, not twice: \(value.quotedText) is value \(earlier) already"))
      } else {
        seen[value] = index
      }
    }
    return found
  }

  private static func order(_ ordinal: OrdinalValues) -> [SpaceProblem] {
    guard ordinal.kind != .equal, !ordinal.values.isEmpty else { return [] }
    let name = ordinal.kind == .nearest ? "ordinal of kind nn" : "logordinal"
    let numbers = ordinal.values.compactMap(\.number)
    guard numbers.count == ordinal.values.count else {
      return [SpaceProblem(.values, "must be numbers for \(name); use kind: equal for other values")]
    }
    guard numbers.allSatisfy(\.isFinite) else { return [] }
    if let index = zip(numbers, numbers.dropFirst()).enumerated().first(where: { $1.0 >= $1.1 })?.offset {
      return [
        SpaceProblem(
          .values, index: index + 1,
          "must be above the value before it (\(ordinal.values[index].quotedText)) for \(name), "
            + "not \(ordinal.values[index + 1].quotedText); sort the values")
      ]
    }
    if ordinal.kind == .nearestInLog, numbers[0] <= 0 {
      return [
        SpaceProblem(.values, index: 0, "must be above 0 for \(name), not \(ordinal.values[0].quotedText); use ordinal")
      ]
    }
    return []
  }

  private static func size(_ range: FiniteRange) -> [SpaceProblem] {
    if !(1...FiniteRange.maximumSize).contains(range.size) {
      return [SpaceProblem(.size, "must be 1…\(FiniteRange.maximumSize), not \(range.size)")]
    }
    if range.size == 1, range.lower < range.upper {
      return [SpaceProblem(.size, "must be at least 2 to hold both bounds, not 1")]
    }
    let largest = max(range.lower.magnitude, range.upper.magnitude)
    if range.isWhole, largest.isFinite, largest > 0x1p53 {
      return [
        SpaceProblem(range.upper.magnitude == largest ? .upper : .lower, "must be within ±2^53 for whole numbers")
      ]
    }
    return []
  }
}

extension ParameterValue {
  /// What the value is, for messages.
  public var typeName: String {
    switch self {
    case .int: "a whole number"
    case .double: "a number"
    case .string: "text"
    case .bool: "true or false"
    }
  }
}
