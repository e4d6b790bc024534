import Foundation

/// Writes SVG 1.1 line by line. The same calls give the same bytes.
public struct SVGWriter {
  public private(set) var lines: [String] = []
  private var depth = 0
  private var open: [String] = []

  public init() {}

  /// An element without content.
  public mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>) {
    line("<\(name)\(Self.text(attributes))/>")
  }

  /// An element with text alone.
  public mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>, text: String) {
    line("<\(name)\(Self.text(attributes))>\(Self.escaped(text))</\(name)>")
  }

  /// An element with others in it.
  public mutating func group(
    _ name: String, _ attributes: KeyValuePairs<String, String>, _ body: (inout SVGWriter) -> Void
  ) {
    line("<\(name)\(Self.text(attributes))>")
    depth += 1
    body(&self)
    depth -= 1
    line("</\(name)>")
  }

  /// The whole text, with a line end.
  public var document: String { lines.joined(separator: "\n") + "\n" }

  private mutating func line(_ text: String) { lines.append(String(repeating: " ", count: depth) + text) }

  private static func text(_ attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
  }

  /// A coordinate in tenths of a pixel.
  public static func number(_ value: Double) -> String {
    let tenths = Int((min(max(value, -1e6), 1e6) * 10).rounded())
    let text = "\(tenths.magnitude / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths.magnitude % 10)")
    return tenths < 0 ? "-\(text)" : text
  }

  /// Text with what XML 1.0 cannot hold, or takes for markup, replaced.
  public static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += " "
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
