import TuningModel

/// A text as a terminal shows it: signs of one or two columns.
enum Cells {
  struct Cell: Equatable, Sendable {
    var text: String
    var width: Int
  }

  /// The text's cells. Whatever could move the cursor or change the direction of writing becomes a sign of its own; of
  /// signs put together only the first one is kept, since terminals do not agree on how wide the whole is.
  static func of(_ text: String, _ glyphs: Glyphs) -> [Cell] {
    var cells: [Cell] = []
    cells.reserveCapacity(text.utf8.count)
    for character in text {
      guard let first = character.unicodeScalars.first else { continue }
      if first.isASCII {
        // A line break is one character of two scalars.
        if first.value >= 0x20, first.value != 0x7F {
          cells.append(Cell(text: String(first) + marks(of: character, glyphs), width: 1))
        } else {
          let isSpace = first == "\t" || first == "\n" || first == "\r"
          cells.append(Cell(text: isSpace ? " " : glyphs.isUnicode ? "\u{FFFD}" : "?", width: 1))
        }
        continue
      }
      let width = width(of: first)
      guard width > 0 else {
        if !isInvisible(first) || PrintableText.isSteering(first) {
          cells.append(Cell(text: glyphs.isUnicode ? "\u{FFFD}" : "?", width: 1))
        }
        continue
      }
      if let plain = glyphs.shown(first) {
        for scalar in plain.unicodeScalars { cells.append(Cell(text: String(scalar), width: 1)) }
      } else {
        cells.append(Cell(text: String(first) + marks(of: character, glyphs), width: width))
      }
    }
    return cells
  }

  /// Two marks above or below a sign at most: more would run over the lines above.
  private static func marks(of character: Character, _ glyphs: Glyphs) -> String {
    guard glyphs.isUnicode, character.unicodeScalars.count > 1 else { return "" }
    var kept = ""
    for scalar in character.unicodeScalars.dropFirst().prefix(2) {
      guard scalar.properties.generalCategory == .nonspacingMark, !(0xFE00...0xFE0F).contains(scalar.value) else {
        break
      }
      kept.unicodeScalars.append(scalar)
    }
    return kept
  }

  static func width(of text: String, _ glyphs: Glyphs) -> Int { of(text, glyphs).reduce(0) { $0 + $1.width } }

  // MARK: Widths

  /// Columns of a sign by itself.
  static func width(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x20 || (0x7F...0x9F).contains(value) { return 0 }
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator, .surrogate,
      .unassigned, .privateUse:
      return 0
    default: break
    }
    // Halves of flags, and vowels of Hangul that join the sign before.
    if (0x1F1E6...0x1F1FF).contains(value) || (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) {
      return 0
    }
    return isWide(value) || scalar.properties.isEmojiPresentation ? 2 : 1
  }

  private static func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0x2329...0x232A,
      0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }

  /// Marks that stand alone are left out.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .nonspacingMark || scalar.value == 0x200D || scalar.value == 0xAD
      || (0xFE00...0xFE0F).contains(scalar.value)
  }
}
