import TuningModel

/// CSV as RFC 4180 has it: lines end with CR LF, cells stand in quotes where they must. An empty cell is a missing value,
/// a quoted empty one an empty text.
///
/// Numbers are written with the fewest digits that give them back, `NaN`, `inf` and `-inf` where they are not finite,
/// truth values as `True` and `False`, nested values as JSON. NUL, which ends a line for most readers, becomes U+FFFD.
enum CSVText {
  static func line(_ cells: [String]) -> [UInt8] { Array((cells.joined(separator: ",") + "\r\n").utf8) }

  static func cell(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: ""
    case .bool(let value)?: value ? "True" : "False"
    case .int(let value)?: String(value)
    case .double(let value)?: value.isNaN ? "NaN" : PythonNumber.text(value)
    case .string(let text)?: cell(text)
    case .array?, .object?: cell(value?.jsonText(.compact) ?? "")
    }
  }

  static func cell(_ text: String) -> String {
    if text.isEmpty { return "\"\"" }
    let isPlain = text.utf8.allSatisfy { $0 != 0x22 && $0 != 0x2C && $0 != 0x0A && $0 != 0x0D && $0 != 0 }
    if isPlain, text.utf8.first != 0x20, text.utf8.last != 0x20 { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      quoted.unicodeScalars.append(scalar == "\0" ? "\u{FFFD}" : scalar)
    }
    return quoted + "\""
  }
}
