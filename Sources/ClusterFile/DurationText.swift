/// Durations as they are written: `90` and `90s` (seconds), `500ms`, `30m`, `2h`, `1d`, `1h30m`, `1.5h`.
enum DurationText {
  /// More than a run can last; keeps sums of durations far from overflow.
  static let maximum = Duration.seconds(3650 * 86_400)

  /// nil: not a duration, negative, or longer than ten years.
  static func parse(_ text: String) -> Duration? {
    var rest = text.filter { $0 != " " }[...]
    guard !rest.isEmpty else { return nil }
    var total = Duration.zero
    var previousUnit = Double.infinity
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
      guard let number = Double(digits), digits.first != ".", digits.last != "." else { return nil }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(letters.count)
      // A number without unit stands alone.
      guard let unit = letters.isEmpty && digits.count == text.count ? 1 : seconds(letters) else { return nil }
      guard unit < previousUnit, number * unit <= 3650 * 86_400 else { return nil }
      previousUnit = unit
      total += .nanoseconds(Int64((number * unit * 1e9).rounded()))
    }
    return total <= maximum ? total : nil
  }

  private static func seconds(_ unit: Substring) -> Double? {
    switch unit {
    case "ms": 0.001
    case "s", "sec", "seconds": 1
    case "m", "min", "minutes": 60
    case "h", "hours": 3600
    case "d", "days": 86_400
    default: nil
    }
  }

  /// The duration in its largest units: `1h30m`.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    if attoseconds != 0 { return "\(Double(seconds) * 1000 + Double(attoseconds) / 1e15)ms" }
    var rest = seconds
    var result = ""
    for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] as [(String, Int64)] where rest >= size {
      result += "\(rest / size)\(unit)"
      rest %= size
    }
    return result.isEmpty ? "0s" : result
  }
}
