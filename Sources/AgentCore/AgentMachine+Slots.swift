extension AgentMachine {
  /// Slots that an attempt occupies, in no order: one that waits for its start counts.
  public var occupiedSlots: Set<Int> { Set(attempts.filter(\.occupiesSlot).map(\.slot)) }
  /// Reports of one attempt that may be read and not acknowledged.
  public var reportWindow: Int { settings.reportWindow }
}
