/// Reads a command: text that is split into words as a shell would, or a list of words.
struct CommandReader {
  let map: MapReader
  let key: String
  /// A command as it may stand there, for messages.
  let example: String
  /// What to write when the command is to go through a shell.
  let shellAdvice: String

  /// nil: it is not there, or there are mistakes.
  func words() -> [String]? {
    guard let node = map.node(key) else { return nil }
    switch node.content {
    case .mapping:
      map.tell(.wrongType, key, "must be a command such as \(example), not a map")
      return nil
    case .sequence(let elements):
      var words: [String] = []
      for element in elements {
        guard case .scalar(let scalar) = element.content, !element.isNull else {
          map.mistakes.add(.wrongType, element.place, "\(map.fullPath(key)) must hold words, not \(element.shown)")
          return nil
        }
        words.append(scalar.text)
      }
      return checked(words)
    case .scalar:
      guard let text = map.text(key, "a command such as \(example)") else { return nil }
      return split(text).flatMap(checked)
    }
  }

  private func split(_ text: String) -> [String]? {
    do throws(ShellWords.Failure) {
      let split = try ShellWords.split(text)
      if let character = split.firstOperator {
        map.warn(
          .invalidValue, key,
          "is not run by a shell: '\(character)' reaches the program as it is; "
            + "put it in single quotes if so it should be, or write \(shellAdvice)")
      }
      return split.words
    } catch {
      switch error {
      case .unclosedQuote(let quote):
        map.tell(.invalidValue, key, "must close each quote, and a \(quote) is left open")
      case .trailingBackslash:
        map.tell(.invalidValue, key, "must not end with a backslash")
      }
      return nil
    }
  }

  private func checked(_ words: [String]) -> [String]? {
    guard let first = words.first, !first.isEmpty else {
      map.tell(.invalidValue, key, "must name a program, as in \(example)")
      return nil
    }
    return words
  }
}
