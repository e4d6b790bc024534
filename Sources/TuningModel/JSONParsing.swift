/// What a reader of JSON accepts at most. Text from trials and peers is read under these bounds.
public struct JSONLimits: Sendable {
  /// Arrays and objects within each other.
  public var depth: Int
  /// Bytes of one value's text.
  public var bytes: Int

  public init(depth: Int = 64, bytes: Int = 16 << 20) {
    self.depth = depth
    self.bytes = bytes
  }
}

/// Why a text is no JSON value.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The text ends inside a value; more bytes could complete it.
    case unexpectedEnd
    /// A byte that cannot stand where it stands.
    case unexpectedByte
    case invalidEscape
    /// More nested arrays and objects than the limit.
    case tooDeep
    /// A value longer than the limit.
    case tooLong
    /// A complete value, and then something else.
    case trailingText
  }

  public let code: Code
  /// Bytes from the beginning of the text.
  public let offset: Int
  public let message: String

  public var description: String { "byte \(offset): \(message)" }
}

extension JSONValue {
  /// Reads one value that is the whole text, white space around it allowed (RFC 8259, and what Python's `json` prints
  /// beyond it: `NaN`, `Infinity`, `-Infinity`; a number too large for a double is infinite, as there).
  ///
  /// A number without fraction and exponent that fits an `Int` is `.int`, every other is `.double`. Of a key that comes
  /// twice the last value stands, at the place of the first. What is not UTF-8 within a string, and half a surrogate
  /// pair, is replaced by U+FFFD: a report is not lost for a bad name.
  public init(parsing text: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    let bytes = (text as? [UInt8]) ?? Array(text)
    var parser = JSONParser(bytes: bytes, start: 0, end: bytes.count, limits: limits)
    self = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count {
      throw JSONError(
        code: .trailingText, offset: parser.position, message: "more text after the value's end")
    }
  }

  /// Reads the text of a string; see `init(parsing:limits:)`.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// Reads one value from the beginning of `bytes[range]` and says where it ends; what follows is not looked at. The
  /// error is `unexpectedEnd` exactly when the bytes are a beginning of some value. Offsets count from the beginning of
  /// `bytes`.
  public static func parsePrefix(
    of bytes: [UInt8], in range: Range<Int>, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> (value: JSONValue, end: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "\(range) of \(bytes.count) bytes")
    var parser = JSONParser(bytes: bytes, start: range.lowerBound, end: range.upperBound, limits: limits)
    let value = try parser.value(depth: 0)
    return (value, parser.position)
  }
}

/// A recursive reader, whose depth the limit bounds.
struct JSONParser {
  let bytes: [UInt8]
  let end: Int
  /// The text goes on behind `end`, which is there because of the limit.
  let isCut: Bool
  let depthLimit: Int
  var position: Int

  init(bytes: [UInt8], start: Int, end: Int, limits: JSONLimits) {
    self.bytes = bytes
    self.end = end - start > limits.bytes ? start + limits.bytes : end
    self.isCut = end - start > limits.bytes
    self.depthLimit = limits.depth
    self.position = start
  }

  mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipSpace()
    let first = try peek()
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N"): return try word("NaN", .double(.nan))
    case UInt8(ascii: "I"): return try word("Infinity", .double(.infinity))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw unexpected(first, "a value")
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth)
    var elements: [JSONValue] = []
    skipSpace()
    if try peek() == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      let next = try peek()
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "]") else { throw unexpected(next, "',' or ']'") }
      position += 1
      if next == UInt8(ascii: "]") { return .array(elements) }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth)
    var members = JSONMembers()
    skipSpace()
    if try peek() == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      let quote = try peek()
      guard quote == UInt8(ascii: "\"") else { throw unexpected(quote, "a key in quotes") }
      let key = try string()
      skipSpace()
      let colon = try peek()
      guard colon == UInt8(ascii: ":") else { throw unexpected(colon, "':'") }
      position += 1
      members.set(key, try value(depth: depth + 1))
      skipSpace()
      let next = try peek()
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { throw unexpected(next, "',' or '}'") }
      position += 1
      if next == UInt8(ascii: "}") { return .object(members.members) }
    }
  }

  /// Steps over the opening bracket.
  private mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth < depthLimit else {
      throw JSONError(
        code: .tooDeep, offset: position, message: "more than \(depthLimit) arrays and objects within each other")
    }
    position += 1
  }

  mutating func skipSpace() {
    while position < end {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount {
      let byte = try peek()
      guard byte == text.utf8Start[index] else { throw unexpected(byte, "\(text)") }
      position += 1
    }
    return value
  }

  func peek() throws(JSONError) -> UInt8 {
    guard position < end else {
      if isCut { throw JSONError(code: .tooLong, offset: end, message: "the value is longer than the limit") }
      throw JSONError(code: .unexpectedEnd, offset: end, message: "the text ends inside a value")
    }
    return bytes[position]
  }

  func unexpected(_ byte: UInt8, _ expected: String) -> JSONError {
    let found =
      (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    return JSONError(code: .unexpectedByte, offset: position, message: "\(found) where \(expected) must stand")
  }
}

/// The members of an object while it is read: a key that comes again takes its old place.
private struct JSONMembers {
  private(set) var members: [JSONValue.Member] = []
  /// Only for objects with many keys, where a search through all of them would be quadratic.
  private var places: [String: Int] = [:]

  mutating func set(_ key: String, _ value: JSONValue) {
    if let place = place(of: key) {
      members[place].value = value
      return
    }
    members.append(JSONValue.Member(key, value))
    if members.count > 16 {
      places[key] = members.count - 1
    } else if members.count == 16 {
      for (index, member) in members.enumerated() { places[member.key] = index }
    }
  }

  private func place(of key: String) -> Int? {
    members.count >= 16 ? places[key] : members.firstIndex { $0.key == key }
  }
}
