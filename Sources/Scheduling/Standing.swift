/// The trials that stand in the top rung and in the one below, in the order of each: PASHA's rank check.
struct Standing: Sendable {
  /// A trial's entry in the lower rung.
  struct Place: Sendable {
    var index: Int
    var value: Double
    var loss: Double
    var sequence: Int

    init(_ runner: Runner, at index: Int) {
      self.index = index
      value = runner.value
      loss = runner.loss
      sequence = runner.sequence
    }

    init(_ entry: RungEntry) {
      index = entry.runner
      value = entry.value
      loss = entry.loss
      sequence = entry.sequence
    }
  }

  /// A trial that left its group of near-equals.
  struct Departure: Sendable {
    var position: Int
    var runner: Place
    var holder: Place
  }

  /// Losses in the upper rung, best first, and beside them the values there and the same trials' places in the lower
  /// rung.
  private var upperLosses: [Double] = []
  private(set) var upperValues: [Double] = []
  private(set) var upper: [Place] = []
  /// The same trials in the order of the lower rung.
  private(set) var lower: [Place] = []
  /// The longest way between a trial in the upper order and the one that held its place; nil when due.
  private var reach: Double?

  init(upper upperRung: Rung, lower lowerRung: Rung) {
    guard upperRung.entries.count > 0 else { return }
    let above = upperRung.entries.all
    let isAbove = Set(above.map(\.runner))
    lower = lowerRung.entries.all.filter { isAbove.contains($0.runner) }.map(Place.init)
    let placeOf = Dictionary(lower.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in above {
      guard let place = placeOf[entry.runner] else { continue }
      upper.append(place)
      upperLosses.append(entry.loss)
      upperValues.append(entry.value)
    }
  }

  /// A trial enters the upper rung behind its equals. (One that does not stand in the lower rung takes no part: it is
  /// not inserted.)
  mutating func insert(_ runner: Int, topValue: Double, topLoss: Double, below place: Place) {
    let upperIndex = Self.partition(upperLosses.count) { upperLosses[$0] <= topLoss }
    upperLosses.insert(topLoss, at: upperIndex)
    upperValues.insert(topValue, at: upperIndex)
    upper.insert(place, at: upperIndex)
    let lowerIndex = Self.partition(lower.count) {
      (lower[$0].loss, lower[$0].sequence) < (place.loss, place.sequence)
    }
    lower.insert(place, at: lowerIndex)
    reach = nil
  }

  /// Whether each trial is level with the one that held its place: no epsilon is needed to keep the maximum.
  var isStrictlyKept: Bool {
    mutating get { longestReach == 0 }
  }

  private var longestReach: Double {
    mutating get {
      if let reach { return reach }
      var longest = 0.0
      for position in upper.indices {
        let (moved, holder) = (upper[position].loss, lower[position].loss)
        if moved != holder { longest = max(longest, abs(moved - holder)) }
      }
      reach = longest
      return longest
    }
  }

  /// The first trial in the upper order outside the group of the one that held its place in the lower rung: those in an
  /// unbroken row beside it with values within `epsilon` of its own, border included. The row is sorted, so it is
  /// unbroken up to a trial exactly when that trial's own value is within `epsilon`.
  func firstLeft(epsilon: Double) -> Departure? {
    // Two roundings are all that stand between this and the comparison below.
    if let reach, reach * (1 + 0x1p-50) <= epsilon { return nil }
    for position in upper.indices {
      let (moved, holder) = (upper[position].loss, lower[position].loss)
      if moved > holder + epsilon || moved < holder - epsilon {
        return Departure(position: position, runner: upper[position], holder: lower[position])
      }
    }
    return nil
  }

  /// The first trial in the upper order that is not the one that held its place.
  var firstMoved: Departure? {
    upper.indices.first { upper[$0].index != lower[$0].index }.map {
      Departure(position: $0, runner: upper[$0], holder: lower[$0])
    }
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
