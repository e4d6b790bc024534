import TuningModel
import Wire

/// What supervisors and logs tell, and what of it is passed on.
extension AgentMachine {
  mutating func supervisor(_ name: TrialAttempt, said event: SupervisorEvent) {
    guard let index = index(of: name), attempts[index].occupiesSlot, !attempts[index].awaitsLaunch else { return }
    let isFirst = !attempts[index].isLinked
    attempts[index].isLinked = true
    switch event {
    case .running(let pid, let milestone):
      attempts[index].phase = .running(pid: pid)
      if !attempts[index].saidStarted, session == .welcomed {
        attempts[index].saidStarted = true
        say(.started(name, pid: pid))
      }
      catchUp(at: index, milestone: milestone, isFirst: isFirst)
    case .held(let resource, let milestone):
      if milestone >= attempts[index].milestone {
        attempts[index].milestone = milestone
        attempts[index].phase = .held(resource: resource)
        say(.held(name, resource: resource))
      }
      catchUp(at: index, milestone: milestone, isFirst: isFirst)
    case .ended: break
    // Its slot is free, and its end told, when the process is gone.
    }
  }

  /// Tells a supervisor what was ordered while it could not be reached, or crossed what it said.
  private mutating func catchUp(at index: Int, milestone: Int, isFirst: Bool) {
    if milestone < attempts[index].milestone, attempts[index].intent == .none {
      tellMilestone(at: index)
    } else if milestone > attempts[index].milestone {
      attempts[index].milestone = milestone
    }
    guard isFirst else { return }
    if let command = attempts[index].intent.command { actions.append(.command(attempts[index].attempt, command)) }
    forwardLease()
  }

  mutating func supervisorGone(_ name: TrialAttempt, _ end: AttemptEnd) {
    guard let index = index(of: name), attempts[index].occupiesSlot, !attempts[index].awaitsLaunch else { return }
    attempts[index].phase = .ended(end)
    if let seal = end.seal, case .command = program?.store { actions.append(.store(CheckpointName(name.trial, seal))) }
    attempts[index].isLinked = false
    note("attempt \(name) ended: \(end.cause.rawValue)")
    settle(at: index)
    tellNews(of: name)
  }

  /// Forgets an attempt that ended and of which nobody wants to hear.
  mutating func settle(at index: Int) {
    guard attempts[index].hasEnded else { return }
    if attempts[index].isDiscarded { forget(at: index) }
  }

  // MARK: Reports

  mutating func reportsRead(_ name: TrialAttempt, _ reports: [TrialReport]) {
    guard let index = index(of: name), attempts[index].isFollowed else { return }
    for report in reports where report.sequence == attempts[index].readSequence + 1 {
      attempts[index].readSequence = report.sequence
      attempts[index].credit = max(0, attempts[index].credit - 1)
      attempts[index].buffer.append(report)
    }
    tellNews(of: name)
  }

  mutating func logFinished(_ name: TrialAttempt) {
    guard let index = index(of: name), attempts[index].isFollowed, attempts[index].hasEnded else { return }
    attempts[index].isLogFinished = true
    tellNews(of: name)
  }

  /// Sends what was read and not sent, and the end after the last report.
  mutating func tellNews(of name: TrialAttempt) {
    guard session == .welcomed, let index = index(of: name), !attempts[index].isDiscarded else { return }
    let wasQuiet = !attempts[index].awaitsAcknowledgement
    var batch: [TrialReport] = []
    var weight = 0
    for report in attempts[index].buffer where report.sequence > attempts[index].sentSequence {
      let more = report.weight
      if batch.count >= settings.reportsPerMessage || weight + more > settings.reportBytesPerMessage, !batch.isEmpty {
        say(.reports(name, batch))
        (batch, weight) = ([], 0)
      }
      batch.append(report)
      weight += more
    }
    if !batch.isEmpty { say(.reports(name, batch)) }
    attempts[index].sentSequence = attempts[index].readSequence
    if attempts[index].mayTellEnd, !attempts[index].saidEnded, let end = attempts[index].end {
      attempts[index].saidEnded = true
      say(.ended(name, ended(end, of: attempts[index])))
    }
    if wasQuiet, attempts[index].awaitsAcknowledgement { attempts[index].progressAt = now }
  }

  /// The end as it is told: it names the last report that this agent found, which is the last one it sent.
  func ended(_ end: AttemptEnd, of attempt: AgentAttempt) -> AttemptEnd {
    var told = end
    told.lastSequence = attempt.readSequence
    return told
  }

  mutating func acknowledged(_ name: TrialAttempt, through: Int) {
    guard let index = index(of: name) else { return }
    let through = min(through, attempts[index].sentSequence)
    guard through > attempts[index].acknowledgedSequence else { return }
    drop(at: index, through: through)
    attempts[index].progressAt = now
    grant(at: index)
  }

  private mutating func drop(at index: Int, through: Int) {
    attempts[index].acknowledgedSequence = through
    let count = attempts[index].buffer.prefix { $0.sequence <= through }.count
    attempts[index].buffer.removeFirst(count)
  }

  /// Lets more reports be read once a quarter of the window is free.
  private mutating func grant(at index: Int) {
    guard attempts[index].isFollowed else { return }
    let free = settings.reportWindow - attempts[index].buffer.count - attempts[index].credit
    guard free > 0, free * 4 >= settings.reportWindow || attempts[index].credit == 0 else { return }
    attempts[index].credit += free
    actions.append(.grant(attempts[index].attempt, credit: free))
  }

  /// The coordinator holds the reports up to `sequence`: goes on after it, from memory where that is possible, from the
  /// log otherwise.
  mutating func rewind(at index: Int, to sequence: Int) {
    if attempts[index].awaitsLaunch { return }
    let isNeverRun = attempts[index].isLogFinished && !attempts[index].isFollowed
    let known = attempts[index].acknowledgedSequence...attempts[index].readSequence
    if isNeverRun {
      attempts[index].sentSequence = 0
    } else if attempts[index].isFollowed, known.contains(sequence) {
      attempts[index].sentSequence = sequence
      drop(at: index, through: sequence)
      grant(at: index)
    } else {
      attempts[index].isFollowed = true
      attempts[index].isLogFinished = false
      attempts[index].buffer = []
      attempts[index].readSequence = sequence
      attempts[index].sentSequence = sequence
      attempts[index].acknowledgedSequence = sequence
      attempts[index].credit = settings.reportWindow
      actions.append(.follow(attempts[index].attempt, after: sequence, credit: settings.reportWindow))
    }
    attempts[index].progressAt = nil
    tellNews(of: attempts[index].attempt)
  }
}
