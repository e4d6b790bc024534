/// The parameters of a request, each read once and checked. What is left over at the end was not asked for.
struct QueryReader {
  private var values: [String: String] = [:]

  /// Errors: a name that stands twice, an escape that is none, bytes that are no text.
  init(_ query: Substring) throws(APIError) {
    guard !query.isEmpty else { return }
    for piece in query.split(separator: "&", omittingEmptySubsequences: false) {
      if piece.isEmpty { continue }
      let parts = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try Self.decoded(parts[0])
      guard values[name] == nil else { throw APIError(.badRequest, "the parameter \(Self.shown(name)) stands twice") }
      values[name] = parts.count > 1 ? try Self.decoded(parts[1]) : ""
    }
  }

  private static func decoded(_ text: Substring) throws(APIError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    func digit(_ byte: UInt8?) -> UInt8? {
      byte.flatMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    }
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = digit(rest.next()), let low = digit(rest.next()) else {
          throw APIError(.badRequest, "an escape in the query is not two hexadecimal digits")
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw APIError(.badRequest, "the query is not UTF-8")
    }
    return decoded
  }

  static func shown(_ name: String) -> String { "`\(name.prefix(40))`" }

  /// To be called when all that is known was read.
  func finish() throws(APIError) {
    if let name = values.keys.min() { throw APIError(.badRequest, "there is no parameter \(Self.shown(name)) here") }
  }

  mutating func text(_ name: String, lengths: ClosedRange<Int>) throws(APIError) -> String? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    // Lengths count as JSON Schema has it: in characters of Unicode.
    guard lengths.contains(value.unicodeScalars.count) else {
      throw APIError(.badRequest, "\(name) must be \(lengths.lowerBound) to \(lengths.upperBound) characters long")
    }
    return value
  }

  mutating func whole(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    guard let number = Self.whole(value), range.contains(number) else {
      throw APIError(
        .badRequest, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  static func whole(_ text: String) -> Int? {
    guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else { return nil }
    return Int(text)
  }

  mutating func number(_ name: String, _ range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    let allowed = value.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard allowed, value.utf8.first != UInt8(ascii: "+"), let number = Double(value), range.contains(number) else {
      throw APIError(.badRequest, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func word(_ name: String, _ words: [String]) throws(APIError) -> String? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    guard words.contains(value) else {
      throw APIError(.badRequest, "\(name) must be one of \(words.joined(separator: ", "))")
    }
    return value
  }

  mutating func list(_ name: String, atMost limit: Int) throws(APIError) -> [String]? {
    guard let value = values.removeValue(forKey: name) else { return nil }
    let items = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard items.count <= limit else { throw APIError(.badRequest, "\(name) has more than \(limit) elements") }
    return items
  }
}
