import TuningModel
import Wire

extension Fact: WireCodable {
  /// Bytes of one fact at most; the journal refuses more.
  public static let maximumBytes = 16 << 20

  /// The bytes that the journal keeps.
  public func encoded() -> [UInt8] {
    ProtoFact.with { $0.content = content }.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    switch try ProtoFact(wireBytes: bytes, limit: Self.maximumBytes).content {
    case .runStarted(let start): self = .runStarted(RunStart(start))
    case .runResumed(let resumed): self = .runResumed(version: resumed.version)
    case .runDraining(let draining):
      self = .runDraining(
        try RunEnd.Reason(draining.reason, "run_draining.reason"), promotesStill: draining.promotesStill)
    case .runClosing(let closing): self = .runClosing(try RunEnd(closing.end), suspend: closing.suspend)
    case .runSuspended: self = .runSuspended
    case .trainingBegan(let training): self = .trainingBegan(try Training(training))
    case .runFinished(let end): self = .runFinished(try RunEnd(end))
    case .runExtended: self = .runExtended
    case .addressChosen(let address):
      self = .addressChosen(
        control: try Check.number(address.control, in: 0...65535, "address_chosen.control"),
        bulk: try Check.number(address.bulk, in: 0...65535, "address_chosen.bulk"))

    case .joinTokenIssued(let key): self = .joinTokenIssued(publicKey: key)
    case .joinTokenUsed(let key): self = .joinTokenUsed(publicKey: key)
    case .agentAdmitted(let admission): self = .agentAdmitted(try AgentAdmission(admission))
    case .agentGreeted(let greeting): self = .agentGreeted(try AgentGreeting(greeting))
    case .agentPrepared(let prepared):
      self = .agentPrepared(
        AgentID(try Check.count(prepared.agent, "agent_prepared.agent")),
        failure: prepared.hasFailure ? prepared.failure : nil)
    case .agentReachability(let reachability):
      self = .agentReachability(
        AgentID(try Check.count(reachability.agent, "agent_reachability.agent")),
        try Reachability(reachability.reachability, "agent_reachability.reachability"))
    case .agentSlots(let slots):
      self = .agentSlots(
        AgentID(try Check.count(slots.agent, "agent_slots.agent")),
        try Check.list(
          slots.states, atMost: WireLimits.maximumSlots, "agent_slots"
        ) { (state) throws(WireError) in try SlotState(state) })
    case .hostAdded(let host): self = .hostAdded(try HostOptions(host))
    case .hostMarked(let marked):
      self = .hostMarked(marked.name, try HostMark(marked.mark, "host_marked.mark"))
    case .specificationChanged(let hash): self = .specificationChanged(hash: hash)

    case .trialCreated(let creation): self = .trialCreated(try TrialCreation(creation))
    case .attemptAssigned(let assignment): self = .attemptAssigned(try AttemptAssignment(assignment))
    case .attemptStarted(let started):
      self = .attemptStarted(
        try TrialAttempt(started.attempt), pid: try Check.count(started.pid, "attempt_started.pid"))
    case .attemptRefused(let refused):
      self = .attemptRefused(
        try TrialAttempt(refused.attempt), try StartRefusal(refused.refusal),
        consequence: try EndConsequence(refused.consequence))
    case .reportReceived(let report): self = .reportReceived(try ReceivedReport(report))
    case .withheldReportSettled(let settled):
      self = .withheldReportSettled(
        try TrialAttempt(settled.attempt),
        sequence: try Check.offset(settled.sequence, "withheld_report_settled.sequence"),
        try ReportDisposition(settled.disposition))
    case .attemptHeld(let held):
      self = .attemptHeld(try TrialAttempt(held.attempt), resource: Int(held.resource))
    case .attemptProceeded(let proceeded):
      self = .attemptProceeded(
        try TrialAttempt(proceeded.attempt),
        milestone: try Check.count(proceeded.milestone, "attempt_proceeded.milestone"))
    case .attemptOrdered(let ordered):
      self = .attemptOrdered(
        try TrialAttempt(ordered.attempt), try AttemptOrder(ordered.order, "attempt_ordered.order"),
        reason: try OrderReason(ordered.reason, "attempt_ordered.reason"))
    case .attemptEnded(let ended):
      self = .attemptEnded(
        try TrialAttempt(ended.attempt), try AttemptEnd(ended.end, maximumTailBytes: Self.maximumBytes),
        consequence: try EndConsequence(ended.consequence))
    case .trialStopped(let trial): self = .trialStopped(TrialID(try Check.count(trial, "trial_stopped")))
    case .checkpointsDropped(let dropped):
      self = .checkpointsDropped(
        TrialID(try Check.count(dropped.trial, "checkpoints_dropped.trial")),
        keeping: try Check.list(
          dropped.keeping, atMost: WireLimits.maximumGenerations, "checkpoints_dropped.keeping"
        ) { (generation) throws(WireError) in try Check.count(generation, "checkpoints_dropped.keeping") })
    case .checkpointCopied(let copied):
      self = .checkpointCopied(
        TrialID(try Check.count(copied.trial, "checkpoint_copied.trial")),
        generation: try Check.count(copied.generation, "checkpoint_copied.generation"),
        try CheckpointHolder(copied.holder))
    case .checkpointsDeleted(let deleted):
      self = .checkpointsDeleted(
        TrialID(try Check.count(deleted.trial, "checkpoints_deleted.trial")),
        AgentID(try Check.count(deleted.agent, "checkpoints_deleted.agent")))

    case .promotion(let promotion): self = .scheduling(.promotion(try .init(promotion)))
    case .maximumRaised(let raise): self = .scheduling(.maximumRaised(try .init(raise)))
    case .epsilonMeasured(let measurement): self = .scheduling(.epsilonMeasured(try .init(measurement)))
    case .schedulerStop(let stop): self = .scheduling(.stop(try .init(stop)))
    case .thresholdSet(let change): self = .scheduling(.thresholdSet(try .init(change)))

    case .operatorPauseRun: self = .operatorCommand(.pauseRun)
    case .operatorStopRun: self = .operatorCommand(.stopRun)
    case .operatorStopTrial(let trial):
      self = .operatorCommand(.stopTrial(TrialID(try Check.count(trial, "operator_stop_trial"))))
    case .operatorPauseTrial(let trial):
      self = .operatorCommand(.pauseTrial(TrialID(try Check.count(trial, "operator_pause_trial"))))
    case .operatorResumeTrial(let trial):
      self = .operatorCommand(.resumeTrial(TrialID(try Check.count(trial, "operator_resume_trial"))))
    case nil: throw Check.unknownMessage("the fact")
    }
  }

