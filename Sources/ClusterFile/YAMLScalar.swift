import Foundation

/// A scalar as it is written, and what it stands for.
///
/// Rules, where YAML 1.1 and 1.2 differ or users are surprised (`Docs/cluster-file.md` has them too):
/// `1e-5` is a number (not so in YAML 1.1); `1_000` is one; `yes`, `no`, `on` and `off` are text (truth values in YAML
/// 1.1), for a choice between yes and no reaches a script as it was written; `true` and `false` are truth values;
/// `1:30` and dates are text; `010` is refused where it is used as a number, since YAML 1.1 reads 8 and 1.2 reads 10.
struct YAMLScalar: Hashable {
  enum Value: Hashable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    /// A whole number that does not fit 64 bits, or one with a leading zero.
    case doubtful(reason: String)
  }

  var text: String
  /// Not in quotes, and not tagged as text.
  var isPlain: Bool
  var value: Value

  init(text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
    value = isPlain ? Self.resolve(text) : .text(text)
  }

  var shown: String {
    switch value {
    case .null: return "nothing"
    case .text:
      let short = text.count > 60 ? text.prefix(57) + "..." : text[...]
      let isClear = !short.isEmpty && short.allSatisfy { $0.isASCII && !$0.isWhitespace && $0 != "'" && $0 != "," }
      return isPlain && isClear ? String(short) : "'\(Self.printable(short))'"
    default: return text.count > 60 ? text.prefix(57) + "..." : text
    }
  }

  private static func printable(_ text: Substring) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || scalar.value == 0x7F {
        result += "\u{FFFD}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func resolve(_ text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".nan", ".NaN", ".NAN": return .double(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
    default: return number(text) ?? .text(text)
    }
  }

  /// Reads a number by hand: `Double`'s own reader takes `inf`, `nan` and hexadecimal fractions as well.
  private static func number(_ text: String) -> Value? {
    var bytes = Array(text.utf8)
    guard bytes.count <= 400, let last = bytes.last, last != UInt8(ascii: "_") else { return nil }
    var sign = ""
    if bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
      sign = bytes[0] == UInt8(ascii: "-") ? "-" : ""
      bytes.removeFirst()
    }
    if let radix = radix(bytes) {
      let digits = bytes.dropFirst(2)
      guard !digits.isEmpty, digits.allSatisfy({ isDigit($0, radix: radix) }) else { return nil }
      let whole = Int(sign + String(decoding: digits, as: UTF8.self), radix: radix)
      return whole.map(Value.int) ?? .doubtful(reason: "does not fit 64 bits")
    }
    guard let shape = DecimalShape(bytes) else { return nil }
    let plain = sign + String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    if shape.isWhole {
      if shape.hasLeadingZero { return .doubtful(reason: "begins with 0, which some read as octal; write it without") }
      return Int(plain).map(Value.int) ?? .doubtful(reason: "does not fit 64 bits")
    }
    return Double(plain).map(Value.double)
  }

  private static func radix(_ bytes: [UInt8]) -> Int? {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "0") else { return nil }
    switch bytes[1] {
    case UInt8(ascii: "x"): return 16
    case UInt8(ascii: "o"): return 8
    default: return nil
    }
  }

  private static func isDigit(_ byte: UInt8, radix: Int) -> Bool {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false
  }
}

/// The parts of a decimal number: digits, with `_` between them, a fraction, an exponent.
private struct DecimalShape {
  var isWhole = true
  var hasLeadingZero = false

  /// nil: not a decimal number.
  init?(_ bytes: [UInt8]) {
    var position = 0
    func digits(allowsUnderscore: Bool) -> Int {
      var count = 0
      while position < bytes.count {
        let byte = bytes[position]
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
          count += 1
        } else if byte != UInt8(ascii: "_") || !allowsUnderscore || count == 0 {
          break
        }
        position += 1
      }
      return count
    }
    let before = digits(allowsUnderscore: true)
    hasLeadingZero = before > 1 && bytes[0] == UInt8(ascii: "0")
    var after = 0
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      after = digits(allowsUnderscore: true)
    }
    guard before + after > 0 else { return nil }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      guard digits(allowsUnderscore: false) > 0 else { return nil }
    }
    guard position == bytes.count else { return nil }
  }
}
