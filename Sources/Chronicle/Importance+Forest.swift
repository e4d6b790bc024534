import TuningModel

extension Importance {
  /// Works the shares out: bounded, the same for the same sample. Takes up to a second for the largest sample.
  public init(_ sample: ImportanceSample) {
    trials = sample.rows.count
    resource = sample.resource
    shares = []
    guard sample.rows.count >= Self.leastTrials else {
      note = .tooFew
      return
    }
    let places = Self.places(of: sample.losses)
    var perTree: [[Double]] = []
    var generator = SeededGenerator(seed: 2, stream: 0)
    for _ in 0..<Self.trees {
      var rows = [Int](repeating: 0, count: sample.rows.count)
      for index in rows.indices { rows[index] = Int(generator.nextBelow(UInt64(rows.count))) }
      let tree = RegressionTree(sample, places, rows: rows, &generator)
      if let shares = tree.mainEffects() { perTree.append(shares) }
    }
    guard !perTree.isEmpty, !sample.axes.isEmpty else {
      note = .nothingToExplain
      return
    }
    for (axis, name) in sample.names.enumerated() {
      let values = perTree.map { $0[axis] }.sorted()
      let mean = values.reduce(0, +) / Double(values.count)
      let low = values[values.count / 10]
      let high = values[values.count - 1 - values.count / 10]
      shares.append(Share(name: name, share: min(1, mean), low: min(1, min(low, mean)), high: min(1, max(high, mean))))
    }
    let order = shares.indices.sorted { (-shares[$0].share, $0) < (-shares[$1].share, $1) }
    shares = order.map { shares[$0] }
    if sample.all > sample.rows.count, sample.rows.count >= Self.mostTrials {
      note = .sampled(of: sample.all)
    } else if sample.rows.count < 30 {
      note = .few
    }
  }

  /// The place of each loss among all, from 0 to 1; equal losses have their mean place.
  static func places(of losses: [Double]) -> [Double] {
    let order = losses.indices.sorted { (losses[$0], $0) < (losses[$1], $1) }
    var places = [Double](repeating: 0, count: losses.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, losses[order[end]] == losses[order[start]] { end += 1 }
      let place = Double(start + end - 1) / 2 / Double(max(1, order.count - 1))
      for index in start..<end { places[order[index]] = place }
      start = end
    }
    return places
  }
}

/// A regression tree: constant on boxes of the space of hyperparameters.
struct RegressionTree {
  /// A box: on an ordered axis from `low` to `high`, on one of categories those whose bits are set.
  struct Box {
    var low: [Double]
    var high: [Double]
    var categories: [UInt64]
  }

  struct Leaf {
    var box: Box
    var value: Double
  }

  private(set) var leaves: [Leaf] = []
  private let axes: [ImportanceSample.Axis]

  /// Trials of a leaf at least; a leaf is not divided further below twice as many.
  static let leastLeaf = 3

  /// Fitted to some rows of the sample, which may stand there more than once. At each split the best of a random part of
  /// the axes is taken.
  init(_ sample: ImportanceSample, _ places: [Double], rows: [Int], _ generator: inout SeededGenerator) {
    axes = sample.axes
    let box = Box(
      low: axes.map { _ in 0 }, high: axes.map { _ in 1 },
      categories: axes.map { axis in
        if case .categories(let count) = axis { count >= 64 ? .max : (1 << UInt64(count)) - 1 } else { 0 }
      })
    var open: [(rows: [Int], box: Box)] = [(rows, box)]
    while let (rows, box) = open.popLast() {
      guard let split = Self.bestSplit(sample, places, rows, box, &generator) else {
        let sum = rows.reduce(0) { $0 + places[$1] }
        leaves.append(Leaf(box: box, value: sum / Double(max(1, rows.count))))
        continue
      }
      var (lower, upper) = (box, box)
      switch sample.axes[split.axis] {
      case .ordered:
        lower.high[split.axis] = split.border
        upper.low[split.axis] = split.border
      case .categories:
        lower.categories[split.axis] = split.lower
        upper.categories[split.axis] &= ~split.lower
      }
      open.append((rows.filter { !split.isLower(sample.rows[$0]) }, upper))
      open.append((rows.filter { split.isLower(sample.rows[$0]) }, lower))
    }
  }

  private struct Split {
    var axis: Int
    var border = 0.0
    /// Of categories: those of the lower part.
    var lower: UInt64 = 0
    var isCategorical = false
    var gain: Double

    func isLower(_ row: [Double]) -> Bool {
      isCategorical ? lower & (1 << UInt64(row[axis])) != 0 : row[axis] < border
    }
  }

  private static func bestSplit(
    _ sample: ImportanceSample, _ places: [Double], _ rows: [Int], _ box: Box, _ generator: inout SeededGenerator
  ) -> Split? {
    guard rows.count >= 2 * leastLeaf else { return nil }
    var axes = Array(sample.axes.indices)
    let tried = max(1, (axes.count * 5 + 5) / 6)
    for index in 0..<min(tried, axes.count) {
      axes.swapAt(index, index + Int(generator.nextBelow(UInt64(axes.count - index))))
    }
    let total = rows.reduce(0) { $0 + places[$1] }
    var best: Split?
    for axis in axes.prefix(tried) {
      var found: Split?
      switch sample.axes[axis] {
      case .ordered: found = orderedSplit(sample, places, rows, axis, total)
      case .categories: found = categoricalSplit(sample, places, rows, box, axis, total)
      }
      if let found, found.gain > best?.gain ?? 1e-12 { best = found }
    }
    return best
  }

