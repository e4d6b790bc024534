import Foundation
import SearchSpace
import TuningModel

extension Presentation {
  /// `1 trial`, `3 trials`.
  public static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// `1 epoch`, `3 epochs`, of a name that may be a plural already.
  public static func amount(_ count: Int, of noun: String) -> String {
    noun.hasSuffix("s") ? "\(count) \(noun)" : self.count(count, noun)
  }

  /// `1 entry`, `3 entries`.
  public static func entries(_ count: Int) -> String { "\(count) \(count == 1 ? "entry" : "entries")" }

  /// A metric with up to six significant digits.
  public static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return String(format: "%.6g", value)
  }

  /// A number with so many decimals.
  public static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  /// `850 ms`, `21.3 s`, `4 min 05 s`, `3 h 12 min`.
  public static func duration(_ duration: Duration) -> String {
    let seconds = duration.inSeconds
    if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
  }

  /// `512 B`, `1.5 KiB`, `20 MiB`.
  public static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if value < 1024 { return unit == "B" ? "\(count) B" : String(format: "%.1f %@", value, unit) }
      value /= 1024
    }
    return String(format: "%.1f TiB", value)
  }

  /// `20:15:03`, local time.
  public static func clock(_ time: Timestamp) -> String {
    var seconds = time_t(time.microseconds / 1_000_000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
  }

  /// `2026-11-30 20:15`, local time.
  public static func date(_ time: Timestamp) -> String {
    var seconds = time_t(time.microseconds / 1_000_000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return String(
      format: "%04d-%02d-%02d %02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min)
  }

  /// The time of day, with the date where that is not the same day as `now`: `11-28 20:15:03`.
  static func when(_ time: Timestamp, near now: Timestamp) -> String {
    func day(_ time: Timestamp) -> (Int32, Int32, Int32) {
      var seconds = time_t(time.microseconds / 1_000_000)
      var parts = tm()
      localtime_r(&seconds, &parts)
      return (parts.tm_year, parts.tm_mon + 1, parts.tm_mday)
    }
    let date = day(time)
    return date == day(now) ? clock(time) : String(format: "%02d-%02d ", date.1, date.2) + clock(time)
  }

  /// The line broken at spaces so that it has at most 80 columns; what follows the first is indented. A word that is
  /// longer stays whole. Of many lines the first few.
  static func wrapped(_ text: String, indent: Int, columns: Int = 80, limit: Int = .max) -> [String] {
    var lines: [String] = []
    for (number, part) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = number == 0 ? "" : String(repeating: " ", count: indent)
      var isFirst = true
      for word in part.split(separator: " ", omittingEmptySubsequences: false) {
        if !isFirst, line.count + 1 + word.count > columns {
          lines.append(line)
          line = String(repeating: " ", count: indent) + word
        } else {
          line += (isFirst ? "" : " ") + word
        }
        isFirst = false
      }
      lines.append(line)
    }
    return lines.count > limit ? lines.prefix(limit - 1) + [String(repeating: " ", count: indent) + "…"] : lines
  }

  /// `lr=0.001 hidden=64 activation=relu`.
  public static func configuration(_ configuration: Configuration) -> String {
    configuration.entries.map { "\(printable($0.name))=\(shown($0.value))" }.joined(separator: " ")
  }

  private static func shown(_ value: ParameterValue) -> String {
    if case .double(let number) = value { return Presentation.number(number) }
    return printable(value.argumentText)
  }

  /// The text as a terminal may be given it.
  public static func printable(_ text: String, keepsNewlines: Bool = false) -> String {
    PrintableText.of(text, keepsNewlines: keepsNewlines)
  }

  /// Columns padded to their widest cell, two spaces apart; the first row is the heading. Cells that are numbers stand
  /// right-aligned.
  public static func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        if Double(cell) != nil { return padding + cell }
        return index == row.count - 1 ? cell : cell + padding
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
