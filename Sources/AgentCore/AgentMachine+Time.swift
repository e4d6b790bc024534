import TuningModel
import Wire

/// Time limits: what is due, and when the machine wants to be called again.
extension AgentMachine {
  /// When the shell sends `timer` at the latest; nil when nothing is due ever.
  public var nextDeadline: Instant? {
    guard !isOver else { return nil }
    var due: [Instant] = []
    switch session {
    case .idle(let retryAt): due.append(retryAt)
    case .connecting(let since): due.append(since + settings.answerLimit)
    case .greeting(_, let giveUpAt): due.append(giveUpAt)
    case .welcomed:
      if let nextHeartbeat { due.append(nextHeartbeat) }
      for attempt in attempts where attempt.awaitsAcknowledgement {
        if let progressAt = attempt.progressAt { due.append(progressAt + settings.resendAfter) }
      }
    }
    if let limit = contactLimit { due.append(limit) }
    if let leaveBy { due.append(leaveBy) }
    return due.min()
  }

  mutating func keepTime() {
    if let limit = contactLimit, now >= limit { return end(silenceExit) }
    switch session {
    case .idle(let retryAt):
      if now >= retryAt {
        session = .connecting(since: now)
        actions.append(.connect)
      }
    case .connecting(let since):
      if now >= since + settings.answerLimit {
        refusedSince = nil
        retryLater()
      }
    case .greeting(_, let giveUpAt):
      if now >= giveUpAt { retryLater() }
    case .welcomed:
      beat()
      resend()
    }
  }

  private mutating func beat() {
    let silence = max(heartbeat * settings.missedEchoes, settings.answerLimit)
    if let oldest = heartbeatsSent.first, now >= oldest + silence {
      note("no heartbeat was echoed for \(Int(silence.inSeconds)) s: connecting again")
      return retryLater()
    }
    guard let due = nextHeartbeat, now >= due else { return }
    // After a pause of the process one heartbeat is enough; the rhythm starts anew.
    nextHeartbeat = now + heartbeat
    if heartbeatsSent.count < 4_096, heartbeatsSent.last != now { heartbeatsSent.append(now) }
    say(.heartbeat(sentAt: now))
    // What is said once may be lost, and nobody answers it.
    if let said = slotsSaidAt, now >= said + settings.resendAfter, !Mutant.slotsSaidOnce.isActive { saySlots() }
    // A host that gets no work may not have been heard to be ready.
    let mayBeUnheard = !wasGivenWork || attempts.isEmpty
    if mayBeUnheard, let said = preparedSaidAt, now >= said + settings.resendAfter { sayPrepared() }
  }

  private mutating func resend() {
    guard session == .welcomed else { return }
    for name in attempts.map(\.attempt) {
      guard let index = index(of: name), attempts[index].awaitsAcknowledgement,
        let progressAt = attempts[index].progressAt, now >= progressAt + settings.resendAfter
      else { continue }
      attempts[index].sentSequence = attempts[index].acknowledgedSequence
      attempts[index].saidEnded = false
      attempts[index].progressAt = now
      tellNews(of: name)
    }
  }

  // MARK: Leaving

  /// When the agent ends for want of a coordinator: while nothing runs here, and the lease would be over anyway.
  private var contactLimit: Instant? {
    guard session != .welcomed else { return nil }
    if let heardAt {
      guard let lease, !attempts.contains(where: \.occupiesSlot) else { return nil }
      return heardAt + lease.length
    }
    return settings.firstWelcomeLimit.map { startedAt + $0 }
  }

  private var silenceExit: AgentExit {
    let silence = Int((now - (heardAt ?? startedAt)).inSeconds)
    let message =
      heardAt == nil
      ? "the coordinator could not be reached for \(silence) s"
      : "no word from the coordinator for \(silence) s, and nothing runs here"
    return AgentExit(reason: .unreachable, message: message)
  }

  /// A hello that offers no slot keeps the coordinator from giving the trials that end back to this agent.
  mutating func interrupted() {
    leave(AgentExit(reason: .interrupted, message: "interrupted"))
    if session == .welcomed, !attempts.isEmpty { sayHello() }
  }

  /// Pauses and seals what runs, then ends.
  mutating func leave(_ exit: AgentExit) {
    if leaving == nil {
      leaving = exit
      let live = attempts.filter(\.occupiesSlot).map(\.attempt)
      if !live.isEmpty { note("\(exit.message): pausing \(live.count) trials") }
      for name in live { intend(.pause, for: name) }
    }
  }

  /// Whether nothing runs any more and no end waits for its acknowledgement, or has waited long enough.
  mutating func mayLeave() -> Bool {
    guard !attempts.contains(where: \.occupiesSlot) else { return false }
    guard attempts.contains(where: { !$0.isDiscarded }) else { return true }
    leaveBy = leaveBy ?? now + settings.farewellLimit
    return leaveBy.map { now >= $0 } ?? true
  }
}
