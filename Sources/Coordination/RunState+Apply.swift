import Scheduling
import SearchSpace
import Searching
import TuningModel
import Wire

extension RunState {
  /// Brings one fact into the state. Values are stored, nothing is decided. A fact that does not fit (a journal made by
  /// someone else) changes nothing.
  public mutating func apply(_ stamped: StampedFact) {
    lastStamp = stamped.stamp
    factCount += 1
    switch stamped.fact {
    case .runStarted(let start):
      self.start = start
      startedAt = stamped.stamp
    case .runResumed:
      resumedAt = stamped.stamp
      noteResumption(at: stamped.stamp, wasSuspended: isSuspended)
      isSuspended = false
      if closing?.suspends == true { closing = nil }
      for index in agents.indices { agents[index].isPrepared = false }
    case .runDraining(let reason, let promotesStill):
      drain = Drain(reason: reason, promotesStill: promotesStill)
      // Nothing is added from here on.
      scheduler.close()
    case .runClosing(let end, let suspends): closing = Closing(end: end, suspends: suspends)
    case .runSuspended: isSuspended = true
    case .trainingBegan(let training): apply(training, at: stamped.stamp)
    case .runFinished(let end):
      self.end = end
      setDownBrokenOff()
    case .runExtended: extend()
    case .addressChosen(let control, let bulk): ports = Ports(control: control, bulk: bulk)
    case .joinTokenIssued(let key): joinTokens.append(key)
    case .joinTokenUsed(let key): joinTokens.removeAll { $0 == key }
    case .agentAdmitted(let admission): apply(admission)
    case .agentGreeted(let greeting):
      noteGreeting(greeting, at: stamped.stamp)
      apply(greeting)
    case .agentPrepared(let id, let failure):
      notePreparation(id, failure: failure, at: stamped.stamp)
      change(id) {
        $0.isPrepared = failure == nil
        $0.preparationFailure = failure
      }
    case .agentReachability(let id, let reachability):
      noteReachability(id, reachability, at: stamped.stamp)
      change(id) { $0.reachability = reachability }
    case .agentSlots(let id, let states):
      noteSlots(id, states, at: stamped.stamp)
      change(id) { agent in
        agent.unusable = [:]
        for state in states where !state.isUsable { agent.unusable[state.slot] = state.reason }
      }
    case .hostAdded(let host):
      addedHosts.removeAll { $0.name == host.name }
      addedHosts.append(host)
      hostAddedAt[host.name] = stamped.stamp
    case .hostMarked(let name, let mark):
      hostMarks[name] = mark
      hostMarkedAt[name] = stamped.stamp
    case .specificationChanged(let hash): changedSpecificationHash = hash
    case .trialCreated(let creation): apply(creation)
    case .attemptAssigned(let assignment): apply(assignment, at: stamped.stamp)
    case .attemptStarted(let attempt, _):
      noteStart(of: attempt)
      changeCurrent(attempt) { if $0.status == .active(.assigned) { $0.status = .active(.running) } }
    case .attemptRefused(let attempt, let refusal, let consequence):
      if refusal.code == .hostFault || refusal.code == .noSuchSlot {
        noteFailedStart(of: attempt, refusal.detail, at: stamped.stamp)
      }
      if refusal.code == .checkpointMissing { loseCheckpoint(of: attempt) }
      finishAttempt(attempt, end: nil, message: refusal.detail, consequence: consequence, at: stamped.stamp)
    case .reportReceived(let report): apply(report)
    case .withheldReportSettled(let attempt, let sequence, let disposition):
      settleWithheld(attempt, sequence: sequence, as: disposition)
    case .attemptHeld(let attempt, _):
      changeCurrent(attempt) { trial in
        trial.status = .active(.held)
        // A trial that runs again what it had reported before reaches its milestone without a report that is ranked.
        if trial.resource >= trial.milestone { trial.reachedMilestone = true }
      }
      noteAwaiting(attempt.trial)
    case .attemptProceeded(let attempt, let milestone):
      changeCurrent(attempt) {
        $0.status = .active(.running)
        $0.milestone = milestone
        $0.promotedTo = nil
        $0.reachedMilestone = false
      }
      awaiting.removeAll { $0 == attempt.trial }
      totals.continuedInPlace += 1
    case .attemptOrdered(let attempt, let order, let reason):
      changeCurrent(attempt) {
        $0.order = order
        $0.orderedAt = stamped.stamp
        $0.orderReason = reason
      }
      awaiting.removeAll { $0 == attempt.trial }
    case .attemptEnded(let attempt, let end, let consequence):
      if self[attempt.trial]?.wasFailedByHost(end) == true {
        noteFailedStart(of: attempt, end.errorTail, at: stamped.stamp)
      }
      finishAttempt(attempt, end: end, consequence: consequence, at: stamped.stamp)
    case .trialStopped(let id):
      guard let trial = self[id], !trial.isActive, !trial.status.isFinal else { break }
      waiting.removeAll { $0 == id }
      totals.stopped += 1
      scheduler.retire(id)
      change(id) { trial in
        trial.status = .stopped
        trial.withheld = []
      }
    case .checkpointsDropped(let id, let kept): change(id) { $0.dropSeals { !kept.contains($0.seal.generation) } }
    case .checkpointCopied(let id, let generation, let holder): noteCopy(of: id, generation, at: holder)
    case .checkpointsDeleted(let id, let agent):
      guard let place = self[agent]?.place else { break }
      change(id) { trial in trial.leftAt.removeAll { $0 == place } }
    case .scheduling(let decision): apply(decision)
    case .operatorCommand(.pauseTrial(let id)):
      waiting.removeAll { $0 == id }
      change(id) { $0.isPausedByOperator = true }
    case .operatorCommand(.resumeTrial(let id)):
      guard self[id]?.isPausedByOperator == true else { break }
      change(id) { $0.isPausedByOperator = false }
      enqueue(id)
    case .operatorCommand(.pauseRun), .operatorCommand(.stopRun), .operatorCommand(.stopTrial): break
    }
  }

