import AgentCore
import Coordination
import TuningModel
import Wire

/// Supervisors, as `SupervisorLoop` is one.
extension FaultWorld {
  // MARK: Starting

  mutating func launch(_ host: Int, _ launch: AgentLaunch) {
    let start = launch.start
    let name = start.attempt
    func refuse(_ code: StartRefusal.Code, _ detail: String) {
      tellAgent(host, .launchFailed(name, StartRefusal(code: code, detail: detail)))
    }
    if hosts[host].disk.isFull { return refuse(.hostFault, "no space left on device") }
    if let seen = hosts[host].disk.highest[name.trial], seen >= name.attempt { return refuse(.staleAttempt, "claimed") }
    hosts[host].disk.highest[name.trial] = name.attempt
    var epoch = 0
    if let generation = start.resumeFrom {
      guard let sealed = hosts[host].disk.seals[name.trial]?[generation] else {
        return refuse(.checkpointMissing, "no generation \(generation)")
      }
      epoch = sealed
    }
    hosts[host].disk.attempts[name] = FaultHost.AttemptRecord(
      slot: start.slot, milestone: start.milestone, maximum: start.maximum)
    let program = launch.program
    hosts[host].trials.append(
      FaultTrial(
        launch: launch, script: FaultScript(seed: scenario.seed, name),
        supervision: Supervision(
          settings: Supervision.Settings(
            holdsAtMilestone: program.holdsAtMilestone, settle: program.settle, holdLimit: program.holdLimit,
            grace: program.grace),
          milestone: start.milestone, isLast: start.milestone >= start.maximum, lease: launch.lease),
        isUnwatched: hosts[host].isTakenOver, resumedAt: epoch, epoch: epoch, saved: epoch))
    hosts[host].trials.sort { $0.attempt < $1.attempt }
    begin(host, name, until: now + .seconds(30))
  }

