import TuningModel

/// When the other end is asked and when it is given up.
public struct TunnelTiming: Equatable, Sendable {
  /// How often a ping goes.
  public var ping: Duration
  /// After how much silence the wire is dead.
  public var silence: Duration
  /// A relay that has heard nothing for so long gives way to a newer one.
  public var yielding: Duration
  /// How long a newer relay waits for one that is well.
  public var patience: Duration

  public init(
    ping: Duration = .seconds(5), silence: Duration = .seconds(30), yielding: Duration = .seconds(12),
    patience: Duration = .seconds(20)
  ) {
    self.ping = ping
    self.silence = silence
    self.yielding = yielding
    self.patience = patience
  }
}

/// Whether the other end lives, as a value: told what was heard, asked what to do.
struct Liveness: Sendable {
  enum Action: Equatable {
    case ping
    case giveUp
  }

  private let timing: TunnelTiming
  private(set) var lastHeard: Instant
  private var nextPing: Instant

  init(_ timing: TunnelTiming, at now: Instant) {
    self.timing = timing
    lastHeard = now
    nextPing = now + timing.ping
  }

  mutating func heard(at now: Instant) { lastHeard = now }

  /// What is due now; nil: nothing.
  mutating func due(at now: Instant) -> Action? {
    if now >= lastHeard + timing.silence { return .giveUp }
    guard now >= nextPing else { return nil }
    nextPing = now + timing.ping
    return .ping
  }

  /// When to ask again.
  var deadline: Instant { min(nextPing, lastHeard + timing.silence) }
}
