import TuningModel
import Wire

/// Where checkpoints are, where they go, and when they are deleted.
///
/// Placement never changes what the scheduler chose: it only picks the slot for a trial that wants one.
extension Coordinator {
  /// What a start of a trial on an agent goes on from.
  struct StartingPoint: Equatable {
    /// nil: from the start.
    var generation: Int?
    /// nil: the generation is at the agent's own place.
    var source: CheckpointHolder?

    static let beginning = StartingPoint()
    var isLocal: Bool { source == nil }
  }

  /// How long the end of a run waits for copies.
  static let copyPatience = Duration.seconds(60)
  /// How long an agent that could not be asked for a checkpoint is left alone.
  static let sourcePatience = Duration.seconds(15)

  /// Agents whose time is over may be asked again.
  mutating func forgiveAway(_ now: Instant) {
    for (agent, until) in awayUntil where now >= until { awayUntil[agent] = nil }
    for (agent, until) in restsUntil where now >= until { restsUntil[agent] = nil }
  }

  /// The newest generation that can be had, and where; `beginning` when none is left.
  func startingPoint(of trial: TrialState, on agent: AgentID) -> StartingPoint {
    let place = state[agent]?.place
    for seal in trial.seals.reversed() {
      if seal.isHeld(at: place) { return StartingPoint(generation: seal.seal.generation) }
      if let holder = available(seal) { return StartingPoint(generation: seal.seal.generation, source: holder) }
    }
    return .beginning
  }

  /// Who can give the generation now. The coordinator first: it costs no host's time.
  private func available(_ seal: TrialState.SealedCheckpoint) -> CheckpointHolder? {
    if seal.holders.contains(.coordinator) { return .coordinator }
    if seal.holders.contains(.store) { return .store }
    return state.agents.first { isAnswering($0) && awayUntil[$0.id] == nil && seal.isHeld(at: $0.place) }
      .map { .agent($0.id) }
  }

  private func isAnswering(_ agent: AgentState) -> Bool {
    sessions[agent.id.rawValue].isGreeted && (agent.reachability == .reachable || agent.reachability == .suspect)
      && state.mark(of: agent.name) != .removed
  }

  /// Whether the newest generation is only with agents that do not answer now and may come back: it is waited for.
  private func mustWait(_ trial: TrialState) -> Bool {
    guard let newest = trial.seals.last, available(newest) == nil else { return false }
    return state.agents.contains { agent in
      newest.isHeld(at: agent.place) && agent.reachability != .lost && state.mark(of: agent.name) != .removed
    }
  }

  /// The first waiting trial for a slot: one whose checkpoint is there, or that has none; else one whose checkpoint must
  /// move, unless the host that has it has a slot for it.
  func nextWaiting(for slot: SlotID) -> TrialID? {
    guard let place = state[slot.agent]?.place else { return nil }
    var first: TrialID?
    var expected: [CheckpointPlace: Int] = [:]
    for id in state.waiting {
      guard let trial = state[id] else { continue }
      guard let newest = trial.seals.last else { return id }
      if newest.isHeld(at: place) { return id }
      if first != nil || mustWait(trial) { continue }
      let home = newest.holders.compactMap { holder in if case .place(let home) = holder { home } else { nil } }.first
      if let home, freeSlots(at: home) > expected[home, default: 0] {
        expected[home, default: 0] += 1
      } else {
        first = id
      }
    }
    return first
  }

  private func freeSlots(at place: CheckpointPlace) -> Int {
    let count = state.agents.reduce(0) { count, agent in
      guard agent.place == place, isReady(agent.id) else { return count }
      let offered = agent.slots.prefix(agent.greeting?.slots ?? 0).indices
      return count + offered.count { agent.slots[$0] == nil && agent.unusable[$0] == nil }
    }
    // The slot that asks takes a worker as well: what is left for the others is one less.
    guard let limit = state.specification.cluster.maxWorkers else { return count }
    return max(0, min(count, limit - busySlots - 1))
  }

  // MARK: What came of it

