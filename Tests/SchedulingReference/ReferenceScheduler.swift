import Scheduling
import TuningModel

/// The same decisions the slow way, written down as the rules are stated: every report looks at all pairs again, every
/// rung is one sorted array. Shares no code with the module but its values.
package struct ReferenceScheduler {
  package struct Entry {
    package var trial: Int
    package var value: Double
    package var isPromoted: Bool
    package var cost = 0.0
  }

  /// What follows from a report.
  package struct Consequences {
    package var outcome: RecordOutcome
    package var raise: MaximumRaise?
    package var threshold: ThresholdChange?
    package var stop: StopDecision?
  }

  package final class System {
    package let index: Int
    package let levels: [Int]
    package let options: SchedulerOptions
    package var rungs: [[Entry]]
    package var curves: [Int: [Int: Double]] = [:]
    package var top: Int
    package var current: Int
    package var epsilon = 0.0
    package var noisyPairs = 0
    package var thresholds: [Int: Double] = [:]

    init(index: Int, levels: [Int], options: SchedulerOptions) {
      self.index = index
      self.levels = levels
      self.options = options
      rungs = levels.map { _ in [] }
      top = min(1, levels.count - 1)
      current = options.name != .pasha || levels.count < 2 ? options.maxResource : levels[1]
    }
  }

  package let options: SchedulerOptions
  package var systems: [System]
  package var systemOf: [Int: Int] = [:]
  package var milestones: [Int: Int] = [:]
  package var resources: [Int: Int] = [:]
  package var retired: Set<Int> = []
  /// The first rung of each trial, where brackets share theirs.
  package var firstRungs: [Int: Int] = [:]
  /// Trials that were stopped by a decision.
  package var stopped: Set<Int> = []
  /// What trials reported at each resource, where they are compared without rungs.
  var peers: [Int: [Double]] = [:]
  var history: [Int: [Double]] = [:]

  package init(_ options: SchedulerOptions) {
    self.options = options
    let levels = options.levels
    systems = (0..<(options.rungSystemPerBracket ? min(options.brackets, levels.count + 1) : 1)).map {
      System(index: $0, levels: Array(levels[$0...]), options: options)
    }
  }

  package mutating func add(_ trial: Int, bracket: Int) {
    systemOf[trial] = options.rungSystemPerBracket ? bracket : 0
    firstRungs[trial] = options.rungSystemPerBracket ? 0 : bracket
    let levels = Array(systems[systemOf[trial] ?? 0].levels.dropFirst(firstRungs[trial] ?? 0))
    milestones[trial] = options.isStopping ? options.maxResource : levels.first ?? options.maxResource
    resources[trial] = 0
  }

  package mutating func retire(_ trial: Int) { retired.insert(trial) }

  // MARK: Promotion

  package mutating func promotion(bracket: Int) -> Promotion? { proposal(bracket: bracket).promotion }

  package mutating func proposal(bracket: Int) -> Proposal {
    var proposal = Proposal()
    guard !options.isStopping else { return proposal }
    let system = systems[options.rungSystemPerBracket ? bracket : 0]
    for index in system.levels.indices.reversed() where system.levels[index] < system.current {
      let rung = system.rungs[index]
      let next = index + 1 < system.levels.count ? system.levels[index + 1] : options.maxResource
      let quantile = Double(system.levels[index]) / Double(next)
      guard let cutOff = cutOff(rung, quantile) else { continue }
      let (rank, threshold) = firstOpen(rung, system, system.levels[index])
      if let threshold { proposal.thresholds.append(threshold) }
      guard let rank, rung[rank].value.isFinite else { continue }
      var promotion = Promotion(
        trial: TrialID(rung[rank].trial), system: system.index, fromLevel: system.levels[index], milestone: next,
        rank: rank, rungSize: rung.count, value: rung[rank].value, cutOff: cutOff)
      if options.name == .costPromotion {
        let share = rung.reduce(0) { $0 + $1.cost } * quantile
        let spent = rung[...rank].reduce(0) { $0 + $1.cost }
        guard spent <= share else { continue }
        promotion.rule = .cost(spent: spent, share: share)
        promotion.cutOff = rung[rank].value
      } else if options.mode == .min ? rung[rank].value > cutOff : rung[rank].value < cutOff {
        continue
      }
      proposal.promotion = promotion
      return proposal
    }
    return proposal
  }

  /// The first entry that can be promoted, and the threshold that looking for it sets.
  private func firstOpen(_ rung: [Entry], _ system: System, _ level: Int) -> (Int?, ThresholdChange?) {
    for (rank, entry) in rung.enumerated() where !entry.isPromoted && !retired.contains(entry.trial) {
      guard options.name == .rush, entry.value.isFinite else { return (rank, nil) }
      let known = system.thresholds[level]
      if entry.trial < options.thresholdCandidates {
        if let known, !options.mode.isBetter(entry.value, than: known) { return (rank, nil) }
        return (
          rank,
          ThresholdChange(
            system: system.index, level: level, trial: TrialID(entry.trial), value: entry.value, previous: known)
        )
      }
      if let known, options.mode.isBetter(known, than: entry.value) { continue }
      return (rank, nil)
    }
    return (nil, nil)
  }

  package mutating func apply(_ change: ThresholdChange) {
    systems[change.system].thresholds[change.level] = change.value
  }

  package mutating func apply(_ stop: StopDecision) { stopped.insert(stop.trial.rawValue) }

  package mutating func apply(_ promotion: Promotion) {
    let system = systems[promotion.system]
    guard let index = system.levels.firstIndex(of: promotion.fromLevel) else { return }
    var entry = system.rungs[index].remove(at: promotion.rank)
    entry.isPromoted = true
    insert(entry, system, index)
    milestones[entry.trial] = promotion.milestone
  }

  private func insert(_ entry: Entry, _ system: System, _ index: Int) {
    let place = system.rungs[index].firstIndex { options.mode.isBetter(entry.value, than: $0.value) }
    system.rungs[index].insert(entry, at: place ?? system.rungs[index].count)
  }

  func cutOff(_ rung: [Entry], _ quantile: Double) -> Double? {
    let finite = rung.filter { $0.value.isFinite }
    guard rung.count >= 2, let worst = finite.last else { return nil }
    let v = Double(rung.count - 1) * (options.mode == .min ? quantile : 1 - quantile) + 1
    let i = Int(v)
    let fraction = v - Double(i)
    let left = options.mode == .min ? i - 1 : rung.count - i - 1
    let weight = options.mode == .min ? fraction : 1 - fraction
    if !rung[left].value.isFinite { return worst.value }
    if !rung[left + 1].value.isFinite { return rung[left].value }
    return weight * rung[left + 1].value + (1 - weight) * rung[left].value
  }

  // MARK: Reports

  package mutating func report(_ trial: Int, _ resource: Int, _ value: Double, cost: Double = 0) -> Consequences {
    guard let systemIndex = systemOf[trial] else { return Consequences(outcome: .rejected(.unknownTrial)) }
    guard resource >= 1 else { return Consequences(outcome: .rejected(.resourceBelowOne)) }
    guard !stopped.contains(trial) else { return Consequences(outcome: .rejected(.stopped)) }
    guard resource > resources[trial, default: 0] else { return Consequences(outcome: .repeated) }
    resources[trial] = resource
    if [.medianStopping, .percentile, .fifo].contains(options.name) { return compare(trial, resource, value) }
    let system = systems[systemIndex]
    let passed = system.levels.indices.dropFirst(firstRungs[trial] ?? 0).filter { index in
      system.levels[index] <= resource && !system.rungs[index].contains { $0.trial == trial }
    }
    for index in passed {
      if index > 0, let below = system.rungs[index - 1].firstIndex(where: { $0.trial == trial }) {
        system.rungs[index - 1][below].isPromoted = true
      }
      insert(
        Entry(trial: trial, value: value, isPromoted: resource >= options.maxResource, cost: cost), system, index)
    }
    var consequences = Consequences(outcome: .continues)
    if resource < options.maxResource { system.curves[trial, default: [:]][resource] = value }
    if options.name == .pasha, system.levels.count >= 2, resource < options.maxResource || !passed.isEmpty {
      measureEpsilon(system)
      consequences.raise = rankCheck(system)
    }
    if options.isStopping, let index = passed.last, resource < options.maxResource {
      checkStop(trial, system, index, &consequences)
    }
    if resource >= options.maxResource {
      consequences.outcome = .reachedMaximum
    } else if resource >= milestones[trial] ?? 0, let level = system.levels.last(where: { $0 <= resource }),
      level >= system.levels.dropFirst(firstRungs[trial] ?? 0).first ?? .max
    {
      consequences.outcome = .reachedMilestone(level)
    }
    return consequences
  }

  // MARK: Epsilon

  package func measureEpsilon(_ system: System) {
    guard system.levels.count >= 2, options.ranking.criterion == .softRankingAuto else { return }
    let low = system.levels[system.top - 1]
    let high = system.levels[system.top]
    let ids = system.curves.filter { $0.value.keys.contains { $0 > low } }.keys.sorted()
    var distances: [Double] = []
    for (position, a) in ids.enumerated() {
      for b in ids[(position + 1)...] {
        let common = (system.curves[a] ?? [:]).filter { epoch, value in
          epoch <= high && value.isFinite && system.curves[b]?[epoch]?.isFinite == true
        }.keys.sorted()
        guard let last = common.last, last > low else { continue }
        let order = common.map { isGreater(system, a, b, $0) }
        // Back from the last: the opposite once, and further back the same again.
        guard let flip = order.lastIndex(of: !(order.last ?? false)), order[..<flip].contains(!order[flip]) else {
          continue
        }
        distances.append(abs((system.curves[a]?[last] ?? 0) - (system.curves[b]?[last] ?? 0)))
      }
    }
    system.noisyPairs = distances.count
    guard !distances.isEmpty else { return }
    distances.sort()
    let place = Double(distances.count - 1) * 0.9
    let index = Int(place)
    let part = place - Double(index)
    let (a, b) = (distances[index], distances[min(index + 1, distances.count - 1)])
    system.epsilon = part >= 0.5 ? b - (b - a) * (1 - part) : a + (b - a) * part
  }

  private func isGreater(_ system: System, _ a: Int, _ b: Int, _ epoch: Int) -> Bool {
    (system.curves[a]?[epoch] ?? 0) > (system.curves[b]?[epoch] ?? 0)
  }

  // MARK: Ranking

  private func rankCheck(_ system: System) -> MaximumRaise? {
    let inLower = Set(system.rungs[system.top - 1].map(\.trial))
    let top = system.rungs[system.top].filter { inLower.contains($0.trial) }
    let inTop = Set(top.map(\.trial))
    let lower = system.rungs[system.top - 1].filter { inTop.contains($0.trial) }
    if options.ranking.criterion != .softRankingAuto { setEpsilon(system, lower) }
    let epsilon = lower.count < 2 ? 0 : system.epsilon
    let mode = options.mode
    if let judged = judgeWhole(top, lower, system) { return raise(system, judged) }
    if [.ranking, .rankBiasedOverlap, .reciprocalRankRegret, .absoluteReciprocalRankRegret].contains(
      options.ranking.criterion)
    {
      return nil
    }
    for (place, entry) in top.enumerated() {
      let centre = mode.loss(lower[place].value)
      var group = [lower[place].trial]
      for other in lower[(place + 1)...] {
        if mode.loss(other.value) > centre + epsilon { break }
        group.append(other.trial)
      }
      for other in lower[..<place].reversed() {
        if mode.loss(other.value) < centre - epsilon { break }
        group.append(other.trial)
      }
      if group.contains(entry.trial) { continue }
      return raise(system, (place, entry, lower[place], nil, lower))
    }
    return nil
  }

  private func raise(
    _ system: System, _ left: (place: Int, entry: Entry, holder: Entry, score: Double?, lower: [Entry])
  ) -> MaximumRaise? {
    guard system.current < options.maxResource else { return nil }
    let raise = MaximumRaise(
      system: system.index, from: system.current,
      to: system.top + 1 < system.levels.count ? system.levels[system.top + 1] : options.maxResource,
      topLevel: system.levels[system.top], previousLevel: system.levels[system.top - 1],
      trial: TrialID(left.entry.trial), position: left.place, holder: TrialID(left.holder.trial),
      trialValue: left.lower.first { $0.trial == left.entry.trial }?.value ?? .nan, holderValue: left.holder.value,
      epsilon: system.epsilon, criterion: options.ranking.criterion, score: left.score)
    system.top = min(system.top + 1, system.levels.count - 1)
    system.current = raise.to
    return raise
  }
}
