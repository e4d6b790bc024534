import TuningModel

/// A rung: the trials that reached its level, and which of them a free slot may take further.
struct Rung: Sendable {
  /// What makes a trial good enough.
  enum Rule: Sendable {
    /// No worse than the quantile of the values.
    case quantile
    /// Within the quantile of the costs, best first.
    case cost
    /// No worse than the quantile, and no worse than the threshold unless its id is below `candidates`.
    case threshold(candidates: Int)
  }

  let level: Int
  /// The part of the rung that is good enough: this level divided by the next.
  let quantile: Double
  let rule: Rule
  let rounding: CutOffRounding
  private(set) var entries = RankedEntries()
  private(set) var promotedCount = 0
  /// Set by decisions alone.
  private(set) var threshold: Double?
  private var finiteCount = 0
  private var nextSequence = 0
  /// Open entries of trials that set the threshold, best first.
  private var openCandidates: [RungEntry] = []
  /// What `search` found last. Follows from the entries and the threshold.
  private var known: Finding?

  /// The best entry that can be promoted, good enough for the rule.
  struct Candidate: Equatable, Sendable {
    var runner: Int
    var value: Double
    var rank: Int
    var cutOff: Double
    var rule = Promotion.Rule.quantile
  }

  struct Finding: Sendable {
    var candidate: Candidate?
    /// The threshold that the entry looked at sets, good enough or not.
    var threshold: (runner: Int, value: Double)?
  }

  init(level: Int, quantile: Double, rule: Rule = .quantile, rounding: CutOffRounding = .syneTune) {
    self.level = level
    self.quantile = quantile
    self.rule = rule
    self.rounding = rounding
  }

  // MARK: Entries

  /// A trial enters behind its equals. Returns the entry's sequence number.
  mutating func enter(
    runner: Int, trial: TrialID, value: Double, cost: Double, mode: MetricMode, isOpen: Bool
  ) -> Int {
    let sequence = nextSequence
    nextSequence += 1
    if value.isFinite { finiteCount += 1 }
    let entry = RungEntry(
      loss: mode.loss(value), value: value, sequence: sequence, runner: runner, isOpen: isOpen && value.isFinite,
      cost: cost)
    entries.insert(entry)
    if case .threshold(let candidates) = rule, trial.rawValue < candidates, entry.isOpen {
      let place = openCandidates.firstIndex { $0.loss > entry.loss } ?? openCandidates.count
      openCandidates.insert(entry, at: place)
    }
    known = nil
    return sequence
  }

  /// The entry is promoted by a decision: it moves behind its equals. Returns its new sequence number, nil where there
  /// is no such entry.
  mutating func promote(loss: Double, sequence: Int) -> Int? {
    guard var entry = entries.remove(loss: loss, sequence: sequence) else { return nil }
    openCandidates.removeAll { $0.sequence == sequence }
    entry.isOpen = false
    entry.sequence = nextSequence
    nextSequence += 1
    entries.insert(entry)
    promotedCount += 1
    known = nil
    return entry.sequence
  }

  /// The trial is already past this rung: the entry counts as promoted and stays where it is.
  mutating func pass(loss: Double, sequence: Int) {
    close(loss: loss, sequence: sequence)
    promotedCount += 1
  }

  /// The trial ended: the entry counts, and is never promoted.
  mutating func close(loss: Double, sequence: Int) {
    entries.close(loss: loss, sequence: sequence)
    openCandidates.removeAll { $0.sequence == sequence }
    known = nil
  }

  mutating func setThreshold(_ value: Double) {
    threshold = value
    known = nil
  }

  // MARK: Promotion

  /// The entry that would be promoted, if any. Keeps what it found until the rung changes.
  mutating func search(_ mode: MetricMode) -> Finding {
    if let known { return known }
    let found: Finding
    switch rule {
    case .quantile: found = Finding(candidate: goodEnough(entries.firstOpen, mode))
    case .cost: found = Finding(candidate: cheapEnough)
    case .threshold(let candidates): found = withThreshold(candidates, mode)
    }
    known = found
    return found
  }

