extension YAMLDocument {
  /// Names for keys that come twice begin with one of these characters, which the file must not hold itself.
  private static let firstPrivate: UInt32 = 0xE000

  /// The text with the first character of the key at `place` replaced; nil: the file uses such characters itself, or
  /// the place is not in the text.
  static func renamed(_ text: String, at place: Place, to number: Int) -> String? {
    guard let mark = Unicode.Scalar(firstPrivate + UInt32(number)) else { return nil }
    var scalars = Array(text.unicodeScalars)
    guard !scalars.contains(mark), var index = offset(of: place, in: scalars) else { return nil }
    if index + 1 < scalars.count, scalars[index] == "'" || scalars[index] == "\"" { index += 1 }
    guard index < scalars.count, !scalars[index].properties.isWhitespace else { return nil }
    scalars[index] = mark
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Which duplicate a key was renamed to, counted from 1.
  static func number(ofRenamed key: String) -> Int? {
    guard let first = key.unicodeScalars.first?.value,
      (firstPrivate + 1...firstPrivate + UInt32(YAMLLimits.duplicates)).contains(first)
    else { return nil }
    return Int(first - firstPrivate)
  }

  static func scalar(at place: Place, in text: String) -> Unicode.Scalar? {
    let scalars = Array(text.unicodeScalars)
    return offset(of: place, in: scalars).map { scalars[$0] }
  }

  private static func offset(of place: Place, in scalars: [Unicode.Scalar]) -> Int? {
    var line = 1
    var index = 0
    while line < place.line {
      guard index < scalars.count else { return nil }
      let scalar = scalars[index]
      index += 1
      // The line ends that YAML 1.1 knows.
      switch scalar {
      case "\r":
        if index < scalars.count, scalars[index] == "\n" { index += 1 }
        line += 1
      case "\n", "\u{85}", "\u{2028}", "\u{2029}": line += 1
      default: break
      }
    }
    // A byte order mark has no column.
    if place.line == 1, scalars.first == "\u{FEFF}" { index += 1 }
    let target = index + place.column - 1
    return scalars.indices.contains(target) ? target : nil
  }

  /// The first key that is no plain text, in a file that also has many aliases. The parser hashes keys, and hashes
  /// through each alias anew, so that a few such keys could take for ever. This looks at the text alone and may see a
  /// key where there is none; a file has to be strange to be refused.
  static func firstForbiddenKey(_ text: String) -> Place? {
    var aliases = 0
    var keyPlace: Place?
    var place = Place(line: 1, column: 0)
    /// The last character that is no white space; on the same line where `isLineStart` is false.
    var last: Unicode.Scalar = "\n"
    var isLineStart = true
    var isSpaced = true
    var isAfterOpening = true
    /// Between the `*` of an alias and the first character that belongs to something else.
    var isAfterAlias = false
    for scalar in text.unicodeScalars {
      place.column += 1
      guard !scalar.properties.isWhitespace else {
        // `? ` where a node may begin.
        if last == "?", !isSpaced, isAfterOpening, keyPlace == nil { keyPlace = place }
        isSpaced = true
        if scalar == "\n" {
          place = Place(line: place.line + 1, column: 0)
          isLineStart = true
        }
        continue
      }
      if scalar == ":", last == "]" || last == "}" || isAfterAlias, keyPlace == nil { keyPlace = place }
      isAfterOpening = isLineStart || "[{,-:".unicodeScalars.contains(last)
      if scalar == "*", isSpaced || isAfterOpening {
        aliases += 1
        isAfterAlias = true
      } else if isAfterAlias, isSpaced || !isNameCharacter(scalar) {
        isAfterAlias = false
      }
      last = scalar
      isLineStart = false
      isSpaced = false
    }
    return aliases > YAMLLimits.aliasesBesideComplexKeys ? keyPlace : nil
  }

  /// What libyaml takes into the name of an anchor.
  private static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "-" || (scalar.isASCII && scalar.properties.isAlphabetic)
      || ("0"..."9").contains(scalar)
  }
}
