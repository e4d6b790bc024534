import AgentCore
import Coordination
import TuningModel
import Wire

/// Training scripts: what each does is in its `FaultScript`.
extension FaultWorld {
  /// It starts, or goes on where it was stopped.
  mutating func goOn(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return }
    let trial = hosts[host].trials[index]
    guard trial.hasBegun, trial.due == nil, !trial.isWaiting || trial.isStopped else { return }
    hosts[host].trials[index].isStopped = false
    if trial.isWaiting { return }
    plan(host, index, in: trial.rest ?? trial.script.epoch)
    hosts[host].trials[index].rest = nil
  }

  private mutating func plan(_ host: Int, _ index: Int, in wait: Duration) {
    hosts[host].trials[index].leg += 1
    let trial = hosts[host].trials[index]
    hosts[host].trials[index].due = now + wait
    let step: FaultStep =
      trial.isSaving
      ? .saved(host: host, trial.attempt, leg: trial.leg) : .script(host: host, trial.attempt, leg: trial.leg)
    queue.push(step, at: now + wait)
  }

  /// The script's step, unless it was stopped from outside meanwhile.
  private mutating func current(_ host: Int, _ name: TrialAttempt, _ leg: Int, _ step: FaultStep) -> Int? {
    guard let index = hosts[host].index(of: name) else { return nil }
    let trial = hosts[host].trials[index]
    guard trial.isAlive, trial.leg == leg, trial.due != nil else { return nil }
    if trial.stoppedUntil > now {
      queue.push(step, at: trial.stoppedUntil)
      return nil
    }
    return index
  }

  /// The end of an epoch.
  mutating func scriptStep(_ host: Int, _ name: TrialAttempt, _ leg: Int) {
    guard let index = current(host, name, leg, .script(host: host, name, leg: leg)) else { return }
    let trial = hosts[host].trials[index]
    let script = trial.script
    checkExclusive(host, name)
    checkPunctual(host, name)
    hosts[host].trials[index].due = nil
    let epoch = trial.epoch + 1
    let told = trial.launch.start.maximum
    let last = trial.launch.program.holdsAtMilestone ? told : trial.launch.start.milestone
    if trial.epoch >= min(last, script.endsAfter ?? .max) { return exits(host, name, .status(0), outOfMemory: false) }
    if script.failsAt == epoch { return exits(host, name, .status(1), outOfMemory: false) }
    if script.hangsAt == epoch, !trial.hasHung {
      hosts[host].trials[index].hasHung = true
      return plan(host, index, in: .seconds(400))
    }
    if hosts[host].deadSlots.contains(trial.slot) { return exits(host, name, .status(1), outOfMemory: false) }
    if script.savesBefore, !save(host, name, epoch) { return }
    guard report(host, name, epoch) else { return }
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return }
    if !script.savesBefore {
      hosts[host].trials[index].isSaving = true
      if hosts[host].trials[index].isStopped {
        hosts[host].trials[index].rest = script.saving
      } else {
        plan(host, index, in: script.saving)
      }
      return
    }
    wait(host, name, or: script.epoch)
  }

  /// The checkpoint of a script that saves after its report.
  mutating func saved(_ host: Int, _ name: TrialAttempt, _ leg: Int) {
    guard let index = current(host, name, leg, .saved(host: host, name, leg: leg)) else { return }
    hosts[host].trials[index].due = nil
    hosts[host].trials[index].isSaving = false
    let trial = hosts[host].trials[index]
    guard save(host, name, trial.epoch) else { return }
    wait(host, name, or: trial.script.epoch)
  }

  private mutating func save(_ host: Int, _ name: TrialAttempt, _ epoch: Int) -> Bool {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return false }
    if hosts[host].disk.isFull {
      exits(host, name, .status(1), outOfMemory: false)
      return false
    }
    hosts[host].trials[index].saved = epoch
    supervise(host, name, .checkpointWritten)
    return true
  }

  /// What the host's clock of the day shows, which people and `ntpd` set.
  private func wallClock(of host: Int) -> Timestamp {
    Timestamp(microseconds: 1_700_000_000_000_000 + now.nanoseconds / 1_000 + hosts[host].wallOffset * 1_000_000)
  }

  /// Prints a report; false: the script is gone.
  private mutating func report(_ host: Int, _ name: TrialAttempt, _ epoch: Int) -> Bool {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return false }
    if hosts[host].disk.isFull {
      exits(host, name, .status(1), outOfMemory: false)
      return false
    }
    let script = hosts[host].trials[index].script
    hosts[host].trials[index].epoch = epoch
    let fields = script.fields(at: epoch)
    let sequence = (hosts[host].disk.attempts[name]?.log.count ?? 0) + 1
    let report = TrialReport(sequence: sequence, readAt: wallClock(of: host), fields: fields)
    hosts[host].disk.attempts[name]?.log.append(report)
    planWork(host)
    // What the supervisor takes for a report that counts.
    var resource: Int?
    if case .int(let whole)? = fields.first(where: { $0.key == FaultScenario.resource })?.value, whole >= 1,
      fields.count > 1
    {
      resource = whole
    }
    supervise(host, name, .report(sequence: sequence, resource: resource))
    return true
  }

  /// Waits for leave to go on, or begins the next epoch.
  private mutating func wait(_ host: Int, _ name: TrialAttempt, or epoch: Duration) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return }
    let trial = hosts[host].trials[index]
    if trial.script.cooperates {
      hosts[host].trials[index].isWaiting = true
      return supervise(host, name, .waiting(resource: trial.epoch))
    }
    if trial.isStopped { hosts[host].trials[index].rest = epoch } else { plan(host, index, in: epoch) }
  }

  mutating func answerTrial(_ host: Int, _ name: TrialAttempt, _ answer: ChannelAnswer) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive,
      hosts[host].trials[index].isWaiting
    else { return }
    hosts[host].trials[index].isWaiting = false
    switch answer {
    case .pause: queue.push(.exits(host: host, name, .status(0), outOfMemory: false), at: now + .milliseconds(30))
    case .milestone, .goOn:
      let epoch = hosts[host].trials[index].script.epoch
      if hosts[host].trials[index].isStopped {
        hosts[host].trials[index].rest = epoch
      } else {
        plan(host, index, in: epoch)
      }
    }
  }

  // MARK: Its end

  mutating func exits(_ host: Int, _ name: TrialAttempt, _ exit: TrialExit, outOfMemory: Bool) {
    guard let index = hosts[host].index(of: name), hosts[host].trials[index].isAlive else { return }
    hosts[host].trials[index].isAlive = false
    hosts[host].trials[index].leg += 1
    hosts[host].trials[index].due = nil
    supervise(host, name, .exited(exit, outOfMemory: outOfMemory))
    groupMayBeEmpty(host, name)
  }

  mutating func childrenEnd(_ host: Int, _ name: TrialAttempt) {
    guard let index = hosts[host].index(of: name) else { return }
    hosts[host].trials[index].children = 0
    groupMayBeEmpty(host, name)
    if let index = hosts[host].index(of: name), hosts[host].trials[index].isGone {
      hosts[host].trials.remove(at: index)
    }
  }
}
