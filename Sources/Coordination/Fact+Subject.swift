import TuningModel

extension Fact {
  /// The attempt that the fact is about, if it is about one that was assigned before.
  public var attempt: TrialAttempt? {
    switch self {
    case .attemptStarted(let attempt, _), .attemptRefused(let attempt, _, _), .attemptHeld(let attempt, _),
      .attemptProceeded(let attempt, _), .attemptOrdered(let attempt, _, _), .attemptEnded(let attempt, _, _),
      .withheldReportSettled(let attempt, _, _):
      attempt
    case .reportReceived(let report): report.attempt
    default: nil
    }
  }

  /// The trial that the fact is about, if it is about one.
  public var trial: TrialID? {
    switch self {
    case .trialCreated(let creation): creation.trial
    case .attemptAssigned(let assignment): assignment.attempt.trial
    case .trialStopped(let trial), .checkpointsDropped(let trial, _), .checkpointCopied(let trial, _, _),
      .checkpointsDeleted(let trial, _), .operatorCommand(.stopTrial(let trial)):
      trial
    case .scheduling(.promotion(let promotion)): promotion.trial
    case .scheduling(.stop(let stop)): stop.trial
    case .scheduling(.thresholdSet(let change)): change.trial
    default: attempt?.trial
    }
  }

  /// The agent that the fact is about, if it is about one.
  public var agent: AgentID? {
    switch self {
    case .agentAdmitted(let admission): admission.agent
    case .agentGreeted(let greeting): greeting.agent
    case .agentPrepared(let agent, _), .agentReachability(let agent, _), .agentSlots(let agent, _): agent
    case .attemptAssigned(let assignment): assignment.slot.agent
    default: nil
    }
  }
}
