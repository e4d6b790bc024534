import HostSystem

/// Tells open streams that there is something new.
final class Hub: Sendable {
  /// At a time.
  static let mostStreams = 64

  private struct State: Sendable {
    var streams: [Int: AsyncStream<Void>.Continuation] = [:]
    var next = 0
    var isOver = false
  }

  private let state = Locked(State())

  /// One stream's subscription: a signal for each time that something may be new, several in a row as one.
  struct Subscription: Sendable {
    let id: Int
    let signals: AsyncStream<Void>
  }

  /// nil: there are too many.
  func subscribe() -> Subscription? {
    let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    return state.withLock { state in
      guard state.streams.count < Self.mostStreams, !state.isOver else { return nil }
      state.next += 1
      state.streams[state.next] = continuation
      return Subscription(id: state.next, signals: signals)
    }
  }

  func leave(_ subscription: Subscription) {
    let continuation = state.withLock { $0.streams.removeValue(forKey: subscription.id) }
    continuation?.finish()
  }

  func announce() {
    for continuation in state.withLock({ Array($0.streams.values) }) { continuation.yield() }
  }

  /// No stream goes on.
  func finish() {
    let all = state.withLock { state in
      state.isOver = true
      return Array(state.streams.values)
    }
    for continuation in all { continuation.finish() }
  }

  var isOver: Bool { state.withLock { $0.isOver } }
  var streams: Int { state.withLock { $0.streams.count } }
}
