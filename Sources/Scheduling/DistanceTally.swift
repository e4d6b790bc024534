/// How many distances lie where: enough to say between which values an order statistic lies, in constant time a change.
/// Where the statistic itself is wanted, the distances of its neighbourhood are laid out exactly and kept so.
struct DistanceTally: Sendable {
  /// Buckets are cut by the leading bits of a number: 256 to each power of two, from 2^-48 to 2^16. The first begins at
  /// 0, the last has no end.
  private static let droppedBits: UInt64 = 44
  private static let firstKey = (1023 - 48) << 8
  static let bucketCount = 64 << 8

  private(set) var count = 0
  private var counts = [Int32](repeating: 0, count: bucketCount)
  /// A bucket near the last one asked for, and how many distances lie in the buckets before it.
  private var pointer = 0
  private var before = 0
  /// The row of buckets whose distances are laid out …
  private var layoutRange = 0..<0
  /// … the distances themselves, increasing, each once …
  private var layoutValues: [Double] = []
  /// … and how often each occurs.
  private var layoutCounts: [Int] = []

  static func bucket(_ distance: Double) -> Int {
    max(0, min(bucketCount - 1, Int(truncatingIfNeeded: distance.bitPattern >> droppedBits) - firstKey))
  }

  static func lowerEdge(_ bucket: Int) -> Double {
    bucket == 0 ? 0 : Double(bitPattern: UInt64(bucket + firstKey) << droppedBits)
  }

  mutating func add(_ distance: Double) {
    let bucket = Self.bucket(distance)
    count += 1
    counts[bucket] += 1
    if bucket < pointer { before += 1 }
    if layoutRange.contains(bucket) { changeLayout(distance, by: 1) }
  }

  mutating func move(from old: Double, to new: Double) {
    let (oldBucket, newBucket) = (Self.bucket(old), Self.bucket(new))
    counts[oldBucket] -= 1
    counts[newBucket] += 1
    before += (newBucket < pointer ? 1 : 0) - (oldBucket < pointer ? 1 : 0)
    if layoutRange.contains(oldBucket) { changeLayout(old, by: -1) }
    if layoutRange.contains(newBucket) { changeLayout(new, by: 1) }
  }

  /// The bucket of the distance at this place, 0 for the smallest.
  mutating func bucket(ofRank rank: Int) -> Int {
    precondition(rank >= 0 && rank < count, "distance \(rank) of \(count)")
    while before > rank {
      pointer -= 1
      before -= Int(counts[pointer])
    }
    while before + Int(counts[pointer]) <= rank {
      before += Int(counts[pointer])
      pointer += 1
    }
    return pointer
  }

  // MARK: Exactly

  /// Whether the distances of these buckets are laid out.
  func isLaidOut(_ buckets: ClosedRange<Int>) -> Bool {
    layoutRange.lowerBound <= buckets.lowerBound && buckets.upperBound < layoutRange.upperBound
  }

  /// Lays out the distances of these buckets; `distances` are all of them, in any order.
  mutating func layOut(_ buckets: ClosedRange<Int>, _ distances: [Double]) {
    layoutRange = Range(buckets)
    layoutValues = []
    layoutCounts = []
    for distance in distances.sorted() {
      if layoutValues.last == distance {
        layoutCounts[layoutCounts.count - 1] += 1
      } else {
        layoutValues.append(distance)
        layoutCounts.append(1)
      }
    }
  }

  /// The distances at this place and the next (the last again, where there is no next). Their buckets must be laid out.
  mutating func values(atRank rank: Int) -> (Double, Double) {
    let bucket = bucket(ofRank: rank)
    precondition(layoutRange.contains(bucket), "bucket \(bucket) is not laid out, \(layoutRange) are")
    var rest = rank - before
    for earlier in layoutRange.lowerBound..<bucket { rest += Int(counts[earlier]) }
    var place = 0
    while rest >= layoutCounts[place] {
      rest -= layoutCounts[place]
      place += 1
    }
    let isSame = rest + 1 < layoutCounts[place] || rank + 1 >= count
    return (layoutValues[place], layoutValues[isSame ? place : place + 1])
  }

  private mutating func changeLayout(_ distance: Double, by step: Int) {
    var low = 0
    var high = layoutValues.count
    while low < high {
      let middle = (low + high) / 2
      if layoutValues[middle] < distance { low = middle + 1 } else { high = middle }
    }
    if low < layoutValues.count, layoutValues[low] == distance {
      layoutCounts[low] += step
      if layoutCounts[low] == 0 {
        layoutValues.remove(at: low)
        layoutCounts.remove(at: low)
      }
    } else {
      precondition(step > 0, "a distance left that never came: \(distance)")
      layoutValues.insert(distance, at: low)
      layoutCounts.insert(1, at: low)
    }
  }
}
