/// Texts of others, as a terminal and a report may be given them.
public enum PrintableText {
  /// The text without what could steer a terminal, turn the direction of what follows, or hide: a hostile name or log line
  /// shows as what it is.
  public static func of(_ text: String, keepsNewlines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      // Signs are joined by them, in Persian and in emoji; between letters of ASCII they only hide.
      let isLooseJoiner = (0x200C...0x200D).contains(scalar.value) && last?.isASCII != false
      if keepsNewlines && scalar == "\n" || !isSteering(scalar) && !isLooseJoiner {
        result.append(scalar)
      } else if scalar == "\t" {
        result.append(" ")
      } else {
        result.append("\u{FFFD}")
      }
      last = scalar
    }
    return String(result)
  }

  /// Whether a sign by itself is none to be shown: control characters (C0, C1), those that change the direction of writing
  /// or break the line, and those that cannot be seen.
  public static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F: true
    // Soft hyphen, Arabic letter mark, Hangul, Khmer and Mongolian fillers.
    case 0xAD, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFFA0: true
    // Zero width space, marks of direction, line and paragraph separators, embeddings, overrides and isolates.
    case 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F: true
    // Byte order mark, annotations, tags.
    case 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
    default: false
    }
  }
}
