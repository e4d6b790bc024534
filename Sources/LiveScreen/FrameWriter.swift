/// Turns one picture into the next: lines that differ are written anew.
public struct FrameWriter: Sendable {
  /// How roles look.
  public struct Palette: Sendable {
    private let codes: [String]

    /// Colours that differ for colour-blind eyes too: cyan, yellow and red, each with its own word or weight. Without
    /// colours weight and reversal are left.
    public init(hasColour: Bool) {
      codes = Role.allCases.map { role in
        switch role {
        case .plain: ""
        case .dim: "2"
        case .strong, .title, .key: "1"
        case .good: hasColour ? "36" : ""
        case .warning: hasColour ? "33" : "1"
        case .error: hasColour ? "1;31" : "1"
        case .selected: "7"
        }
      }
    }

    func code(_ role: Role) -> String { codes[Int(role.rawValue)] }
  }

  /// Another screen that keeps the shell's as it is, no cursor, no wrapping of long lines.
  public static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[H\u{1B}[2J"
  public static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  private let palette: Palette
  private var shown: [StyledLine] = []
  private var columns = 0

  public init(palette: Palette) { self.palette = palette }

  /// The screen is empty, or somebody else has written there.
  public mutating func forget() { shown = [] }

  /// What is to be written so that the picture shows; empty where it does already.
  public mutating func bytes(for picture: [StyledLine], columns: Int, glyphs: Glyphs) -> [UInt8] {
    var text = ""
    if columns != self.columns || picture.count != shown.count {
      text += "\u{1B}[0m\u{1B}[2J"
      shown = [StyledLine](repeating: StyledLine(), count: picture.count)
      self.columns = columns
    }
    for (row, line) in picture.enumerated() where line != shown[row] {
      text += "\u{1B}[\(row + 1);1H"
      for span in line.spans {
        let code = palette.code(span.role)
        text += code.isEmpty ? span.text : "\u{1B}[\(code)m\(span.text)\u{1B}[0m"
      }
      // At the end of a full line a terminal would clear its last sign.
      if line.width(glyphs) < columns { text += "\u{1B}[K" }
    }
    shown = picture
    return text.isEmpty ? [] : Array("\u{1B}[?2026h\(text)\u{1B}[?2026l".utf8)
  }
}
