import TuningModel

/// How far apart values are. All of it for at least two finite values.
enum Spread {
  /// Population standard deviation.
  static func deviation(_ values: [Double]) -> Double {
    let mean = pairwiseSum(values[...]) / Double(values.count)
    let squares = values.map { ($0 - mean) * ($0 - mean) }
    return (pairwiseSum(squares[...]) / Double(values.count)).squareRoot()
  }

  /// Mean of |a − b| over all pairs.
  static func meanDistance(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let count = Double(values.count)
    // A value is subtracted from all above it and from it all below; distances from the smallest keep the sum exact
    // where values are close together.
    var sum = CompensatedSum()
    for (place, value) in sorted.enumerated() {
      sum.add((value - sorted[0]) * (2 * Double(place) - count + 1))
    }
    return sum.value / (count * (count - 1) / 2)
  }

  /// Median of |a − b| over all ordered pairs, of which there is an even number: the mean of the two in the middle.
  static func medianDistance(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let ordered = values.count * (values.count - 1)
    // Each distance stands twice among the ordered pairs.
    let (low, high) = ((ordered / 2 - 1) / 2, ordered / 2 / 2)
    let first = distance(ofRank: low, sorted)
    return low == high ? first : (first + distance(ofRank: high, sorted)) / 2
  }

  /// The distance at a place among all pairs' distances, smallest first: found by halving the numbers themselves, so that
  /// no pair is laid out.
  private static func distance(ofRank rank: Int, _ sorted: [Double]) -> Double {
    var low: UInt64 = 0
    var high = (sorted[sorted.count - 1] - sorted[0]).bitPattern
    while low < high {
      let middle = low + (high - low) / 2
      if pairs(within: Double(bitPattern: middle), sorted) > rank { high = middle } else { low = middle + 1 }
    }
    return Double(bitPattern: low)
  }

  /// How many pairs are at most so far apart.
  private static func pairs(within distance: Double, _ sorted: [Double]) -> Int {
    var count = 0
    var first = 0
    for last in sorted.indices {
      while sorted[last] - sorted[first] > distance { first += 1 }
      count += last - first
    }
    return count
  }

  /// Sums as numpy does: eight running sums from eight values on, halves above 128.
  private static func pairwiseSum(_ values: ArraySlice<Double>) -> Double {
    let count = values.count
    if count < 8 { return values.reduce(0, +) }
    let start = values.startIndex
    if count > 128 {
      let half = count / 2 - (count / 2) % 8
      return pairwiseSum(values[..<(start + half)]) + pairwiseSum(values[(start + half)...])
    }
    var sums = Array(values[start..<(start + 8)])
    var place = start + 8
    while place < start + count - count % 8 {
      for lane in 0..<8 { sums[lane] += values[place + lane] }
      place += 8
    }
    let sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    return values[place...].reduce(sum, +)
  }
}

/// A sum that keeps what rounding takes away (Neumaier 1974).
struct CompensatedSum {
  private var sum = 0.0
  private var lost = 0.0

  mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }

  var value: Double { sum + lost }
}