  /// A trial wants a slot, from now on or again.
  mutating func enqueue(_ id: TrialID) {
    guard let trial = self[id], case .pending = trial.status, !trial.isPausedByOperator, !waiting.contains(id) else {
      return
    }
    waiting.append(id)
  }

  mutating func change(_ id: AgentID, _ body: (inout AgentState) -> Void) {
    guard agents.indices.contains(id.rawValue) else { return }
    body(&agents[id.rawValue])
  }

  mutating func change(_ id: TrialID, _ body: (inout TrialState) -> Void) {
    guard trials.indices.contains(id.rawValue) else { return }
    body(&trials[id.rawValue])
  }

  private mutating func changeCurrent(_ attempt: TrialAttempt, _ body: (inout TrialState) -> Void) {
    if isCurrent(attempt) { body(&trials[attempt.trial.rawValue]) }
  }

  private mutating func apply(_ admission: AgentAdmission) {
    guard admission.agent.rawValue == agents.count else { return }
    if agentOfKey[admission.publicKey] == nil { agentOfKey[admission.publicKey] = admission.agent }
    agents.append(
      AgentState(
        id: admission.agent, publicKey: admission.publicKey, name: admission.name, origin: admission.origin))
  }

  private mutating func apply(_ greeting: AgentGreeting) {
    change(greeting.agent) { agent in
      agent.greeting = greeting
      agent.isPrepared = false
      agent.preparationFailure = nil
      agent.reachability = .reachable
      agent.unusable = [:]
      // Slots that vanished but hold a trial stay until the trial's end is settled.
      while agent.slots.count < greeting.slots { agent.slots.append(nil) }
      while agent.slots.count > greeting.slots, agent.slots.last == .some(nil) { agent.slots.removeLast() }
    }
  }

  private mutating func apply(_ creation: TrialCreation) {
    guard creation.trial.rawValue == trials.count else { return }
    scheduler.add(creation.trial, bracket: creation.bracket, milestone: creation.milestone)
    searcher.observe(creation.configuration)
    trials.append(
      TrialState(
        id: creation.trial, configuration: creation.configuration, bracket: creation.bracket, origin: creation.origin,
        milestone: scheduler.milestone(of: creation.trial) ?? specification.scheduler.maxResource))
    enqueue(creation.trial)
    totals.suggestions += 1
  }

