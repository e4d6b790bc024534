/// A trial's finite values over the resource, as far as PASHA may still read them. Resources that the trial did not
/// report, or reported without a finite value, are not in it.
struct LearningCurve: Sendable {
  struct Point: Sendable {
    var resource: Int
    var value: Double
  }

  /// Increasing in the resource.
  private(set) var points: [Point] = []

  mutating func append(resource: Int, value: Double) {
    points.append(Point(resource: resource, value: value))
  }

  mutating func forget() { points = [] }

  /// How many points lie at or below `resource`.
  func count(through resource: Int) -> Int {
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].resource <= resource { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