  /// Starts the script once its slot's lock is free: see `SlotLocks`.
  mutating func begin(_ host: Int, _ name: TrialAttempt, until limit: Instant) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isSupervised else { return }
    let slot = hosts[host].trials[index].slot
    let isFree = !hosts[host].trials.contains { $0.attempt != name && $0.slot == slot && $0.occupiesDevice }
    if !isFree, now < limit {
      return queue.push(.slotFree(host: host, name, until: limit), at: now + .milliseconds(500))
    }
    guard isFree, !hosts[host].deadSlots.contains(slot) else {
      return finishUnstarted(host, name, .hostFault, isFree ? "the device does not work" : "the slot's lock is held")
    }
    guard reading(host) < hosts[host].trials[index].launch.lease || Mutant.startsAfterLease.isActive else {
      return finishUnstarted(host, name, .leaseExpired, "too late")
    }
    hosts[host].trials[index].hasBegun = true
    hosts[host].trials[index].isAlive = true
    hosts[host].trials[index].children = hosts[host].trials[index].script.children
    if isTraced { note("\(hosts[host].name): \(name) runs from epoch \(hosts[host].trials[index].epoch)") }
    checkExclusive(host, name)
    supervise(host, name, .started(pid: name.trial.rawValue + 1))
    goOn(host, name)
  }

  private mutating func finishUnstarted(
    _ host: Int, _ name: TrialAttempt, _ cause: AttemptEnd.Cause, _ reason: String
  ) {
    guard let index = hosts[host].index(of: name) else { return }
    let end = AttemptEnd(cause: cause, lastSequence: 0, errorTail: reason)
    hosts[host].disk.attempts[name]?.exit = end
    hosts[host].trials.remove(at: index)
    tellAgent(host, .supervisorGone(name, end))
  }

  // MARK: The supervisor

  mutating func supervise(_ host: Int, _ name: TrialAttempt, _ event: SupervisionEvent) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isSupervised else { return }
    let trial = hosts[host].trials[index]
    if case .command = event, !trial.hasBegun { return }
    let standsStill = trial.supervisorStoppedUntil > now || hosts[host].asleepUntil > now
    if standsStill || !trial.unseen.isEmpty {
      if standsStill, trial.unseen.isEmpty {
        queue.push(
          .supervisorGoesOn(host: host, name), at: max(trial.supervisorStoppedUntil, hosts[host].asleepUntil))
      }
      // Time is looked at when all else was.
      if event != .timer { hosts[host].trials[index].unseen.append(event) }
      return
    }
    let reading = reading(host)
    let actions = hosts[host].trials[index].supervision.handle(event, at: reading)
    if !trial.supervision.isEndingForLease, hosts[host].trials[index].supervision.isEndingForLease {
      checkLeaseEnd(host, name)
    }
    for action in actions { carryOut(host, name, action) }
    planSupervisorTimer(host, name)
  }

  private mutating func planSupervisorTimer(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name), let deadline = hosts[host].trials[index].supervision.deadline
    else { return }
    let time = max(now + .microseconds(1), hosts[host].clock.world(at: deadline))
    if let planned = hosts[host].trials[index].plannedTimer, planned <= time { return }
    hosts[host].trials[index].plannedTimer = time
    queue.push(.supervisorTimer(host: host, name), at: time)
  }

  mutating func supervisorTimer(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].plannedTimer.map({ $0 <= now }) ?? false
    else { return }
    hosts[host].trials[index].plannedTimer = nil
    supervise(host, name, .timer)
  }

  mutating func supervisorGoesOn(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name) else { return }
    let events = hosts[host].trials[index].unseen
    hosts[host].trials[index].unseen = []
    for event in events { supervise(host, name, event) }
    supervise(host, name, .timer)
  }

  private mutating func carryOut(_ host: Int, _ name: TrialAttempt, _ action: SupervisionAction) {
    guard let index = hosts[host].index(of: name) else { return }
    switch action {
    case .stopGroup:
      let trial = hosts[host].trials[index]
      hosts[host].trials[index].isStopped = true
      hosts[host].trials[index].rest = trial.due.map { max(.zero, $0 - now) }
      hosts[host].trials[index].due = nil
      hosts[host].trials[index].leg += 1
      supervise(host, name, .groupStopped(isSaving: trial.isSaving))
    case .continueGroup: goOn(host, name)
    case .terminateGroup:
      let trial = hosts[host].trials[index]
      // SIGCONT comes with it.
      if trial.isStopped { goOn(host, name) }
      guard let farewell = trial.script.farewell else { return }
      if trial.isAlive {
        queue.push(
          .exits(host: host, name, .signal(15), outOfMemory: false),
          at: max(now, trial.stoppedUntil) + farewell)
      }
      if trial.children > 0, random.chance(500) {
        queue.push(.childrenEnd(host: host, name), at: now + farewell)
      }
    case .killGroup:
      kill(host, name)
    case .tellTrial(let answer): answerTrial(host, name, answer)
    case .tellAgent(let event): tellAgent(host, .supervisor(name, event))
    case .record(let milestone): _ = milestone
    case .finish(let end): finish(host, name, end)
    }
  }

  /// SIGKILL for every process of the trial.
  private mutating func kill(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name) else { return }
    hosts[host].trials[index].children = 0
    if hosts[host].trials[index].isAlive {
      exits(host, name, .signal(9), outOfMemory: false)
    } else {
      groupMayBeEmpty(host, name)
    }
  }

  mutating func groupMayBeEmpty(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name) else { return }
    let trial = hosts[host].trials[index]
    guard !trial.isAlive, trial.children == 0, trial.hasBegun else { return }
    supervise(host, name, .groupEmpty)
  }

  /// All is over: seal, exit file, word to the agent. See `AttemptEnding`.
  private mutating func finish(_ host: Int, _ name: TrialAttempt, _ end: SupervisionEnd) {
    guard let index = hosts[host].index(of: name) else { return }
    let trial = hosts[host].trials[index]
    if trial.isAlive || trial.children > 0 { fail("the slot of \(name) is free, and processes of it are left") }
    var seal: Seal?
    if trial.saved > trial.resumedAt, !hosts[host].disk.isFull {
      let generation = max(trial.launch.start.resumeFrom ?? 0, trial.launch.start.lastGeneration) + 1
      if let covered = end.coveredResource, covered > trial.saved {
        fail("the supervisor of \(name) believes epoch \(covered) to be in a checkpoint of epoch \(trial.saved)")
      }
      hosts[host].disk.seals[name.trial, default: [:]][generation] = trial.saved
      let old = hosts[host].disk.seals[name.trial]?.keys.sorted().dropLast(2) ?? []
      for generation in old { hosts[host].disk.seals[name.trial]?[generation] = nil }
      seal = Seal(
        generation: generation, attempt: name.attempt, coveredSequence: end.coveredSequence,
        coveredResource: end.coveredResource, files: 1, bytes: 1, hash: Self.hash(name, generation))
    }
    let (status, signal): (Int?, Int?) =
      switch end.exit {
      case .status(let status): (status, nil)
      case .signal(let signal): (nil, signal)
      }
    let attemptEnd = AttemptEnd(
      cause: end.cause, exitStatus: status, signal: signal, lastSequence: end.lastSequence, seal: seal)
    hosts[host].disk.attempts[name]?.exit = attemptEnd
    if isTraced { note("\(hosts[host].name): \(name) ended, \(end.cause)") }
    letGo(host, name)
    tellAgent(host, .supervisorGone(name, attemptEnd))
  }

  /// Stands for the hash of a checkpoint's files.
  private static func hash(_ name: TrialAttempt, _ generation: Int) -> String {
    let number = String((name.trial.rawValue << 24) + (name.attempt.rawValue << 12) + generation, radix: 16)
    return String(repeating: "0", count: 64 - number.count) + number
  }

  private mutating func letGo(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name) else { return }
    hosts[host].trials[index].isSupervised = false
    if hosts[host].trials[index].isGone { hosts[host].trials.remove(at: index) }
  }

  /// SIGKILL for a supervisor: its script dies with it, what that has started may not.
  mutating func endSupervisor(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isSupervised else { return }
    hosts[host].trials[index].isAlive = false
    hosts[host].trials[index].leg += 1
    letGo(host, name)
    if let serial = hosts[host].agent?.serial {
      queue.push(.leftOver(host: host, serial, name), at: now + .milliseconds(2))
    }
  }

  /// The agent ends what a supervisor left: see `LeftOver`.
  mutating func clean(_ host: Int, _ serial: Int, _ name: TrialAttempt) {
    guard let agent = hosts[host].agent, agent.serial == serial else { return }
    if agent.stoppedUntil > now { return queue.push(.leftOver(host: host, serial, name), at: agent.stoppedUntil) }
    if let index = hosts[host].index(of: name) {
      if hosts[host].trials[index].isSupervised { return }
      hosts[host].trials.remove(at: index)
    }
    guard let record = hosts[host].disk.attempts[name] else { return }
    let end = record.exit ?? AttemptEnd(cause: .hostFault, lastSequence: record.log.count)
    hosts[host].disk.attempts[name]?.exit = end
    tell(host, serial, .supervisorGone(name, end))
  }
}
