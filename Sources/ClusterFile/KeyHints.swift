/// Finds what someone meant by a key that is not known.
enum KeyHints {
  /// A key without regard to case, underscores and hyphens, as NNI reads its own.
  static func folded(_ key: String) -> String { key.lowercased().filter { $0 != "_" && $0 != "-" } }

  /// The nearest of the known keys: equal but for case and underscores, or at most a third of its letters away.
  static func nearest(to key: String, among known: [String]) -> String? {
    let target = Array(folded(key))
    guard !target.isEmpty, target.count <= 64 else { return nil }
    var best: (key: String, distance: Int)?
    for candidate in known {
      let folded = Array(folded(candidate))
      let distance = distance(target, folded)
      guard distance <= max(1, min(target.count, folded.count) / 3) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.key
  }

  /// Insertions, deletions, replacements and exchanges of neighbours that lead from one to the other (optimal string
  /// alignment).
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 0..<a.count {
      var current = [i + 1]
      for j in 0..<b.count {
        var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}
