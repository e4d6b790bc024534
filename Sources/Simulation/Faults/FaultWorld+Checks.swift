import AgentCore
import Coordination
import TuningModel
import Wire

/// What must hold after every step, seen from outside of all processes.
extension FaultWorld {
  /// A trial is about to train: nobody else may be training it, and nobody else may use its slot. Only of one that nobody
  /// could end in time another attempt may have begun elsewhere; that no more than one of them counts is seen by
  /// `FaultMonitor`.
  mutating func checkExclusive(_ host: Int, _ name: TrialAttempt) {
    guard let own = hosts[host].index(of: name).map({ hosts[host].trials[$0] }) else { return }
    let slot = own.slot
    for other in hosts.indices where hosts[other].asleepUntil <= now {
      for trial in hosts[other].trials where trial.hasBegun && (other != host || trial.attempt != name) {
        if trial.isAlive, trial.attempt.trial == name.trial, trial.stoppedUntil <= now,
          !(other != host && (trial.isUnwatched || own.isUnwatched))
        {
          return fail(
            "trial \(name.trial) runs twice at once: attempt \(name.attempt) on \(hosts[host].name), attempt "
              + "\(trial.attempt.attempt) on \(hosts[other].name)")
        }
        if other == host, trial.slot == slot, trial.isAlive || trial.children > 0 {
          return fail("slot \(slot) of \(hosts[host].name) is used by \(name) and \(trial.attempt)")
        }
      }
    }
  }

  /// A trial trains on: its supervisor, where it does not stand still, has done what was due.
  mutating func checkPunctual(_ host: Int, _ name: TrialAttempt) {
    guard let trial = hosts[host].index(of: name).map({ hosts[host].trials[$0] }), trial.isSupervised,
      trial.supervisorStoppedUntil <= now, let deadline = trial.supervision.deadline,
      reading(host) > deadline + .seconds(1)
    else { return }
    fail("\(name) trains on \(hosts[host].name), and its supervisor has not done what was due")
  }

  /// A file of a checkpoint is gone: nobody may still have to go on from it.
  mutating func checkDeletion(of id: TrialID, _ generation: Int, _ place: String) {
    guard let trial = monitor.shadow[id], !trial.status.isFinal, monitor.shadow.end == nil,
      let newest = trial.seals.last,
      newest.seal.generation == generation, !monitor.isThere(newest, of: id, hosts, coordinator.vault)
    else { return }
    fail("the newest checkpoint of trial \(id), which may go on, is deleted \(place)")
  }

  /// The coordinator gives generations up.
  mutating func checkDrop(of id: TrialID, keeping kept: [Int]) {
    guard let trial = monitor.shadow[id], !trial.status.isFinal, monitor.shadow.closing == nil,
      let newest = trial.seals.last, !kept.contains(newest.seal.generation),
      monitor.isThere(newest, of: id, hosts, coordinator.vault)
    else { return }
    fail("the newest checkpoint of trial \(id), which may go on, is given up")
  }

  /// A trial is ended since its lease is over.
  mutating func checkLeaseEnd(_ host: Int, _ name: TrialAttempt) {
    guard let agent = hosts[host].agent, let index = hosts[host].index(of: name),
      hosts[host].trials[index].supervisorStoppedUntil <= now, let contact = agent.contact
    else { return }
    let cluster = scenario.specification.cluster
    let grace = scenario.specification.checkpoints.grace
    // Supervisors are told of an extension by a twentieth of the lease.
    let earliest = contact + (cluster.lostAfter * 9 / 10 - grace * 4 - .seconds(5))
    if reading(host) < earliest {
      fail("\(name) is ended for its lease, and its agent was in touch a moment ago")
    }
  }

  /// The coordinator's memory after a turn: what was committed and nothing else, and its cross-references agree.
  mutating func checkWhole(_ machine: Coordinator) {
    if let problem = machine.state.crossReferenceProblem { return fail(problem) }
    if let problem = machine.silenceProblem(at: coordinatorMoment.monotonic) { return fail(problem) }
    if random.chance(100), machine.state.digest != monitor.shadow.digest {
      return fail("the coordinator's state is not what its committed facts give")
    }
    for host in hosts {
      guard let agent = host.agent else { continue }
      if let problem = slotProblem(host, agent, machine.state) { return fail(problem) }
      if let problem = agent.machine.bufferProblem { return fail("\(host.name): \(problem)") }
    }
  }
}

extension FaultWorld {
  /// A slot whose device works is given work, once its agent has had time to say so.
  private func slotProblem(_ host: FaultHost, _ agent: FaultHost.AgentProcess, _ state: RunState) -> String? {
    guard !hosts.contains(where: { $0.index != host.index && $0.key == host.key && $0.agent != nil }),
      agent.machine.isWelcomed, host.deadSlots.isEmpty, !host.isCut,
      now - max(host.devicesChangedAt, max(host.asleepUntil, agent.stoppedUntil)) > .seconds(300),
      let known = state.agent(withKey: host.key).flatMap({ state[$0] }), known.isPrepared,
      let slot = known.unusable.keys.min()
    else { return nil }
    return "slot \(slot) of \(host.name) works, and is held to be out of order"
  }
}

extension RunState {
  /// Where slots, trials and lists disagree; nil: nowhere.
  var crossReferenceProblem: String? {
    var active = 0
    for agent in agents {
      for (index, id) in agent.slots.enumerated() {
        guard let id else { continue }
        active += 1
        guard let trial = self[id], trial.isActive, trial.slot == SlotID(agent: agent.id, index: index) else {
          return "slot \(index) of agent \(agent.id) holds trial \(id), which does not know of it"
        }
      }
    }
    if trials.count(where: \.isActive) != active { return "a trial is active in no slot" }
    let pending = trials.filter { trial in
      if case .pending = trial.status { !trial.isPausedByOperator } else { false }
    }
    if pending.map(\.id) != waiting.sorted() { return "those that wait are not those that are pending" }
    for id in awaiting {
      guard let trial = self[id], trial.isActive, trial.reachedMilestone, trial.order == nil else {
        return "trial \(id) awaits an answer, and is not at its milestone"
      }
    }
    return nil
  }
}
