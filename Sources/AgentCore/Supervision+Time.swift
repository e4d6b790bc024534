import TuningModel
import Wire

/// What the clock brings about.
extension Supervision {
  /// - Parameter mayExpire: whether all was read that has come: a lease that was extended while this process stood still is
  ///   not over.
  mutating func passTime(at now: Instant, mayExpire: Bool) {
    if now >= lease, mayExpire { expireLease(at: now) }
    switch phase {
    case .settling(let settling): if now >= stopTime(settling) { actions.append(.stopGroup) }
    case .held(let hold): if now >= hold.until { pause(at: now) }
    case .ending(let ending): if now >= ending.until { escalate(ending, at: now) }
    case .emptying(let end, let killAt):
      guard now >= killAt else { return }
      actions.append(.killGroup)
      phase = .emptying(end, killAt: now + Self.killInterval)
    case .starting, .running, .over: return
    }
  }

  /// When nothing of the trial may live any more: soon after that it may run elsewhere.
  var lastMoment: Instant { lease + settings.grace }

  private mutating func expireLease(at now: Instant) {
    // The host slept, or this process stood still: what is left of the time that ending it takes is all that it is given.
    let isTooLate = now >= lastMoment && !Mutant.lateGrace.isActive
    switch phase {
    case .running, .settling, .held:
      if isTooLate { kill(cause: .leaseExpired, at: now) } else { terminate(cause: .leaseExpired, at: now) }
    case .ending(let ending):
      if isTooLate, ending.step != .killed {
        kill(cause: ending.cause, at: now)
      } else if ending.step == .asked {
        escalate(ending, at: now)
      }
    case .starting, .emptying, .over: return
    }
  }

  private mutating func escalate(_ ending: SupervisionPhase.Ending, at now: Instant) {
    // Killed again and again: a process that starts others while it is killed may be missed.
    if ending.step == .asked { terminate(cause: ending.cause, at: now) } else { kill(cause: ending.cause, at: now) }
  }

  private mutating func kill(cause: AttemptEnd.Cause, at now: Instant) {
    actions.append(.killGroup)
    phase = .ending(SupervisionPhase.Ending(cause: cause, step: .killed, until: now + Self.killInterval))
  }

  /// The trial stands still for a moment; whether it stays so.
  mutating func noteStopped(isSaving: Bool, at now: Instant) {
    guard case .settling(var settling) = phase else { return }
    if isSaving, now < settling.lastLimit {
      settling.retryAt = now + .milliseconds(10)
      phase = .settling(settling)
      actions.append(.continueGroup)
      return
    }
    switch settling.purpose {
    case .hold(let resource): hold(at: resource, isCooperating: false, isSaving: isSaving, at: now)
    case .pause: terminate(cause: .paused, at: now)
    }
  }

  /// When a trial on its way to a hold or a pause is to be stopped, as things stand.
  func stopTime(_ settling: SupervisionPhase.Settling) -> Instant {
    min(settling.lastLimit, max(settling.retryAt ?? .zero, min(settling.limit, safeTime(settling))))
  }

  /// From when on stopping it loses nothing; `limit` when that cannot be told.
  private func safeTime(_ settling: SupervisionPhase.Settling) -> Instant {
    let quiet = checkpoint.quietFrom(settings.quiet) ?? .zero
    switch settling.purpose {
    case .hold:
      if settling.reports > 0 { return .zero }
      return checkpoint.holdsLastReport ? quiet : settling.limit
    case .pause:
      // The report after which a script saves is not the moment to end it.
      if settling.reports > (checkpoint.habit == .savesBefore ? 0 : 1) { return .zero }
      return checkpoint.owesWrite ? settling.limit : quiet
    }
  }
}
