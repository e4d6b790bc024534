/// Splits a command into words as a POSIX shell does (IEEE Std 1003.1, Shell Command Language, 2.2 Quoting): single
/// quotes keep everything, double quotes all but `\` before `$`, `` ` ``, `"`, `\` and a line end, `\` outside keeps
/// the next character. Nothing is expanded, and operators mean nothing.
enum ShellWords {
  enum Failure: Error, Equatable {
    case unclosedQuote(Character)
    case trailingBackslash
  }

  struct Result: Equatable {
    var words: [String]
    /// The first character outside quotes that a shell would have done something with: `|`, `;`, `$` and their like.
    var firstOperator: Character?
  }

  static func split(_ text: String) throws(Failure) -> Result {
    var words: [String] = []
    var word: String?
    var firstOperator: Character?
    var index = text.startIndex
    func next() -> Character? {
      guard index < text.endIndex else { return nil }
      defer { index = text.index(after: index) }
      return text[index]
    }
    while let character = next() {
      switch character {
      case " ", "\t", "\n", "\r\n", "\r":
        if let finished = word { words.append(finished) }
        word = nil
      case "\\":
        guard let escaped = next() else { throw .trailingBackslash }
        if escaped != "\n" { word = (word ?? "") + String(escaped) }
      case "'":
        var quoted = ""
        while true {
          guard let inner = next() else { throw .unclosedQuote("'") }
          if inner == "'" { break }
          quoted.append(inner)
        }
        word = (word ?? "") + quoted
      case "\"":
        var quoted = ""
        while true {
          guard let inner = next() else { throw .unclosedQuote("\"") }
          if inner == "\"" { break }
          guard inner == "\\" else {
            if inner == "$" || inner == "`", firstOperator == nil { firstOperator = inner }
            quoted.append(inner)
            continue
          }
          guard let escaped = next() else { throw .unclosedQuote("\"") }
          if escaped == "\n" { continue }
          if !"$`\"\\".contains(escaped) { quoted.append("\\") }
          quoted.append(escaped)
        }
        word = (word ?? "") + quoted
      default:
        if "|&;<>()$`*?~".contains(character), firstOperator == nil, character != "~" || word == nil {
          firstOperator = character
        }
        word = (word ?? "") + String(character)
      }
    }
    if let finished = word { words.append(finished) }
    return Result(words: words, firstOperator: firstOperator)
  }
}
