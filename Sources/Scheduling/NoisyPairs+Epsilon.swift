extension NoisyPairs {
  var noisyCount: Int { tally.count }

  /// The places of the two distances between which the 90th percentile lies, and how far along.
  private var percentilePlace: (low: Int, part: Double) {
    let place = Double(tally.count - 1) * 0.9
    let low = place.rounded(.down)
    return (Int(low), place - low)
  }

  /// A number that epsilon is not below; nil while no pair is noisy.
  var epsilonLowerBound: Double? {
    mutating get {
      guard tally.count > 0 else { return nil }
      return DistanceTally.lowerEdge(tally.bucket(ofRank: percentilePlace.low))
    }
  }

  /// The 90th percentile of the noisy pairs' distances, interpolated to the last rounding as numpy does; nil while no
  /// pair is noisy.
  mutating func epsilon(_ curves: [LearningCurve]) -> Double? {
    guard tally.count > 0 else { return nil }
    let (low, part) = percentilePlace
    let first = tally.bucket(ofRank: low)
    let last = tally.bucket(ofRank: min(low + 1, tally.count - 1))
    if !tally.isLaidOut(first...last) {
      let buckets = max(0, first - 1)...min(DistanceTally.bucketCount - 1, last + 1)
      tally.layOut(buckets, distances(in: buckets, curves))
      layouts += 1
    }
    let (a, b) = tally.values(atRank: low)
    let difference = b - a
    return part >= 0.5 ? b - difference * (1 - part) : a + difference * part
  }

  private func distances(in buckets: ClosedRange<Int>, _ curves: [LearningCurve]) -> [Double] {
    let past = Past(slots: slots, history: [], curves: curves, window: window)
    var found: [Double] = []
    states.forEachNoisy { low, high in
      var values = (slots[low].value, slots[high].value)
      if slots[low].resource != slots[high].resource {
        values = past.lastInCommon(low, high, below: window.upperBound + 1) ?? values
      }
      let distance = Self.distance(values.0, values.1)
      if buckets.contains(DistanceTally.bucket(distance)) { found.append(distance) }
    }
    return found
  }
}
