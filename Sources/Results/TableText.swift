import TuningModel

/// Values as pandas' `to_csv` writes them: numbers as Python prints them, NaN and null empty, infinities as `inf`, text
/// in quotes where it must be, nested values as Python's `repr`.
enum TableText {
  static func cell(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): cell(value)
    case .string(let text): cell(text)
    case .array, .object: cell(representation(value))
    }
  }

  static func cell(_ value: Double) -> String { value.isNaN ? "" : PythonNumber.text(value) }

  static func cell(_ text: String) -> String {
    // NUL ends a line for most readers of CSV, pandas' included.
    let text =
      text.utf8.contains(0) ? String(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : Character($0) }) : text
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  /// Python's `repr` of what its `json.loads` gives for the value.
  static func representation(_ value: JSONValue) -> String {
    switch value {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): PythonNumber.text(value)
    case .string(let text): representation(text)
    case .array(let elements): "[" + elements.map(representation).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { representation($0.key) + ": " + representation($0.value) }.joined(separator: ", ") + "}"
    }
  }

  private static func representation(_ text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", quote: result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if isPrintable(scalar) { result.unicodeScalars.append(scalar) } else { result += escape(scalar) }
      }
    }
    return result + String(quote)
  }

  /// As Python's `str.isprintable`: no control, format, surrogate, private or unassigned scalar, no separator but space.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (prefix, width) = scalar.value < 0x100 ? ("\\x", 2) : scalar.value < 0x10000 ? ("\\u", 4) : ("\\U", 8)
    return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
