import TuningModel
import Wire

/// What an operator asks of a host, by its name; an agent that joined by hand is a host of its own name.
public enum HostCommand: Equatable, Sendable {
  /// Brings a host into the run, or back into use.
  case add(HostOptions)
  /// It takes no new work; its trials go on to their milestones and move.
  case drain(String)
  /// Its trials are paused, its checkpoints brought to the coordinator, then its agent ends.
  case remove(String)
  /// It is dead for certain: its trials are given up now.
  case lost(String)
}

extension Coordinator {
  /// A host that is named and no more is the one that the run knows by that name, with its user, port, slots and GPUs.
  func completed(_ command: HostCommand) -> HostCommand {
    guard case .add(let host) = command, host == HostOptions(name: host.name, host: host.host), host.name == host.host,
      let known = state.knownHost(host.name)
    else { return command }
    return .add(known)
  }

  mutating func carryOut(_ command: HostCommand, _ turn: inout Turn) {
    guard state.end == nil else { return }
    switch command {
    case .add(let host):
      if !state.hosts.contains(host) { record(.hostAdded(host), &turn) }
      if state.mark(of: host.name) != .inUse { record(.hostMarked(host.name, .inUse), &turn) }
    case .drain(let name):
      if state.mark(of: name) == .inUse { record(.hostMarked(name, .draining), &turn) }
    case .remove(let name):
      guard state.mark(of: name) == .inUse || state.mark(of: name) == .draining else { return }
      record(.hostMarked(name, .leaving), &turn)
      for agent in state.agents where agent.name == name { pauseAll(on: agent, &turn) }
    case .lost(let name):
      for agent in state.agents where agent.name == name && agent.reachability != .lost { lose(agent.id, &turn) }
    }
  }

  private mutating func pauseAll(on agent: AgentState, _ turn: inout Turn) {
    for id in agent.slots.compactMap({ $0 }) {
      guard let trial = state[id], trial.order == nil, let current = trial.current else { continue }
      order(.pause, current, reason: .hostLeaves, &turn)
    }
  }

  /// Whether trials at their milestone make room on this agent's host.
  func isLeaving(_ id: AgentID) -> Bool { state[id].map { state.mark(of: $0.name) != .inUse } ?? false }

  /// Lets hosts go that are to leave and hold nothing any more that the run needs.
  mutating func letHostsLeave(_ turn: inout Turn) {
    for (name, mark) in state.hostMarks.sorted(by: { $0.key < $1.key }) where mark == .leaving {
      let agents = state.agents.filter { $0.name == name && $0.reachability != .lost }
      if agents.contains(where: { agent in agent.slots.contains { $0 != nil } }) { continue }
      let held = agents.flatMap { agent in needed(from: agent) }
      for trial in held where isNews(trial) { fetch(trial, &turn) }
      guard held.isEmpty else { continue }
      record(.hostMarked(name, .removed), &turn)
      for agent in agents where sessions[agent.id.rawValue].isGreeted {
        send(.dismiss, to: agent.id, &turn)
        sessions[agent.id.rawValue].isGreeted = false
      }
    }
  }

  /// Trials that may go on, or are worth keeping, and whose newest checkpoint is on this host alone.
  func needed(from agent: AgentState) -> [TrialState] {
    guard let place = agent.place else { return [] }
    return state.trials.filter { trial in
      guard let newest = trial.seals.last, newest.isHeld(at: place) else { return false }
      return newest.holders.allSatisfy { $0 == .place(place) }
    }
  }

  /// Whether a copy of the trial's newest checkpoint was not asked for yet by this coordinator.
  private mutating func isNews(_ trial: TrialState) -> Bool {
    guard let newest = trial.seals.last else { return false }
    return requestedCopies.insert(CheckpointName(trial.id, newest.seal)).inserted
  }

  // MARK: Another cluster file

  /// Takes over what may change while a run goes on: it is read when something is decided, never by `apply`, so that
  /// replaying gives the same state under either file. Hosts come and go as facts, by commands of their own.
  mutating func reload(_ specification: RunSpecification, hash: String, _ turn: inout Turn) {
    // What ends for good ends under the file that it was decided under.
    guard state.end == nil, state.closing?.suspends ?? true else { return }
    let change = SpecificationChange.compare(
      state.specification, specification, isTraining: state.training != nil)
    // The file is the run's from here on: what may not change must not stand in it changed.
    guard change.refused.isEmpty else { return }
    record(.specificationChanged(hash: hash), &turn)
    state.specification = change.applied(to: state.specification)
    for host in change.addedHosts { carryOut(.add(host), &turn) }
    for name in change.removedHosts { carryOut(.remove(name), &turn) }
    takeTrialsAgain(&turn)
  }

  /// A run that takes no new trials because of a limit that does not hold any more takes them again. One that is being
  /// paused does so when it is resumed.
  mutating func takeTrialsAgain(_ turn: inout Turn) {
    if state.drain?.reason == .trialsStarted, state.training == nil, state.closing == nil, !atTrialLimit {
      record(.runExtended, &turn)
    }
  }
}
