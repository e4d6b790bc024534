import TuningModel
import Wire

extension RunState {
  /// A sealed generation is at one more place.
  mutating func noteCopy(of id: TrialID, _ generation: Int, at holder: CheckpointHolder) {
    let found: TrialState.Holder
    switch holder {
    case .agent(let agent):
      guard let place = self[agent]?.place else { return }
      found = .place(place)
    case .coordinator: found = .coordinator
    case .store: found = .store
    }
    change(id) { trial in
      guard let index = trial.seals.firstIndex(where: { $0.seal.generation == generation }) else { return }
      if !trial.seals[index].holders.contains(found) { trial.seals[index].holders.append(found) }
      if case .place(let place) = found { trial.leftAt.removeAll { $0 == place } }
      if case .agent(let agent) = holder, trial.slot?.agent == agent, trial.source != nil {
        trial.source = nil
        trial.moves += 1
      }
    }
  }

  /// What the attempt was to go on from is not where it was believed to be.
  mutating func loseCheckpoint(of attempt: TrialAttempt) {
    guard let trial = self[attempt.trial], trial.attempt == attempt.attempt, let generation = trial.resumeFrom else {
      return
    }
    var missing: TrialState.Holder?
    switch trial.source?.holder {
    case .agent(let agent): missing = self[agent]?.place.map { .place($0) }
    case .coordinator: missing = .coordinator
    case .store: missing = .store
    case nil: missing = trial.slot.flatMap { self[$0.agent]?.place }.map { .place($0) }
    }
    change(attempt.trial) { trial in
      guard let index = trial.seals.firstIndex(where: { $0.seal.generation == generation }) else { return }
      trial.seals[index].holders.removeAll { $0 == missing || $0 == .store && missing == nil }
      if trial.seals[index].holders.isEmpty { trial.seals.remove(at: index) }
    }
  }
}

extension TrialState {
  /// Sealed generations kept for each trial.
  static let keptGenerations = 2

  /// A new generation was sealed at a place. Copies elsewhere are of no more use; what the coordinator or a store has of
  /// the generation before stays.
  mutating func keep(_ seal: Seal, at place: CheckpointPlace, isShared: Bool) {
    lastGeneration = max(lastGeneration, seal.generation)
    dropSeals { $0.seal.generation >= seal.generation }
    seals.append(SealedCheckpoint(seal: seal, holders: [isShared ? .store : .place(place)]))
    for index in seals.indices {
      for case .place(let other) in seals[index].holders where other != place { leave(other) }
      seals[index].holders.removeAll { if case .place(let other) = $0 { other != place } else { false } }
    }
    seals.removeAll(where: \.holders.isEmpty)
    if seals.count > Self.keptGenerations { seals.removeFirst(seals.count - Self.keptGenerations) }
    leftAt.removeAll { $0 == place }
  }

  /// Gives up generations; the places that hold nothing else of the trial are remembered until they are cleared.
  mutating func dropSeals(_ isDropped: (SealedCheckpoint) -> Bool) {
    let dropped = seals.filter(isDropped)
    seals.removeAll(where: isDropped)
    for case .place(let place) in dropped.flatMap(\.holders)
    where !seals.contains(where: { $0.isHeld(at: place) }) { leave(place) }
  }

  private mutating func leave(_ place: CheckpointPlace) {
    if !leftAt.contains(place) { leftAt.append(place) }
  }
}
