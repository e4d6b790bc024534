import Scheduling
import TuningModel

/// The same decisions the slow way, written down as the rules are stated: every report looks at all pairs again, every
/// rung is one sorted array. Shares no code with the module but its values.
package struct ReferenceScheduler {
  package struct Entry {
    package var trial: Int
    package var value: Double
    package var isPromoted: Bool
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

    init(index: Int, levels: [Int], options: SchedulerOptions) {
      self.index = index
      self.levels = levels
      self.options = options
      rungs = levels.map { _ in [] }
      top = min(1, levels.count - 1)
      current = options.name == .asha || levels.count < 2 ? options.maxResource : levels[1]
    }
  }

  package let options: SchedulerOptions
  package var systems: [System]
  package var systemOf: [Int: Int] = [:]
  package var milestones: [Int: Int] = [:]
  package var resources: [Int: Int] = [:]
  package var retired: Set<Int> = []

  package init(_ options: SchedulerOptions) {
    self.options = options
    let levels = options.levels
    systems = (0..<min(options.brackets, levels.count + 1)).map {
      System(index: $0, levels: Array(levels[$0...]), options: options)
    }
  }

  package mutating func add(_ trial: Int, bracket: Int) {
    systemOf[trial] = bracket
    milestones[trial] = systems[bracket].levels.first ?? options.maxResource
    resources[trial] = 0
  }

  package mutating func retire(_ trial: Int) { retired.insert(trial) }

  // MARK: Promotion

  package mutating func promotion(bracket: Int) -> Promotion? {
    let system = systems[bracket]
    for index in system.levels.indices.reversed() where system.levels[index] < system.current {
      let rung = system.rungs[index]
      let next = index + 1 < system.levels.count ? system.levels[index + 1] : options.maxResource
      guard let cutOff = cutOff(rung, Double(system.levels[index]) / Double(next)),
        let rank = rung.firstIndex(where: { !$0.isPromoted && !retired.contains($0.trial) }),
        rung[rank].value.isFinite,
        options.mode == .min ? rung[rank].value <= cutOff : rung[rank].value >= cutOff
      else { continue }
      return Promotion(
        trial: TrialID(rung[rank].trial), system: bracket, fromLevel: system.levels[index], milestone: next, rank: rank,
        rungSize: rung.count, value: rung[rank].value, cutOff: cutOff)
    }
    return nil
  }

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

  private func cutOff(_ rung: [Entry], _ quantile: Double) -> Double? {
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

  /// The outcome, and whether the maximum rose.
  package mutating func report(_ trial: Int, _ resource: Int, _ value: Double) -> (RecordOutcome, MaximumRaise?) {
    guard let systemIndex = systemOf[trial] else { return (.rejected(.unknownTrial), nil) }
    guard resource >= 1 else { return (.rejected(.resourceBelowOne), nil) }
    guard resource > resources[trial, default: 0] else { return (.repeated, nil) }
    let system = systems[systemIndex]
    resources[trial] = resource
    let passed = system.levels.indices.filter { index in
      system.levels[index] <= resource && !system.rungs[index].contains { $0.trial == trial }
    }
    for index in passed {
      if index > 0, let below = system.rungs[index - 1].firstIndex(where: { $0.trial == trial }) {
        system.rungs[index - 1][below].isPromoted = true
      }
      insert(Entry(trial: trial, value: value, isPromoted: resource >= options.maxResource), system, index)
    }
    var raise: MaximumRaise?
    if resource < options.maxResource { system.curves[trial, default: [:]][resource] = value }
    if options.name == .pasha, system.levels.count >= 2, resource < options.maxResource || !passed.isEmpty {
      measureEpsilon(system)
      raise = rankCheck(system)
    }
    if resource >= options.maxResource { return (.reachedMaximum, raise) }
    guard resource >= milestones[trial] ?? 0, let level = system.levels.last(where: { $0 <= resource }) else {
      return (.continues, raise)
    }
    return (.reachedMilestone(level), raise)
  }

  // MARK: Epsilon

  package func measureEpsilon(_ system: System) {
    guard system.levels.count >= 2 else { return }
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
    let epsilon = lower.count < 2 ? 0 : system.epsilon
    let mode = options.mode
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
      guard system.current < options.maxResource else { return nil }
      let raise = MaximumRaise(
        system: system.index, from: system.current,
        to: system.top + 1 < system.levels.count ? system.levels[system.top + 1] : options.maxResource,
        topLevel: system.levels[system.top], previousLevel: system.levels[system.top - 1],
        trial: TrialID(entry.trial), position: place, holder: TrialID(lower[place].trial),
        trialValue: lower.first { $0.trial == entry.trial }?.value ?? .nan, holderValue: lower[place].value,
        epsilon: system.epsilon)
      system.top = min(system.top + 1, system.levels.count - 1)
      system.current = raise.to
      return raise
    }
    return nil
  }
}
