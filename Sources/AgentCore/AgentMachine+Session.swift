import TuningModel
import Wire

/// Connecting, greeting, leases.
extension AgentMachine {
  mutating func connected() {
    guard case .connecting = session else { return }
    sayHello()
  }

  /// Ends beyond this number go without their last lines of standard error in a hello, so that it stays a small message;
  /// the `ended` that follows holds them.
  private static let inventoryWithTails = 32

  private var inventory: [AttemptInventory] {
    let ends = attempts.filter(\.hasEnded).count
    // What is still being fetched does not exist yet: the coordinator says again that it wants it.
    return attempts.filter { !$0.isFetching }.map { attempt in
      var item = attempt.inventory
      if ends > Self.inventoryWithTails, case .ended(var end) = item.phase {
        end.errorTail = ""
        item.phase = .ended(end)
      }
      return item
    }
  }

  mutating func sayHello() {
    let saidAt = if case .greeting(let first, _) = session { first } else { now }
    session = .greeting(saidAt: saidAt, giveUpAt: now + settings.answerLimit)
    helloAt = max(now, helloAt + .nanoseconds(1))
    heartbeatsSent = []
    nextHeartbeat = nil
    actions.append(
      .send(
        .hello(
          AgentHello(
            hostname: settings.hostname, machineID: settings.machineID, bootID: settings.bootID, name: settings.name,
            pid: settings.pid, slots: leaving?.reason == .interrupted ? 0 : settings.slots, home: settings.home,
            inventory: inventory, place: settings.place, devices: settings.devices, landlock: settings.landlock,
            saidAt: helloAt))))
  }

  mutating func disconnected(_ loss: ConnectionLoss) {
    if case .idle = session { return }
    if session == .welcomed { note("the connection to the coordinator broke; trials go on") }
    switch loss {
    case .broken: refusedSince = nil
    case .refused:
      refused("the coordinator does not admit this agent's key")
    case .wrongPeer:
      refused("what answers at the coordinator's address does not hold the coordinator's key")
    }
    guard !isOver else { return }
    retryLater()
  }

  /// A coordinator that restarts loads its keys before it listens, so that a refusal means what it says; it is believed
  /// when it comes again for a while.
  private mutating func refused(_ reason: String) {
    if refusedSince == nil { note("\(reason); trying again for \(Int(settings.refusalLimit.inSeconds)) s") }
    let since = refusedSince ?? now
    refusedSince = since
    if now >= since + settings.refusalLimit { end(AgentExit(reason: .notAdmitted, message: reason)) }
  }

  /// Gives the connection up and tries a new one after a random time that grows with each failure.
  mutating func retryLater() {
    let longest = settings.longestRetry.wholeNanoseconds
    let shortest = max(1, settings.shortestRetry.wholeNanoseconds)
    var bound = shortest
    for _ in 0..<min(failures, 30) where bound < longest { bound = min(longest, bound &* 2) }
    failures += 1
    let wait = shortest / 2 + Int64(random.nextUnit() * Double(bound))
    session = .idle(retryAt: now + .nanoseconds(min(wait, longest)))
    heartbeatsSent = []
    nextHeartbeat = nil
    actions.append(.disconnect)
  }

  mutating func welcomed(_ welcome: Welcome) {
    // An answer to an earlier hello says nothing of what has happened since, and its lease is an earlier one.
    guard case .greeting(let saidAt, _) = session,
      welcome.answers == .zero || welcome.answers == helloAt
    else { return }
    session = .welcomed
    preparedSaidAt = nil
    slotsSaidAt = nil
    wasGivenWork = false
    failures = 0
    refusedSince = nil
    heardAt = now
    run = welcome.run
    heartbeat = max(welcome.heartbeat, .milliseconds(10))
    nextHeartbeat = now
    heartbeatsSent = []
    var newLease = AgentLease(length: welcome.lease, grace: welcome.program.grace, sentAt: saidAt)
    if let lease, lease.length == newLease.length, lease.grace == newLease.grace, lease.deadline > newLease.deadline {
      newLease = lease
    }
    lease = newLease
    for index in attempts.indices {
      attempts[index].saidStarted = false
      attempts[index].saidEnded = false
    }
    note("agent \(welcome.agent) of run \(welcome.run)")
    for attempt in attempts where attempt.isFetching { actions.append(.cancelFetch(attempt.attempt)) }
    attempts.removeAll(where: \.isFetching)
    for attempt in attempts.map(\.attempt) {
      let verdict = welcome.verdicts.first { $0.attempt == attempt }?.action
      carryOut(verdict, on: attempt)
    }
    forwardLease()
    saySlots()
    adopt(welcome.program)
    for (_, name) in stored.sorted(by: { $0.key < $1.key }) { say(.checkpointStored(name)) }
  }