  /// A generation is at one more place.
  mutating func copied(_ name: CheckpointName, to holder: CheckpointHolder, _ turn: inout Turn) {
    guard let trial = state[name.trial],
      let seal = trial.seals.first(where: { CheckpointName(trial.id, $0.seal) == name })
    else { return }
    let isKnown =
      switch holder {
      case .agent(let agent): seal.isHeld(at: state[agent]?.place)
      case .coordinator: seal.holders.contains(.coordinator)
      case .store: seal.holders.contains(.store)
      }
    if isKnown { return }
    record(.checkpointCopied(name.trial, generation: name.generation, holder), &turn)
  }

  /// The user's command has kept what the agent's host has.
  mutating func stored(_ name: CheckpointName, by id: AgentID, _ turn: inout Turn) {
    guard case .command = state.specification.checkpoints.store,
      let seal = state[name.trial]?.seals.first(where: { CheckpointName(name.trial, $0.seal) == name }),
      seal.isHeld(at: state[id]?.place)
    else { return }
    copied(name, to: .store, &turn)
  }

  mutating func arrived(_ name: CheckpointName, _ turn: inout Turn) {
    copied(name, to: .coordinator, &turn)
    dropStored(of: name.trial, &turn)
  }

  /// The agent does not have what it sealed: a disk was exchanged, a folder was deleted. What another place than the
  /// agent's holds, one where it was before, its answer says nothing of.
  mutating func unavailable(_ name: CheckpointName, at agent: AgentID, _ text: String, _ turn: inout Turn) {
    guard let trial = state[name.trial],
      let seal = trial.seals.first(where: { CheckpointName(trial.id, $0.seal) == name }), seal.holders.count <= 1,
      seal.isHeld(at: state[agent]?.place)
    else { return }
    let kept = trial.seals.map(\.seal.generation).filter { $0 != name.generation }
    record(.checkpointsDropped(name.trial, keeping: kept), &turn)
    turn.effects.append(
      .note(
        "generation \(name.generation) of the checkpoint of trial \(name.trial) is gone from "
          + "\(state[agent]?.name ?? ""), the one host that had it: \(text.prefix(200))"))
  }

  mutating func deleted(_ trial: TrialID, by agent: AgentID, _ turn: inout Turn) {
    guard let place = state[agent]?.place, state[trial]?.leftAt.contains(place) == true else { return }
    record(.checkpointsDeleted(trial, agent), &turn)
  }

  // MARK: What follows from a seal, and from an end

  /// An attempt has ended: what it sealed is copied where the file says so, and what nobody needs is deleted.
  mutating func tidy(_ id: TrialID, _ turn: inout Turn) {
    guard let trial = state[id] else { return }
    if trial.status.isFinal, !isWorthKeeping(trial) { return drop(id, &turn) }
    if trial.status == .paused, Mutant.pauseDropsCheckpoint.isActive { return drop(id, &turn) }
    copyHome(trial, &turn)
    clearLeftPlaces(of: id, &turn)
    dropStored(of: id, &turn)
  }

  /// With `keep_best: K`, a trial that will not go on is kept when it is one of the best K so far: later it can only
  /// fall.
  private func isWorthKeeping(_ trial: TrialState) -> Bool {
    guard var count = state.specification.checkpoints.keepBest else { return true }
    // Those that may be trained further, or be the best of those that were, are kept until the end.
    let trains = state.specification.stop.trainBest
    count = max(count, trains ?? 0)
    guard let own = trial.best?.value else { return false }
    let mode = state.specification.experiment.mode
    let better = state.trials.count { other in
      guard let value = other.best?.value, other.id != trial.id else { return false }
      if trains != nil {
        // They go on no further, however good they were.
        switch other.status {
        case .failed, .stopped: return false
        case .pending, .active, .paused, .completed: break
        }
      }
      return value == own ? other.id < trial.id : mode.isBetter(value, than: own)
    }
    return better < count
  }

