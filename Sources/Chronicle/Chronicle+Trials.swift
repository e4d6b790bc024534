import Coordination
import TuningModel

/// A piece of the table of trials.
public struct TrialQuery: Equatable, Sendable {
  public enum Sort: Equatable, Sendable {
    case trial, status, value, lastValue, resource, slotSeconds, startedAt, attempt, restarts, host
    case parameter(String)
  }

  public enum Order: Equatable, Sendable {
    case ascending, descending
    /// For values the best first, as the metric's mode has it; for others ascending.
    case best
  }

  public var sort = Sort.trial
  public var order = Order.ascending
  /// Words of `TrialStatus`; empty: all.
  public var statuses: Set<String> = []
  /// In any case, in id, host, failure or configuration.
  public var text: String?
  public var filter: TrialFilter?
  public var offset = 0
  public var limit = 100

  public init() {}
}

extension Chronicle {
  /// How many rungs of its bracket a trial has entered; one more where it reached the maximum resource.
  public func level(of trial: Int) -> Int {
    let resource = state.trials[trial].resource
    let own = levels[max(0, min(levels.count - 1, state.trials[trial].bracket))]
    let isAtMaximum = resource >= state.specification.scheduler.maxResource
    return own.prefix { $0 <= resource }.count + (isAtMaximum ? 1 : 0)
  }

  /// Trials with a finite value, best first; equal ones by id.
  public mutating func ranking() -> [Int] {
    if let ranked { return ranked }
    let mode = state.specification.experiment.mode
    var entries: [(value: Double, trial: Int)] = []
    for index in state.trials.indices {
      if let best = state.trials[index].best { entries.append((best.value, index)) }
    }
    entries.sort { a, b in a.value == b.value ? a.trial < b.trial : mode.isBetter(a.value, than: b.value) }
    let found = entries.map(\.trial)
    ranked = found
    return found
  }

  /// Where a trial runs now.
  public func host(of trial: Int) -> String? { state.trials[trial].slot.flatMap { state[$0.agent]?.name } }

  /// Time in slots, with what the present attempt has used so far, in seconds.
  public func slotSeconds(of trial: Int, at active: Double) -> Double {
    let past = state.trials[trial].slotTime.inSeconds
    guard state.trials[trial].isActive, trials.indices.contains(trial), let last = trials[trial].attempts.last,
      last.ended == nil
    else { return past }
    return past + max(0, active - last.assigned)
  }

  /// The places of a piece of the table, and how many trials match.
  public func trials(_ query: TrialQuery, at active: Double) -> (matched: Int, rows: [Int]) {
    let text = query.text?.lowercased()
    let needle = text.map { Array($0.utf8) }
    var found: [Int] = []
    for index in state.trials.indices {
      if !query.statuses.isEmpty, !query.statuses.contains(state.trials[index].status.word) { continue }
      if let text, let needle, !isWanted(index, text, needle) { continue }
      if let filter = query.filter, !matches(index, filter, at: active) { continue }
      found.append(index)
    }
    sort(&found, query, active)
    let start = min(query.offset, found.count)
    return (found.count, Array(found[start..<min(found.count, start + query.limit)]))
  }

  /// - Parameter needle: the bytes of the text.
  func isWanted(_ index: Int, _ text: String, _ needle: [UInt8]) -> Bool {
    if trials.indices.contains(index), trials[index].holds(needle) { return true }
    if needle.count <= 10, needle.allSatisfy({ (0x30...0x39).contains($0) }), String(index).contains(text) {
      return true
    }
    if let host = host(of: index), host.lowercased().contains(text) { return true }
    return state.trials[index].failureMessage?.lowercased().contains(text) ?? false
  }

  private enum Key {
    case number(Double)
    case text(String)
    case missing

    /// Missing values and NaN stand last in every order.
    static func precedes(_ a: Key, _ b: Key, isDescending: Bool) -> Bool? {
      switch (a, b) {
      case (.missing, .missing): return nil
      case (.missing, _): return false
      case (_, .missing): return true
      case (.number(let a), .number(let b)): return a == b ? nil : (a < b) != isDescending
      case (.text(let a), .text(let b)): return a == b ? nil : (a < b) != isDescending
      case (.number, .text): return !isDescending
      case (.text, .number): return isDescending
      }
    }
  }

  private func sort(_ found: inout [Int], _ query: TrialQuery, _ active: Double) {
    var isDescending = query.order == .descending
    if query.order == .best, query.sort == .value || query.sort == .lastValue {
      isDescending = state.specification.experiment.mode == .max
    }
    if query.sort == .trial {
      if isDescending { found.reverse() }
      return
    }
    var keyed = found.map { (key: key(of: $0, query.sort, active), trial: $0) }
    keyed.sort { a, b in Key.precedes(a.key, b.key, isDescending: isDescending) ?? (a.trial < b.trial) }
    found = keyed.map(\.trial)
  }

  private func key(of index: Int, _ sort: TrialQuery.Sort, _ active: Double) -> Key {
    func number(_ value: Double?) -> Key { value.map { $0.isNaN ? .missing : .number($0) } ?? .missing }
    switch sort {
    case .trial: return .number(Double(index))
    case .status: return .number(Double(Self.place(of: state.trials[index].status)))
    case .value: return number(state.trials[index].best?.value)
    case .lastValue: return number(state.trials[index].lastValue)
    case .resource: return .number(Double(state.trials[index].resource))
    case .slotSeconds: return .number(slotSeconds(of: index, at: active))
    case .startedAt: return number(trials.indices.contains(index) ? trials[index].firstAssigned : nil)
    case .attempt: return .number(Double(state.trials[index].attempt?.rawValue ?? 0))
    case .restarts: return .number(Double(state.trials[index].restarts))
    case .host: return host(of: index).map { .text($0) } ?? .missing
    case .parameter(let name):
      switch state.trials[index].configuration[name] {
      case .int(let value): return .number(Double(value))
      case .double(let value): return number(value)
      case .bool(let value): return .text(value ? "true" : "false")
      case .string(let value): return .text(value)
      case nil: return .missing
      }
    }
  }

  /// Running ones first.
  private static func place(of status: TrialStatus) -> Int {
    switch status {
    case .active(.running): 0
    case .active(.held): 1
    case .active(.assigned): 2
    case .pending: 3
    case .paused: 4
    case .completed: 5
    case .stopped: 6
    case .failed: 7
    }
  }
}
