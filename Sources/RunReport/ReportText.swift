import Presentation

/// Names and texts of a run, as they may stand in a report.
enum ReportText {
  /// As it may stand in a terminal, and not longer than `limit`.
  static func plain(_ text: String, limit: Int = 200, keepsNewlines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in Presentation.printable(text, keepsNewlines: keepsNewlines).unicodeScalars {
      if count == limit {
        result.append("…")
        break
      }
      count += 1
      result.append(scalar)
    }
    return String(result)
  }

  /// With separators: `5 184` would break, so a narrow space that does not.
  static func whole(_ value: Int) -> String {
    let digits = String(value.magnitude)
    guard digits.count > 4 else { return String(value) }
    var groups: [Substring] = []
    var rest = digits[...]
    while !rest.isEmpty {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return (value < 0 ? "-" : "") + groups.joined(separator: "\u{202F}")
  }

  /// `a`, `a and b`, `a, b and c`; of many the first, and how many more.
  static func list(_ words: [String], limit: Int = 8) -> String {
    let shown = words.count > limit ? words.prefix(limit) + ["\(words.count - limit) more"] : words[...]
    guard let last = shown.last, shown.count > 1 else { return shown.first ?? "" }
    return shown.dropLast().joined(separator: ", ") + " and " + last
  }
}
