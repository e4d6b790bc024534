/// The best value so far in one row of the screen.
enum Sparkline {
  /// A sign for each column from the first value until now: high where the value is, on a scale from the worst of the best
  /// values to the best one. The first steps are often the largest, and would flatten all others: below the tenth part of
  /// the columns they may leave the scale.
  static func text(_ steps: [RunScreen.Step], until end: Double, columns: Int, _ glyphs: Glyphs) -> String {
    let finite = steps.filter { $0.value.isFinite }
    guard let first = finite.first, columns > 0 else { return "" }
    let span = max(end, finite[finite.count - 1].seconds) - first.seconds
    var values: [Double] = []
    var index = 0
    for column in 0..<columns {
      let time = first.seconds + span * Double(column + 1) / Double(columns)
      while index + 1 < finite.count, finite[index + 1].seconds <= time { index += 1 }
      values.append(finite[index].value)
    }
    let shown = values.dropFirst(columns / 10)
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 0)
    let levels = glyphs.levels
    return values.map { value in
      guard high > low else { return levels[levels.count / 2] }
      let share = (min(high, max(low, value)) - low) / (high - low)
      return levels[max(0, min(levels.count - 1, Int((share * Double(levels.count - 1)).rounded())))]
    }.joined()
  }
}
