import TuningModel
import Wire

extension Coordinator {
  mutating func begin(_ start: RunStart, _ turn: inout Turn) {
    startedAt = turn.now
    sessions = state.agents.map { _ in Session(lastHeard: turn.now) }
    if Mutant.restartForgetsLeases.isActive {
      for agent in state.agents { lose(agent.id, &turn) }
    }
    if state.start == nil {
      record(.runStarted(start), &turn)
    } else if state.end == nil {
      record(.runResumed(version: start.version), &turn)
      if !Mutant.extensionIsForgotten.isActive { takeTrialsAgain(&turn) }
      beginResumption(&turn)
    }
    for agent in state.agents { turn.effects.append(.admit(publicKey: agent.publicKey)) }
    // What was to be deleted when the coordinator before ended.
    for trial in state.trials { dropStored(of: trial.id, &turn) }
    for token in state.joinTokens { turn.effects.append(.admitToken(publicKey: token)) }
    if let end = state.end {
      // The coordinator before died between the last fact and its end.
      turn.effects.append(.end(.finished(end)))
    } else {
      completeLastTurn(&turn)
    }
  }

  /// Decides again what follows from the last facts of the journal, in case it was cut off between them. After a whole
  /// turn nothing follows.
  private mutating func completeLastTurn(_ turn: inout Turn) {
    if state.training == nil {
      for decision in state.scheduler.reviewAll() { record(.scheduling(decision), &turn) }
    }
    for id in state.activeTrials {
      guard let trial = state[id], let current = trial.current, trial.order == nil else { continue }
      if state.scheduler.isStopped(id) {
        stopWhatIsDecided(id, &turn)
      } else if trial.resource >= state.specification.scheduler.maxResource, trial.reachedMilestone {
        order(.complete, current, reason: .maximumResource, &turn)
      } else if state.closing != nil {
        order(.pause, current, reason: .runEnds, &turn)
      } else if let milestone = trial.promotedTo, state.training == nil {
        proceed(current, to: milestone, &turn)
      } else if trial.withheld.contains(where: { $0.attempt == current }) {
        releaseWithheld(of: id, pastMilestone: false, &turn)
      }
    }
  }

  mutating func listening(control: Int, bulk: Int, _ turn: inout Turn) {
    if state.ports != RunState.Ports(control: control, bulk: bulk) {
      record(.addressChosen(control: control, bulk: bulk), &turn)
    }
  }

  mutating func admit(key: String, name: String, origin: AgentAdmission.Origin, _ turn: inout Turn) {
    if state.agent(withKey: key) == nil {
      let id = AgentID(state.agents.count)
      record(.agentAdmitted(AgentAdmission(agent: id, publicKey: key, name: name, origin: origin)), &turn)
      sessions.append(Session(lastHeard: turn.now))
    }
    turn.effects.append(.admit(publicKey: key))
  }

  mutating func issueToken(_ key: String, _ turn: inout Turn) {
    if !state.joinTokens.contains(key) { record(.joinTokenIssued(publicKey: key), &turn) }
    turn.effects.append(.admitToken(publicKey: key))
  }

  mutating func join(token: String, key: String, name: String, _ turn: inout Turn) {
    guard state.joinTokens.contains(token) else {
      // A repeated join whose answer was lost: the key is admitted already.
      if state.agent(withKey: key) != nil {
        turn.effects.append(.answerJoin(token: token))
      } else {
        turn.effects.append(.rejectJoin(token: token, message: "this token was used already; ask for a new one"))
      }
      return
    }
    admit(key: key, name: name, origin: .joined, &turn)
    record(.joinTokenUsed(publicKey: token), &turn)
    turn.effects.append(.answerJoin(token: token))
    turn.effects.append(.revokeToken(publicKey: token))
  }

