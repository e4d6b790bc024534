import TuningModel
import Wire

/// The end of the search, and with `train_best: K` what follows it: nothing is suggested or promoted any more, the best K
/// trials go on to the maximum resource, each where it runs or from its checkpoint.
///
/// All of it is derived from the state after each event, so that a coordinator that restarts goes on with it.
extension Coordinator {
  /// The search is over: the run with it, unless its best trials are to be trained.
  mutating func endSearch(_ end: RunEnd, _ turn: inout Turn) {
    guard state.training == nil, state.closing == nil, state.end == nil, !state.isSuspended else { return }
    let best = trialsToTrain
    if best.isEmpty {
      close(end, suspends: false, &turn)
    } else {
      record(.trainingBegan(Training(end: end, trials: best)), &turn)
    }
  }

  /// The best trials but those that failed, were stopped, or are being stopped.
  private var trialsToTrain: [TrialID] {
    guard let count = state.specification.stop.trainBest else { return [] }
    let open = state.ranking.lazy.filter { [state] trial in
      switch trial.status {
      case .failed, .stopped: false
      case .pending, .active, .paused:
        trial.order != .stop && !trial.isPausedByOperator && !state.scheduler.isStopped(trial.id)
      case .completed: true
      }
    }
    return open.prefix(count).map(\.id)
  }

  /// Brings the training on; ends the run when nothing is left to train.
  mutating func train(_ turn: inout Turn) {
    guard let training = state.training, state.closing == nil else { return }
    for id in state.activeTrials {
      guard let trial = state[id], trial.order == nil, let current = trial.current, let slot = trial.slot else {
        continue
      }
      if !training.trials.contains(id) {
        order(.pause, current, reason: .searchEnds, &turn)
      } else if trial.attemptResource >= state.specification.scheduler.maxResource {
        // It had been there before, and lost what it had trained since its last checkpoint.
        order(.complete, current, reason: .maximumResource, &turn)
      } else if let milestone = trial.promotedTo {
        if isLeaving(slot.agent) {
          if trial.reachedMilestone { order(.pause, current, reason: .hostLeaves, &turn) }
        } else if trial.status != .active(.assigned) {
          // One that was not started yet follows once it has.
          proceed(current, to: milestone, &turn)
        }
      }
    }
    fillSlots(&turn)
    if state.waiting.isEmpty, state.activeTrials.isEmpty { close(training.end, suspends: false, &turn) }
  }

  func isToBeTrained(_ id: TrialID) -> Bool { state.training?.trials.contains(id) ?? false }

  /// What the end of an attempt means after the search: a trial that is none of the best wants no slot any more; one of
  /// the best that has come to the maximum resource is done once its checkpoint has.
  func afterSearch(_ consequence: EndConsequence, for trial: TrialState, sealing seal: Seal?) -> EndConsequence {
    guard state.training != nil else { return consequence }
    let maximum = state.specification.scheduler.maxResource
    switch consequence {
    case .pending where !isToBeTrained(trial.id): return .paused
    case .paused where isToBeTrained(trial.id) && trial.resource >= maximum:
      // A script that saves nothing has nothing to be trained again for.
      if seal?.coveredResource.map({ $0 >= maximum }) ?? true { return .completed }
      return state.closing?.suspends == false ? .paused : .pending(.resumed)
    case .pending, .paused, .completed, .stopped, .failed: return consequence
    }
  }
}
