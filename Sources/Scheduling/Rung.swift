import TuningModel

/// A rung: the trials that reached its level, and which of them a free slot may take further.
struct Rung: Sendable {
  let level: Int
  /// The part of the rung that is good enough: this level divided by the next.
  let quantile: Double
  private(set) var entries = RankedEntries()
  private(set) var promotedCount = 0
  private var finiteCount = 0
  private var nextSequence = 0
  /// What `candidate` found last. Follows from the entries.
  private var search = Search.due

  private enum Search: Sendable {
    case due
    case done(Candidate?)
  }

  /// The best entry that can be promoted, good enough for the cut-off.
  struct Candidate: Equatable, Sendable {
    var runner: Int
    var value: Double
    var rank: Int
    var cutOff: Double
  }

  init(level: Int, quantile: Double) {
    self.level = level
    self.quantile = quantile
  }

  /// A trial enters behind its equals. Returns the entry's sequence number.
  mutating func enter(runner: Int, value: Double, mode: MetricMode, isOpen: Bool) -> Int {
    let sequence = nextSequence
    nextSequence += 1
    if value.isFinite { finiteCount += 1 }
    entries.insert(
      RungEntry(
        loss: mode.loss(value), value: value, sequence: sequence, runner: runner, isOpen: isOpen && value.isFinite))
    search = .due
    return sequence
  }

  /// The entry is promoted by a decision: it moves behind its equals. Returns its new sequence number, nil where there
  /// is no such entry.
  mutating func promote(loss: Double, sequence: Int) -> Int? {
    guard var entry = entries.remove(loss: loss, sequence: sequence) else { return nil }
    entry.isOpen = false
    entry.sequence = nextSequence
    nextSequence += 1
    entries.insert(entry)
    promotedCount += 1
    search = .due
    return entry.sequence
  }

  /// The trial is already past this rung: the entry counts as promoted and stays where it is.
  mutating func pass(loss: Double, sequence: Int) {
    entries.close(loss: loss, sequence: sequence)
    promotedCount += 1
    search = .due
  }

  /// The trial ended: the entry counts, and is never promoted.
  mutating func close(loss: Double, sequence: Int) {
    entries.close(loss: loss, sequence: sequence)
    search = .due
  }

  /// The entry that would be promoted, if any. Keeps what it found until the rung changes.
  mutating func candidate(_ mode: MetricMode) -> Candidate? {
    if case .done(let known) = search { return known }
    let found = findCandidate(mode)
    search = .done(found)
    return found
  }

  private func findCandidate(_ mode: MetricMode) -> Candidate? {
    guard let (rank, entry) = entries.firstOpen, let cutOff = cutOff(mode), !mode.isBetter(cutOff, than: entry.value)
    else { return nil }
    return Candidate(runner: entry.runner, value: entry.value, rank: rank, cutOff: cutOff)
  }

  /// The value that is just good enough; nil below two entries, or when no value is finite.
  ///
  /// The quantile of the values with linear interpolation, to the last rounding as Syne Tune computes it: where the
  /// interpolation falls on one of the values, that rounding decides whether its trial is promoted. Interpolating with
  /// a value that is not finite gives the nearest finite one.
  func cutOff(_ mode: MetricMode) -> Double? {
    let count = entries.count
    guard count >= 2, finiteCount > 0 else { return nil }
    let place = Double(count - 1) * (mode == .min ? quantile : 1 - quantile) + 1
    let whole = Int(place)
    let left = max(0, min(count - 2, mode == .min ? whole - 1 : count - whole - 1))
    guard left + 1 < finiteCount else { return entries[min(left, finiteCount - 1)].value }
    let weight = mode == .min ? place - Double(whole) : 1 - (place - Double(whole))
    return weight * entries[left + 1].value + (1 - weight) * entries[left].value
  }
}
