import TuningModel

/// The lease of an agent's attempts, as the agent's side counts it.
///
/// The coordinator gives an attempt up when it has not *received* a heartbeat for the lease L. The agent's side counts
/// from the moment at which the echoed heartbeat was *sent*, takes 1 % off for the rates of two clocks, and takes off
/// the time that ending a process takes, so that the trial is dead before the coordinator gives its work to another.
public struct AgentLease: Equatable, Sendable {
  /// L.
  public var length: Duration
  /// Time between SIGTERM and SIGKILL.
  public var grace: Duration
  /// When supervisors end their trials, on CLOCK_BOOTTIME.
  public private(set) var deadline: Instant

  /// The lease that begins with the sending of a hello that was answered.
  public init(length: Duration, grace: Duration, sentAt: Instant) {
    self.length = length
    self.grace = grace
    deadline = Self.deadline(length: length, grace: grace, sentAt: sentAt)
  }

  public static func deadline(length: Duration, grace: Duration, sentAt: Instant) -> Instant {
    Mutant.noLeaseMargin.isActive ? sentAt + (length + grace) : sentAt + (length * 99 / 100 - grace)
  }

  /// Extends the lease. A heartbeat older than the newest one echoed changes nothing.
  public mutating func extend(sentAt: Instant) {
    deadline = max(deadline, Self.deadline(length: length, grace: grace, sentAt: sentAt))
  }

  /// Whether a supervisor that was told `known` must be told the deadline: when it moved by a twentieth of the lease,
  /// so that a lease of hours costs no message per heartbeat. The supervisor may end a trial so much too early, never
  /// too late.
  public func isNews(to known: Instant?) -> Bool {
    guard let known else { return true }
    return deadline < known || deadline - known >= length / 20
  }
}
