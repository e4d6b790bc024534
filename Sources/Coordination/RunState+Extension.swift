import TuningModel

extension RunState {
  /// New trials are taken again. Of a run that was over, trials that were broken off, or promoted and not begun, want a
  /// slot again; a coordinator takes it up as one that was suspended.
  mutating func extend() {
    guard training == nil || end != nil else { return }
    let wasOver = end != nil
    isSuspended = isSuspended || wasOver
    end = nil
    closing = nil
    drain = nil
    training = nil
    searchTime = nil
    scheduler.reopen()
    guard wasOver else { return }
    for id in trials.map(\.id) {
      resumeSearch(of: id)
      enqueue(id)
    }
  }

  /// The run is over: what was broken off when it was paused before, to go on with it, stands as what its end breaks off.
  mutating func setDownBrokenOff() {
    for id in trials.map(\.id) where self[id]?.status == .pending(.resumed) {
      waiting.removeAll { $0 == id }
      change(id) { $0.status = .paused }
    }
  }

  /// What the scheduler still expects of a paused trial is due again, whatever the run's end made of it.
  private mutating func resumeSearch(of id: TrialID) {
    guard let trial = self[id], trial.status == .paused, let goal = scheduler.milestone(of: id), trial.resource < goal
    else { return }
    change(id) { trial in
      if goal != trial.milestone { trial.promotedTo = goal }
      trial.status = .pending(trial.promotedTo == nil ? .resumed : .promoted)
    }
  }
}
