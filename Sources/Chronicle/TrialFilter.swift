import Coordination
import TuningModel

/// What trials are looked for by, as somebody types it: terms with spaces between them, all of which must hold.
///
/// - `#12`: the trial of this number; where there are several, any of them.
/// - `NAME OPERATOR VALUE`, as `lr<0.01`: a hyperparameter, the metric (the best value), or a column compared. Operators
///   are `<`, `<=`, `>`, `>=`, `=`, `!=`, and for texts `=`, `!=` and `~` (contains). A trial that has no such value
///   matches no comparison but `!=`.
/// - Any other word: a text, in any case, in id, host, failure or configuration as `name=value`.
///
/// Names, values and texts with spaces or operators in them stand in double quotes; within these `\"` is a quote.
public struct TrialFilter: Equatable, Sendable {
  /// A term that cannot be understood, in a sentence for who typed it.
  public struct Problem: Error, Equatable {
    public var message: String

    init(_ message: String) { self.message = message }
  }

  enum Operator: String {
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "="
    case notEqual = "!="
    case contains = "~"
  }

  /// What has a number.
  enum Quantity: Equatable {
    case trial, best, last, resource, milestone, slotSeconds, attempts, restarts
    case parameter(String)
  }

  /// What has a text; `ran`: each host that it has run on.
  enum Wording: Equatable {
    case status, host, ran, failure
    case parameter(String)
  }

  enum Term: Equatable {
    /// The text in lower case, and its bytes.
    case text(String, [UInt8])
    case number(Quantity, Operator, Double)
    /// The text in lower case.
    case wording(Wording, Operator, String)
  }

  /// Trials by number; empty: all.
  var numbers: Set<Int> = []
  var terms: [Term] = []

  /// More terms than anybody types.
  public static let mostTerms = 20

  static func text(_ text: String) -> Term {
    let text = text.lowercased()
    return .text(text, Array(text.utf8))
  }
}

extension Chronicle {
  /// - Parameter active: the run's active seconds.
  func matches(_ index: Int, _ filter: TrialFilter, at active: Double) -> Bool {
    if !filter.numbers.isEmpty, !filter.numbers.contains(index) { return false }
    return filter.terms.allSatisfy { term in
      switch term {
      case .text(let text, let bytes): return isWanted(index, text, bytes)
      case .number(let quantity, let op, let wanted): return op.holds(number(index, quantity, active), wanted)
      case .wording(.ran, let op, let wanted):
        let hosts = trials.indices.contains(index) ? trials[index].attempts.map(\.agent) : []
        // It ran nowhere of this name, not: somewhere else as well.
        if op == .notEqual { return !hosts.contains { Self.isHost(name($0), wanted) } }
        return hosts.contains { op == .equal ? Self.isHost(name($0), wanted) : name($0).contains(wanted) }
      case .wording(.host, let op, let wanted):
        guard let host = host(of: index)?.lowercased() else { return op == .notEqual }
        return op == .contains ? host.contains(wanted) : Self.isHost(host, wanted) == (op == .equal)
      case .wording(let wording, let op, let wanted): return op.holds(text(index, wording), wanted)
      }
    }
  }

  private func number(_ index: Int, _ quantity: TrialFilter.Quantity, _ active: Double) -> Double? {
    let trial = state.trials[index]
    switch quantity {
    case .trial: return Double(index)
    case .best: return trial.best?.value
    case .last: return trial.lastValue
    case .resource: return Double(trial.resource)
    case .milestone: return Double(trial.milestone)
    case .slotSeconds: return slotSeconds(of: index, at: active)
    case .attempts: return Double(trial.attempt?.rawValue ?? 0)
    case .restarts: return Double(trial.restarts)
    case .parameter(let name):
      switch trial.configuration[name] {
      case .int(let value): return Double(value)
      case .double(let value): return value
      case .string, .bool, nil: return nil
      }
    }
  }

  private func text(_ index: Int, _ wording: TrialFilter.Wording) -> String? {
    let trial = state.trials[index]
    switch wording {
    case .status: return trial.status.word
    case .failure: return trial.failureMessage?.lowercased()
    case .parameter(let name): return trial.configuration[name]?.searchText.lowercased()
    case .host, .ran: return nil
    }
  }

  private func name(_ agent: Int32) -> String { (state[AgentID(Int(agent))]?.name ?? "").lowercased() }

  /// A host is known by its whole name, and by what stands before the first dot.
  private static func isHost(_ name: String, _ wanted: String) -> Bool {
    name == wanted || name.split(separator: ".", maxSplits: 1).first.map { $0 == wanted } == true
  }
}

extension TrialFilter.Operator {
  fileprivate func holds(_ value: Double?, _ wanted: Double) -> Bool {
    guard let value else { return self == .notEqual }
    switch self {
    case .less: return value < wanted
    case .lessOrEqual: return value <= wanted
    case .greater: return value > wanted
    case .greaterOrEqual: return value >= wanted
    case .equal: return value == wanted
    case .notEqual: return value != wanted
    case .contains: return false
    }
  }

  fileprivate func holds(_ value: String?, _ wanted: String) -> Bool {
    guard let value else { return self == .notEqual }
    switch self {
    case .equal: return value == wanted
    case .notEqual: return value != wanted
    case .contains: return value.contains(wanted)
    case .less, .lessOrEqual, .greater, .greaterOrEqual: return false
    }
  }
}
