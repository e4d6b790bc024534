/// What a report says, before it is HTML or Markdown. All texts are plain: whoever writes them escapes them.
struct ReportDocument: Equatable, Sendable {
  struct Section: Equatable, Sendable {
    var title: String
    /// Names it in links.
    var anchor: String
    var blocks: [Block]
  }

  indirect enum Block: Equatable, Sendable {
    case paragraph(String)
    case table(Table)
    case figures([Figure])
    /// Text as a program printed it.
    case code(String)
    /// Folded up at first.
    case folded(String, [Block])
  }

  struct Table: Equatable, Sendable {
    var header: [String]
    var rows: [[Cell]]
    /// Columns of numbers, which stand right-aligned.
    var numeric: Set<Int> = []
    /// A row that is set apart.
    var marked: Int?
  }

  struct Cell: Equatable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    var text: String
    /// The rung whose colour stands before it.
    var level: Int?

    init(_ text: String, level: Int? = nil) {
      self.text = text
      self.level = level
    }

    init(stringLiteral value: String) { self.init(value) }
  }

  struct Figure: Equatable, Sendable {
    var title: String
    /// For readers who cannot see it; in Markdown it stands in its place.
    var summary: String
    var svg: String
    var legend: [LegendEntry] = []
    var note: String?
    /// Takes the whole width, and scrolls where there is less.
    var isWide = false
    /// Words do not tell it: Markdown leaves it out.
    var isSeenAlone = false
  }

  struct LegendEntry: Equatable, Sendable {
    /// The class of its mark.
    var mark: String
    var text: String
  }

  struct Tile: Equatable, Sendable {
    var title: String
    var value: String
    var note: String = ""
  }

  var title: String
  var subtitle: String
  var tiles: [Tile]
  var sections: [Section]
  /// So many levels have a colour; the last is the maximum resource.
  var levels: Int
  var foot: String
}
