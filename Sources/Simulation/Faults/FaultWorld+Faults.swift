import AgentCore
import Coordination
import TuningModel
import Wire

/// What breaks.
extension FaultWorld {
  mutating func inject(_ kind: Fault.Kind) {
    let takesEffect = takesEffect(kind)
    if isTraced { note("FAULT \(kind)\(takesEffect ? "" : " (there is none)")") }
    if takesEffect { injected += 1 }
    switch kind {
    case .coordinatorCrashes(.atOnce, let down): endCoordinator(startingAgainIn: down)
    case .coordinatorCrashes(let point, let down):
      if coordinator.machine != nil { coordinator.crash = (point, down) }
    case .coordinatorStops(let time): coordinator.stoppedUntil = max(coordinator.stoppedUntil, now + time)
    case .agentCrashes(let host): endAgent(host)
    case .agentStops(let host, let time):
      if let stopped = hosts[host].agent?.stoppedUntil {
        hosts[host].agent?.stoppedUntil = max(stopped, now + time)
      }
    case .supervisorCrashes(let host, let pick):
      if let name = running(host, pick) { endSupervisor(host, name) }
    case .supervisorStops(let host, let pick, let time):
      if let name = running(host, pick), let index = hosts[host].index(of: name) {
        let until = hosts[host].trials[index].supervisorStoppedUntil
        hosts[host].trials[index].supervisorStoppedUntil = max(until, now + time)
        if time > scenario.specification.cluster.lostAfter / 100 { hosts[host].trials[index].isUnwatched = true }
      }
    case .agentAndSupervisorsCrash(let host):
      endAgent(host)
      for name in hosts[host].trials.map(\.attempt) { endSupervisor(host, name) }
    case .trialKilled(let host, let pick, let outOfMemory):
      if let name = running(host, pick) { exits(host, name, .signal(9), outOfMemory: outOfMemory) }
    case .trialStops(let host, let pick, let time):
      if let name = running(host, pick), let index = hosts[host].index(of: name) {
        hosts[host].trials[index].stoppedUntil = now + time
      }
    case .powerLoss(let host, let down): losePower(host, down)
    case .hostSleeps(let host, let time): sleep(host, time)
    case .linkCut(let host, let direction, let time): cutLink(host, direction, time)
    case .connectionReset(let host): reset(host)
    case .diskFull(let host, let time):
      hosts[host].disk.fullCount += 1
      queue.push(.diskEmpties(host: host), at: now + time)
    case .deviceFails(let host, let slot, let time):
      device(host, slot, works: false)
      queue.push(.deviceWorks(host: host, slot: slot), at: now + time)
    case .wallClockJumps(let host?, let seconds): hosts[host].wallOffset += Int64(seconds)
    case .wallClockJumps(nil, let seconds): coordinator.wallOffset += Int64(seconds)
    case .operatorStopsTrial(let pick):
      let count = coordinator.machine?.state.trials.count ?? 0
      if count > 0 { ask(.command(.stopTrial(TrialID(pick % count)))) }
    case .operatorPausesTrial(let pick, let time):
      let count = coordinator.machine?.state.trials.count ?? 0
      guard count > 0 else { return }
      ask(.command(.pauseTrial(TrialID(pick % count))))
      queue.push(.operatorResumesTrial(TrialID(pick % count)), at: now + time)
    case .operatorEnqueues(let hundredths):
      ask(.enqueue(Configuration([.init(FaultScenario.hyperparameter, .double(Double(hundredths) / 100))])))
    case .operatorExtends(let trials): extend(by: trials)
    case .operatorPausesRun(let time):
      ask(.command(.pauseRun))
      // One who pauses a run resumes it, when it has ended or when it still has not.
      queue.push(.operatorResumes, at: now + time + scenario.specification.cluster.lostAfter * 2)
    case .operatorDrains(let host, let time):
      ask(.host(.drain(hosts[host].name)))
      queue.push(.operatorUses(host: host), at: now + time)
    case .twin(let host, let isMachine, let time): copy(host, isMachine: isMachine, for: time)
    }
  }

  /// Whether there is anything that can break so.
  private func takesEffect(_ kind: Fault.Kind) -> Bool {
    let runs = coordinator.machine != nil
    switch kind {
    case .coordinatorCrashes, .coordinatorStops, .operatorEnqueues, .operatorExtends, .operatorPausesRun,
      .operatorDrains:
      return runs
    case .operatorStopsTrial, .operatorPausesTrial: return coordinator.machine?.state.trials.isEmpty == false
    case .agentCrashes(let host), .agentStops(let host, _): return hosts[host].agent != nil
    case .supervisorCrashes(let host, let pick), .supervisorStops(let host, let pick, _),
      .trialKilled(let host, let pick, _), .trialStops(let host, let pick, _):
      return running(host, pick) != nil
    case .agentAndSupervisorsCrash(let host):
      return hosts[host].agent != nil || hosts[host].trials.contains(where: \.isSupervised)
    case .powerLoss(let host, _), .hostSleeps(let host, _): return hosts[host].isUp
    case .connectionReset(let host): return hosts[host].agent?.connection != nil
    case .twin(let host, _, _): return hosts.indices.contains(host) && canBeCopied
    case .linkCut, .diskFull, .deviceFails, .wallClockJumps: return true
    }
  }

