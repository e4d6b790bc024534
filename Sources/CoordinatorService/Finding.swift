import Presentation
import TuningModel

/// One thing that `doctor` has looked at.
struct Finding: Equatable {
  enum Level: String { case ok, warning, failure }

  var level: Level
  /// What was looked at, in a word.
  var check: String
  var text: String
  /// What to do about it; empty: nothing, or the text says it.
  var fix = ""

  static func ok(_ check: String, _ text: String) -> Finding { Finding(level: .ok, check: check, text: text) }

  static func warning(_ check: String, _ text: String, fix: String = "") -> Finding {
    Finding(level: .warning, check: check, text: text, fix: fix)
  }

  static func failure(_ check: String, _ text: String, fix: String = "") -> Finding {
    Finding(level: .failure, check: check, text: text, fix: fix)
  }

  var line: String {
    let word = level == .failure ? "FAILURE" : level.rawValue
    // A line of the file that is shown stands below.
    let indent = "\n" + String(repeating: " ", count: 23)
    let lines = Presentation.printable(text, keepsNewlines: true).split(
      separator: "\n", omittingEmptySubsequences: false)
    let text = lines.joined(separator: indent) + (fix.isEmpty ? "" : "; \(Presentation.printable(fix))")
    return "  \(word)\(String(repeating: " ", count: 8 - word.count))"
      + "\(check)\(String(repeating: " ", count: max(1, 13 - check.count)))\(text)"
  }

  func json(of subject: String) -> JSONValue {
    .object([
      .init("of", .string(subject)), .init("check", .string(check)), .init("level", .string(level.rawValue)),
      .init("text", .string(text)), .init("fix", .string(fix)),
    ])
  }
}
