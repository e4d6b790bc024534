/// What a rung knows of a trial that reached it.
struct RungEntry: Sendable {
  /// Smaller is better; +infinity for a value that is not finite.
  var loss: Double
  var value: Double
  /// Among equal losses the smaller number stands first. Unique within a rung.
  var sequence: Int
  /// The trial's index within its rung system.
  var runner: Int
  /// Whether the entry can be promoted now or later.
  var isOpen: Bool
  /// What the trial has cost so far, in the unit of the script; 0 where nobody asks.
  var cost = 0.0

  func precedes(loss: Double, sequence: Int) -> Bool {
    self.loss < loss || (self.loss == loss && self.sequence < sequence)
  }
}

/// A rung's entries, best first, in blocks of bounded size, with trees over their sizes, open entries and costs: entering,
/// leaving, the place of an entry, the entry at a place, the best open entry and the costs up to a place take time in the
/// logarithm of their number; a block that comes or goes, once in a hundred entries, a step for each block. (One sorted
/// array would move half the rung at each report.)
struct RankedEntries: Sendable {
  private(set) var count = 0
  private var blocks: [[RungEntry]] = []
  private var sizes = BlockTree<Int>()
  private var openCounts = BlockTree<Int>()
  private var costs = BlockTree<Double>()

  private static let blockLimit = 256

  mutating func insert(_ entry: RungEntry) {
    count += 1
    guard !blocks.isEmpty else { return begin(0, with: [entry]) }
    let block = blockIndex(loss: entry.loss, sequence: entry.sequence)
    blocks[block].insert(entry, at: position(in: block, loss: entry.loss, sequence: entry.sequence))
    sizes[block] += 1
    if entry.isOpen { openCounts[block] += 1 }
    if entry.cost != 0 { costs[block] = Self.cost(blocks[block]) }
    if blocks[block].count > Self.blockLimit { split(block) }
  }

  /// Takes the entry out; nil where there is none.
  mutating func remove(loss: Double, sequence: Int) -> RungEntry? {
    guard let (block, position) = locate(loss: loss, sequence: sequence) else { return nil }
    let entry = blocks[block].remove(at: position)
    count -= 1
    sizes[block] -= 1
    if entry.isOpen { openCounts[block] -= 1 }
    if entry.cost != 0 { costs[block] = Self.cost(blocks[block]) }
    if blocks[block].isEmpty {
      blocks.remove(at: block)
      sizes = BlockTree(sizes.values, removing: block)
      openCounts = BlockTree(openCounts.values, removing: block)
      costs = BlockTree(costs.values, removing: block)
    }
    return entry
  }

  /// The entry stays where it is and cannot be promoted any more.
  mutating func close(loss: Double, sequence: Int) {
    guard let (block, position) = locate(loss: loss, sequence: sequence), blocks[block][position].isOpen else { return }
    blocks[block][position].isOpen = false
    openCounts[block] -= 1
  }

  /// The entry at a place, 0 for the best.
  subscript(rank: Int) -> RungEntry {
    precondition(rank >= 0 && rank < count, "place \(rank) of a rung with \(count) entries")
    guard let (block, before) = sizes.firstExceeding(rank) else { preconditionFailure("sizes do not add up") }
    return blocks[block][rank - before]
  }

  /// The best open entry and its place.
  var firstOpen: (rank: Int, entry: RungEntry)? {
    guard let (block, _) = openCounts.firstExceeding(0),
      let position = blocks[block].firstIndex(where: { $0.isOpen })
    else { return nil }
    return (sizes.sum(before: block) + position, blocks[block][position])
  }

  /// The place of an entry, 0 for the best; nil where there is none.
  func rank(loss: Double, sequence: Int) -> Int? {
    guard let (block, position) = locate(loss: loss, sequence: sequence) else { return nil }
    return sizes.sum(before: block) + position
  }

  /// Costs from the best entry to the one at `rank`, and of all, summed block by block.
  func costs(throughRank rank: Int) -> (through: Double, all: Double) {
    guard let (block, before) = sizes.firstExceeding(rank) else { return (costs.sum, costs.sum) }
    return (costs.sum(before: block) + Self.cost(blocks[block][...(rank - before)]), costs.sum)
  }

  /// The same, summed one by one from the best on.
  func plainCosts(throughRank rank: Int) -> (through: Double, all: Double) {
    var through = 0.0
    var all = 0.0
    for (place, entry) in blocks.joined().enumerated() {
      all += entry.cost
      if place == rank { through = all }
    }
    return (through, all)
  }

  /// All entries, best first.
  var all: [RungEntry] { Array(blocks.joined()) }

  private static func cost(_ entries: some Sequence<RungEntry>) -> Double { entries.reduce(0) { $0 + $1.cost } }

  // MARK: Finding

  /// The block in which an entry with this key stands or would stand.
  private func blockIndex(loss: Double, sequence: Int) -> Int {
    var low = 0
    var high = blocks.count
    while high - low > 1 {
      let middle = (low + high) / 2
      let first = blocks[middle][0]
      if first.precedes(loss: loss, sequence: sequence + 1) { low = middle } else { high = middle }
    }
    return low
  }

  /// The first place in the block whose entry does not stand before the key.
  private func position(in block: Int, loss: Double, sequence: Int) -> Int {
    var low = 0
    var high = blocks[block].count
    while low < high {
      let middle = (low + high) / 2
      if blocks[block][middle].precedes(loss: loss, sequence: sequence) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func locate(loss: Double, sequence: Int) -> (block: Int, position: Int)? {
    guard !blocks.isEmpty else { return nil }
    let block = blockIndex(loss: loss, sequence: sequence)
    let position = position(in: block, loss: loss, sequence: sequence)
    guard position < blocks[block].count, blocks[block][position].sequence == sequence else { return nil }
    return (block, position)
  }

  private mutating func split(_ block: Int) {
    let half = blocks[block].count / 2
    let upper = Array(blocks[block][half...])
    blocks[block].removeSubrange(half...)
    sizes[block] = half
    openCounts[block] = blocks[block].count { $0.isOpen }
    costs[block] = Self.cost(blocks[block])
    begin(block + 1, with: upper)
  }

  /// Puts a new block at its place.
  private mutating func begin(_ block: Int, with entries: [RungEntry]) {
    blocks.insert(entries, at: block)
    let open = entries.count { $0.isOpen }
    sizes = BlockTree(sizes.values, inserting: entries.count, at: block)
    openCounts = BlockTree(openCounts.values, inserting: open, at: block)
    costs = BlockTree(costs.values, inserting: Self.cost(entries), at: block)
  }
}
