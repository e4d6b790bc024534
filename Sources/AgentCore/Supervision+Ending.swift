import TuningModel
import Wire

/// Pauses, stops and what follows the end of the process.
extension Supervision {
  mutating func obey(_ command: SupervisorCommand, at now: Instant) {
    switch command {
    case .proceed(let milestone, let isLast): proceed(to: milestone, isLast: isLast, at: now)
    case .pause: pause(at: now)
    case .stop: stop(at: now)
    case .complete: complete(at: now)
    case .lease(let deadline): if !Mutant.staleTimersCount.isActive { lease = deadline }
    }
  }

  /// Ends the process so that the trial can go on later.
  mutating func pause(at now: Instant) {
    switch phase {
    case .running: settleForPause(at: now)
    case .settling(let settling):
      if case .hold = settling.purpose { settleForPause(at: now) }
    case .held(let hold):
      if hold.isCooperating {
        ask(cause: .paused, at: now)
      } else if hold.isSaving {
        actions.append(.continueGroup)
        // Long enough to be seen writing again.
        settleForPause(at: now, notBefore: now + settings.quiet)
      } else {
        terminate(cause: .paused, at: now)
      }
    case .starting, .ending, .emptying, .over: return
    }
  }

  private mutating func settleForPause(at now: Instant, notBefore earliest: Instant? = nil) {
    phase = .settling(
      SupervisionPhase.Settling(
        purpose: .pause, limit: now + settings.settle, lastLimit: now + settings.settle + settings.holdLimit,
        retryAt: earliest))
  }

  mutating func stop(at now: Instant) {
    switch phase {
    case .running, .settling, .held: terminate(cause: .stopped, at: now)
    case .ending(var ending):
      if ending.step == .asked {
        terminate(cause: .stopped, at: now)
      } else {
        ending.cause = .stopped
        phase = .ending(ending)
      }
    case .starting, .emptying, .over: return
    }
  }

  /// Lets the process come to its own end, for a while.
  private mutating func complete(at now: Instant) {
    isLast = true
    switch phase {
    case .running, .settling: actions.append(.tellTrial(.milestone(nil)))
    case .held(let hold): release(hold)
    case .starting, .ending, .emptying, .over: return
    }
    phase = .ending(
      SupervisionPhase.Ending(cause: .stopped, step: .asked, until: now + settings.grace, isFinishing: true))
  }

  /// Asks a trial that waits inside `report()` to end.
  mutating func ask(cause: AttemptEnd.Cause, at now: Instant) {
    actions.append(.tellTrial(.pause))
    phase = .ending(SupervisionPhase.Ending(cause: cause, step: .asked, until: now + settings.grace))
  }

  mutating func terminate(cause: AttemptEnd.Cause, at now: Instant) {
    actions.append(.terminateGroup)
    phase = .ending(SupervisionPhase.Ending(cause: cause, step: .terminated, until: now + settings.grace))
  }

  mutating func noteExit(_ exit: TrialExit, outOfMemory: Bool, at now: Instant) {
    var wasKilled = false
    var cause = naturalCause(exit, outOfMemory: outOfMemory)
    switch phase {
    case .starting, .running, .settling: break
    case .held: if exit == .status(0) { cause = .paused }
    case .ending(let ending):
      wasKilled = ending.step == .killed
      // Whatever a process says that was told to end, it did; many crash on their way out.
      if !ending.isFinishing || ending.step != .asked { cause = ending.cause }
    case .emptying, .over: return
    }
    let end = SupervisionEnd(
      cause: cause, exit: exit, lastSequence: log.lastSequence,
      coveredSequence: checkpoint.covered?.sequence ?? 0, coveredResource: checkpoint.covered?.resource)
    if Mutant.slotFreedEarly.isActive {
      phase = .over
      return actions.append(.finish(end))
    }
    actions.append(wasKilled ? .killGroup : .terminateGroup)
    // Children that a trial left behind have a moment to end in order, the slot is wanted.
    let patience = wasKilled ? Self.killInterval : min(settings.grace, .seconds(2))
    let killAt = Mutant.lateGrace.isActive ? now + patience : min(now + patience, max(now, lastMoment))
    phase = .emptying(end, killAt: killAt)
  }

  mutating func noteEmpty() {
    guard case .emptying(let end, _) = phase else { return }
    phase = .over
    actions.append(.finish(end))
  }

  private func naturalCause(_ exit: TrialExit, outOfMemory: Bool) -> AttemptEnd.Cause {
    if outOfMemory { return .outOfMemory }
    return exit == .status(0) ? .exited : .failed
  }

  static var killInterval: Duration { .milliseconds(100) }
}
