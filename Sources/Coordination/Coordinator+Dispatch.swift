import Scheduling
import Searching
import TuningModel
import Wire

extension Coordinator {
  /// Called after each event: gives free slots work, answers trials that wait at their milestone, ends what is over.
  mutating func settle(_ turn: inout Turn) {
    guard state.end == nil, !state.isSuspended else { return }
    checkCriteria(&turn)
    if state.closing == nil {
      if state.training == nil {
        fillSlots(&turn)
        answerAwaiting(&turn)
        endWhenIdle(&turn)
      }
      train(&turn)
      letHostsLeave(&turn)
    }
    finishClosing(&turn)
  }

  // MARK: Free slots

  mutating func fillSlots(_ turn: inout Turn) {
    for agent in state.agents.indices {
      guard state.agents[agent].slots.contains(nil), isReady(AgentID(agent)) else { continue }
      // A slot that the agent does not offer any more takes no work.
      let offered = state.agents[agent].greeting?.slots ?? 0
      for index in state.agents[agent].slots.indices.prefix(max(0, offered)) {
        guard state.closing == nil else { return }
        if state.agents[agent].slots[index] == nil, state.agents[agent].unusable[index] == nil, hasCapacity {
          fill(SlotID(agent: AgentID(agent), index: index), &turn)
        }
      }
    }
  }

  func isReady(_ id: AgentID) -> Bool {
    let index = id.rawValue
    guard state.agents.indices.contains(index) else { return false }
    let isReachable = state.agents[index].reachability == .reachable || state.agents[index].reachability == .suspect
    if isReachable, Mutant.schedulesBeforeReattach.isActive { return true }
    return isReachable && state.agents[index].isPrepared && state.mark(of: state.agents[index].name) == .inUse
      && restsUntil[id] == nil && sessions[index].isGreeted
  }

  var hasCapacity: Bool {
    guard let limit = state.specification.cluster.maxWorkers else { return true }
    return busySlots < limit
  }

  var busySlots: Int {
    state.agents.indices.reduce(0) { count, agent in count + state.agents[agent].slots.count { $0 != nil } }
  }

  private mutating func fill(_ slot: SlotID, _ turn: inout Turn) {
    // Each round either assigns, promotes a trial that runs elsewhere, or finds nothing.
    while state.closing == nil {
      if let trial = nextWaiting(for: slot) {
        assign(trial, to: slot, &turn)
        return
      }
      guard suggest(&turn) else { return }
    }
  }

  private mutating func assign(_ id: TrialID, to slot: SlotID, _ turn: inout Turn) {
    guard let trial = state[id], case .pending(let reason) = trial.status else { return }
    let start = startingPoint(of: trial, on: slot.agent)
    record(
      .attemptAssigned(
        AttemptAssignment(
          attempt: TrialAttempt(id, nextAttempt(of: trial)), slot: slot,
          milestone: trial.promotedTo ?? trial.milestone, resumeFrom: start.generation, reason: reason,
          source: start.source)),
      &turn)
    sendStart(id, &turn)
  }

  private func nextAttempt(of trial: TrialState) -> Attempt {
    if let last = trial.attempt, Mutant.attemptNumberReused.isActive { return last }
    return trial.attempt?.next ?? .first
  }

  mutating func sendStart(_ id: TrialID, _ turn: inout Turn) {
    guard let trial = state[id], let current = trial.current, let slot = trial.slot, trial.isActive else { return }
    var configuration = trial.configuration
    if let attribute = state.specification.experiment.maxResourceAttribute {
      configuration[attribute] = .int(trial.milestone)
    }
    send(
      .start(
        StartAttempt(
          attempt: current, slot: slot.index, configuration: configuration, milestone: trial.milestone,
          maximum: state.specification.scheduler.maxResource, resumeFrom: trial.resumeFrom, source: trial.source,
          lastGeneration: trial.lastGeneration, session: sessions[slot.agent.rawValue].hello?.saidAt ?? .zero)),
      to: slot.agent, &turn)
    noteOrder(of: id, turn)
  }

