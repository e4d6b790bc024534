import TuningModel

/// A trial's log as a terminal may be given it: bytes go in as they are read, and what comes out moves no cursor, sets no
/// title and asks nothing. Tabs, ends of lines, carriage returns and colours stay (SGR, but for text that is hidden); other
/// control characters become visible, as `^[`, and signs that steer or hide as `<U+202E>`.
public struct TerminalLog: Sendable {
  private static let escape: UInt8 = 0x1B
  private static let longestSequence = 64

  /// The beginning of a sign or of a sequence that is not whole yet.
  private var pending: [UInt8] = []
  private var last: Unicode.Scalar?
  private var hasColour = false

  public init() {}

  public mutating func shown(_ piece: [UInt8]) -> [UInt8] { take(piece, isEnd: false) }

  /// What is left; colours end with the log.
  public mutating func finish() -> [UInt8] {
    let rest = take([], isEnd: true)
    defer { hasColour = false }
    return hasColour ? rest + [Self.escape] + Array("[0m".utf8) : rest
  }

  private mutating func take(_ piece: [UInt8], isEnd: Bool) -> [UInt8] {
    let bytes = pending + piece
    pending = []
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let length: Int?
      switch bytes[index] {
      case Self.escape: length = colour(bytes[index...], isEnd: isEnd, into: &result)
      case 0..<0x80: length = ascii(bytes[index], into: &result)
      default: length = sign(bytes[index...], isEnd: isEnd, into: &result)
      }
      guard let length else {
        pending = Array(bytes[index...])
        break
      }
      index += length
    }
    return result
  }

  private mutating func ascii(_ byte: UInt8, into result: inout [UInt8]) -> Int {
    last = Unicode.Scalar(byte)
    let isShown = byte >= 0x20 && byte != 0x7F || [0x09, 0x0A, 0x0D].contains(byte)
    result += isShown ? [byte] : [UInt8(ascii: "^"), byte ^ 0x40]
    return 1
  }

  /// - Returns: how many bytes were taken; nil: what they are depends on what follows.
  private mutating func colour(_ bytes: ArraySlice<UInt8>, isEnd: Bool, into result: inout [UInt8]) -> Int? {
    let body = bytes.dropFirst(2).prefix(Self.longestSequence).prefix { byte in
      (0x30...0x3B).contains(byte)
    }
    let length = 2 + body.count
    if bytes.count == 1 || (bytes.count == length && bytes.dropFirst().first == UInt8(ascii: "[")),
      !isEnd, body.count < Self.longestSequence
    {
      return nil
    }
    guard bytes.dropFirst().first == UInt8(ascii: "["), bytes.count > length,
      bytes[bytes.startIndex + length] == UInt8(ascii: "m"), !Self.hides(body)
    else { return ascii(Self.escape, into: &result) }
    hasColour = true
    result += bytes.prefix(length + 1)
    return length + 1
  }

  /// Whether parameters of SGR make text invisible: 8, where it is no part of a colour.
  private static func hides(_ parameters: ArraySlice<UInt8>) -> Bool {
    let numbers = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    var index = 0
    while index < numbers.count {
      let value = Int(numbers[index].prefix { $0 != ":" })
      if value == 8 { return true }
      let isColour = value == 38 || value == 48 || value == 58
      if isColour, index + 1 < numbers.count {
        index += Int(numbers[index + 1]) == 5 ? 2 : Int(numbers[index + 1]) == 2 ? 4 : 0
      }
      index += 1
    }
    return false
  }

  private mutating func sign(_ bytes: ArraySlice<UInt8>, isEnd: Bool, into result: inout [UInt8]) -> Int? {
    let first = bytes.first ?? 0
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
    let own = bytes.prefix(length)
    if own.count < length, !isEnd, own.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) { return nil }
    let text = String(decoding: own, as: UTF8.self)
    guard text.unicodeScalars.count == 1, text.utf8.elementsEqual(own), let scalar = text.unicodeScalars.first else {
      result += "\u{FFFD}".utf8
      last = nil
      return 1
    }
    if PrintableText.of(String(scalar)) == String(scalar) || isJoined(scalar) {
      result += own
    } else {
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result += "<U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)>".utf8
    }
    last = scalar
    return length
  }

  /// A joiner behind a sign that may be joined.
  private func isJoined(_ scalar: Unicode.Scalar) -> Bool {
    (0x200C...0x200D).contains(scalar.value) && last?.isASCII == false
  }
}
