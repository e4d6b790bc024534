/// Which of many points a screen needs. Every function gives places in order, without one twice, `limit` at most.
public enum Thinning {
  /// Of steps that lie over `x`, in order: the last in each of so many columns, and the first of all. Between two columns a
  /// line of steps looks the same as the whole.
  public static func steps(_ count: Int, limit: Int, x: (Int) -> Double) -> [Int] {
    guard count > max(2, limit) else { return Array(0..<count) }
    let columns = max(1, limit - 1)
    let low = x(0)
    let width = (x(count - 1) - low) / Double(columns)
    guard width > 0 else { return [0, count - 1] }
    var kept = [0]
    var column = -1
    for index in 1..<count {
      let own = min(columns - 1, Int((x(index) - low) / width))
      if own == column, kept.count > 1 { kept[kept.count - 1] = index } else { kept.append(index) }
      column = own
    }
    return kept
  }

  /// Of the points of a curve: first, last, and those of `kept` before all others, then in each of as many pieces of the
  /// axis as there is room for the lowest and the highest. What is not finite counts as neither, unless its piece has
  /// nothing else.
  /// - Parameter x: where a point lies on the axis, finite; need not grow.
  public static func extremes(
    _ count: Int, limit: Int, keeping kept: [Int] = [], x: (Int) -> Double = { Double($0) }, value: (Int) -> Double
  ) -> [Int] {
    guard count > max(2, limit) else { return Array(0..<count) }
    var chosen: Set<Int> = [0, count - 1]
    for index in kept where chosen.count < limit && (0..<count).contains(index) { chosen.insert(index) }
    let pieces = (limit - chosen.count) / 2
    guard pieces > 0 else { return chosen.sorted() }
    var (low, high) = (x(0), x(0))
    for index in 1..<count {
      low = min(low, x(index))
      high = max(high, x(index))
    }
    let width = (high - low) / Double(pieces)
    var lowest = [Int?](repeating: nil, count: pieces)
    var highest = lowest
    for index in 0..<count {
      let piece = width > 0 ? min(pieces - 1, Int((x(index) - low) / width)) : 0
      let own = value(index)
      if lowest[piece].map({ !value($0).isFinite || own < value($0) }) ?? true { lowest[piece] = index }
      if highest[piece].map({ !value($0).isFinite || own > value($0) }) ?? true { highest[piece] = index }
    }
    for index in lowest + highest { if let index { chosen.insert(index) } }
    return chosen.sorted()
  }

  /// Places spread evenly from the first to the last.
  public static func evenly(_ count: Int, limit: Int) -> [Int] {
    guard count > limit else { return Array(0..<count) }
    guard limit > 1 else { return limit == 1 ? [0] : [] }
    return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
  }
}