  /// People see whether their commands were followed, and give them again.
  mutating func resume() {
    if case .finished? = outcome { return }
    if coordinator.machine != nil, coordinator.isTurnPlanned || coordinator.machine?.state.closing?.suspends == true {
      return queue.push(.operatorResumes, at: now + .seconds(60))
    }
    startCoordinator()
  }

  mutating func use(_ host: Int) {
    let name = hosts[host].name
    if case .finished? = outcome { return }
    let hasHeardAll = coordinator.machine != nil && !coordinator.isTurnPlanned
    if hasHeardAll, coordinator.machine?.state.mark(of: name) == .inUse { return }
    if coordinator.machine != nil, coordinator.stoppedUntil <= now { ask(.host(.add(.init(name: name, host: name)))) }
    queue.push(.operatorUses(host: host), at: now + .seconds(30))
  }

  /// What is cut in both directions is often cut in one after the other, and restored so.
  private mutating func cutLink(_ host: Int, _ direction: Fault.Direction, _ time: Duration) {
    guard direction == .both, random.chance(700) else {
      cut(host, direction)
      return queue.push(.linkHeals(host: host, direction), at: now + time)
    }
    let first = random.chance(700) ? Fault.Direction.toAgent : .toCoordinator
    let second = first == .toAgent ? Fault.Direction.toCoordinator : .toAgent
    let gap = min(time / 2, random.time(.zero, .seconds(20)))
    cut(host, first)
    queue.push(.linkCuts(host: host, second), at: now + gap)
    let soon = random.chance(700) ? min(time - gap, .seconds(40)) : time - gap
    queue.push(.linkHeals(host: host, first), at: now + gap + random.time(.zero, soon))
    queue.push(.linkHeals(host: host, second), at: now + time)
  }

  private func running(_ host: Int, _ pick: Int) -> TrialAttempt? {
    let trials = hosts[host].trials.filter { $0.isSupervised && $0.hasBegun }
    return trials.isEmpty ? nil : trials[pick % trials.count].attempt
  }

  /// All processes of the host end at once; of what was printed, the last lines may not have reached the disk.
  mutating func losePower(_ host: Int, _ down: Duration?) {
    guard hosts[host].isUp else { return }
    for trial in hosts[host].trials where trial.isSupervised {
      let count = hosts[host].disk.attempts[trial.attempt]?.log.count ?? 0
      hosts[host].disk.attempts[trial.attempt]?.log.removeLast(random.draw(0...min(count, 3)))
    }
    if let index = hosts[host].agent?.connection { connections[index].stuckUp = [] }
    endAgent(host)
    hosts[host].trials = []
    hosts[host].isUp = false
    hosts[host].isLaunching = false
    if let down { queue.push(.hostBoots(host), at: now + down) }
  }

  mutating func boot(_ host: Int) {
    hosts[host].boot += 1
    hosts[host].isUp = true
    if isTraced { note("\(hosts[host].name) is up again") }
  }

  private mutating func sleep(_ host: Int, _ time: Duration) {
    guard hosts[host].isUp else { return }
    hosts[host].asleepUntil = max(hosts[host].asleepUntil, now + time)
    cut(host, .both)
    queue.push(.linkHeals(host: host, .both), at: hosts[host].asleepUntil)
    // Supervisors look at their clocks first when the host wakes.
    for trial in hosts[host].trials where trial.isSupervised {
      queue.push(.supervisorTimer(host: host, trial.attempt), at: hosts[host].asleepUntil)
    }
  }

  mutating func device(_ host: Int, _ slot: Int, works: Bool) {
    hosts[host].devicesChangedAt = now
    if works { hosts[host].deadSlots.remove(slot) } else { hosts[host].deadSlots.insert(slot) }
    tellSlots(host)
  }

  mutating func tellSlots(_ host: Int) {
    let states = (0..<hosts[host].slots).map { slot in
      let isUsable = !hosts[host].deadSlots.contains(slot)
      return SlotState(slot: slot, isUsable: isUsable, reason: isUsable ? "" : "the GPU does not answer")
    }
    tellAgent(host, .slots(states))
  }
}