  /// Gives up all generations of a trial.
  mutating func drop(_ id: TrialID, _ turn: inout Turn) {
    guard let trial = state[id] else { return }
    if !trial.seals.isEmpty {
      let isStored = trial.seals.contains { $0.holders.contains(.store) }
      record(.checkpointsDropped(id, keeping: []), &turn)
      // What is in a store can be deleted from any host.
      if isStored, let agent = state.agents.first(where: { isAnswering($0) }) {
        send(.deleteCheckpoints(id, keeping: []), to: agent.id, &turn)
      }
    }
    clearLeftPlaces(of: id, &turn)
    dropStored(of: id, &turn)
  }

  private mutating func clearLeftPlaces(of id: TrialID, _ turn: inout Turn) {
    for place in state[id]?.leftAt ?? [] {
      guard let agent = state.agents.first(where: { $0.place == place && isAnswering($0) }) else { continue }
      send(.deleteCheckpoints(id, keeping: []), to: agent.id, &turn)
    }
  }

  mutating func dropStored(of id: TrialID, _ turn: inout Turn) {
    guard let trial = state[id], keepsCopies else { return }
    // What is known may be on its way here, or have arrived without being a fact yet.
    turn.effects.append(.dropStored(id, keeping: trial.seals.map(\.seal.generation)))
  }

  /// Whether the coordinator has, or may have, copies of its own.
  private var keepsCopies: Bool { state.specification.checkpoints.store == .coordinator || !state.hostMarks.isEmpty }

  /// Trials whose newest checkpoint is worth keeping, is to be copied here, and can still be had.
  var missingCopies: [TrialState] {
    guard state.specification.checkpoints.store == .coordinator else { return [] }
    let kept = state.specification.checkpoints.keepBest.map { Set(state.finalRanking.prefix($0).map(\.id)) }
    return state.trials.filter { trial in
      guard let newest = trial.seals.last, !newest.holders.contains(.coordinator), kept?.contains(trial.id) != false
      else { return false }
      return state.agents.contains { isAnswering($0) && newest.isHeld(at: $0.place) }
    }
  }

  private func copyHome(_ trial: TrialState, _ turn: inout Turn) {
    guard state.specification.checkpoints.store == .coordinator else { return }
    fetch(trial, &turn)
  }

  /// Asks for a copy of the newest generation, where the coordinator has none.
  func fetch(_ trial: TrialState, _ turn: inout Turn) {
    guard let newest = trial.seals.last, !newest.holders.contains(.coordinator), !newest.holders.contains(.store),
      let agent = state.agents.first(where: { isAnswering($0) && newest.isHeld(at: $0.place) })
    else { return }
    turn.effects.append(.fetchCheckpoint(trial.id, newest.seal, from: agent.id))
  }

  /// An agent said hello: what it was asked before may be lost.
  mutating func resumeCheckpointWork(with id: AgentID, _ turn: inout Turn) {
    guard let agent = state[id], let place = agent.place else { return }
    for trial in state.trials {
      if trial.leftAt.contains(place) || Mutant.deletesHeldCheckpoint.isActive {
        send(.deleteCheckpoints(trial.id, keeping: []), to: id, &turn)
      }
      if trial.seals.last?.isHeld(at: place) == true { copyHome(trial, &turn) }
    }
    if state.mark(of: agent.name) == .leaving {
      for trial in needed(from: agent) { fetch(trial, &turn) }
    }
  }
}

extension CheckpointPolicy.Store {
  /// As hosts need to know it.
  var wire: CheckpointStore {
    switch self {
    case .host: .host
    case .shared(let folder): .shared(folder: folder)
    case .coordinator: .coordinator
    case .command(let command): .command(put: command.put, get: command.get, delete: command.delete)
    }
  }
}

extension SandboxOptions {
  /// As hosts need to know it.
  var plan: SandboxPlan {
    let level: SandboxPlan.Level =
      switch self.level {
      case .required: .required
      case .default: .default
      case .off: .off
      }
    return SandboxPlan(level: level, writable: writable, mostProcesses: mostProcesses)
  }
}