  private var content: ProtoFact.OneOf_Content {
    switch self {
    case .runStarted(let start): .runStarted(start.message)
    case .runResumed(let version): .runResumed(.with { $0.version = version })
    case .runDraining(let reason, let promotesStill):
      .runDraining(
        .with {
          $0.reason = reason.message
          $0.promotesStill = promotesStill
        })
    case .runClosing(let end, let suspend):
      .runClosing(
        .with {
          $0.end = end.encodable
          $0.suspend = suspend
        })
    case .runSuspended: .runSuspended(ProtoEmpty())
    case .trainingBegan(let training): .trainingBegan(training.message)
    case .runFinished(let end): .runFinished(end.encodable)
    case .runExtended: .runExtended(ProtoEmpty())
    case .addressChosen(let control, let bulk):
      .addressChosen(
        .with {
          $0.control = UInt32(clamping: control)
          $0.bulk = UInt32(clamping: bulk)
        })

    case .joinTokenIssued(let key): .joinTokenIssued(key)
    case .joinTokenUsed(let key): .joinTokenUsed(key)
    case .agentAdmitted(let admission): .agentAdmitted(admission.message)
    case .agentGreeted(let greeting): .agentGreeted(greeting.message)
    case .agentPrepared(let agent, let failure):
      .agentPrepared(
        .with {
          $0.agent = UInt32(clamping: agent.rawValue)
          if let failure { $0.failure = failure }
        })
    case .agentReachability(let agent, let reachability):
      .agentReachability(
        .with {
          $0.agent = UInt32(clamping: agent.rawValue)
          $0.reachability = reachability.message
        })
    case .agentSlots(let agent, let states):
      .agentSlots(
        .with {
          $0.agent = UInt32(clamping: agent.rawValue)
          $0.states = states.map(\.message)
        })
    case .hostAdded(let host): .hostAdded(host.message)
    case .hostMarked(let name, let mark):
      .hostMarked(
        .with {
          $0.name = name
          $0.mark = mark.message
        })
    case .specificationChanged(let hash): .specificationChanged(hash)

    case .trialCreated(let creation): .trialCreated(creation.message)
    case .attemptAssigned(let assignment): .attemptAssigned(assignment.message)
    case .attemptStarted(let attempt, let pid):
      .attemptStarted(
        .with {
          $0.attempt = attempt.message
          $0.pid = UInt32(clamping: pid)
        })
    case .attemptRefused(let attempt, let refusal, let consequence):
      .attemptRefused(
        .with {
          $0.attempt = attempt.message
          $0.refusal = refusal.message
          $0.consequence = consequence.message
        })
    case .reportReceived(let report): .reportReceived(report.message)
    case .withheldReportSettled(let attempt, let sequence, let disposition):
      .withheldReportSettled(
        .with {
          $0.attempt = attempt.message
          $0.sequence = UInt64(clamping: sequence)
          $0.disposition = disposition.message
        })
    case .attemptHeld(let attempt, let resource):
      .attemptHeld(
        .with {
          $0.attempt = attempt.message
          $0.resource = Int64(resource)
        })
    case .attemptProceeded(let attempt, let milestone):
      .attemptProceeded(
        .with {
          $0.attempt = attempt.message
          $0.milestone = UInt32(clamping: milestone)
        })
    case .attemptOrdered(let attempt, let order, let reason):
      .attemptOrdered(
        .with {
          $0.attempt = attempt.message
          $0.order = order.message
          $0.reason = reason.message
        })
    case .attemptEnded(let attempt, let end, let consequence):
      .attemptEnded(
        .with {
          $0.attempt = attempt.message
          $0.end = end.message
          // Whole: the state that replaying gives is the one that was.
          $0.end.errorTail = end.errorTail
          $0.consequence = consequence.message
        })
    case .trialStopped(let trial): .trialStopped(UInt32(clamping: trial.rawValue))
    case .checkpointsDropped(let trial, let keeping):
      .checkpointsDropped(
        .with {
          $0.trial = UInt32(clamping: trial.rawValue)
          $0.keeping = keeping.map { UInt32(clamping: $0) }
        })
    case .checkpointCopied(let trial, let generation, let holder):
      .checkpointCopied(
        .with {
          $0.trial = UInt32(clamping: trial.rawValue)
          $0.generation = UInt32(clamping: generation)
          $0.holder = holder.message
        })
    case .checkpointsDeleted(let trial, let agent):
      .checkpointsDeleted(
        .with {
          $0.trial = UInt32(clamping: trial.rawValue)
          $0.agent = UInt32(clamping: agent.rawValue)
        })

    case .scheduling(.promotion(let promotion)): .promotion(promotion.message)
    case .scheduling(.maximumRaised(let raise)): .maximumRaised(raise.message)
    case .scheduling(.epsilonMeasured(let measurement)): .epsilonMeasured(measurement.message)
    case .scheduling(.stop(let stop)): .schedulerStop(stop.message)
    case .scheduling(.thresholdSet(let change)): .thresholdSet(change.message)

    case .operatorCommand(.pauseRun): .operatorPauseRun(ProtoEmpty())
    case .operatorCommand(.stopRun): .operatorStopRun(ProtoEmpty())
    case .operatorCommand(.stopTrial(let trial)): .operatorStopTrial(UInt32(clamping: trial.rawValue))
    case .operatorCommand(.pauseTrial(let trial)): .operatorPauseTrial(UInt32(clamping: trial.rawValue))
    case .operatorCommand(.resumeTrial(let trial)): .operatorResumeTrial(UInt32(clamping: trial.rawValue))
    }
  }
}
