import TuningModel

extension Domain {
  /// Draws a value; always the same number of numbers from the generator but for whole-number domains, which may draw
  /// again to be without bias.
  public func sample(_ generator: inout SeededGenerator) -> ParameterValue {
    switch self {
    case .real(let range): return .double(range.sample(&generator))
    case .integer(let range): return .int(range.sample(&generator))
    case .choice(let values):
      guard !values.isEmpty else { return .string("") }
      return values[Int(generator.nextBelow(UInt64(values.count)))]
    case .ordinal(let ordinal):
      guard !ordinal.values.isEmpty else { return .string("") }
      return ordinal.values[ordinal.sampleIndex(&generator)]
    case .finite(let range):
      guard !range.values.isEmpty else { return .string("") }
      return range.values[range.sampleIndex(&generator)]
    }
  }

  /// The value in the default configuration, by Syne Tune's rules: the middle of a range of numbers (geometric for a
  /// logarithmic domain), the first category of a `choice`, the middle value of an `ordinal`.
  public var defaultValue: ParameterValue {
    switch self {
    case .real(let range): return .double(range.midpoint)
    case .integer(let range): return .int(range.midpoint)
    case .choice(let values): return values.first ?? .string("")
    case .ordinal(let ordinal):
      return ordinal.values.isEmpty ? .string("") : ordinal.values[ordinal.midpointIndex]
    case .finite(let range):
      return range.values.isEmpty ? .string("") : range.values[range.midpointIndex]
    }
  }

  /// How many values there are; nil: infinitely many, or more than an `Int` holds.
  public var count: Int? {
    switch self {
    case .real(let range): return range.lower == range.upper ? 1 : nil
    case .integer(let range): return range.count
    case .choice(let values): return values.count
    case .ordinal(let ordinal): return ordinal.values.count
    case .finite(let range): return range.values.count
    }
  }

  /// The value at a place in `0 ..< count`; only for a domain with a count.
  public func value(at index: Int) -> ParameterValue {
    switch self {
    case .real(let range): return .double(range.lower)
    case .integer(let range): return .int(range.lower &+ index)
    case .choice(let values): return values[index]
    case .ordinal(let ordinal): return ordinal.values[index]
    case .finite(let range): return range.values[index]
    }
  }

  /// The domain's own value that is meant by `value`, or nil where it means none: 3 is 3.0 in a domain of numbers and
  /// 3.0 is 3 in one of whole numbers; a number that was written with fewer digits is the one in the list that is equal
  /// to it within a millionth. Unlike Syne Tune, which rounds a number to the nearest value however far that is.
  public func cast(_ value: ParameterValue) -> ParameterValue? {
    switch self {
    case .real(let range):
      guard let number = value.number, number >= range.lower, number <= range.upper else { return nil }
      return .double(number)
    case .integer(let range):
      guard let whole = value.wholeNumber, whole >= range.lower, whole <= range.upper else { return nil }
      return .int(whole)
    case .choice(let values): return Self.category(of: values, meantBy: value).map { values[$0] }
    case .ordinal(let ordinal): return Self.category(of: ordinal.values, meantBy: value).map { ordinal.values[$0] }
    case .finite(let range): return value.number.flatMap { range.index(of: $0) }.map { range.values[$0] }
    }
  }

  /// Whether the value is one of the domain's own, of its type.
  public func contains(_ value: ParameterValue) -> Bool { cast(value) == value }

  /// A number that stands for the value when configurations are compared; nil where the value does not belong to the
  /// domain. Numbers of a continuous domain are the same when they agree in their first 24 bits, a little more than the
  /// seven digits that Syne Tune compares.
  func matchCode(_ value: ParameterValue) -> UInt64? {
    guard let own = cast(value) else { return nil }
    switch (self, own) {
    case (.real, .double(let number)):
      // Adding a half carries into the exponent where it must; both zeros are one.
      return number == 0 ? 0 : (number.bitPattern &+ (1 << 28)) >> 29
    case (.integer, .int(let whole)): return UInt64(bitPattern: Int64(whole))
    case (.choice(let values), _): return values.firstIndex(of: own).map(UInt64.init)
    case (.ordinal(let ordinal), _): return ordinal.values.firstIndex(of: own).map(UInt64.init)
    case (.finite(let range), _): return own.number.flatMap { range.index(of: $0) }.map(UInt64.init)
    default: return nil
    }
  }

  private static func category(of values: [ParameterValue], meantBy value: ParameterValue) -> Int? {
    if let index = values.firstIndex(of: value) { return index }
    guard let number = value.number else { return nil }
    return values.firstIndex { candidate in
      guard let other = candidate.number else { return false }
      if case .int = candidate { return other == number }
      return (other - number).magnitude <= 1e-6 * max(other.magnitude, number.magnitude)
    }
  }
}

extension ParameterValue {
  /// The value as a whole number: 3 and 3.0.
  public var wholeNumber: Int? {
    switch self {
    case .int(let value): value
    case .double(let value): Int(exactly: value)
    case .string, .bool: nil
    }
  }
}