  private func goodEnough(_ place: (rank: Int, entry: RungEntry)?, _ mode: MetricMode) -> Candidate? {
    guard let (rank, entry) = place, let cutOff = cutOff(mode), !mode.isBetter(cutOff, than: entry.value) else {
      return nil
    }
    return Candidate(runner: entry.runner, value: entry.value, rank: rank, cutOff: cutOff)
  }

  /// The best open entry, while the costs from the best entry to it are within the rung's share.
  private var cheapEnough: Candidate? {
    guard entries.count >= 2, let (rank, entry) = entries.firstOpen else { return nil }
    var (spent, all) = entries.costs(throughRank: rank)
    // The order of summing can only matter near the border: there it is the reference's.
    let doubt = 4 * Double(entries.count) * 0x1p-53 * all
    if abs(spent - quantile * all) <= doubt { (spent, all) = entries.plainCosts(throughRank: rank) }
    let share = all * quantile
    guard spent <= share else { return nil }
    return Candidate(
      runner: entry.runner, value: entry.value, rank: rank, cutOff: entry.value,
      rule: .cost(spent: spent, share: share))
  }

  /// The best open entry that sets the threshold or is no worse than it. Entries better than the threshold stand before
  /// all others, so either the best open one passes, or only those that set it can.
  private func withThreshold(_ candidates: Int, _ mode: MetricMode) -> Finding {
    guard cutOff(mode) != nil, let best = entries.firstOpen else { return Finding() }
    let sets = openCandidates.first
    if best.entry.sequence != sets?.sequence, !isBelowThreshold(best.entry.value, mode) {
      return Finding(candidate: goodEnough(best, mode))
    }
    guard let sets, let rank = entries.rank(loss: sets.loss, sequence: sets.sequence) else { return Finding() }
    return Finding(
      candidate: goodEnough((rank, sets), mode),
      threshold: betters(sets.value, mode) ? (sets.runner, sets.value) : nil)
  }

  func isBelowThreshold(_ value: Double, _ mode: MetricMode) -> Bool {
    threshold.map { mode.isBetter($0, than: value) } ?? false
  }

  func betters(_ value: Double, _ mode: MetricMode) -> Bool {
    threshold.map { mode.isBetter(value, than: $0) } ?? true
  }

  // MARK: Cut-off

  /// The value that is just good enough; nil below two entries, or when no value is finite.
  ///
  /// The quantile of the values with linear interpolation, to the last rounding as Syne Tune computes it: where the
  /// interpolation falls on one of the values, that rounding decides whether its trial is promoted. Interpolating with
  /// a value that is not finite gives the nearest finite one.
  func cutOff(_ mode: MetricMode) -> Double? {
    let count = entries.count
    guard count >= 2, finiteCount > 0 else { return nil }
    if rounding == .numpy { return numpyCutOff(mode) }
    let place = Double(count - 1) * (mode == .min ? quantile : 1 - quantile) + 1
    let whole = Int(place)
    let left = max(0, min(count - 2, mode == .min ? whole - 1 : count - whole - 1))
    guard left + 1 < finiteCount else { return entries[min(left, finiteCount - 1)].value }
    let weight = mode == .min ? place - Double(whole) : 1 - (place - Double(whole))
    return weight * entries[left + 1].value + (1 - weight) * entries[left].value
  }

  /// The same to numpy's last rounding: from the smaller value, or from the larger one where that is nearer.
  private func numpyCutOff(_ mode: MetricMode) -> Double? {
    let count = entries.count
    let place = Double(count - 1) * (mode == .min ? quantile : 1 - quantile)
    let (low, weight) = (Int(place), place - place.rounded(.down))
    let high = min(low + 1, count - 1)
    func ascending(_ index: Int) -> Double { entries[mode == .min ? index : count - 1 - index].value }
    let (a, b) = (ascending(low), ascending(high))
    guard a.isFinite, b.isFinite else { return entries[max(0, finiteCount - 1)].value }
    return weight >= 0.5 ? b - (b - a) * (1 - weight) : a + (b - a) * weight
  }
}

/// How the quantile's interpolation is rounded, which decides where it falls on one of the values.
package enum CutOffRounding: Sendable {
  /// What Syne Tune 0.13 does.
  case syneTune
  /// What the code of PASHA's authors did; for the replay of its decisions.
  case numpy
}
