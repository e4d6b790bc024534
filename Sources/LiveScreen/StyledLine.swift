/// What a text is.
public enum Role: UInt8, Equatable, Sendable, CaseIterable {
  case plain, dim, strong, title, good, warning, error, selected, key
}

/// A line of the view: texts with their roles.
public struct StyledLine: Equatable, Sendable {
  public struct Span: Equatable, Sendable {
    public var text: String
    public var role: Role
  }

  public private(set) var spans: [Span] = []

  init() {}
  init(_ text: String, _ role: Role = .plain) { add(text, role) }

  mutating func add(_ text: String, _ role: Role = .plain) {
    guard !text.isEmpty else { return }
    if let last = spans.last, last.role == role {
      spans[spans.count - 1].text += text
    } else {
      spans.append(Span(text: text, role: role))
    }
  }

  mutating func add(_ line: StyledLine) { for span in line.spans { add(span.text, span.role) } }

  func width(_ glyphs: Glyphs) -> Int { spans.reduce(0) { $0 + Cells.width(of: $1.text, glyphs) } }

  /// The line with no more than so many columns, made of what a terminal can be given; a longer one ends in `…`.
  func clipped(to columns: Int, _ glyphs: Glyphs) -> StyledLine {
    let cells = spans.flatMap { span in Cells.of(span.text, glyphs).map { (cell: $0, role: span.role) } }
    let isWhole = cells.reduce(0) { $0 + $1.cell.width } <= columns
    var result = StyledLine()
    var left = isWhole ? columns : columns - 1
    for (cell, role) in cells {
      guard cell.width <= left else { break }
      result.add(cell.text, role)
      left -= cell.width
    }
    if !isWhole, columns > 0 { result.add(glyphs.ellipsis, result.spans.last?.role ?? .plain) }
    return result
  }

  /// The line with spaces behind it, as wide as that.
  func padded(to columns: Int, _ glyphs: Glyphs) -> StyledLine {
    var line = clipped(to: columns, glyphs)
    let missing = columns - line.width(glyphs)
    if missing > 0 { line.add(String(repeating: " ", count: missing)) }
    return line
  }

  /// The line without spaces at its end.
  func trimmed() -> StyledLine {
    var line = self
    while let last = line.spans.last, last.text.hasSuffix(" ") {
      line.spans[line.spans.count - 1].text.removeLast()
      if last.text == " " { line.spans.removeLast() }
    }
    return line
  }

  /// The text without roles.
  public var text: String { spans.map(\.text).joined() }
}
