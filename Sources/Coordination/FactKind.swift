extension Fact {
  /// The name of the fact in the journal's column `kind`: for people who look into the file, and never changed.
  public var kind: String {
    switch self {
    case .runStarted: "run_started"
    case .runResumed: "run_resumed"
    case .runDraining: "run_draining"
    case .runClosing: "run_closing"
    case .runSuspended: "run_suspended"
    case .runFinished: "run_finished"
    case .addressChosen: "address_chosen"
    case .joinTokenIssued: "join_token_issued"
    case .joinTokenUsed: "join_token_used"
    case .agentAdmitted: "agent_admitted"
    case .agentGreeted: "agent_greeted"
    case .agentPrepared: "agent_prepared"
    case .agentReachability: "agent_reachability"
    case .trialCreated: "trial_created"
    case .attemptAssigned: "attempt_assigned"
    case .attemptStarted: "attempt_started"
    case .attemptRefused: "attempt_refused"
    case .reportReceived: "report_received"
    case .withheldReportSettled: "withheld_report_settled"
    case .attemptHeld: "attempt_held"
    case .attemptProceeded: "attempt_proceeded"
    case .attemptOrdered: "attempt_ordered"
    case .attemptEnded: "attempt_ended"
    case .trialStopped: "trial_stopped"
    case .checkpointsDropped: "checkpoints_dropped"
    case .scheduling(.promotion): "promotion"
    case .scheduling(.maximumRaised): "maximum_raised"
    case .scheduling(.epsilonMeasured): "epsilon_measured"
    case .operatorCommand(.pauseRun): "operator_pause_run"
    case .operatorCommand(.stopRun): "operator_stop_run"
    case .operatorCommand(.stopTrial): "operator_stop_trial"
    }
  }
}
