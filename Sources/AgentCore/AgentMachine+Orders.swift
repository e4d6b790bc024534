import TuningModel
import Wire

/// What the coordinator orders within a session. Orders may come twice and late.
extension AgentMachine {
  mutating func order(_ message: CoordinatorMessage) {
    switch message {
    case .heartbeatEcho(let sentAt): echoed(sentAt: sentAt)
    case .start(let start): self.start(start)
    case .proceed(let attempt, let milestone): proceed(attempt, to: milestone)
    case .pause(let attempt): intend(.pause, for: attempt)
    case .stop(let attempt): intend(.stop, for: attempt)
    case .complete(let attempt): intend(.complete, for: attempt)
    case .acknowledgeReports(let attempt, let through): acknowledged(attempt, through: through)
    case .acknowledgeEnd(let attempt): acknowledgedEnd(of: attempt)
    case .deleteCheckpoints(let trial, let keeping): deleteCheckpoints(of: trial, keeping: keeping)
    case .dismiss: leave(AgentExit(reason: .dismissed, message: "the coordinator needs this agent no more"))
    case .welcome, .rejected, .sayHello, .joined: break
    }
  }

  private mutating func start(_ start: StartAttempt) {
    // What was decided before this hello may have been given up since, and started elsewhere.
    guard start.session == .zero || start.session == helloAt || Mutant.earlierStartsCount.isActive else { return }
    let name = start.attempt
    wasGivenWork = true
    if let index = index(of: name) {
      guard attempts[index].isDiscarded else { return repeatStatus(at: index) }
      // A coordinator that lost facts counts on from an earlier attempt: this one's end will not be told.
      let detail = "attempt \(name.attempt) of trial \(name.trial) is being ended on this host"
      return say(.refused(name, StartRefusal(code: .staleAttempt, detail: detail)))
    }
    if let known = refusals[name.trial], known.attempt == name.attempt { return say(.refused(name, known.refusal)) }
    if let refusal = objection(to: start) { return say(.refused(name, refusal)) }
    switch preparation {
    case .ready: launch(start)
    case .none, .running: insert(AgentAttempt(start: start, phase: .waiting(start)))
    case .failed(let failure):
      say(.refused(name, StartRefusal(code: .hostFault, detail: "the host is not prepared: \(failure)")))
    }
  }

  /// Why the attempt cannot start here and now; nil when it can.
  private func objection(to start: StartAttempt) -> StartRefusal? {
    let name = start.attempt
    if let seen = highest[name.trial], seen >= name.attempt {
      return StartRefusal(code: .staleAttempt, detail: "attempt \(seen) of trial \(name.trial) was seen on this host")
    }
    guard (0..<settings.slots).contains(start.slot) else {
      return StartRefusal(code: .noSuchSlot, detail: "slot \(start.slot) of \(settings.slots)")
    }
    if let leaving { return StartRefusal(code: .hostFault, detail: "the agent ends: \(leaving.message)") }
    if let other = attempts.first(where: { $0.slot == start.slot && $0.occupiesSlot }) {
      let name = other.attempt
      return StartRefusal(
        code: .slotBusy, detail: "attempt \(name.attempt) of trial \(name.trial) is in slot \(start.slot)")
    }
    if let other = attempts.first(where: { $0.attempt.trial == name.trial && $0.occupiesSlot }) {
      return StartRefusal(code: .slotBusy, detail: "attempt \(other.attempt.attempt) of trial \(name.trial) still ends")
    }
    return nil
  }

  /// The same start again: says again what became of it.
  private mutating func repeatStatus(at index: Int) {
    let attempt = attempts[index]
    switch attempt.phase {
    case .waiting, .fetching, .launching: break
    case .running(let pid): say(.started(attempt.attempt, pid: pid))
    case .held(let resource): say(.held(attempt.attempt, resource: resource))
    case .ended(let end):
      if attempt.saidEnded { say(.ended(attempt.attempt, ended(end, of: attempt))) }
    }
  }

  /// Launches, once the checkpoint to go on from is here.
  mutating func launch(_ start: StartAttempt) {
    guard let source = start.source else { return launchNow(start) }
    let attempt = AgentAttempt(start: start, phase: .fetching(start))
    if let index = index(of: start.attempt) { attempts[index] = attempt } else { insert(attempt) }
    actions.append(.fetch(start.attempt, source))
  }

  mutating func fetched(_ name: TrialAttempt, isNews: Bool) {
    guard let index = index(of: name), case .fetching(let start) = attempts[index].phase else { return }
    if isNews, let source = start.source { say(.checkpointFetched(CheckpointName(name.trial, source.seal))) }
    launchNow(start)
  }