  // MARK: Suggestions

  /// The bracket that is asked for the next suggestion.
  var bracketOfNextSuggestion: Int {
    guard state.scheduler.bracketCount > 1 else { return state.scheduler.bracket(forUnit: 0) }
    var generator = SeededGenerator(
      seed: state.specification.searcher.randomSeed, stream: 0x6272_6163_6b65_7400 &+ UInt64(state.totals.suggestions))
    return state.scheduler.bracket(forUnit: generator.nextUnit())
  }

  /// What a free slot would get now. A bracket without a promotion gets a new trial; when there are none any more, the
  /// other brackets are asked.
  private mutating func dueProposal() -> Proposal {
    guard state.drain?.promotesStill != false, state.training == nil else { return Proposal() }
    let drawn = bracketOfNextSuggestion
    let proposal = state.scheduler.propose(bracket: drawn)
    guard proposal.promotion == nil, state.drain != nil else { return proposal }
    for bracket in 0..<state.scheduler.bracketCount where bracket != drawn {
      let other = state.scheduler.propose(bracket: bracket)
      if other.promotion != nil { return other }
    }
    return proposal
  }

  private mutating func duePromotion() -> Promotion? { dueProposal().promotion }

  /// Decides what a free slot gets: a promotion, or a new trial. False: nothing.
  private mutating func suggest(_ turn: inout Turn) -> Bool {
    if isDecidedByProgram { return suggestByProgram(&turn) }
    let proposal = dueProposal()
    for threshold in proposal.thresholds { record(.scheduling(.thresholdSet(threshold)), &turn) }
    if let promotion = proposal.promotion {
      promote(promotion, &turn)
      return true
    }
    guard state.drain == nil, state.training == nil else { return false }
    if let limit = state.specification.stop.maxTrialsStarted, state.trials.count >= limit {
      limitReached(&turn)
      // A rung that waited for more trials goes on without them: asked again.
      return state.drain != nil
    }
    guard let suggestion = state.searcher.suggest(ordinal: state.trials.count) else {
      spaceExhausted(&turn)
      return state.drain != nil
    }
    record(
      .trialCreated(
        TrialCreation(
          trial: TrialID(state.trials.count), configuration: suggestion.configuration,
          bracket: bracketOfNextSuggestion, origin: Self.origin(of: suggestion))),
      &turn)
    return true
  }

  static func origin(of suggestion: Suggestion) -> TrialCreation.Origin {
    switch suggestion.origin {
    case .point(let index): .point(index)
    case .random(let draws): .searcher(draws: draws)
    }
  }

  mutating func limitReached(_ turn: inout Turn) {
    switch state.specification.stop.atLimit {
    case .now: endSearch(RunEnd(reason: .trialsStarted), &turn)
    case .finishRunning: record(.runDraining(.trialsStarted, promotesStill: false), &turn)
    case .finishPromotions: record(.runDraining(.trialsStarted, promotesStill: true), &turn)
    }
  }

  mutating func spaceExhausted(_ turn: inout Turn) {
    record(.runDraining(.spaceExhausted, promotesStill: true), &turn)
  }

  mutating func promote(_ promotion: Promotion, _ turn: inout Turn) {
    record(.scheduling(.promotion(promotion)), &turn)
    guard let trial = state[promotion.trial], trial.isActive, trial.order == nil, let current = trial.current,
      let slot = trial.slot
    else { return }
    if isLeaving(slot.agent) {
      order(.pause, current, reason: .hostLeaves, &turn)
    } else {
      proceed(current, to: promotion.milestone, &turn)
    }
  }