  /// The front door: who is it, is there a session, is the attempt the current one.
  mutating func receive(_ message: AgentMessage, from key: String, _ turn: inout Turn) {
    guard let id = state.agent(withKey: key), sessions.indices.contains(id.rawValue) else {
      counters.unknownSenders += 1
      return
    }
    if case .hello(let hello) = message {
      let verdict = verdict(on: hello, from: key, at: turn.now, absence: .zero)
      if verdict == .outdated { counters.staleMessages += 1 }
      if verdict != .counts, verdict != .outdated { noteRival(hello, of: id, isRefused: verdict != .waits, &turn) }
      if verdict != .counts { return }
    }
    sessions[id.rawValue].lastHeard = turn.now
    if case .hello(let hello) = message {
      greet(id, hello, &turn)
      return
    }
    guard sessions[id.rawValue].isGreeted else {
      send(.sayHello, to: id, &turn)
      return
    }
    if state.agents[id.rawValue].reachability != .reachable { record(.agentReachability(id, .reachable), &turn) }
    switch message {
    case .hello, .join: break
    case .heartbeat(let sentAt):
      send(.heartbeatEcho(sentAt: sentAt), to: id, &turn)
      remind(id, &turn)
    case .prepared(let preparation): prepared(id, preparation, &turn)
    case .slotStates(let states): heard(states, of: id, &turn)
    case .checkpointFetched(let name): copied(name, to: .agent(id), &turn)
    case .checkpointStored(let name): stored(name, by: id, &turn)
    case .checkpointsDeleted(let trial): deleted(trial, by: id, &turn)
    case .reports(let attempt, let reports):
      if isCurrent(attempt, on: id) {
        receive(reports, of: attempt, from: id, &turn)
      } else if let last = reports.last {
        // Acknowledged so that the agent forgets them: they change nothing.
        counters.staleMessages += 1
        send(.acknowledgeReports(attempt, through: last.sequence), to: id, &turn)
        send(.stop(attempt), to: id, &turn)
      }
    case .started(let attempt, let pid):
      guard isCurrent(attempt, on: id) else { return stale(attempt, id, &turn) }
      if state[attempt.trial]?.status == .active(.assigned) { record(.attemptStarted(attempt, pid: pid), &turn) }
    case .held(let attempt, let resource):
      guard isCurrent(attempt, on: id) else { return stale(attempt, id, &turn) }
      // Not one that is past already.
      if let trial = state[attempt.trial], trial.status != .active(.held), resource >= trial.milestone {
        record(.attemptHeld(attempt, resource: resource), &turn)
      }
    case .refused(let attempt, let refusal):
      guard isCurrent(attempt, on: id) else { return }
      refused(attempt, refusal, &turn)
    case .ended(let attempt, let end):
      if isCurrent(attempt, on: id) { ended(attempt, end, from: id, &turn) } else { counters.staleMessages += 1 }
      if !isCurrent(attempt, on: id) { send(.acknowledgeEnd(attempt), to: id, &turn) }
    }
  }

  func isCurrent(_ attempt: TrialAttempt, on agent: AgentID) -> Bool {
    if Mutant.noAttemptCheck.isActive { return state[attempt.trial]?.slot?.agent == agent }
    return state.isCurrent(attempt) && state.trials[attempt.trial.rawValue].slot?.agent == agent
  }

  private mutating func stale(_ attempt: TrialAttempt, _ agent: AgentID, _ turn: inout Turn) {
    counters.staleMessages += 1
    send(.stop(attempt), to: agent, &turn)
  }

  // MARK: Hello

  private mutating func greet(_ id: AgentID, _ hello: AgentHello, _ turn: inout Turn) {
    guard hello.protocolVersion == ProtocolVersion.current else {
      send(
        .rejected(
          code: .protocolMismatch,
          message: "the coordinator (pasha \(PashaVersion.current)) speaks protocol \(ProtocolVersion.current), "
            + "the agent (pasha \(hello.version)) protocol \(hello.protocolVersion): install the same version on both"),
        to: id, &turn)
      return
    }
    if let end = state.end {
      send(.rejected(code: .runFinished, message: "the run is over (\(end.reason.rawValue))"), to: id, &turn)
      return
    }
    let greeting = AgentGreeting(
      agent: id, version: hello.version, hostname: hello.hostname, machineID: hello.machineID, bootID: hello.bootID,
      home: hello.home, slots: hello.slots, place: hello.place, devices: hello.devices, landlock: hello.landlock,
      pid: hello.pid)
    note(hello, of: id)
    let isElsewhere = state[id]?.greeting.map { AgentPlace($0) != AgentPlace(hello) } ?? false
    if state[id]?.greeting != greeting || state[id]?.isPrepared == true || state[id]?.reachability != .reachable
      // An agent says nothing of slots that are all usable: what was wrong with them in an earlier session is over.
      || state[id]?.unusable.isEmpty == false
      || state[id]?.history.awaitedSince != nil
    {
      record(.agentGreeted(greeting), &turn)
    }
    if let agent = state[id], state.mark(of: agent.name) == .removed {
      // It did not hear that it may go.
      send(.dismiss, to: id, &turn)
      return
    }
    sessions[id.rawValue].isGreeted = true
    awayUntil[id] = nil
    restsUntil[id] = nil
    sessions[id.rawValue].startsToSend = []
    sessions[id.rawValue].orderedAt = [:]
    noteReunion(id, hello.inventory, &turn)
    reconcile(id, hello, isElsewhere: isElsewhere, &turn)
    resumeCheckpointWork(with: id, &turn)
  }

