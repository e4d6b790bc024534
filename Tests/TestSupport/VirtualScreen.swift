import Glibc

/// What a terminal shows after the bytes that it was sent: as much of a terminal as `pasha-coord` and shells use. Widths are
/// the C library's.
public struct VirtualScreen: Sendable {
  public struct Cell: Equatable, Sendable {
    public var text = " "
    /// The parameters of the last `ESC [ … m`.
    public var look = ""
    /// The second half of a wide sign.
    public var isRest = false
  }

  public private(set) var columns: Int
  public private(set) var rows: Int
  private var cells: [[Cell]]
  /// The shell's, while the other one is shown.
  private var kept: [[Cell]]?
  private var keptCursor = (row: 0, column: 0)
  private var row = 0
  private var column = 0
  private var look = ""
  private var wraps = true
  public private(set) var hasCursor = true
  public var isAlternate: Bool { kept != nil }
  /// What was sent and is nothing of that: sequences by their text, and signs beyond the last column.
  public private(set) var faults: [String] = []
  /// Every look that was asked for.
  public private(set) var looks: Set<String> = []
  private var rest: [UInt8] = []

  public init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Self.empty(columns, rows)
  }

  private static func empty(_ columns: Int, _ rows: Int) -> [[Cell]] {
    [[Cell]](repeating: [Cell](repeating: Cell(), count: columns), count: rows)
  }

  /// The lines without spaces at their ends.
  public var lines: [String] {
    cells.map { line in
      var text = line.filter { !$0.isRest }.map(\.text).joined()
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
  }

  public var text: String { lines.joined(separator: "\n") }

  /// The looks of a text on the screen, where it first stands.
  public func looks(of wanted: String) -> [String] {
    for line in cells {
      let shown = line.filter { !$0.isRest }
      let joined = shown.map(\.text).joined()
      guard let range = joined.range(of: wanted) else { continue }
      let first = joined.distance(from: joined.startIndex, to: range.lowerBound)
      return shown[first..<(first + wanted.count)].map(\.look)
    }
    return []
  }

  /// Another size: what does not fit is cut off.
  public mutating func resize(columns: Int, rows: Int) {
    func resized(_ old: [[Cell]]) -> [[Cell]] {
      var new = Self.empty(columns, rows)
      for (row, line) in old.prefix(rows).enumerated() {
        for (column, cell) in line.prefix(columns).enumerated() { new[row][column] = cell }
      }
      return new
    }
    cells = resized(cells)
    kept = kept.map(resized)
    (self.columns, self.rows) = (columns, rows)
    (row, column) = (min(row, rows - 1), min(column, columns - 1))
  }

  public mutating func take(_ bytes: [UInt8]) {
    rest += bytes
    var index = 0
    while index < rest.count, let length = take(at: index) { index += length }
    rest.removeFirst(index)
  }

  /// - Returns: how many bytes were taken; nil: more must come first.
  private mutating func take(at index: Int) -> Int? {
    let byte = rest[index]
    switch byte {
    case 0x1B: return escape(at: index)
    case 0x0D:
      column = 0
      return 1
    case 0x0A:
      lineFeed()
      return 1
    case 0x08:
      column = max(0, column - 1)
      return 1
    case 0x07: return 1
    case 0x09:
      column = min(columns - 1, (column / 8 + 1) * 8)
      return 1
    case 0..<0x20, 0x7F:
      faults.append("control \(byte)")
      return 1
    case 0..<0x80:
      put(Unicode.Scalar(byte))
      return 1
    default:
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      guard rest.count - index >= length else { return nil }
      guard let scalar = String(validating: rest[index..<index + length], as: UTF8.self)?.unicodeScalars.first else {
        faults.append("no UTF-8")
        return 1
      }
      put(scalar)
      return length
    }
  }

  private mutating func lineFeed() {
    guard row == rows - 1 else {
      row += 1
      return
    }
    cells.removeFirst()
    cells.append([Cell](repeating: Cell(), count: columns))
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    let width = Self.width(scalar)
    guard width != 0 else {
      if column > 0 { cells[row][min(columns, column) - 1].text.unicodeScalars.append(scalar) }
      return
    }
    if column + width > columns {
      guard wraps else { return faults.append("beyond the last column: \(scalar)") }
      column = 0
      lineFeed()
    }
    cells[row][column] = Cell(text: String(scalar), look: look)
    if width == 2 { cells[row][column + 1] = Cell(text: "", look: look, isRest: true) }
    column += width
  }

  /// Columns as the C library has them; what it does not know counts as one.
  public static func width(_ scalar: Unicode.Scalar) -> Int {
    let before = uselocale(locale)
    defer { uselocale(before) }
    let width = wcwidth(Int32(bitPattern: scalar.value))
    return width < 0 ? 1 : Int(width)
  }

  // Not in the module of the C library that Swift sees.
  private static let wcwidth: @convention(c) (Int32) -> CInt = {
    guard let function = dlsym(nil, "wcwidth") else { return { _ in 1 } }
    return unsafeBitCast(function, to: (@convention(c) (Int32) -> CInt).self)
  }()

  // Made once and never changed.
  nonisolated(unsafe) private static let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)

  private mutating func escape(at index: Int) -> Int? {
    guard rest.count > index + 1 else { return nil }
    guard rest[index + 1] == UInt8(ascii: "[") else {
      // Titles of windows, which shells set.
      if rest[index + 1] == UInt8(ascii: "]") {
        guard let end = rest[index...].firstIndex(of: 0x07) else { return nil }
        return end - index + 1
      }
      faults.append("escape \(rest[index + 1])")
      return 2
    }
    guard let end = rest[(index + 2)...].firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
    let parameters = String(decoding: rest[(index + 2)..<end], as: UTF8.self)
    control(parameters, Character(Unicode.Scalar(rest[end])))
    return end - index + 1
  }

  private mutating func control(_ parameters: String, _ final: Character) {
    let numbers = parameters.split(separator: ";").map { Int($0) ?? 0 }
    switch (final, parameters) {
    case ("m", _):
      look = parameters == "0" ? "" : parameters
      if !look.isEmpty { looks.insert(look) }
    case ("H", _):
      row = max(0, min(rows - 1, (numbers.first ?? 1) - 1))
      column = max(0, min(columns - 1, (numbers.count > 1 ? numbers[1] : 1) - 1))
    case ("K", ""), ("K", "0"): for place in min(column, columns)..<columns { cells[row][place] = Cell() }
    case ("J", "2"): cells = Self.empty(columns, rows)
    case ("h", "?1049"):
      if kept == nil { (kept, keptCursor) = (cells, (row, column)) }
      cells = Self.empty(columns, rows)
    case ("l", "?1049"):
      if let before = kept { (cells, row, column) = (before, keptCursor.row, keptCursor.column) }
      kept = nil
    case ("h", "?25"): hasCursor = true
    case ("l", "?25"): hasCursor = false
    case ("h", "?7"): wraps = true
    case ("l", "?7"): wraps = false
    // Frames shown at once; pasted text in brackets.
    case (_, "?2026"), (_, "?2004"): break
    default: faults.append("sequence \(parameters)\(final)")
    }
  }
}
