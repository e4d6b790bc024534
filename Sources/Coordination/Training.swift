import TuningModel

/// What follows a search with `train_best: K`: its K best trials are trained up to the maximum resource, and the best of
/// them is the result. PASHA stops a search long before that; a user still wants the trained model.
public struct Training: Equatable, Sendable {
  /// Trials at most.
  public static let maximumTrials = 1000

  /// Why the search ended; the run ends for the same reason.
  public var end: RunEnd
  /// The best trials of the search, best first. Those that had come to the maximum resource already are among them.
  public var trials: [TrialID]

  public init(end: RunEnd, trials: [TrialID]) {
    self.end = end
    self.trials = trials
  }
}

extension RunState {
  /// The search is over: what is not among the best wants no slot any more, the others go on to the maximum resource.
  mutating func apply(_ training: Training, at stamp: Stamp) {
    guard self.training == nil else { return }
    self.training = training
    searchTime = stamp.active
    let maximum = specification.scheduler.maxResource
    let chosen = Set(training.trials)
    for id in waiting where !chosen.contains(id) {
      change(id) { if $0.attempt != nil { $0.status = .paused } }
    }
    for id in trials.map(\.id) where !chosen.contains(id) { change(id) { $0.promotedTo = nil } }
    for id in training.trials {
      guard let trial = self[id], !trial.status.isFinal else { continue }
      change(id) { trial in
        if trial.milestone < maximum { trial.promotedTo = maximum }
        if trial.status == .paused { trial.status = .pending(.training) }
      }
    }
    waiting = []
    for id in training.trials { enqueue(id) }
  }

  /// Trials with a finite value, best first; ties in the order of their ids.
  public var ranking: [TrialState] {
    let mode = specification.experiment.mode
    var entries: [(value: Double, index: Int)] = []
    for index in trials.indices {
      if let best = trials[index].best { entries.append((best.value, index)) }
    }
    entries.sort { a, b in a.value == b.value ? a.index < b.index : mode.isBetter(a.value, than: b.value) }
    return entries.map { trials[$0.index] }
  }

  /// Those of the best trials that were trained as far as they go, best first; empty while the search goes on.
  public var trained: [TrialState] {
    guard let training else { return [] }
    let chosen = Set(training.trials)
    return ranking.filter { chosen.contains($0.id) && $0.status == .completed }
  }

  /// The trial that the run was for: the best of those trained after the search; without any, the best of all.
  public var result: TrialState? { trained.first ?? totals.bestTrial.flatMap { self[$0] } }

  /// The order in which checkpoints are worth keeping.
  public var finalRanking: [TrialState] {
    let trained = self.trained
    let ids = Set(trained.map(\.id))
    return trained + ranking.filter { !ids.contains($0.id) }
  }
}
