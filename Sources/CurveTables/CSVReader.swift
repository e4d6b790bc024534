/// Reads CSV (RFC 4180) record by record: fields in quotes may hold commas, line ends and doubled quotes. Line ends are
/// LF or CRLF; lines with nothing on them are passed over; a byte order mark at the beginning is too.
struct CSVReader {
  /// One cell: its bytes, without the quotes around it.
  struct Field {
    var range: Range<Int>
    var isQuoted: Bool
  }

  let file: String
  private let bytes: [UInt8]
  /// Where the text begins: behind a byte order mark.
  private let begin: Int
  private var position: Int

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
    begin = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    position = begin
  }

  /// Puts the next record's fields into `fields`; false at the end.
  mutating func next(_ fields: inout [Field]) throws(CurveTableError) -> Bool {
    fields.removeAll(keepingCapacity: true)
    while position < bytes.count, bytes[position] == Self.newline || isCRLF(position) { position += 1 }
    guard position < bytes.count else { return false }
    while true {
      fields.append(bytes[position...].first == Self.quote ? try quoted() : plain())
      guard position < bytes.count else { return true }
      let separator = bytes[position]
      position += isCRLF(position) ? 2 : 1
      if separator != Self.comma { return true }
    }
  }

  /// What a cell says, spaces at its ends left out.
  func text(_ field: Field) -> String {
    let text = String(decoding: bytes[trimmed(field)], as: UTF8.self)
    return field.isQuoted ? text.replacing("\"\"", with: "\"") : text
  }

  func isEmpty(_ field: Field) -> Bool { trimmed(field).isEmpty }

  /// The number in a cell, `nan` and `inf` among them; nil when it is none.
  func number(_ field: Field) -> Double? {
    let range = trimmed(field)
    // What the standard library reads beyond decimal numbers and those names is nobody's intention here.
    if bytes[range].contains(where: { $0 | 0x20 == UInt8(ascii: "x") || $0 | 0x20 == UInt8(ascii: "p") }) { return nil }
    return Double(String(decoding: bytes[range], as: UTF8.self))
  }

  func whole(_ field: Field) -> Int? { Int(String(decoding: bytes[trimmed(field)], as: UTF8.self)) }

  /// A mistake at a cell.
  func mistake(_ code: CurveTableError.Code, _ field: Field, _ message: String) -> CurveTableError {
    mistake(code, at: field.range.lowerBound - (field.isQuoted ? 1 : 0), message)
  }

  /// `column must be WHAT, not "…"`.
  func mistake(_ field: Field, column: String, mustBe what: String) -> CurveTableError {
    let shown = text(field)
    let cut = shown.count > 40 ? shown.prefix(40) + "…" : shown[...]
    return mistake(.notANumber, field, "\(column) must be \(what), not \"\(cut)\"")
  }

  private func mistake(_ code: CurveTableError.Code, at offset: Int, _ message: String) -> CurveTableError {
    let before = bytes[begin..<offset]
    let lineStart = before.lastIndex(of: Self.newline).map { $0 + 1 } ?? begin
    return CurveTableError(
      code, file, line: before.count { $0 == Self.newline } + 1,
      column: String(decoding: bytes[lineStart..<offset], as: UTF8.self).unicodeScalars.count + 1, message)
  }

  private mutating func plain() -> Field {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == Self.comma || byte == Self.newline || isCRLF(position) { break }
      position += 1
    }
    return Field(range: start..<position, isQuoted: false)
  }

  private mutating func quoted() throws(CurveTableError) -> Field {
    let start = position + 1
    position = start
    while position < bytes.count {
      if bytes[position] == Self.quote {
        if position + 1 < bytes.count, bytes[position + 1] == Self.quote {
          position += 1
        } else {
          break
        }
      }
      position += 1
    }
    guard position < bytes.count else {
      throw mistake(.syntax, at: start - 1, "the quote that begins here is never closed")
    }
    let field = Field(range: start..<position, isQuoted: true)
    position += 1
    if position < bytes.count, bytes[position] != Self.comma, bytes[position] != Self.newline, !isCRLF(position) {
      throw mistake(
        .syntax, at: position, "a comma or the line's end must follow a closing quote; a quote within is doubled")
    }
    return field
  }

  private func isCRLF(_ position: Int) -> Bool {
    bytes[position] == Self.carriageReturn && (position + 1 == bytes.count || bytes[position + 1] == Self.newline)
  }

  private func trimmed(_ field: Field) -> Range<Int> {
    var (start, end) = (field.range.lowerBound, field.range.upperBound)
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return start..<end
  }
}
