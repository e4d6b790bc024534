/// What was measured.
struct Figures {
  var name = ""
  var workers = 0
  var trials = 0
  /// The resource up to which trials were promoted at the end.
  var maximum = 0
  var wall = Duration.zero
  private var reports = 0
  private var reporting = Duration.zero
  private var worstReport = Duration.zero
  private var suggestions = 0
  private var suggesting = Duration.zero

  mutating func addReport(_ duration: Duration) {
    reports += 1
    reporting += duration
    worstReport = max(worstReport, duration)
  }

  mutating func addSuggestion(_ duration: Duration) {
    suggestions += 1
    suggesting += duration
  }

  var json: String {
    let report = reporting / .microseconds(1) / Double(max(1, reports))
    let suggestion = suggesting / .microseconds(1) / Double(max(1, suggestions))
    let fields: [(String, String)] = [
      ("type", "\"\(name)\""), ("trials", "\(trials)"), ("workers", "\(workers)"), ("reports", "\(reports)"),
      ("suggests", "\(suggestions)"), ("reports_per_s", rounded(1e6 / report)),
      ("suggests_per_s", rounded(1e6 / suggestion)), ("us_report", rounded(report)),
      ("us_suggest", rounded(suggestion)), ("worst_report_ms", rounded(worstReport / .milliseconds(1))),
      ("wall", rounded(wall / .seconds(1))), ("maximum", "\(maximum)"),
    ]
    return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  private func rounded(_ number: Double) -> String {
    guard number.isFinite else { return "null" }
    return "\((number * 1000).rounded() / 1000)"
  }
}
