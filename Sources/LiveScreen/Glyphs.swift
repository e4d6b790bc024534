/// The signs that the view draws with.
public struct Glyphs: Equatable, Sendable {
  /// Whether the terminal shows more than ASCII.
  public var isUnicode: Bool

  public init(isUnicode: Bool) { self.isUnicode = isUnicode }

  /// As the environment says: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set counts.
  public init(environment: (String) -> String?) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
    let word = locale.lowercased()
    isUnicode = word.contains("utf-8") || word.contains("utf8")
  }

  var ellipsis: String { isUnicode ? "…" : "~" }
  var line: String { isUnicode ? "─" : "-" }
  var separator: String { isUnicode ? " · " : " - " }
  var dash: String { isUnicode ? "–" : "-" }
  var mask: String { isUnicode ? "•" : "*" }
  var pointer: String { isUnicode ? "▸" : ">" }
  var more: String { isUnicode ? "↓" : "v" }
  var less: String { isUnicode ? "↑" : "^" }

  /// Eight heights.
  var levels: [String] {
    isUnicode ? ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] : ["_", ".", ",", "-", "=", "+", "*", "#"]
  }

  /// A bar of so many columns.
  func bar(_ share: Double, columns: Int) -> String {
    let filled = max(0, min(columns, Int((min(1, max(0, share)) * Double(columns)).rounded())))
    let (full, empty) = isUnicode ? ("█", "░") : ("#", ".")
    return String(repeating: full, count: filled) + String(repeating: empty, count: columns - filled)
  }

  /// A text as it can be shown: in ASCII, signs that the texts of pasha use are written otherwise.
  func shown(_ scalar: Unicode.Scalar) -> String? {
    if isUnicode { return nil }
    if scalar.isASCII { return nil }
    return Self.plain[scalar] ?? "?"
  }

  private static let plain: [Unicode.Scalar: String] = [
    "…": "...", "—": "-", "–": "-", "·": "-", "→": "->", "×": "x", "’": "'", "“": "\"", "”": "\"", "±": "+-",
    "≥": ">=", "≤": "<=", "é": "e", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "•": "*", "▸": ">", "↑": "^", "↓": "v",
    "ε": "epsilon", "α": "alpha", "β": "beta", "µ": "u", "μ": "u",
  ]
}
