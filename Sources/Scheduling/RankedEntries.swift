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

/// A rung's entries, best first, in blocks of bounded size: entering, leaving, the place of an entry, the entry at a
/// place and the best open entry touch one block and one number of each of the other blocks. (One sorted array would
/// move half the rung at each report.)
struct RankedEntries: Sendable {
  private(set) var count = 0
  private var blocks: [[RungEntry]] = []
  private var sizes: [Int32] = []
  private var openCounts: [Int32] = []
  private var costs: [Double] = []

  private static let blockLimit = 256

  mutating func insert(_ entry: RungEntry) {
    count += 1
    guard !blocks.isEmpty else {
      blocks.append([entry])
      sizes.append(1)
      openCounts.append(entry.isOpen ? 1 : 0)
      costs.append(entry.cost)
      return
    }
    let block = blockIndex(loss: entry.loss, sequence: entry.sequence)
    blocks[block].insert(entry, at: position(in: block, loss: entry.loss, sequence: entry.sequence))
    sizes[block] += 1
    if entry.isOpen { openCounts[block] += 1 }
    costs[block] += entry.cost
    if blocks[block].count > Self.blockLimit { split(block) }
  }

  /// Takes the entry out; nil where there is none.
  mutating func remove(loss: Double, sequence: Int) -> RungEntry? {
    guard let (block, position) = locate(loss: loss, sequence: sequence) else { return nil }
    let entry = blocks[block].remove(at: position)
    count -= 1
    if blocks[block].isEmpty {
      blocks.remove(at: block)
      sizes.remove(at: block)
      openCounts.remove(at: block)
      costs.remove(at: block)
    } else {
      sizes[block] -= 1
      if entry.isOpen { openCounts[block] -= 1 }
      costs[block] = blocks[block].reduce(0) { $0 + $1.cost }
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
    var block = 0
    var rest = rank
    while rest >= Int(sizes[block]) {
      rest -= Int(sizes[block])
      block += 1
    }
    return blocks[block][rest]
  }

  /// The best open entry and its place.
  var firstOpen: (rank: Int, entry: RungEntry)? {
    var before = 0
    for block in openCounts.indices {
      if openCounts[block] > 0, let position = blocks[block].firstIndex(where: { $0.isOpen }) {
        return (before + position, blocks[block][position])
      }
      before += Int(sizes[block])
    }
    return nil
  }

  /// The place of an entry, 0 for the best; nil where there is none.
  func rank(loss: Double, sequence: Int) -> Int? {
    guard let (block, position) = locate(loss: loss, sequence: sequence) else { return nil }
    return sizes[..<block].reduce(position) { $0 + Int($1) }
  }

  /// Costs from the best entry to the one at `rank`, and of all, summed block by block.
  func costs(throughRank rank: Int) -> (through: Double, all: Double) {
    var through = 0.0
    var all = 0.0
    var before = 0
    for block in blocks.indices {
      let end = before + blocks[block].count
      if end <= rank + 1 {
        through += costs[block]
      } else if before <= rank {
        for position in 0...(rank - before) { through += blocks[block][position].cost }
      }
      all += costs[block]
      before = end
    }
    return (through, all)
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
    blocks.insert(upper, at: block + 1)
    let openAbove = upper.reduce(into: Int32(0)) { $0 += $1.isOpen ? 1 : 0 }
    sizes[block] = Int32(half)
    sizes.insert(Int32(upper.count), at: block + 1)
    openCounts[block] -= openAbove
    openCounts.insert(openAbove, at: block + 1)
    costs[block] = blocks[block].reduce(0) { $0 + $1.cost }
    costs.insert(upper.reduce(0) { $0 + $1.cost }, at: block + 1)
  }
}
