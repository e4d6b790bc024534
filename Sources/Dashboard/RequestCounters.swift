import HostSystem

/// How many requests were answered, by the first digit of their status.
final class RequestCounters: Sendable {
  private let counts = Locked([Int](repeating: 0, count: 6))

  func count(_ status: Int) { counts.withLock { $0[max(0, min(5, status / 100))] += 1 } }
  var byClass: [Int] { counts.withLock { $0 } }
}