  /// Compares what the agent has with what it should have; nothing new is scheduled on it before it is prepared.
  /// - Parameter isElsewhere: whether the agent was at another place before: what it was told to start there may have run.
  private mutating func reconcile(_ id: AgentID, _ hello: AgentHello, isElsewhere: Bool, _ turn: inout Turn) {
    var verdicts: [Verdict] = []
    var found: Set<TrialID> = []
    for item in hello.inventory.prefix(100_000) {
      if isCurrent(item.attempt, on: id), let trial = state[item.attempt.trial] {
        found.insert(item.attempt.trial)
        verdicts.append(Verdict(attempt: item.attempt, action: .keep(afterSequence: trial.lastSequence)))
      } else {
        verdicts.append(Verdict(attempt: item.attempt, action: .end))
        noteStaleAttempt(item, on: id, &turn)
      }
    }
    let experiment = state.specification.experiment
    let policy = state.specification.checkpoints
    send(
      .welcome(
        Welcome(
          run: state.start?.run ?? "", agent: id, heartbeat: state.specification.cluster.heartbeat,
          lease: state.specification.cluster.lostAfter,
          program: Program(
            entryPoint: experiment.entryPoint, codeHash: state.start?.codeHash, setup: experiment.setup,
            environment: experiment.environment.map { EnvironmentEntry(name: $0.name, value: $0.value) },
            resourceAttribute: experiment.resourceAttribute, metric: experiment.metric,
            holdsAtMilestone: experiment.maxResourceAttribute == nil, holdLimit: policy.holdLimit,
            settle: policy.settle, grace: policy.grace, sandbox: state.specification.cluster.sandbox.plan,
            quota: policy.quota, store: policy.store.wire),
          verdicts: verdicts, answers: hello.saidAt)),
      to: id, &turn)
    for item in hello.inventory where found.contains(item.attempt.trial) { adopt(item, on: id, &turn) }
    for trial in state.agents[id.rawValue].slots.compactMap({ $0 }) where !found.contains(trial) {
      guard let current = state[trial]?.current else { continue }
      if state[trial]?.status == .active(.assigned), !isElsewhere || Mutant.startRepeatedElsewhere.isActive {
        sessions[id.rawValue].startsToSend.append(trial)
      } else {
        let end = AttemptEnd(
          cause: .hostFault, lastSequence: state[trial]?.lastSequence ?? 0,
          errorTail: "the agent came back without the trial")
        settleEnd(current, end, &turn)
      }
    }
  }

  /// Goes on with an attempt that ran through the absence of its agent or of the coordinator.
  private mutating func adopt(_ item: AttemptInventory, on id: AgentID, _ turn: inout Turn) {
    guard let trial = state[item.attempt.trial] else { return }
    switch item.phase {
    case .running:
      if trial.status == .active(.assigned) { record(.attemptStarted(item.attempt, pid: 0), &turn) }
    case .held(let resource):
      if trial.status != .active(.held), trial.milestone == item.milestone {
        record(.attemptHeld(item.attempt, resource: resource), &turn)
      }
    case .ended: return  // Its reports and its end come after the welcome.
    }
    // What it was told last may have been lost.
    if let order = trial.order {
      send(message(for: order, item.attempt), to: id, &turn)
      noteOrder(of: trial.id, turn)
    } else if trial.milestone > item.milestone {
      send(.proceed(item.attempt, milestone: trial.milestone), to: id, &turn)
    }
  }

  func message(for order: AttemptOrder, _ attempt: TrialAttempt) -> CoordinatorMessage {
    switch order {
    case .pause: .pause(attempt)
    case .stop: .stop(attempt)
    case .complete: .complete(attempt)
    }
  }

  private mutating func prepared(_ id: AgentID, _ preparation: Preparation, _ turn: inout Turn) {
    if state[id]?.isPrepared != (preparation.failure == nil) || state[id]?.preparationFailure != preparation.failure {
      record(.agentPrepared(id, failure: preparation.failure), &turn)
    }
    if let failure = preparation.failure {
      let usable = state.agents.contains { $0.preparationFailure == nil && $0.reachability != .lost }
      if !usable { close(RunEnd(reason: .noUsableHost, message: failure), suspends: false, &turn) }
      return
    }
    let starts = sessions[id.rawValue].startsToSend
    sessions[id.rawValue].startsToSend = []
    for trial in starts { sendStart(trial, &turn) }
  }

