import AgentCore
import TuningModel
import Wire

/// Trials of the small farm, and what their supervisors would do.
extension SmallWorld {
  mutating func start(_ host: Int, _ start: StartAttempt) {
    let name = start.attempt
    if let running = hosts[host].running { return fail("\(name) starts in the slot of \(running.attempt)") }
    if let other = hosts.first(where: { $0.running?.attempt.trial == name.trial })?.running {
      return fail("trial \(name.trial) runs twice at once: \(other.attempt) and \(name)")
    }
    let epoch = start.resumeFrom.flatMap { hosts[host].seals[name.trial]?[$0] } ?? 0
    hosts[host].starts[name] = start
    hosts[host].logs[name] = []
    hosts[host].running = Running(
      attempt: name, milestone: start.milestone, maximum: start.maximum, epoch: epoch, begun: epoch,
      generation: max(start.resumeFrom ?? 0, start.lastGeneration) + 1)
    tell(host, .supervisor(name, .running(pid: 1, milestone: start.milestone)))
  }

  mutating func train(_ host: Int) {
    guard var trial = hosts[host].running else { return }
    trial.epoch += 1
    let value = Double((trial.attempt.trial.rawValue * 7 + trial.epoch * 3) % 11)
    let sequence = (hosts[host].logs[trial.attempt]?.count ?? 0) + 1
    hosts[host].logs[trial.attempt]?.append(
      TrialReport(
        sequence: sequence, readAt: Timestamp(microseconds: 0),
        fields: [.init(FaultScenario.resource, .int(trial.epoch)), .init(FaultScenario.metric, .double(value))]))
    trial.isHeld = trial.epoch >= trial.milestone && trial.milestone < trial.maximum
    hosts[host].running = trial
    read(host, trial.attempt)
    if trial.isHeld {
      tell(host, .supervisor(trial.attempt, .held(resource: trial.epoch, milestone: trial.milestone)))
    }
  }

  mutating func read(_ host: Int, _ name: TrialAttempt) {
    guard let next = hosts[host].next[name], let log = hosts[host].logs[name], log.count >= next else {
      return finish(host, name)
    }
    hosts[host].next[name] = log.count + 1
    tell(host, .reportsRead(name, Array(log[(next - 1)...])))
    finish(host, name)
  }

  private mutating func finish(_ host: Int, _ name: TrialAttempt) {
    if hosts[host].ends[name] != nil { tell(host, .logFinished(name)) }
  }

  mutating func obey(_ host: Int, _ name: TrialAttempt, _ command: SupervisorCommand) {
    guard var trial = hosts[host].running, trial.attempt == name else { return }
    switch command {
    case .proceed(let milestone, let isLast):
      trial.milestone = milestone
      trial.isHeld = trial.epoch >= milestone && !isLast
      hosts[host].running = trial
      tell(
        host,
        .supervisor(
          name,
          trial.isHeld ? .held(resource: trial.epoch, milestone: milestone) : .running(pid: 1, milestone: milestone)))
    case .pause: end(host, trial, .paused)
    case .stop: end(host, trial, .stopped)
    case .complete: end(host, trial, .exited)
    case .lease: break
    }
  }

  private mutating func end(_ host: Int, _ trial: Running, _ cause: AttemptEnd.Cause) {
    let name = trial.attempt
    var seal: Seal?
    if trial.epoch > trial.begun {
      hosts[host].seals[name.trial, default: [:]][trial.generation] = trial.epoch
      seal = Seal(
        generation: trial.generation, attempt: name.attempt, coveredSequence: trial.epoch - trial.begun,
        coveredResource: trial.epoch, files: 1, bytes: 1, hash: String(repeating: "0", count: 64))
    }
    hosts[host].running = nil
    end(host, name, AttemptEnd(cause: cause, lastSequence: hosts[host].logs[name]?.count ?? 0, seal: seal))
  }

  mutating func end(_ host: Int, _ name: TrialAttempt, _ end: AttemptEnd) {
    hosts[host].ends[name] = end
    tell(host, .supervisorGone(name, end))
    read(host, name)
  }
}
