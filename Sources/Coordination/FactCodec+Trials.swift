import TuningModel
import Wire

extension TrialCreation {
  var message: ProtoTrialCreated {
    .with {
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.configuration = configuration.message
      $0.bracket = UInt32(clamping: bracket)
      switch origin {
      case .point(let index): $0.point = UInt32(clamping: index)
      case .searcher(let draws): $0.searcherDraws = UInt64(clamping: draws)
      case .program: $0.program = ProtoEmpty()
      case .operator: $0.operator = ProtoEmpty()
      }
      if let milestone { $0.milestone = UInt32(clamping: milestone) }
    }
  }

  init(_ message: ProtoTrialCreated) throws(WireError) {
    let origin: Origin =
      switch message.origin {
      case .point(let index): .point(try Check.count(index, "trial_created.point"))
      case .searcherDraws(let draws): .searcher(draws: try Check.offset(draws, "trial_created.searcher_draws"))
      case .program: .program
      case .operator: .operator
      case nil: throw Check.unknownMessage("trial_created.origin")
      }
    self.init(
      trial: TrialID(try Check.count(message.trial, "trial_created.trial")),
      configuration: try Configuration(message.configuration),
      bracket: try Check.count(message.bracket, "trial_created.bracket"), origin: origin,
      milestone: message.hasMilestone ? try Check.count(message.milestone, "trial_created.milestone") : nil)
  }
}

extension AttemptAssignment {
  var message: ProtoAttemptAssigned {
    .with {
      $0.attempt = attempt.message
      $0.agent = UInt32(clamping: slot.agent.rawValue)
      $0.slot = UInt32(clamping: slot.index)
      $0.milestone = UInt32(clamping: milestone)
      if let resumeFrom { $0.resumeFrom = UInt32(clamping: resumeFrom) }
      $0.reason = reason.message
      if let source { $0.source = source.message }
    }
  }

  init(_ message: ProtoAttemptAssigned) throws(WireError) {
    self.init(
      attempt: try TrialAttempt(message.attempt),
      slot: SlotID(
        agent: AgentID(try Check.count(message.agent, "attempt_assigned.agent")),
        index: try Check.count(message.slot, "attempt_assigned.slot")),
      milestone: try Check.count(message.milestone, "attempt_assigned.milestone"),
      resumeFrom: message.hasResumeFrom ? try Check.count(message.resumeFrom, "attempt_assigned.resume_from") : nil,
      reason: try Reason(message.reason, "attempt_assigned.reason"),
      source: message.hasSource ? try CheckpointHolder(message.source) : nil)
  }
}

extension AttemptAssignment.Reason: WireEnumeration {
  package var message: ProtoAttemptAssigned.Reason {
    switch self {
    case .created: .created
    case .promoted: .promoted
    case .restarted: .restarted
    case .resumed: .resumed
    case .training: .training
    }
  }
}

extension AttemptOrder: WireEnumeration {
  package var message: ProtoAttemptOrdered.Order {
    switch self {
    case .pause: .pause
    case .stop: .stop
    case .complete: .complete
    }
  }
}

extension OrderReason: WireEnumeration {
  package var message: ProtoAttemptOrdered.Reason {
    switch self {
    case .milestone: .milestone
    case .nothingToPromote: .nothingToPromote
    case .maximumResource: .maximumResource
    case .runEnds: .runEnds
    case .operatorAsked: .operatorAsked
    case .agentLost: .agentLost
    case .hostLeaves: .hostLeaves
    case .searchEnds: .searchEnds
    case .schedulerDecided: .schedulerDecided
    }
  }
}

extension EndConsequence {
  var message: ProtoEndConsequence {
    .with {
      switch self {
      case .paused: $0.paused = ProtoEmpty()
      case .pending(let reason): $0.pending = reason.message
      case .completed: $0.completed = ProtoEmpty()
      case .stopped: $0.stopped = ProtoEmpty()
      case .failed(let kind): $0.failed = kind.message
      }
    }
  }

  init(_ message: ProtoEndConsequence) throws(WireError) {
    switch message.content {
    case .paused: self = .paused
    case .pending(let reason): self = .pending(try .init(reason, "consequence.pending"))
    case .completed: self = .completed
    case .stopped: self = .stopped
    case .failed(let kind): self = .failed(try FailureKind(kind, "consequence.failed"))
    case nil: throw Check.unknownMessage("the consequence of an end")
    }
  }
}

extension FailureKind: WireEnumeration {
  package var message: ProtoEndConsequence.Failure {
    switch self {
    case .code: .code
    case .noReport: .noReport
    case .outOfMemory: .outOfMemory
    case .host: .host
    case .quota: .quota
    }
  }
}
