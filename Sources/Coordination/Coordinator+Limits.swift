import TuningModel
import Wire

extension Coordinator {
  mutating func carryOut(_ command: OperatorCommand, _ turn: inout Turn) {
    guard state.end == nil, isNews(command) else { return }
    record(.operatorCommand(command), &turn)
    switch command {
    case .pauseTrial(let id):
      guard let trial = state[id], trial.isActive, trial.order == nil, let current = trial.current else { return }
      order(.pause, current, reason: .operatorAsked, &turn)
    // It waits for a slot, or for the end of the attempt that is being paused.
    case .resumeTrial: break
    case .pauseRun: close(RunEnd(reason: .pausedByOperator), suspends: true, &turn)
    case .stopRun: close(RunEnd(reason: .stoppedByOperator), suspends: false, &turn)
    case .stopTrial(let id):
      guard let trial = state[id], !trial.status.isFinal else { return }
      if trial.isActive, let current = trial.current {
        order(.stop, current, reason: .operatorAsked, &turn)
      } else {
        record(.trialStopped(id), &turn)
      }
    }
  }

  /// Whether a command about a trial changes anything: it may come twice, and late.
  private func isNews(_ command: OperatorCommand) -> Bool {
    switch command {
    case .pauseRun, .stopRun, .stopTrial: true
    case .pauseTrial(let id): state[id].map { !$0.status.isFinal && !$0.isPausedByOperator } ?? false
    // Of a run that ends for good nothing goes on any more.
    case .resumeTrial(let id): state[id]?.isPausedByOperator == true && state.closing?.suspends != false
    }
  }

  /// A configuration that an operator wants tried: the next free slot gets it, before anything else.
  mutating func enqueue(_ configuration: Configuration, _ turn: inout Turn) {
    guard state.start != nil, acceptsTrials, let whole = state.specification.experiment.space.completed(configuration)
    else { return }
    record(
      .trialCreated(
        TrialCreation(
          trial: TrialID(state.trials.count), configuration: whole, bracket: bracketOfNextSuggestion, origin: .operator)
      ),
      &turn)
  }

  /// Whether an operator may bring in trials now.
  public var acceptsTrials: Bool {
    state.end == nil && state.closing == nil && state.drain == nil && state.training == nil && !state.isSuspended
      && !isDecidedByProgram && !atTrialLimit
  }

  /// Ends the run: all attempts are paused and sealed, then it is over, or suspended.
  mutating func close(_ end: RunEnd, suspends: Bool, _ turn: inout Turn) {
    guard state.end == nil, !state.isSuspended else { return }
    // A run that is being suspended may still be ended for good, not the other way round.
    if let closing = state.closing, !closing.suspends || suspends { return }
    record(.runClosing(end, suspend: suspends), &turn)
    for id in state.activeTrials {
      guard let trial = state[id], let current = trial.current, trial.order == nil else { continue }
      order(.pause, current, reason: .runEnds, &turn)
    }
  }

  /// Ends the search when one of the criteria that end it at once holds.
  mutating func checkCriteria(_ turn: inout Turn) {
    guard state.closing == nil, state.end == nil, state.training == nil else { return }
    if let reason = state.limitReached(state.specification.stop, after: turn.stamp.active) {
      endSearch(RunEnd(reason: reason), &turn)
    }
  }

  /// A closing run ends when no attempt is left on an agent that may still answer.
  mutating func finishClosing(_ turn: inout Turn) {
    guard let closing = state.closing, state.end == nil, !state.isSuspended else { return }
    for agent in state.agents where agent.reachability == .reachable || agent.reachability == .suspect {
      if agent.slots.contains(where: { $0 != nil }) { return }
    }
    if !closing.suspends, awaitsCopies(turn.now) { return }
    if closing.suspends {
      record(.runSuspended, &turn)
    } else {
      dropCheckpoints(&turn)
      record(.runFinished(closing.end), &turn)
    }
    for agent in state.agents where sessions[agent.id.rawValue].isGreeted { send(.dismiss, to: agent.id, &turn) }
    turn.effects.append(.end(closing.suspends ? .suspended : .finished(closing.end)))
  }

  /// Whether the run's end waits for copies of checkpoints, for a while.
  private mutating func awaitsCopies(_ now: Instant) -> Bool {
    guard !missingCopies.isEmpty else { return false }
    let until = copiesUntil ?? now + Self.copyPatience
    copiesUntil = until
    return now < until
  }

  /// With `keep_best: K`, the checkpoints of all but the K best trials go when the run is over; those that were trained
  /// after the search come first.
  private mutating func dropCheckpoints(_ turn: inout Turn) {
    guard let count = state.specification.checkpoints.keepBest else { return }
    let kept = Set(state.finalRanking.prefix(count).map(\.id))
    for trial in state.trials where !trial.seals.isEmpty && !kept.contains(trial.id) {
      drop(trial.id, &turn)
    }
  }
}

extension RunState {
  /// Which of the limits that end a search at once is reached; nil: none.
  /// - Parameter active: how long the run has been up.
  public func limitReached(_ stop: StopCriterion, after active: Duration) -> RunEnd.Reason? {
    func reached(_ limit: Int?, _ count: Int) -> Bool { limit.map { count >= $0 } ?? false }
    if reached(stop.maxTrialsCompleted, totals.completed) { return .trialsCompleted }
    if reached(stop.maxTrialsFinished, totals.completed + totals.stopped + totals.failed) { return .trialsFinished }
    if reached(stop.maxEvaluations, totals.reports) { return .evaluations }
    if let limit = stop.maxWallclockTime, active >= limit { return .wallclockTime }
    if let limit = stop.maxCost, totals.cost >= limit { return .cost }
    if let limit = stop.maxMetricValue, let best = bestValue, best >= limit { return .metricValue }
    if let limit = stop.minMetricValue, let best = bestValue, best <= limit { return .metricValue }
    return nil
  }

  /// The best finite value of all trials.
  var bestValue: Double? {
    guard let best = totals.bestTrial, trials.indices.contains(best.rawValue) else { return nil }
    return trials[best.rawValue].best?.value
  }
}
