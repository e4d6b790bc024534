import TuningModel
import Wire

extension Coordinator {
  /// Tells the current attempt of a trial what to do.
  mutating func order(_ order: AttemptOrder, _ attempt: TrialAttempt, reason: OrderReason, _ turn: inout Turn) {
    guard let trial = state[attempt.trial], trial.isActive, let slot = trial.slot else { return }
    record(.attemptOrdered(attempt, order, reason: reason), &turn)
    send(message(for: order, attempt), to: slot.agent, &turn)
    noteOrder(of: attempt.trial, turn)
  }

  mutating func ended(_ attempt: TrialAttempt, _ end: AttemptEnd, from agent: AgentID, _ turn: inout Turn) {
    guard let trial = state[attempt.trial] else { return }
    if end.lastSequence > trial.lastSequence, asksAgain(for: attempt, after: trial.lastSequence, of: agent) {
      counters.reportGaps += 1
      sessions[agent.rawValue].isGreeted = false
      send(.sayHello, to: agent, &turn)
      return
    }
    switch end.cause {
    case .hostFault where trial.wasFailedByHost(end): rest(agent, &turn)
    case .hostFault, .leaseExpired: break
    default: faults[agent] = nil
    }
    settleEnd(attempt, end, &turn)
    send(.acknowledgeEnd(attempt), to: agent, &turn)
  }

  /// The last reports of an attempt were lost on the way; they stand in the log of its agent, which sends them again. One
  /// that does not, however often it is asked, is taken at its word in the end.
  private mutating func asksAgain(for attempt: TrialAttempt, after sequence: Int, of agent: AgentID) -> Bool {
    if Mutant.endOvertakesReports.isActive { return false }
    if let gap = sessions[agent.rawValue].gap, gap.attempt == attempt, gap.after == sequence {
      sessions[agent.rawValue].gap?.times += 1
      return gap.times < Self.longestGap
    }
    sessions[agent.rawValue].gap = Session.Gap(attempt: attempt, after: sequence)
    return true
  }

  private static let longestGap = 20

  /// Establishes what the end of an attempt means for its trial.
  mutating func settleEnd(_ attempt: TrialAttempt, _ end: AttemptEnd, _ turn: inout Turn) {
    if end.cause == .exited, state.specification.experiment.maxResourceAttribute == nil {
      releaseWithheld(of: attempt.trial, pastMilestone: true, &turn)
    }
    guard let trial = state[attempt.trial] else { return }
    let consequence = afterSearch(self.consequence(of: end, for: trial), for: trial, sealing: end.seal)
    var end = end
    if case .failed(.noReport) = consequence { end.errorTail = noReportMessage(trial, end) }
    if case .failed(.host) = consequence, end.errorTail.isEmpty { end.errorTail = "its host failed it too often" }
    record(.attemptEnded(attempt, end, consequence: consequence), &turn)
    if case .failed = consequence { checkFailures(&turn) }
    tidy(attempt.trial, &turn)
  }

  private func consequence(of end: AttemptEnd, for trial: TrialState) -> EndConsequence {
    // What an operator stopped is stopped, however its process ended.
    if trial.order == .stop { return .stopped }
    switch end.cause {
    case .exited:
      if trial.usableReports == 0 { return .failed(.noReport) }
      if trial.resource >= state.specification.scheduler.maxResource { return .completed }
      if state.specification.experiment.maxResourceAttribute != nil, trial.reachedMilestone { return afterLeg(trial) }
      return trial.order == .pause ? afterLeg(trial) : .completed
    case .paused:
      if trial.order == .complete { return .completed }
      // Held for a report that is of no use here, or paused by its agent before any: not for ever.
      if trial.order == nil, !trial.reachedMilestone, !trial.attemptReported {
        return trial.restarts >= state.specification.failures.maxRestarts ? .failed(.noReport) : .pending(.restarted)
      }
      return afterLeg(trial)
    case .stopped: return trial.order == .complete ? .completed : afterLeg(trial)
    case .failed:
      // A script that is ended at the maximum may exit with any status.
      return trial.order == .complete ? .completed : .failed(.code)
    case .outOfMemory: return .failed(.outOfMemory)
    case .quotaExceeded: return .failed(.quota)
    case .leaseExpired, .hostFault:
      // At its milestone it has nothing to do until it is promoted; its checkpoint is made again then, if it is lost.
      if trial.reachedMilestone, !isToBeTrained(trial.id) || trial.promotedTo != nil { return afterLeg(trial) }
      if end.cause == .leaseExpired { return .pending(.restarted) }
      // This fault is counted already.
      if trial.wasFailedByHost(end), isToBlame(trial.slot?.agent, faultsBefore: 1) {
        return .pending(trial.reasonToWait)
      }
      return trial.restarts >= state.specification.failures.maxRestarts ? .failed(.host) : .pending(.restarted)
    }
  }