  private mutating func heard(_ states: [SlotState], of id: AgentID, _ turn: inout Turn) {
    var unusable: [Int: String] = [:]
    for state in states where !state.isUsable { unusable[state.slot] = state.reason }
    if state[id]?.unusable != unusable { record(.agentSlots(id, states), &turn) }
  }

  // MARK: Silence

  /// How long after the last sign of life the next step of the agent's fading comes.
  func silenceLimit(_ agent: AgentState) -> Duration? {
    let heartbeat = state.specification.cluster.heartbeat
    let lostAfter = state.specification.cluster.lostAfter
    switch agent.reachability {
    case _ where state.mark(of: agent.name) == .removed: return nil
    case .reachable: return agent.greeting == nil ? nil : min(heartbeat * 3, lostAfter)
    case .suspect: return min(heartbeat * 12, lostAfter)
    case .unreachable: return Mutant.noLeaseMargin.isActive ? lostAfter : patienceWithSilence
    case .lost: return nil
    }
  }

  /// After so much silence an agent's trials are given up.
  var patienceWithSilence: Duration {
    state.specification.cluster.lostAfter + state.specification.cluster.lostAfter / 50
  }

  /// A coordinator that did not run cannot say that others were silent: what it slept beyond its planned waking is not
  /// counted.
  /// - Returns: how long that was.
  @discardableResult
  mutating func forgiveOwnAbsence(_ now: Instant) -> Duration {
    let heartbeat = state.specification.cluster.heartbeat
    func overslept() -> Duration {
      [silenceBound, plannedWake].compactMap { $0 }.min().map { now - $0 } ?? .zero
    }
    guard overslept() > heartbeat else { return .zero }
    silenceBound = nextSilence()
    let absence = overslept()
    guard absence > heartbeat else { return .zero }
    for index in sessions.indices {
      sessions[index].lastHeard = sessions[index].lastHeard + absence
      if let rival = sessions[index].rival { sessions[index].rival?.since = rival.since + absence }
      // What was said meanwhile is not read yet: nobody is silent at the moment of waking.
      guard state.agents.indices.contains(index), let limit = silenceLimit(state.agents[index]) else { continue }
      sessions[index].lastHeard = max(sessions[index].lastHeard, now + (heartbeat - limit))
    }
    return absence
  }

  /// The same, without forgiving it.
  func ownAbsence(_ now: Instant) -> Duration {
    let absence = [nextSilence(), plannedWake].compactMap { $0 }.min().map { now - $0 } ?? .zero
    return absence > state.specification.cluster.heartbeat ? absence : .zero
  }

  /// When the next agent will have been silent for too long; nil: none.
  private func nextSilence() -> Instant? {
    guard startedAt != nil, state.end == nil else { return nil }
    var next: Instant?
    for index in state.agents.indices where sessions.indices.contains(index) {
      guard let limit = silenceLimit(state.agents[index]) else { continue }
      let due = sessions[index].lastHeard + limit
      next = next.map { min($0, due) } ?? due
    }
    return next
  }

  /// Whether an agent's last sign of life is of a time to come: its silence would go unseen until then.
  public func silenceProblem(at now: Instant) -> String? {
    for (index, session) in sessions.enumerated() where session.lastHeard > now {
      return "agent \(index) was heard \(session.lastHeard - now) from now"
    }
    return nil
  }

  mutating func noteSilence(after event: Event) {
    guard case .message(let key, _) = event else {
      silenceBound = nextSilence()
      return
    }
    guard startedAt != nil, let index = state.agent(withKey: key)?.rawValue, sessions.indices.contains(index),
      let limit = silenceLimit(state.agents[index])
    else { return }
    let due = sessions[index].lastHeard + limit
    silenceBound = silenceBound.map { min($0, due) } ?? due
  }

  mutating func tick(_ turn: inout Turn) {
    forgiveAway(turn.now)
    for agent in state.agents {
      let silence = turn.now - sessions[agent.id.rawValue].lastHeard
      guard let limit = silenceLimit(agent), silence >= limit else { continue }
      switch agent.reachability {
      case .reachable: record(.agentReachability(agent.id, .suspect), &turn)
      case .suspect: record(.agentReachability(agent.id, .unreachable), &turn)
      case .unreachable: lose(agent.id, &turn)
      case .lost: break
      }
    }
  }

  mutating func lose(_ id: AgentID, _ turn: inout Turn) {
    record(.agentReachability(id, .lost), &turn)
    sessions[id.rawValue].isGreeted = false
    for trial in state.agents[id.rawValue].slots.compactMap({ $0 }) {
      guard let state = state[trial], let current = state.current else { continue }
      settleEnd(current, AttemptEnd(cause: .leaseExpired, lastSequence: state.lastSequence), &turn)
    }
  }
}
