import Coordination
import Presentation
import TuningModel

/// Limits that the search is to have: new ones, or more of those that it has, as `pasha-coord extend` gives it.
struct LimitOrder {
  private struct Kind {
    var name: String
    /// The highest value.
    var most: Double
    var isCount: Bool
  }

  private static let kinds = [
    Kind(name: "max_num_trials_started", most: 1e9, isCount: true),
    Kind(name: "max_num_trials_completed", most: 1e9, isCount: true),
    Kind(name: "max_num_trials_finished", most: 1e9, isCount: true),
    Kind(name: "max_num_evaluations", most: 1e12, isCount: true),
    Kind(name: "max_wallclock_time", most: 3e9, isCount: false), Kind(name: "max_cost", most: 1e300, isCount: false),
  ]

  private struct Change {
    var kind: Kind
    var number: Double
    /// Whether it comes on top of the present limit.
    var isMore: Bool
    var before: Double?
  }

  private var changes: [Change]

  /// Takes what it knows out of the members of a command.
  init(_ members: inout CommandMembers) throws(APIError) {
    changes = try Self.changes(&members, isMore: false)
    if let value = members.take("more") {
      guard case .object(let content) = value else {
        throw APIError(.badRequest, "more must be an object of limits by name")
      }
      var rest = CommandMembers(content)
      let added = try Self.changes(&rest, isMore: true)
      if let name = rest.names.first {
        throw APIError(.badRequest, "more has no member \(QueryReader.shown(name))")
      }
      guard !added.isEmpty else { throw APIError(.badRequest, "more names no limit") }
      for change in added where changes.contains(where: { $0.kind.name == change.kind.name }) {
        throw APIError(.badRequest, "\(change.kind.name) is given both anew and in more")
      }
      changes += added
    }
    guard !changes.isEmpty else { throw APIError(.badRequest, "extend needs a limit, or more of one") }
  }

  private static func changes(_ members: inout CommandMembers, isMore: Bool) throws(APIError) -> [Change] {
    var found: [Change] = []
    for kind in kinds {
      guard let value = members.take(kind.name) else { continue }
      let number = CommandMembers.number(value)
      if kind.isCount {
        guard let number, Int(exactly: number) != nil, number >= 1, number <= kind.most else {
          throw APIError(.badRequest, "\(kind.name) must be a whole number from 1 to \(Int(kind.most))")
        }
        found.append(Change(kind: kind, number: number, isMore: isMore))
      } else {
        guard let number, number > 0, number <= kind.most else {
          throw APIError(.badRequest, "\(kind.name) must be a number above 0, at most \(kind.most)")
        }
        found.append(Change(kind: kind, number: number, isMore: isMore))
      }
    }
    return found
  }

  /// The limits that come of it, each above what was used of it.
  /// - Parameter stop: the limits that the search has, which may be younger than the state.
  func settled(_ state: RunState, _ stop: StopCriterion) throws(APIError) -> LimitOrder {
    guard state.training == nil else { throw APIError(.conflict, "the search is over") }
    var settled = self
    for index in changes.indices {
      let change = changes[index]
      let used = Self.used(change.kind, state)
      let before = Self.limit(change.kind, stop)
      var number = change.number
      if change.isMore {
        // What is up so long is a limit that time has; nothing else begins to be bounded by having more of it.
        guard before != nil || change.kind.name == "max_wallclock_time" else {
          throw APIError(.conflict, "the run has no \(change.kind.name), and needs no more of it")
        }
        number += max(before ?? 0, used)
        guard number <= change.kind.most else {
          throw APIError(.conflict, "\(change.kind.name) would be more than \(Presentation.number(change.kind.most))")
        }
      }
      guard number > used else {
        throw APIError(
          .conflict, "\(change.kind.name) must be more than what was used of it, \(Presentation.number(used))")
      }
      settled.changes[index] = Change(kind: change.kind, number: number, isMore: false, before: before)
    }
    return settled
  }

  private static func used(_ kind: Kind, _ state: RunState) -> Double {
    let totals = state.totals
    switch kind.name {
    case "max_num_trials_started": return Double(state.trials.count)
    case "max_num_trials_completed": return Double(totals.completed)
    case "max_num_trials_finished": return Double(totals.completed + totals.stopped + totals.failed)
    case "max_num_evaluations": return Double(totals.reports)
    case "max_wallclock_time": return state.lastStamp?.active.inSeconds ?? 0
    default: return totals.cost
    }
  }

  private static func limit(_ kind: Kind, _ stop: StopCriterion) -> Double? {
    switch kind.name {
    case "max_num_trials_started": return stop.maxTrialsStarted.map(Double.init)
    case "max_num_trials_completed": return stop.maxTrialsCompleted.map(Double.init)
    case "max_num_trials_finished": return stop.maxTrialsFinished.map(Double.init)
    case "max_num_evaluations": return stop.maxEvaluations.map(Double.init)
    case "max_wallclock_time": return stop.maxWallclockTime?.inSeconds
    default: return stop.maxCost
    }
  }

  /// What the coordinator is asked, once they are settled.
  var question: [JSONValue.Member] {
    changes.map { change in
      .init(change.kind.name, change.kind.isCount ? .int(Int(change.number)) : .double(change.number))
    }
  }

  /// `max_num_trials_started: 40 → 60`, as the command says it.
  var done: String {
    changes.map { change in
      func shown(_ number: Double) -> String {
        if change.kind.isCount { return "\(Int(number))" }
        if change.kind.name == "max_cost" { return Presentation.number(number) }
        return Presentation.duration(.seconds(number))
      }
      return "\(change.kind.name): \(change.before.map(shown) ?? "no limit") → \(shown(change.number))"
    }.joined(separator: ", ")
  }
}
