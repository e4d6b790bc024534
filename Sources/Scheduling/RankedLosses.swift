/// Losses in increasing order, in blocks of bounded size with a tree over their sizes: entering and the place taken take
/// time in the logarithm of their number.
struct RankedLosses: Sendable {
  private(set) var count = 0
  private var blocks: [[Double]] = []
  private var sizes = BlockTree<Int>()

  private static let blockLimit = 512

  /// Puts a loss before its equals, and returns its place.
  mutating func insert(_ loss: Double) -> Int {
    count += 1
    guard !blocks.isEmpty else {
      blocks.append([loss])
      sizes = BlockTree([1])
      return 0
    }
    // The first block that ends with no less; the last one where there is none.
    var block = Self.partition(blocks.count) { blocks[$0][blocks[$0].count - 1] < loss }
    if block == blocks.count { block -= 1 }
    let place = Self.partition(blocks[block].count) { blocks[block][$0] < loss }
    blocks[block].insert(loss, at: place)
    let rank = sizes.sum(before: block) + place
    sizes[block] += 1
    if blocks[block].count > Self.blockLimit {
      let half = blocks[block].count / 2
      let upper = Array(blocks[block][half...])
      blocks[block].removeSubrange(half...)
      blocks.insert(upper, at: block + 1)
      sizes[block] = half
      sizes = BlockTree(sizes.values, inserting: upper.count, at: block + 1)
    }
    return rank
  }

  /// The first index below `count` for which `isBefore` is false.
  private static func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
