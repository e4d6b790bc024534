extension AgentMachine {
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