  private mutating func launchNow(_ start: StartAttempt) {
    guard let program, let lease else { return }
    var attempt = AgentAttempt(start: start, phase: .launching)
    attempt.knownDeadline = lease.deadline
    attempt.isFollowed = true
    attempt.credit = settings.reportWindow
    if let index = index(of: start.attempt) {
      attempt.milestone = max(start.milestone, attempts[index].milestone)
      attempts[index] = attempt
    } else {
      insert(attempt)
    }
    raiseHighest(start.attempt)
    actions.append(.launch(AgentLaunch(start: start, program: program, run: run, lease: lease.deadline)))
    actions.append(.follow(start.attempt, after: 0, credit: settings.reportWindow))
  }

  mutating func launchWaiting() {
    for attempt in attempts {
      if case .waiting(let start) = attempt.phase { launch(start) }
    }
  }

  mutating func launchFailed(_ name: TrialAttempt, _ refusal: StartRefusal) {
    guard let index = index(of: name) else { return }
    switch attempts[index].phase {
    case .waiting, .fetching, .launching: break
    case .running, .held, .ended: return
    }
    attempts.remove(at: index)
    raiseHighest(name)
    refusals[name.trial] = (name.attempt, refusal)
    note("attempt \(name) was not started: \(refusal.detail)")
    say(.refused(name, refusal))
  }

  private mutating func proceed(_ name: TrialAttempt, to milestone: Int) {
    guard let index = index(of: name) else { return unknown(name) }
    guard attempts[index].occupiesSlot, attempts[index].intent == .none else { return }
    guard milestone >= attempts[index].milestone else { return }
    attempts[index].milestone = milestone
    if attempts[index].isLinked { tellMilestone(at: index) }
  }

  mutating func tellMilestone(at index: Int) {
    let attempt = attempts[index]
    actions.append(
      .command(
        attempt.attempt, .proceed(milestone: attempt.milestone, isLast: attempt.milestone >= attempt.maximum)))
  }

  mutating func intend(_ intent: AgentAttempt.Intent, for name: TrialAttempt) {
    guard let index = index(of: name) else { return unknown(name) }
    intend(intent, at: index)
  }

  mutating func intend(_ intent: AgentAttempt.Intent, at index: Int) {
    guard attempts[index].occupiesSlot, intent >= attempts[index].intent else { return }
    attempts[index].intent = intent
    if attempts[index].awaitsLaunch {
      if case .fetching = attempts[index].phase { actions.append(.cancelFetch(attempts[index].attempt)) }
      // Nothing of it exists yet: neither a process nor a file.
      let cause: AttemptEnd.Cause = intent == .stop ? .stopped : .paused
      attempts[index].phase = .ended(AttemptEnd(cause: cause, lastSequence: 0))
      attempts[index].isLogFinished = true
      let name = attempts[index].attempt
      raiseHighest(name)
      settle(at: index)
      tellNews(of: name)
    } else if attempts[index].isLinked, let command = intent.command {
      actions.append(.command(attempts[index].attempt, command))
    }
  }

  /// An order for an attempt that this agent does not hold: one that never arrived, or one whose end was acknowledged to a
  /// coordinator that has forgotten it since. Either way the coordinator must not wait for its end; one that knows the end
  /// does not mind.
  private mutating func unknown(_ name: TrialAttempt) {
    if let seen = highest[name.trial], seen >= name.attempt {
      say(.refused(name, StartRefusal(code: .staleAttempt, detail: "attempt \(name) does not run here any more")))
      return
    }
    // It is given up by the coordinator from here on, and must not be started by an order that comes late.
    raiseHighest(name)
    say(.refused(name, StartRefusal(code: .hostFault, detail: "attempt \(name) was never started here")))
  }

  /// Ends an attempt of which the coordinator wants to hear no more.
  mutating func discard(at index: Int) {
    attempts[index].isDiscarded = true
    if attempts[index].hasEnded {
      forget(at: index)
    } else {
      let name = attempts[index].attempt
      intend(.stop, for: name)
    }
  }

  mutating func forget(at index: Int) {
    let attempt = attempts.remove(at: index)
    actions.append(.forget(attempt.attempt))
  }

  private mutating func acknowledgedEnd(of name: TrialAttempt) {
    guard let index = index(of: name) else { return }
    discard(at: index)
  }

  private mutating func deleteCheckpoints(of trial: TrialID, keeping: [Int]) {
    // What a starting attempt goes on from stays, whatever crossed on the way.
    let inUse = attempts.filter { $0.attempt.trial == trial && $0.occupiesSlot }.compactMap(\.resumeFrom)
    if keeping.isEmpty, inUse.isEmpty { stored[trial] = nil }
    actions.append(.deleteCheckpoints(trial, keeping: (keeping + inUse.filter { !keeping.contains($0) }).sorted()))
  }
}