  private static func gain(_ sum: Double, _ count: Int, _ total: Double, _ all: Int) -> Double {
    let rest = total - sum
    return sum * sum / Double(count) + rest * rest / Double(all - count) - total * total / Double(all)
  }

  private static func orderedSplit(
    _ sample: ImportanceSample, _ places: [Double], _ rows: [Int], _ axis: Int, _ total: Double
  ) -> Split? {
    let order = rows.sorted { (sample.rows[$0][axis], $0) < (sample.rows[$1][axis], $1) }
    var sum = 0.0
    var best: Split?
    for place in 0..<(order.count - 1) {
      sum += places[order[place]]
      let (here, next) = (sample.rows[order[place]][axis], sample.rows[order[place + 1]][axis])
      guard place + 1 >= leastLeaf, order.count - place - 1 >= leastLeaf, here < next else { continue }
      let gain = gain(sum, place + 1, total, order.count)
      let border = here + (next - here) / 2
      // The middle of two neighbouring numbers may be one of them.
      if gain > best?.gain ?? 0, border > here { best = Split(axis: axis, border: border, gain: gain) }
    }
    return best
  }

  /// Categories in the order of their mean: the best division is one of this order (Breiman et al., 1984).
  private static func categoricalSplit(
    _ sample: ImportanceSample, _ places: [Double], _ rows: [Int], _ box: Box, _ axis: Int, _ total: Double
  ) -> Split? {
    var sums = [Double](repeating: 0, count: 64)
    var counts = [Int](repeating: 0, count: 64)
    for row in rows {
      let category = Int(sample.rows[row][axis])
      sums[category] += places[row]
      counts[category] += 1
    }
    let order = (0..<64).filter { counts[$0] > 0 }
      .sorted { (sums[$0] / Double(counts[$0]), $0) < (sums[$1] / Double(counts[$1]), $1) }
    var sum = 0.0
    var count = 0
    var lower: UInt64 = 0
    var best: Split?
    for category in order.dropLast() {
      sum += sums[category]
      count += counts[category]
      lower |= 1 << UInt64(category)
      guard count >= leastLeaf, rows.count - count >= leastLeaf else { continue }
      let gain = gain(sum, count, total, rows.count)
      if gain > best?.gain ?? 0 {
        best = Split(axis: axis, lower: lower & box.categories[axis], isCategorical: true, gain: gain)
      }
    }
    return best
  }

  // MARK: Functional analysis of variance

  private func width(_ box: Box, _ axis: Int) -> Double {
    switch axes[axis] {
    case .ordered: box.high[axis] - box.low[axis]
    case .categories(let count): Double(box.categories[axis].nonzeroBitCount) / Double(max(1, count))
    }
  }

  /// For each axis the share of the variance that it explains alone; nil: there is no variance.
  func mainEffects() -> [Double]? {
    let sizes = leaves.map { leaf in axes.indices.reduce(1.0) { $0 * width(leaf.box, $1) } }
    var mean = 0.0
    for (leaf, size) in zip(leaves, sizes) { mean += size * leaf.value }
    var variance = 0.0
    for (leaf, size) in zip(leaves, sizes) { variance += size * (leaf.value - mean) * (leaf.value - mean) }
    guard variance > 1e-15 else { return nil }
    return axes.indices.map { axis in
      let own =
        switch axes[axis] {
        case .ordered: orderedEffect(axis, sizes, mean)
        case .categories(let count): categoricalEffect(axis, count, sizes, mean)
        }
      return min(1, max(0, own / variance))
    }
  }

  /// The mean prediction over all other axes is constant between two borders: each leaf adds its part where it lies.
  private func orderedEffect(_ axis: Int, _ sizes: [Double], _ mean: Double) -> Double {
    let borders = Set(leaves.flatMap { [$0.box.low[axis], $0.box.high[axis]] }).sorted()
    var places: [Double: Int] = [:]
    for (index, border) in borders.enumerated() { places[border] = index }
    var changes = [Double](repeating: 0, count: borders.count + 1)
    for (leaf, size) in zip(leaves, sizes) {
      let own = width(leaf.box, axis)
      guard own > 0, let low = places[leaf.box.low[axis]], let high = places[leaf.box.high[axis]] else { continue }
      let part = leaf.value * size / own
      changes[low] += part
      changes[high] -= part
    }
    var effect = 0.0
    var level = 0.0
    for index in 0..<max(0, borders.count - 1) {
      level += changes[index]
      effect += (borders[index + 1] - borders[index]) * (level - mean) * (level - mean)
    }
    return effect
  }

  private func categoricalEffect(_ axis: Int, _ count: Int, _ sizes: [Double], _ mean: Double) -> Double {
    var levels = [Double](repeating: 0, count: count)
    for (leaf, size) in zip(leaves, sizes) {
      let own = width(leaf.box, axis)
      guard own > 0 else { continue }
      for category in 0..<count where leaf.box.categories[axis] & (1 << UInt64(category)) != 0 {
        levels[category] += leaf.value * size / own
      }
    }
    return levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, count))
  }
}
