import Coordination
import HostSystem
import Presentation
import TuningModel

/// Asks the coordinator what only it knows; answers are kept for a moment, so that many pages ask it no more than one.
final class CoordinatorDesk: Sendable {
  private struct Kept: Sendable {
    var at: Instant
    var value: JSONValue?
  }

  private struct State: Sendable {
    var answers: [String: Kept] = [:]
    var asking: Set<String> = []
    var presence = CoordinatorPresence.none
    var presenceAt: Instant?
    var isLooking = false
  }

  static let freshness = Duration.seconds(1)
  private let source: RunSource
  private let state = Locked(State())

  init(source: RunSource) { self.source = source }

  /// Who runs the run, as it was found last.
  var lastPresence: CoordinatorPresence { state.withLock { $0.presence } }

  /// The same; nil: nobody has looked yet.
  var knownPresence: CoordinatorPresence? { state.withLock { $0.presenceAt == nil ? nil : $0.presence } }

  /// Who runs the run; looks again after a moment. May wait. While one caller looks, others get what was found last.
  func presence() -> CoordinatorPresence {
    let now = HostClock.now
    let known: CoordinatorPresence? = state.withLock { state in
      if state.isLooking, state.presenceAt != nil { return state.presence }
      if let at = state.presenceAt, now - at < Self.freshness { return state.presence }
      state.isLooking = true
      return nil
    }
    if let known { return known }
    let found = source.service()
    state.withLock { state in
      state.presence = found
      state.presenceAt = HostClock.now
      state.isLooking = false
    }
    return found
  }

  /// A question whose answer is the same for all who ask it now. May wait.
  func shared(_ operation: String) -> JSONValue? {
    let now = HostClock.now
    enum Way { case kept(JSONValue?), ask }
    let way: Way = state.withLock { state in
      if let kept = state.answers[operation], now - kept.at < Self.freshness || state.asking.contains(operation) {
        return .kept(kept.value)
      }
      state.asking.insert(operation)
      return .ask
    }
    if case .kept(let value) = way { return value }
    let value = source.ask(.object([.init("op", .string(operation))]))
    state.withLock { state in
      state.answers[operation] = Kept(at: HostClock.now, value: value)
      state.asking.remove(operation)
    }
    return value
  }

  func ask(_ question: JSONValue) -> JSONValue? { source.ask(question) }
}
