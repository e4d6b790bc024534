import TuningModel

/// What is checked of the parts of a decoded message. Each function gives the value, or says which field is wrong.
package enum Check {
  /// An id or a count.
  package static func count(_ value: UInt32, _ field: String) throws(WireError) -> Int {
    guard value < WireLimits.maximumID else { throw outOfRange(field, value, "0 … 2^31 - 1") }
    return Int(value)
  }

  /// An id or a count that starts at 1.
  package static func positive(_ value: UInt32, _ field: String) throws(WireError) -> Int {
    guard value >= 1, value < WireLimits.maximumID else { throw outOfRange(field, value, "1 … 2^31 - 1") }
    return Int(value)
  }

  /// A count within a range of its own.
  package static func number(
    _ value: UInt32, in range: ClosedRange<Int>, _ field: String
  ) throws(WireError) -> Int {
    guard range.contains(Int(value)) else {
      throw outOfRange(field, value, "\(range.lowerBound) … \(range.upperBound)")
    }
    return Int(value)
  }

  /// A sequence, an offset or a size.
  package static func offset(_ value: UInt64, from lowest: Int = 0, _ field: String) throws(WireError) -> Int {
    guard value >= lowest, value <= WireLimits.maximumOffset else {
      throw outOfRange(field, value, "\(lowest) … 2^53")
    }
    return Int(value)
  }

  package static func duration(nanoseconds: Int64, from lowest: Int64 = 0, _ field: String) throws(WireError)
    -> Duration
  {
    guard nanoseconds >= lowest else { throw outOfRange(field, nanoseconds, "at least \(lowest) ns") }
    return .nanoseconds(nanoseconds)
  }

  /// A time between 1970 and the year 9999.
  package static func timestamp(microseconds: Int64, _ field: String) throws(WireError) -> Timestamp {
    guard microseconds >= 0, microseconds < 253_402_300_800_000_000 else {
      throw outOfRange(field, microseconds, "a time from 1970 to 9999")
    }
    return Timestamp(microseconds: microseconds)
  }

  /// A part that must be there.
  package static func present<Value>(_ value: Value?, _ field: String) throws(WireError) -> Value {
    guard let value else { throw WireError(.missing, "\(field) is missing") }
    return value
  }

  /// A list of bounded length, each element made by `make`.
  package static func list<Source, Value>(
    _ elements: [Source], atMost limit: Int, _ field: String, _ make: (Source) throws(WireError) -> Value
  ) throws(WireError) -> [Value] {
    guard elements.count <= limit else {
      throw WireError(.tooMany, "\(field) has \(elements.count) elements, where at most \(limit) are allowed")
    }
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for element in elements { values.append(try make(element)) }
    return values
  }

  package static func unknownMessage(_ kind: String) -> WireError {
    WireError(.unknownMessage, "\(kind) holds nothing that this version knows")
  }

  package static func outOfRange(_ field: String, _ value: some BinaryInteger, _ allowed: String) -> WireError {
    WireError(.outOfRange, "\(field) is \(value), allowed is \(allowed)")
  }
}
