import Wire

extension AgentMachine {
  /// Says which slots may be given work. Of slots that may all be used nothing is said at first in a session.
  mutating func saySlots() {
    guard session == .welcomed, slotsSaidAt != nil || slotStates.contains(where: { !$0.isUsable }) else { return }
    slotsSaidAt = now
    say(.slotStates(slotStates))
  }

  /// Slots that an attempt occupies, in no order: one that waits for its start counts.
  public var occupiedSlots: Set<Int> { Set(attempts.filter(\.occupiesSlot).map(\.slot)) }
  /// Reports of one attempt that may be read and not acknowledged.
  public var reportWindow: Int { settings.reportWindow }

  /// What is held of more than the agent's bounds allow; nil: nothing.
  public var bufferProblem: String? {
    for attempt in attempts where attempt.buffer.count > settings.reportWindow {
      return "\(attempt.buffer.count) reports of \(attempt.attempt) are in memory"
    }
    return heartbeatsSent.count > 4_096 ? "\(heartbeatsSent.count) heartbeats are in memory" : nil
  }
}