  /// Lets a promoted trial go on in its process, where its process waits for that.
  mutating func proceed(_ attempt: TrialAttempt, to milestone: Int, _ turn: inout Turn) {
    guard state.specification.experiment.maxResourceAttribute == nil, let slot = state[attempt.trial]?.slot
    else { return }
    record(.attemptProceeded(attempt, milestone: milestone), &turn)
    send(.proceed(attempt, milestone: milestone), to: slot.agent, &turn)
    releaseWithheld(of: attempt.trial, pastMilestone: false, &turn)
  }

  // MARK: Trials at their milestone

  /// A trial at its milestone goes on in place when it is what its slot would get; otherwise it makes room, if there is
  /// anything to make room for.
  private mutating func answerAwaiting(_ turn: inout Turn) {
    guard state.specification.experiment.maxResourceAttribute == nil else { return }
    var index = 0
    while state.closing == nil, state.training == nil, index < state.awaiting.count {
      let place = state.awaiting[index].rawValue
      guard state.trials.indices.contains(place), state.trials[place].isActive, state.trials[place].order == nil,
        let current = state.trials[place].current, let slot = state.trials[place].slot
      else {
        index += 1
        continue
      }
      if isLeaving(slot.agent) {
        order(.pause, current, reason: .hostLeaves, &turn)
        continue
      }
      if nextWaiting(for: slot) != nil {
        order(.pause, current, reason: .milestone, &turn)
        continue
      }
      // Its slot would be free for what the program says; without an answer it stays.
      if isDecidedByProgram, suggestByProgram(&turn) || state.drain?.promotesStill != false {
        index += 1
        continue
      }
      let proposal = dueProposal()
      if let promotion = proposal.promotion {
        if let other = state[promotion.trial], other.isActive, other.order == nil {
          for threshold in proposal.thresholds { record(.scheduling(.thresholdSet(threshold)), &turn) }
          promote(promotion, &turn)
          index = 0
        } else {
          order(.pause, current, reason: .milestone, &turn)
        }
        continue
      }
      if state.drain == nil, canStartAnother {
        order(.pause, current, reason: .milestone, &turn)
        continue
      }
      if state.drain == nil {
        // All slots may be held by such trials, so that none asks for a new one.
        if atTrialLimit { limitReached(&turn) } else { spaceExhausted(&turn) }
        continue
      }
      // With `train_best` it may be one of those that go on in place once the others are there.
      if state.drain?.promotesStill == false, state.specification.stop.trainBest == nil {
        order(.pause, current, reason: .nothingToPromote, &turn)
        continue
      }
      index += 1
    }
  }

  var atTrialLimit: Bool {
    state.specification.stop.maxTrialsStarted.map { state.trials.count >= $0 } ?? false
  }

  private var canStartAnother: Bool {
    var searcher = state.searcher
    return !atTrialLimit && searcher.suggest(ordinal: state.trials.count) != nil
  }

  // MARK: The end

  /// Ends the search when nothing runs, nothing waits and nothing can be promoted any more.
  private mutating func endWhenIdle(_ turn: inout Turn) {
    guard let drain = state.drain, state.closing == nil, state.training == nil, state.waiting.isEmpty else { return }
    let endsByItself = state.specification.experiment.maxResourceAttribute != nil
    // Those that await an answer are active, each once.
    let isAnyUnderWay = busySlots > (endsByItself ? 0 : state.awaiting.count)
    // Agents that did not say hello yet leave promotions waiting.
    guard !isAnyUnderWay, duePromotion() == nil else { return }
    if isDecidedByProgram, drain.promotesStill, asking.phase != .waits { return askProgram(&turn) }
    // Only trials at their milestone are left, and none of them is promoted: nothing will ever change.
    guard state.specification.stop.trainBest == nil else { return endSearch(RunEnd(reason: drain.reason), &turn) }
    let active = state.activeTrials
    for id in active {
      guard let current = state[id]?.current else { continue }
      order(.pause, current, reason: .nothingToPromote, &turn)
    }
    if active.isEmpty { endSearch(RunEnd(reason: drain.reason), &turn) }
  }
}
