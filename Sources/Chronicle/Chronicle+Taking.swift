import Coordination
import Scheduling
import TuningModel
import Wire

/// What each fact adds to the history. The state has taken it in already.
extension Chronicle {
  mutating func note(_ stamped: StampedFact, _ before: Before, _ lastWall: Double?) {
    let seconds = stamped.stamp.active.inSeconds
    let wall = stamped.stamp.wall.seconds
    switch stamped.fact {
    case .runStarted:
      for host in state.hosts { timeline.mark(host.name, .absent, at: wall) }
    case .runResumed:
      endedAt = nil
      if let lastWall { timeline.wasDown(from: lastWall, to: wall) }
    case .runExtended: endedAt = nil
    case .runSuspended, .runFinished: endedAt = stamped.stamp
    case .hostAdded(let host):
      if !state.agents.contains(where: { $0.name == host.name && $0.greeting != nil }) {
        timeline.mark(host.name, .absent, at: wall)
      }
    case .hostMarked(let host, let mark):
      timeline.mark(host, mark == .inUse ? nil : .draining, isDrain: true, at: wall)
    case .agentGreeted(let greeting): greeted(greeting, wall)
    case .agentReachability(let agent, let reachability): reached(agent, reachability, wall)
    case .agentSlots(let agent, let states):
      for state in states {
        timeline.markSlot(lane(SlotID(agent: agent, index: state.slot)), isUsable: state.isUsable, at: wall)
      }
    case .trialCreated(let creation):
      guard creation.trial.rawValue == trials.count else { break }
      let text = creation.configuration.entries.map { "\($0.name)=\($0.value.searchText)" }.joined(separator: " ")
      trials.append(TrialHistory(searched: text.lowercased()))
    case .attemptAssigned(let assignment): assigned(assignment, seconds, wall)
    case .attemptStarted(let attempt, _):
      update(attempt, before) { span in
        guard span.started == nil else { return }
        (span.started, span.startedWall) = (seconds, wall)
      }
      change(to: .running, before, wall)
    case .attemptHeld: change(to: .held, before, wall)
    case .attemptProceeded(let attempt, let milestone):
      update(attempt, before) { $0.milestone = Int32(clamping: milestone) }
      change(to: .running, before, wall)
    case .attemptOrdered: change(to: .ending, before, wall)
    case .attemptRefused(let attempt, _, let consequence):
      end(attempt, before, .refused, consequence, seconds, wall)
    case .attemptEnded(let attempt, let end, let consequence):
      self.end(attempt, before, Self.ending(end, consequence), consequence, seconds, wall)
    case .reportReceived(let report): received(report, before, seconds, wall)
    case .withheldReportSettled(let attempt, let number, let disposition):
      guard trials.indices.contains(attempt.trial.rawValue) else { break }
      trials[attempt.trial.rawValue].reports.settle(attempt.attempt, number, as: disposition)
      if disposition == .ranked { counted(attempt.trial, before, seconds, wall) }
    case .checkpointCopied(let trial, _, .agent(let agent)):
      guard let own = state[trial], let current = own.current, own.slot?.agent == agent, let slot = own.slot else {
        break
      }
      timeline.change(to: .starting, current, in: lane(slot), at: wall)
    case .scheduling(.promotion(let promotion)):
      guard trials.indices.contains(promotion.trial.rawValue) else { break }
      trials[promotion.trial.rawValue].promotions.append(
        PromotionMark(
          level: Int32(clamping: promotion.fromLevel), seconds: seconds, wall: wall, cutOff: promotion.cutOff))
    case .scheduling(.maximumRaised(let raise)): raised(raise, seconds, wall)
    case .runDraining, .runClosing, .trainingBegan, .addressChosen, .joinTokenIssued, .joinTokenUsed, .agentAdmitted,
      .agentPrepared, .specificationChanged, .trialStopped, .checkpointsDropped, .checkpointCopied, .checkpointsDeleted,
      .scheduling, .operatorCommand:
      break
    }
  }

  // MARK: Hosts

  private mutating func greeted(_ greeting: AgentGreeting, _ wall: Double) {
    guard let name = state[greeting.agent]?.name else { return }
    timeline.mark(name, nil, at: wall)
    for slot in 0..<max(0, min(greeting.slots, 4096)) {
      let device = greeting.devices.indices.contains(slot) ? greeting.devices[slot] : ""
      timeline.offer(Timeline.LaneName(host: name, slot: slot), device: device)
      timeline.markSlot(Timeline.LaneName(host: name, slot: slot), isUsable: true, at: wall)
    }
  }

  private mutating func reached(_ agent: AgentID, _ reachability: Reachability, _ wall: Double) {
    guard let name = state[agent]?.name else { return }
    let kind: Timeline.AbsenceKind? =
      switch reachability {
      case .reachable: nil
      case .suspect: .suspect
      case .unreachable: .unreachable
      case .lost: .lost
      }
    timeline.mark(name, kind, at: wall)
  }

