import Yams

/// Mistakes of syntax, in words for someone who does not know the parser's.
enum SyntaxMistake {
  static func tell(_ error: YamlError, of text: String, to mistakes: MistakeList) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      if problem.contains("another document") {
        return mistakes.add(
          .syntax, Place(line: mark.line, column: mark.column),
          "the file must hold one document, not several; remove what follows '---'")
      }
      if problem.contains("Maximum nesting level") {
        return mistakes.add(
          .tooLarge, Place(line: mark.line, column: mark.column),
          "there must be at most \(YAMLLimits.depth) lists and maps within each other")
      }
      let place = Place(line: mark.line, column: mark.column)
      var message = "this is not YAML: \(problem)"
      if let context {
        message += " \(context.text) that begins in line \(context.mark.line), column \(context.mark.column)"
      }
      if let hint = hint(problem, at: place, in: text) { message += "; \(hint)" }
      mistakes.add(.syntax, place, message, snippet: snippet(of: text, at: place))
    case .reader(let problem, let offset, let value, _):
      let place = offset.flatMap { Self.place(ofCharacter: $0, in: text) }
      let shown = value > 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
      mistakes.add(.syntax, place, "this is not YAML: \(problem)\(shown)")
    default:
      mistakes.add(.syntax, nil, "this is not YAML: \(error)")
    }
  }

  private static func hint(_ problem: String, at place: Place, in text: String) -> String? {
    if problem.contains("cannot start any token") {
      if YAMLDocument.scalar(at: place, in: text) == "\t" { return "indent with spaces, not with tabs" }
      return "put text that begins with this character in quotes"
    }
    if problem.contains("mapping values are not allowed") {
      return "put text that holds ': ' in quotes, and give keys of one map the same indentation"
    }
    if problem.contains("could not find expected ':'") { return "a key is followed by ': '" }
    if problem.contains("undefined alias") { return "put text that begins with '*' in quotes" }
    if problem.contains("did not find expected key") || problem.contains("block end") {
      return "give keys of one map the same indentation"
    }
    return nil
  }

  /// The line, and a caret under the place.
  private static func snippet(of text: String, at place: Place) -> String? {
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    guard place.line >= 1, place.line <= lines.count else { return nil }
    let line = lines[place.line - 1].unicodeScalars
    // A long line is shown around the place only.
    let start = max(0, place.column - 61)
    let shown = line.dropFirst(start).prefix(120).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: shown)
    return "  " + String(result) + "\n  " + String(repeating: " ", count: max(0, place.column - 1 - start)) + "^"
  }

  private static func place(ofCharacter offset: Int, in text: String) -> Place? {
    guard offset <= text.count else { return nil }
    var place = Place(line: 1, column: 1)
    for character in text.prefix(offset) {
      if character.isNewline {
        place = Place(line: place.line + 1, column: 1)
      } else {
        place.column += character.unicodeScalars.count
      }
    }
    return place
  }
}
