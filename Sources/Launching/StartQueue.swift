import TuningModel

/// Which hosts may start now. Not all at once, each at a moment of its own (a jump host or a shared sshd refuses logins
/// that come together: MaxStartups), and one that failed later and later. A value: no clock, no source of chance but the
/// seed.
public struct StartQueue: Sendable {
  /// Hosts that start at once at most.
  public static let limit = 16
  /// Waits after failures: the first, then twice as long each time, to the longest.
  public static let firstWait = Duration.seconds(1)
  public static let longestWait = Duration.seconds(60)
  /// After a failure that does not go away by itself: somebody may have mended it meanwhile.
  public static let hopelessWait = Duration.seconds(300)
  /// The first starts are spread over so long, for each host that may start at once.
  static let spread = Duration.milliseconds(20)

  private enum State {
    case waiting(until: Instant)
    case starting
    /// It runs, or is not to be started.
    case idle
  }

  private struct Host {
    var state = State.idle
    var failures = 0
  }

  private var hosts: [String: Host] = [:]
  /// In the order in which they were asked for, so that none waits for ever.
  private var order: [String] = []
  private var generator: SeededGenerator

  public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// How many are starting.
  public var starting: Int {
    hosts.values.reduce(0) { count, host in
      if case .starting = host.state { count + 1 } else { count }
    }
  }

  /// Wants a host started, now or when its wait is over. Nothing happens to one that is starting or waits.
  public mutating func want(_ name: String, at now: Instant) {
    var host = hosts[name] ?? Host()
    guard case .idle = host.state else { return }
    host.state = .waiting(until: now + (host.failures == 0 ? jitter(Self.spread * Self.limit) : wait(host.failures)))
    hosts[name] = host
    order.removeAll { $0 == name }
    order.append(name)
  }

  /// Wants it started at the next chance, whatever failed before: the user said so, or mended something.
  public mutating func wantNow(_ name: String, at now: Instant) {
    var host = hosts[name] ?? Host()
    if case .starting = host.state { return }
    host.failures = 0
    host.state = .waiting(until: now)
    hosts[name] = host
    order.removeAll { $0 == name }
    order.append(name)
  }

  /// The hosts to start now; they count as starting from here on.
  public mutating func due(at now: Instant) -> [String] {
    var free = Self.limit - starting
    var due: [String] = []
    for name in order where free > 0 {
      guard case .waiting(let until)? = hosts[name]?.state, until <= now else { continue }
      hosts[name]?.state = .starting
      due.append(name)
      free -= 1
    }
    order.removeAll { due.contains($0) }
    return due
  }

  /// When `due` has something next; nil: only after something else has happened.
  public var deadline: Instant? {
    guard starting < Self.limit else { return nil }
    let times = order.compactMap { name -> Instant? in
      if case .waiting(let until)? = hosts[name]?.state { until } else { nil }
    }
    return times.min()
  }

  /// The host's agent runs, or its start was given up. The next one is not delayed by failures before it.
  public mutating func succeeded(_ name: String) { hosts[name] = Host() }

  /// The start failed; it is tried again by itself.
  /// - Returns: when.
  @discardableResult
  public mutating func failed(_ name: String, isRetryable: Bool, at now: Instant) -> Instant {
    var host = hosts[name] ?? Host()
    host.failures += 1
    let until = now + (isRetryable ? wait(host.failures) : Self.hopelessWait + jitter(Self.longestWait))
    host.state = .waiting(until: until)
    hosts[name] = host
    order.removeAll { $0 == name }
    order.append(name)
    return until
  }

  /// How often the host's start failed in a row, and when the next one is due; nil: none is planned, or it goes on.
  public func outlook(of name: String) -> (failures: Int, until: Instant?) {
    guard let host = hosts[name] else { return (0, nil) }
    if case .waiting(let until) = host.state { return (host.failures, until) }
    return (host.failures, nil)
  }

  /// The host is of no interest any more.
  public mutating func forget(_ name: String) {
    hosts[name] = nil
    order.removeAll { $0 == name }
  }

  /// Doubled with each failure; a fifth of it, at most, is taken away by chance.
  private mutating func wait(_ failures: Int) -> Duration {
    let doubled = Self.firstWait * (1 << min(failures - 1, 10))
    let wait = min(doubled, Self.longestWait)
    return wait - jitter(wait / 5)
  }

  private mutating func jitter(_ range: Duration) -> Duration {
    .nanoseconds(Int64(generator.nextUnit() * Double(range.wholeNanoseconds)))
  }
}
