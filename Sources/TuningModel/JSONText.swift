/// How JSON is written.
public struct JSONStyle: Sendable {
  /// `", "` and `": "`, as Python's `json.dumps` puts them, in place of `","` and `":"`.
  public var spacesSeparators: Bool
  /// `\u00e9` for `é`.
  public var escapesNonASCII: Bool
  /// `NaN`, `Infinity` and `-Infinity`, which are not JSON but what Python prints and reads; otherwise `null`.
  public var namesNonFinite: Bool

  public init(spacesSeparators: Bool = false, escapesNonASCII: Bool = false, namesNonFinite: Bool = true) {
    self.spacesSeparators = spacesSeparators
    self.escapesNonASCII = escapesNonASCII
    self.namesNonFinite = namesNonFinite
  }

  /// No space, and no name for what is not finite: for readers other than Python.
  public static let strict = JSONStyle(namesNonFinite: false)
  /// No space; numbers that are not finite by name.
  public static let compact = JSONStyle()
  /// Byte for byte what `json.dumps` of Python prints.
  public static let python = JSONStyle(spacesSeparators: true, escapesNonASCII: true)
}

extension JSONValue {
  /// The value as one line of JSON. A double is written with the fewest digits that give it back, as Python does.
  public func jsonText(_ style: JSONStyle = .compact) -> String {
    String(decoding: jsonBytes(style), as: UTF8.self)
  }

  /// The UTF-8 bytes of `jsonText`.
  public func jsonBytes(_ style: JSONStyle = .compact) -> [UInt8] {
    var writer = JSONWriter(style: style)
    writer.write(self)
    return writer.bytes
  }
}

private struct JSONWriter {
  let style: JSONStyle
  var bytes: [UInt8] = []

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .int(let value): bytes += String(value).utf8
    case .double(let value): write(value)
    case .string(let value): write(value)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { separate(UInt8(ascii: ",")) }
        write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { separate(UInt8(ascii: ",")) }
        write(member.key)
        separate(UInt8(ascii: ":"))
        write(member.value)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private mutating func separate(_ byte: UInt8) {
    bytes.append(byte)
    if style.spacesSeparators { bytes.append(UInt8(ascii: " ")) }
  }

  private mutating func write(_ value: Double) {
    if value.isFinite {
      bytes += PythonNumber.text(value).utf8
    } else if !style.namesNonFinite {
      bytes += "null".utf8
    } else {
      bytes += (value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity").utf8
    }
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\n": bytes += "\\n".utf8
      case "\r": bytes += "\\r".utf8
      case "\t": bytes += "\\t".utf8
      case "\u{08}": bytes += "\\b".utf8
      case "\u{0C}": bytes += "\\f".utf8
      case "\u{20}"..."\u{7E}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case _ where scalar.value < 0x20 || style.escapesNonASCII:
        for unit in String(scalar).utf16 { writeEscape(unit) }
      default: bytes += String(scalar).utf8
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscape(_ unit: UInt16) {
    let digits: StaticString = "0123456789abcdef"
    bytes += "\\u".utf8
    for shift in [12, 8, 4, 0] as [UInt16] { bytes.append(digits.utf8Start[Int(unit >> shift & 0xF)]) }
  }
}
