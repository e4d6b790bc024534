extension JSONParser {
  /// Reads a string; the position stands at the opening quote.
  mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while true {
      let byte = try peek()
      if byte == UInt8(ascii: "\"") {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try stringWithEscapes(after: start) }
      guard byte >= 0x20 else { throw unexpected(byte, "a character or '\"'") }
      position += 1
    }
  }

  private mutating func stringWithEscapes(after start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try appendEscape(to: &text)
      case 0..<0x20:
        throw unexpected(byte, "a character or '\"'")
      default:
        text.append(byte)
        position += 1
      }
    }
  }

  /// Reads an escape; the position stands behind the backslash.
  private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
    let letter = try peek()
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      position += 1
      return text.append(
        contentsOf: Unicode.UTF8.encode(try escapedScalar()) ?? Unicode.UTF8.encodedReplacementCharacter)
    default:
      throw JSONError(code: .invalidEscape, offset: position, message: "an unknown escape in a string")
    }
    position += 1
  }

  /// Reads what follows `\u`; a surrogate without its other half becomes U+FFFD.
  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    let unit = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    let replacement: Unicode.Scalar = "\u{FFFD}"
    guard unit < 0xDC00 else { return replacement }
    guard try peek() == UInt8(ascii: "\\") else { return replacement }
    let backslash = position
    position += 1
    guard try peek() == UInt8(ascii: "u") else {
      position = backslash
      return replacement
    }
    position += 1
    let low = try hexadecimalUnit()
    guard (0xDC00...0xDFFF).contains(low) else {
      position = backslash
      return replacement
    }
    return Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)) ?? replacement
  }

  private mutating func hexadecimalUnit() throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      let byte = try peek()
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default:
        throw JSONError(
          code: .invalidEscape, offset: position, message: "\\u must be followed by four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = try peek() == UInt8(ascii: "-")
    if isNegative {
      position += 1
      if try peek() == UInt8(ascii: "I") { return try word("Infinity", .double(-.infinity)) }
    }
    var isWhole = true
    let digits = position
    try skipDigits()
    if position - digits > 1, bytes[digits] == UInt8(ascii: "0") {
      throw JSONError(code: .unexpectedByte, offset: digits, message: "a number must not begin with 0")
    }
    if position < end, bytes[position] == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try skipDigits()
    }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      position += 1
      let sign = try peek()
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
    if isWhole, let whole = wholeNumber(digits..<position, isNegative: isNegative) { return .int(whole) }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw JSONError(code: .unexpectedByte, offset: start, message: "a number that cannot be read")
    }
    return .double(value)
  }

  /// Steps over one digit at least.
  private mutating func skipDigits() throws(JSONError) {
    let first = try peek()
    guard Self.isDigit(first) else { throw unexpected(first, "a digit") }
    position += 1
    while position < end, Self.isDigit(bytes[position]) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// nil: more than an `Int` holds.
  private func wholeNumber(_ digits: Range<Int>, isNegative: Bool) -> Int? {
    var number = 0
    for byte in bytes[digits] {
      let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
      let digit = Int(byte - UInt8(ascii: "0"))
      let (next, carry) =
        isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      number = next
    }
    return number
  }
}
