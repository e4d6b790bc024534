import Coordination
import TuningModel

/// How fast the run goes: what was done by so many moments, evenly spread over its time, 64 at most however long it is.
struct Pace: Equatable, Sendable {
  /// What was done by a moment.
  struct Mark: Equatable, Sendable {
    /// Active seconds of the run.
    var seconds: Double
    var resource: Double
    var reports: Double
    var started: Double
    var completed: Double
    var finished: Double
    var cost: Double

    init(_ state: RunState, seconds: Double) {
      let totals = state.totals
      self.seconds = seconds
      resource = Double(totals.resource)
      reports = Double(totals.reports)
      started = Double(state.trials.count)
      completed = Double(totals.completed)
      finished = Double(totals.completed + totals.stopped + totals.failed)
      cost = totals.cost
    }
  }

  /// An amount in a second, and how much that differs from one piece of the time to another.
  struct Rate: Equatable, Sendable {
    var mean: Double
    var deviation: Double
    /// Pieces of the time that were compared, and seconds of each.
    var pieces: Int
    var length: Double

    /// Seconds for an amount: the middle four fifths of what is to be expected, taking the pieces to be independent.
    func time(for amount: Double) -> Range3 {
      guard amount > 0 else { return Range3(0, 0, 0) }
      let expected = amount / mean
      let error = 1.28 * deviation / mean * (1 / Double(pieces) + length / max(expected, length)).squareRoot()
      return Range3(expected / (1 + error), expected, expected / max(0.1, 1 - error))
    }
  }

  private static let limit = 64
  private static let pieces = 8
  private var marks: [Mark] = []
  private var interval = 0.25

  mutating func note(_ state: RunState, seconds: Double) {
    if let last = marks.last {
      guard seconds - last.seconds >= interval else { return }
    } else if state.totals.reports == 0 {
      // What comes before the first report is the start of the hosts.
      return
    }
    marks.append(Mark(state, seconds: seconds))
    guard marks.count >= Self.limit else { return }
    marks = marks.indices.filter { $0.isMultiple(of: 2) }.map { marks[$0] }
    interval *= 2
  }

  /// How fast an amount grew over the newer half of the time; nil: too little was done to tell.
  /// - Parameter now: what is done by now; where nothing comes any more, the rate falls.
  func rate(of amount: KeyPath<Mark, Double>, until now: Mark) -> Rate? {
    guard let first = marks.first, now.seconds > first.seconds else { return nil }
    let all = marks.filter { $0.seconds < now.seconds } + [now]
    guard now[keyPath: amount] >= 3 else { return nil }
    // A run that is young has no half to leave out, and one that stands still has nothing in it.
    let half = (first.seconds + now.seconds) / 2
    for from in all.count < 2 * Self.pieces ? [first.seconds] : [half, first.seconds] {
      if let rate = Self.rate(of: amount, in: all, from: from, until: now.seconds) { return rate }
    }
    return nil
  }

  private static func rate(
    of amount: KeyPath<Mark, Double>, in all: [Mark], from: Double, until end: Double
  ) -> Rate? {
    let length = (end - from) / Double(pieces)
    var at: [Double] = []
    var index = 0
    for piece in 0...pieces {
      let time = piece == pieces ? end : from + Double(piece) * length
      while index + 1 < all.count, all[index + 1].seconds <= time { index += 1 }
      at.append(Self.amount(amount, all, index, time))
    }
    guard length > 0, at[pieces] > at[0] else { return nil }
    let rates = (0..<pieces).map { (at[$0 + 1] - at[$0]) / length }
    let mean = rates.reduce(0, +) / Double(rates.count)
    let squares = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Rate(
      mean: mean, deviation: (squares / Double(rates.count - 1)).squareRoot(), pieces: rates.count, length: length)
  }

  /// Between two marks the amount grows evenly.
  private static func amount(
    _ amount: KeyPath<Mark, Double>, _ all: [Mark], _ index: Int, _ time: Double
  ) -> Double {
    let before = all[index]
    guard index + 1 < all.count else { return before[keyPath: amount] }
    let after = all[index + 1]
    let share = (time - before.seconds) / max(1e-9, after.seconds - before.seconds)
    return before[keyPath: amount] + min(1, max(0, share)) * (after[keyPath: amount] - before[keyPath: amount])
  }
}

/// A value between two bounds.
struct Range3: Equatable, Sendable {
  var low: Double
  var middle: Double
  var high: Double

  init(_ low: Double, _ middle: Double, _ high: Double) {
    self.low = low
    self.middle = middle
    self.high = high
  }

  static func + (a: Range3, b: Range3) -> Range3 { Range3(a.low + b.low, a.middle + b.middle, a.high + b.high) }

  /// What comes first of two.
  static func earlier(_ a: Range3, _ b: Range3) -> Range3 {
    Range3(min(a.low, b.low), min(a.middle, b.middle), min(a.high, b.high))
  }

  /// No less than so much.
  func atLeast(_ least: Double) -> Range3 { Range3(max(low, least), max(middle, least), max(high, least)) }
}