  func lane(_ slot: SlotID) -> Timeline.LaneName {
    Timeline.LaneName(host: state[slot.agent]?.name ?? "agent \(slot.agent)", slot: slot.index)
  }

  // MARK: Attempts

  private mutating func assigned(_ assignment: AttemptAssignment, _ seconds: Double, _ wall: Double) {
    let index = assignment.attempt.trial.rawValue
    guard trials.indices.contains(index), state.trials[index].current == assignment.attempt else { return }
    let seal = state.trials[index].seals.last { $0.seal.generation == assignment.resumeFrom }?.seal
    trials[index].attempts.append(
      AttemptSpan(
        attempt: Int32(clamping: assignment.attempt.attempt.rawValue),
        agent: Int32(clamping: assignment.slot.agent.rawValue), slot: Int32(clamping: assignment.slot.index),
        reason: assignment.reason, from: Int32(clamping: seal?.coveredResource ?? 0),
        milestone: Int32(clamping: assignment.milestone), assigned: seconds,
        assignedWall: wall, firstReport: Int32(clamping: trials[index].reports.count)))
    timeline.begin(
      assignment.source == nil ? .starting : .moving, assignment.attempt, in: lane(assignment.slot), at: wall)
  }

  private mutating func update(_ attempt: TrialAttempt, _ before: Before, _ body: (inout AttemptSpan) -> Void) {
    let index = attempt.trial.rawValue
    guard before.attempt != nil, before.isActive, trials.indices.contains(index),
      let last = trials[index].attempts.indices.last
    else { return }
    body(&trials[index].attempts[last])
  }

  private mutating func change(to kind: Timeline.Kind, _ before: Before, _ wall: Double) {
    guard let attempt = before.attempt, before.isActive, let slot = before.slot else { return }
    timeline.change(to: kind, attempt, in: lane(slot), at: wall)
  }

  private mutating func end(
    _ attempt: TrialAttempt, _ before: Before, _ ending: AttemptSpan.Ending, _ consequence: EndConsequence,
    _ seconds: Double, _ wall: Double
  ) {
    guard before.isActive, let slot = before.slot else { return }
    let sequence = UInt32(clamping: self.sequence)
    update(attempt, before) { span in
      (span.ended, span.endedWall) = (seconds, wall)
      span.ending = ending
      span.endSequence = sequence
    }
    timeline.end(attempt, in: lane(slot), at: wall)
  }

  private static func ending(_ end: AttemptEnd, _ consequence: EndConsequence) -> AttemptSpan.Ending {
    switch consequence {
    case .pending(.restarted): .lost
    case .paused, .pending: end.cause == .leaseExpired || end.cause == .hostFault ? .lost : .paused
    case .completed: .completed
    case .stopped: .stopped
    case .failed: .failed
    }
  }

  // MARK: Reports

  private mutating func received(_ report: ReceivedReport, _ before: Before, _ seconds: Double, _ wall: Double) {
    let index = report.attempt.trial.rawValue
    guard before.attempt == report.attempt, trials.indices.contains(index) else { return }
    trials[index].reports.append(report, seconds: seconds, sequence: sequence)
    if report.disposition == .ranked, report.resource != nil, report.value != nil {
      counted(report.attempt.trial, before, seconds, wall)
    }
  }

  /// A value was told to the scheduler.
  private mutating func counted(_ trial: TrialID, _ before: Before, _ seconds: Double, _ wall: Double) {
    let index = trial.rawValue
    trials[index].lastSeconds = seconds
    trials[index].spentThen = state.totals.trained
    ranked = nil
    guard let best = state.bestSoFar, best != before.best, let holder = state.totals.bestTrial,
      let resource = state.trials[holder.rawValue].best?.resource
    else { return }
    steps.append(
      BestStep(
        seconds: seconds, wall: wall, spent: state.totals.trained, value: best,
        trial: Int32(clamping: holder.rawValue), resource: Int32(clamping: resource)))
  }

  private mutating func raised(_ raise: MaximumRaise, _ seconds: Double, _ wall: Double) {
    let top = state.scheduler.entries(system: raise.system, level: raise.topLevel)
    rises.append(
      Rise(
        sequence: sequence, seconds: seconds, wall: wall, raise: raise,
        trialTop: top.first { $0.trial == raise.trial }?.value,
        holderTop: top.first { $0.trial == raise.holder }?.value))
  }
}

extension ParameterValue {
  /// As it is typed when a text is looked for.
  var searchText: String {
    switch self {
    case .int(let value): String(value)
    case .double(let value): PythonNumber.text(value)
    case .string(let value): value
    case .bool(let value): value ? "true" : "false"
    }
  }
}