  private mutating func apply(_ assignment: AttemptAssignment, at stamp: Stamp) {
    let id = assignment.attempt.trial
    guard self[id] != nil, let agent = self[assignment.slot.agent] else { return }
    waiting.removeAll { $0 == id }
    change(id) { trial in
      trial.status = .active(.assigned)
      trial.attempt = assignment.attempt.attempt
      trial.slot = assignment.slot
      trial.milestone = assignment.milestone
      trial.promotedTo = nil
      trial.reachedMilestone = false
      trial.lastSequence = 0
      trial.attemptReported = false
      trial.attemptResource = 0
      trial.order = nil
      trial.orderReason = nil
      trial.orderedAt = nil
      trial.earlierCost += trial.cost
      trial.cost = 0
      trial.costBefore = assignment.resumeFrom == nil ? 0 : trial.costAtMilestone
      trial.assignedAt = stamp.active
      trial.resumeFrom = assignment.resumeFrom
      trial.assignmentReason = assignment.reason
      let seal = trial.seals.last { $0.seal.generation == assignment.resumeFrom }?.seal
      trial.attemptTrainedTo = seal?.coveredResource ?? 0
      trial.source = assignment.source.flatMap { holder in seal.map { CheckpointSource(seal: $0, holder: holder) } }
      // What it left there may be of use again, or is cleared away by the new attempt.
      trial.leftAt.removeAll { $0 == agent.place }
    }
    change(assignment.slot.agent) { agent in
      if agent.slots.indices.contains(assignment.slot.index) { agent.slots[assignment.slot.index] = id }
    }
  }

  private mutating func apply(_ decision: SchedulingDecision) {
    scheduler.apply(decision)
    guard case .promotion(let promotion) = decision else { return }
    totals.suggestions += 1
    guard let trial = self[promotion.trial] else { return }
    if trial.status == .paused {
      change(promotion.trial) { $0.status = .pending(.promoted) }
      enqueue(promotion.trial)
    }
    // An active trial goes on in place by a fact of its own, or when its attempt has ended.
    change(promotion.trial) { $0.promotedTo = promotion.milestone }
  }

  /// What a trial's attempts have taken of their slots, the one that runs up to the last fact.
  public func slotTime(of trial: TrialState) -> Duration {
    guard trial.isActive, let last = lastStamp else { return trial.slotTime }
    return trial.slotTime + max(last.active - trial.assignedAt, .zero)
  }

  private mutating func finishAttempt(
    _ attempt: TrialAttempt, end: AttemptEnd?, message: String = "", consequence: EndConsequence, at stamp: Stamp
  ) {
    guard let trial = self[attempt.trial], trial.isActive, trial.attempt == attempt.attempt else { return }
    awaiting.removeAll { $0 == attempt.trial }
    let spent = stamp.active - trial.assignedAt
    totals.slotTime += spent
    if !trial.everEnded { totals.everEnded += 1 }
    if let slot = trial.slot {
      change(slot.agent) { agent in
        if agent.slots.indices.contains(slot.index), agent.slots[slot.index] == attempt.trial {
          agent.slots[slot.index] = nil
        }
        if let offered = agent.greeting?.slots {
          while agent.slots.count > offered, agent.slots.last == .some(nil) { agent.slots.removeLast() }
        }
      }
    }
    let agent = trial.slot.flatMap { self[$0.agent] }
    let isStoreShared = if case .shared = specification.checkpoints.store { true } else { false }
    change(attempt.trial) { trial in
      trial.slot = nil
      trial.everEnded = true
      trial.slotTime += spent
      trial.source = nil
      if let seal = end?.seal, let place = agent?.place { trial.keep(seal, at: place, isShared: isStoreShared) }
      switch consequence {
      case .paused: trial.status = .paused
      case .pending(let reason):
        trial.status = .pending(reason)
        if reason == .restarted { trial.restarts += 1 }
      case .completed: trial.status = .completed
      case .stopped: trial.status = .stopped
      case .failed(let kind):
        trial.status = .failed(kind)
        trial.failureMessage = end?.errorTail ?? message
      }
    }
    switch consequence {
    case .pending: enqueue(attempt.trial)
    case .completed: totals.completed += 1
    case .stopped: totals.stopped += 1
    case .failed(let kind):
      totals.failed += 1
      if kind.countsAsError { totals.codeFailures += 1 }
      totals.lastFailure = (attempt.trial, end?.errorTail ?? message)
    case .paused: break
    }
    if self[attempt.trial]?.status.isFinal == true {
      scheduler.retire(attempt.trial)
      change(attempt.trial) { $0.withheld = [] }
    }
  }
}
