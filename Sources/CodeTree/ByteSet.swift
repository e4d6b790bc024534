/// A set of bytes, as a bracket of a shell pattern names it.
struct ByteSet: Equatable, Sendable {
  private var words: SIMD4<UInt64> = .zero

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] & (1 << UInt64(byte & 63)) != 0 }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  mutating func insert(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

  mutating func invert() { words = ~words }

  init() {}

  /// Reads a bracket whose `[` is already gone, up to and with its `]`; nil when it does not end or names a class that
  /// there is not. A `]` in the first place stands for itself, and so does a `-` in the first or last.
  init?(bracket rest: inout ArraySlice<UInt8>) {
    let negates = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
    if negates { rest = rest.dropFirst() }
    var isFirst = true
    var rangeStart: UInt8?
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "]"), !isFirst {
        if negates { invert() }
        return
      }
      isFirst = false
      if byte == UInt8(ascii: "-"), let low = rangeStart, let end = rest.first, end != UInt8(ascii: "]") {
        guard let high = Self.member(&rest) else { return nil }
        if low <= high { insert(low...high) }
        rangeStart = nil
      } else if byte == UInt8(ascii: "["), rest.first == UInt8(ascii: ":"), let name = Self.className(rest) {
        guard let members = Self.classes[name] else { return nil }
        rest = rest.dropFirst(name.utf8.count + 3)
        for candidate in UInt8.min...UInt8.max where members(candidate) { insert(candidate) }
        rangeStart = nil
      } else {
        var member = byte
        if byte == UInt8(ascii: "\\") {
          guard let escaped = rest.popFirst() else { return nil }
          member = escaped
        }
        insert(member)
        rangeStart = member
      }
    }
    return nil
  }

  private static func member(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let byte = rest.popFirst() else { return nil }
    return byte == UInt8(ascii: "\\") ? rest.popFirst() : byte
  }

  /// The name in `:name:]`, nil when the next `]` does not close one: then the `[` stands for itself.
  private static func className(_ rest: ArraySlice<UInt8>) -> String? {
    let inside = rest.dropFirst().prefix { $0 != UInt8(ascii: "]") }
    guard inside.endIndex < rest.endIndex, inside.last == UInt8(ascii: ":") else { return nil }
    return String(decoding: inside.dropLast(), as: UTF8.self)
  }

  private static let classes: [String: @Sendable (UInt8) -> Bool] = [
    "alnum": { isLetter($0) || isDigit($0) },
    "alpha": { isLetter($0) },
    "blank": { $0 == 0x20 || $0 == 0x09 },
    "cntrl": { $0 < 0x20 || $0 == 0x7F },
    "digit": { isDigit($0) },
    "graph": { 0x21...0x7E ~= $0 },
    "lower": { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 },
    "print": { 0x20...0x7E ~= $0 },
    "punct": { 0x21...0x7E ~= $0 && !isLetter($0) && !isDigit($0) },
    "space": { $0 == 0x20 || 0x09...0x0D ~= $0 },
    "upper": { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 },
    "xdigit": { isDigit($0) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 | 0x20 },
  ]

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
  private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }
}
