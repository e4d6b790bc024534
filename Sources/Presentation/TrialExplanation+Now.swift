import Coordination
import Scheduling
import TuningModel
import Wire

/// How a trial stands now, and why it does not go on.
extension TrialExplanation {
  /// One sentence. `isServed`: whether a coordinator runs the run now.
  public func standing(isServed: Bool) -> String {
    guard let trial = own else { return "there is no such trial" }
    let place = trial.slot.map { "in slot \($0) on \(host($0.agent))" } ?? ""
    let progress = "at \(resource(trial.resource)) of \(trial.milestone)"
    switch trial.status {
    case .pending where trial.isPausedByOperator, .paused where trial.isPausedByOperator:
      return "is paused by hand at \(resource(trial.resource)): `pasha-coord resume --trial \(trial.id)` lets it go on"
    case .pending:
      let others = state.waiting.firstIndex(of: trial.id) ?? 0
      let before = others == 0 ? "" : " behind \(Presentation.count(others, "trial"))"
      if state.end != nil {
        if trial.attempt == nil { return "never started" }
        let goal = trial.promotedTo.map { ", promoted to \(resource($0))" } ?? " of \(trial.milestone)"
        return "was at \(resource(trial.resource))\(goal) when the run ended; `pasha-coord extend` lets it go on"
      }
      if !isServed { return "wants a slot\(before); no coordinator runs the run" }
      return "waits for a slot\(before) (`pasha-coord explain --waiting` says why)"
    case .active(.assigned): return "is being started \(place), to \(resource(trial.milestone))"
    case .active(.running): return "runs \(place), \(progress)" + doubt(trial)
    case .active(.held): return "is held \(place): \(standingText())" + doubt(trial)
    case .paused: return "is paused: \(pauseText())"
    case .completed:
      let best = trial.best.map { ", best \(metric($0.value)) at \(resource($0.resource))" } ?? ""
      return "is completed at \(resource(trial.resource))\(best)"
    case .stopped: return "is stopped at \(resource(trial.resource))"
    case .failed(let kind): return "failed at \(resource(trial.resource)): \(failure(kind))"
    }
  }

  /// What keeps from saying for certain that an active trial does what it is said to do.
  private func doubt(_ trial: TrialState) -> String {
    guard let agent = trial.slot.flatMap({ state[$0.agent] }) else { return "" }
    if agent.reachability != .reachable {
      let since = (agent.history.heardLast ?? agent.history.since).map { " since \(Presentation.clock($0.wall))" } ?? ""
      return "; its host is \(agent.reachability.rawValue), nothing was heard of it\(since)"
    }
    if let since = agent.history.awaitedSince {
      return "; its agent has not said hello since the run was taken up at \(Presentation.clock(since.wall))"
    }
    if let order = trial.order, let at = trial.orderedAt {
      return "; it was told to \(order.rawValue) at \(Presentation.clock(at.wall)) and has not ended yet"
    }
    return ""
  }

  private func pauseText() -> String {
    if let training = state.training, !training.trials.contains(trial) {
      return "the search is over, and it is not among the best \(training.trials.count); in the search it was at "
        + standingText()
    }
    if let end = state.end {
      return "the run is over (\(Presentation.reason(end.reason, state))); it was at " + standingText()
    }
    if state.drain?.promotesStill == false, let drain = state.drain {
      return "no trial is promoted any more (\(Presentation.reason(drain.reason, state))); it is at " + standingText()
    }
    let standing = state.scheduler.standing(of: trial)
    let isNext = standing.map { !$0.isPromoted && $0.isGoodEnough && $0.before == nil && $0.level < $0.currentMaximum }
    return "it is at " + standingText() + (isNext == true ? ": it is promoted when a slot is free" : "")
  }

  private func standingText() -> String {
    if let bracket = state.scheduler.bracketStanding(of: trial) {
      return "\(resource(own?.resource ?? 0)); \(bracketText(bracket))"
    }
    guard let standing = state.scheduler.standing(of: trial) else {
      switch state.specification.scheduler.name {
      case .syncHyperband, .successiveHalving:
        if own?.usableReports ?? 0 > 0 { return "\(resource(own?.resource ?? 0)); its bracket is complete without it" }
      case .medianStopping, .percentile, .fifo, .external: return resource(own?.resource ?? 0)
      case .pasha, .asha, .hyperband, .costPromotion, .rush: break
      }
      return "\(resource(own?.resource ?? 0)), in no rung yet"
    }
    return "\(resource(standing.level)), \(rungText(standing))"
  }
}
