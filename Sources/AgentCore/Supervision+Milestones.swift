import TuningModel
import Wire

/// Reports, milestones and holds.
extension Supervision {
  mutating func noteReport(_ sequence: Int, _ resource: Int?, at now: Instant) {
    log.note(sequence: sequence, resource: resource)
    checkpoint.noteReport(sequence: sequence, resource: resource)
    if case .settling(var settling) = phase {
      settling.reports += 1
      phase = .settling(settling)
    } else {
      holdIfDue(at: now)
    }
  }

  /// A running trial that has come to its milestone is on its way to be held.
  mutating func holdIfDue(at now: Instant) {
    guard phase == .running, holds, let resource = log.crossing(of: milestone) else { return }
    // A checkpoint that takes longer to write than `settle` is waited for once more; a file that is always being
    // written, a log perhaps, must not keep the trial running.
    phase = .settling(
      SupervisionPhase.Settling(
        purpose: .hold(resource: resource), limit: now + settings.settle,
        lastLimit: now + settings.settle + settings.settle))
  }

  /// The trial waits inside `report()`.
  mutating func noteWaiting(_ resource: Int, at now: Instant) {
    switch phase {
    case .running: answerWaiting(resource, at: now)
    case .settling(let settling):
      if case .hold = settling.purpose { answerWaiting(resource, at: now) } else { ask(cause: .paused, at: now) }
    case .held(var hold):
      if hold.isCooperating { return }
      // It was stopped between its report and its wait: from now on it waits by itself.
      hold.isCooperating = true
      phase = .held(hold)
      actions.append(.continueGroup)
    case .ending(let ending):
      let mayFinish = ending.isFinishing && ending.step == .asked
      actions.append(.tellTrial(mayFinish ? .milestone(nil) : .pause))
    case .starting, .emptying, .over: return
    }
  }

  private mutating func answerWaiting(_ resource: Int, at now: Instant) {
    if !holds || resource < milestone {
      actions.append(.tellTrial(.milestone(channelMilestone)))
    } else if let crossing = log.crossing(of: milestone) {
      hold(at: crossing, isCooperating: true, isSaving: false, at: now)
    } else {
      // Without the metric nobody can decide on it.
      actions.append(.tellTrial(.goOn))
    }
  }

  mutating func hold(at resource: Int, isCooperating: Bool, isSaving: Bool, at now: Instant) {
    phase = .held(
      SupervisionPhase.Hold(
        resource: resource, isCooperating: isCooperating, isSaving: isSaving, until: now + settings.holdLimit))
    actions.append(.tellAgent(.held(resource: resource, milestone: milestone)))
  }

  mutating func proceed(to milestone: Int, isLast: Bool, at now: Instant) {
    switch phase {
    case .ending, .emptying, .over: return
    case .starting, .running, .settling, .held: break
    }
    let isNew = milestone != self.milestone || isLast != self.isLast
    self.milestone = milestone
    self.isLast = isLast
    goOn(at: now)
    // Last: the trial need not wait for a file to be written.
    if isNew { actions.append(.record(milestone: milestone)) }
  }

  /// Goes on with a milestone that may be a new one.
  private mutating func goOn(at now: Instant) {
    let crossing = holds ? log.crossing(of: milestone) : nil
    switch phase {
    case .running:
      actions.append(.tellTrial(.milestone(channelMilestone)))
      run()
      holdIfDue(at: now)
    case .settling(var settling):
      guard case .hold = settling.purpose else { return }
      if let crossing {
        settling.purpose = .hold(resource: crossing)
        phase = .settling(settling)
      } else {
        actions.append(.tellTrial(.milestone(channelMilestone)))
        run()
      }
    case .held(let hold):
      if let crossing {
        self.hold(at: crossing, isCooperating: hold.isCooperating, isSaving: hold.isSaving, at: now)
      } else {
        release(hold)
      }
    case .starting, .ending, .emptying, .over: return
    }
  }

  /// Lets a held trial go on.
  mutating func release(_ hold: SupervisionPhase.Hold) {
    actions.append(.tellTrial(.milestone(channelMilestone)))
    if !hold.isCooperating { actions.append(.continueGroup) }
    run()
  }

  private mutating func run() {
    phase = .running
    actions.append(.tellAgent(.running(pid: pid, milestone: milestone)))
  }
}
