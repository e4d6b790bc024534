/// Writes a tree as YAML: sections and their keys on lines of their own, what is deeper within `{}` and `[]`.
enum YAMLText {
  static func block(_ root: YAMLNode) -> String {
    guard case .mapping(let sections) = root.content else { return flow(root) + "\n" }
    var lines: [String] = []
    for section in sections {
      guard case .mapping(let pairs) = section.value.content, !pairs.isEmpty else {
        lines.append("\(quoted(section.key)): \(flow(section.value))")
        continue
      }
      lines.append("\(quoted(section.key)):")
      lines += pairs.map { "  \(quoted($0.key)): \(flow($0.value))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func flow(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let scalar): scalar.isPlain && isPlainAnywhere(scalar) ? scalar.text : written(scalar)
    case .sequence(let elements): "[" + elements.map(flow).joined(separator: ", ") + "]"
    case .mapping(let pairs): "{" + pairs.map { "\(quoted($0.key)): \(flow($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  private static func written(_ scalar: YAMLScalar) -> String { scalar.value == .null ? "~" : quoted(scalar.text) }

  /// Keeps numbers and truth values as they were written; text that could mean something within brackets is quoted.
  private static func isPlainAnywhere(_ scalar: YAMLScalar) -> Bool {
    guard let first = scalar.text.utf8.first else { return false }
    if case .text = scalar.value, !isLetter(first) { return false }
    return scalar.text.utf8.allSatisfy {
      isLetter($0) || (48...57).contains($0) || "_-+./~".utf8.contains($0)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

  /// In double quotes, with YAML's escapes (YAML 1.2.2, section 5.7).
  private static func quoted(_ text: String) -> String {
    if isPlainAnywhere(YAMLScalar(text: text, isPlain: true)),
      case .text = YAMLScalar(text: text, isPlain: true).value
    {
      return text
    }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        let isPrintable = scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80...0x9F).contains(scalar.value)
        let isBreak = [0x2028, 0x2029, 0xFEFF].contains(scalar.value)
        if isPrintable, !isBreak {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return result + "\""
  }
}