  /// The leg is over, or was broken off because the run ends.
  private func afterLeg(_ trial: TrialState) -> EndConsequence {
    if trial.promotedTo != nil { return .pending(state.training == nil ? .promoted : .training) }
    if trial.reachedMilestone { return .paused }
    return state.closing?.suspends == false ? .paused : .pending(.resumed)
  }

  private func noReportMessage(_ trial: TrialState, _ end: AttemptEnd) -> String {
    let experiment = state.specification.experiment
    let seen =
      trial.rejectedReports == 0
      ? "it printed no report (a line with \"[tune-metric]: \" and one JSON object of at most 64 KiB)"
      : "\(trial.rejectedReports) reports were not usable"
    return "the script ended with status 0, but \(seen): each report needs \(experiment.resourceAttribute) (a whole "
      + "number from 1) and \(experiment.metric) (a number)\n" + end.errorTail
  }

  /// A host could not start a trial: the next one goes elsewhere, or waits, so that a host with a full disk does not use up
  /// every trial's restarts within a second.
  private mutating func rest(_ agent: AgentID, _ turn: inout Turn) {
    // What fails in its other slots at the same time is the same fault.
    if let until = restsUntil[agent], until > turn.now { return }
    let count = faults[agent, default: 0]
    faults[agent] = count + 1
    restsUntil[agent] = turn.now + Self.restAfterFault(count)
  }

  /// How long a host gets no work that could not start a trial, after so many faults before.
  public static func restAfterFault(_ count: Int) -> Duration { min(.seconds(300), .seconds(5) * (1 << min(count, 6))) }

  /// Whether a start that failed is the host's fault and no restart of the trial: another host can be used, or this one
  /// has failed the start before as well, and nothing has ended well there since. With full disks on all hosts trials
  /// wait, for longer each time, until there is room.
  private func isToBlame(_ agent: AgentID?, faultsBefore: Int) -> Bool {
    if state.agents.contains(where: { $0.id != agent && isReady($0.id) }) { return true }
    return agent.map { faults[$0, default: 0] > faultsBefore } ?? false
  }

  mutating func refused(_ attempt: TrialAttempt, _ refusal: StartRefusal, _ turn: inout Turn) {
    guard let trial = state[attempt.trial] else { return }
    var consequence: EndConsequence
    switch refusal.code {
    case _ where trial.order == .stop: consequence = .stopped
    case .staleAttempt where trial.reachedMilestone: consequence = afterLeg(trial)
    case .noSuchProgram: consequence = .failed(.code)
    // Whoever has its checkpoint is away for now: it waits for that, and no host is at fault.
    case .sourceUnreachable: consequence = .pending(trial.reasonToWait)
    // An attempt that counts no more still ends there, or somebody else took the slot's GPUs. The slot, or the whole host
    // where the agent does not say which, gets no work for a while; the trial is not to blame.
    case .slotBusy: consequence = .pending(trial.reasonToWait)
    // One host cannot start it, and another may: the trial is not to blame.
    case .hostFault where isToBlame(trial.slot?.agent, faultsBefore: 0),
      .noSuchSlot where isToBlame(trial.slot?.agent, faultsBefore: 0):
      consequence = .pending(trial.reasonToWait)
    case .checkpointMissing, .staleAttempt, .noSuchSlot, .hostFault:
      consequence =
        trial.restarts >= state.specification.failures.maxRestarts ? .failed(.host) : .pending(.restarted)
    }
    if let slot = trial.slot {
      switch refusal.code {
      case .hostFault, .noSuchSlot: rest(slot.agent, &turn)
      case .slotBusy where state[slot.agent]?.unusable[slot.index] == nil: rest(slot.agent, &turn)
      default: break
      }
    }
    if refusal.code == .sourceUnreachable, case .agent(let holder)? = trial.source?.holder {
      awayUntil[holder] = turn.now + Self.sourcePatience
    }
    consequence = afterSearch(consequence, for: trial, sealing: trial.seals.last?.seal)
    record(.attemptRefused(attempt, refusal, consequence: consequence), &turn)
    tidy(attempt.trial, &turn)
    if case .failed = consequence { checkFailures(&turn) }
  }

  private mutating func checkFailures(_ turn: inout Turn) {
    // What fails after the search is not trained; the others are.
    guard state.closing == nil, state.training == nil else { return }
    let failures = state.totals.codeFailures
    let isTooMany =
      state.specification.failures.maxFailures.map { failures > $0 }
      ?? (state.totals.everEnded >= 5 && failures * 2 > state.totals.everEnded)
    guard isTooMany else { return }
    let last = state.totals.lastFailure
    let bound =
      state.specification.failures.maxFailures.map { "\($0) (failures.max_failures)" }
      ?? "half of them (failures.max_failures in the cluster file sets another bound)"
    close(
      RunEnd(
        reason: .tooManyFailures,
        message:
          "\(failures) of the \(state.totals.everEnded) trials that had ended by then failed, and \(bound) may; the last, "
          + "trial \(last?.trial.rawValue ?? 0):\n"
          + (last?.message ?? "")),
      suspends: false, &turn)
  }
}