  private mutating func carryOut(_ verdict: Verdict.Action?, on attempt: TrialAttempt) {
    guard let index = index(of: attempt) else { return }
    switch verdict {
    case .end:
      note("attempt \(attempt) is not the current one: ending it")
      discard(at: index)
    case .keep(let sequence):
      attempts[index].isDiscarded = false
      rewind(at: index, to: max(0, sequence))
    case nil:
      // A coordinator that says nothing about an attempt loses nothing by hearing of it again.
      rewind(at: index, to: attempts[index].acknowledgedSequence)
    }
  }

  mutating func received(_ message: CoordinatorMessage) {
    switch message {
    case .welcome(let welcome): welcomed(welcome)
    case .rejected(let code, let text): rejected(code, text)
    case .sayHello:
      // A second one before the answer to the hello is about an earlier message.
      if session == .welcomed { sayHello() }
    case .joined: break
    default:
      // Orders count within a session only; what came before the welcome is derived again after it.
      guard session == .welcomed else { return }
      heardAt = now
      order(message)
    }
  }

  private mutating func rejected(_ code: RejectionCode, _ text: String) {
    switch code {
    case .runFinished: leave(AgentExit(reason: .dismissed, message: text))
    case .protocolMismatch: end(AgentExit(reason: .protocolMismatch, message: text))
    // Another agent has the key: what runs here must not run on unseen.
    case .notAdmitted: leave(AgentExit(reason: .notAdmitted, message: text))
    case .malformed: end(AgentExit(reason: .protocolMismatch, message: text))
    }
  }

  mutating func echoed(sentAt: Instant) {
    // Only an instant that this connection sent extends the lease.
    guard let place = heartbeatsSent.firstIndex(of: sentAt) else { return }
    heartbeatsSent.removeFirst(place + 1)
    lease?.extend(sentAt: sentAt)
    forwardLease()
  }

  mutating func forwardLease() {
    guard let lease else { return }
    for index in attempts.indices where attempts[index].isLinked && !attempts[index].hasEnded {
      guard lease.isNews(to: attempts[index].knownDeadline) else { continue }
      attempts[index].knownDeadline = lease.deadline
      actions.append(.command(attempts[index].attempt, .lease(deadline: lease.deadline)))
    }
  }

  // MARK: The program

  private mutating func adopt(_ new: Program) {
    let isSame = program?.codeHash == new.codeHash && program?.setup == new.setup
    program = new
    switch preparation {
    case .ready where isSame:
      sayPrepared()
      launchWaiting()
    case .running where isSame: break
    case .none, .running, .ready, .failed:
      preparation = .running
      actions.append(.prepare(new))
    }
  }

  mutating func prepared(_ result: Wire.Preparation) {
    guard preparation == .running, result.codeHash == program?.codeHash ?? "" else { return }
    preparation = result.failure.map { .failed($0) } ?? .ready
    sayPrepared()
    if let failure = result.failure {
      note("the host could not be prepared: \(failure)")
      for attempt in attempts {
        if attempt.awaitsLaunch {
          launchFailed(attempt.attempt, StartRefusal(code: .hostFault, detail: "the host is not prepared: \(failure)"))
        }
      }
    } else {
      launchWaiting()
    }
  }

  /// Says whether the code is in place, once that is known.
  mutating func sayPrepared() {
    let failure: String?
    switch preparation {
    case .none, .running: return
    case .ready: failure = nil
    case .failed(let message): failure = message
    }
    preparedSaidAt = now
    say(.prepared(Wire.Preparation(codeHash: program?.codeHash ?? "", failure: failure)))
  }
}
