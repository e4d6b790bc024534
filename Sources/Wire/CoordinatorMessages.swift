import TuningModel

/// What the coordinator says to an agent on the control socket: one message, one frame.
public enum CoordinatorMessage: Equatable, Sendable {
  /// The answer to a hello. The agent carries out the verdicts, prepares the program and is ready for work then.
  case welcome(Welcome)
  /// The answer to a hello that cannot be accepted; the agent ends with the message.
  case rejected(code: RejectionCode, message: String)
  /// The answer to a message of no known session: say hello again.
  case sayHello
  /// The echo of a heartbeat: the lease of all the agent's attempts now ends `lease` after `sentAt` on its own clock.
  case heartbeatEcho(sentAt: Instant)
  /// Start an attempt. Repeated starts of the same attempt are the same start.
  case start(StartAttempt)
  /// Go on in place to the next milestone.
  case proceed(TrialAttempt, milestone: Int)
  /// End the process, seal its checkpoint; the trial may go on later.
  case pause(TrialAttempt)
  /// End the process for good.
  case stop(TrialAttempt)
  /// The trial has trained up to the maximum resource: let it end by itself for the grace period, then end it.
  case complete(TrialAttempt)
  /// Reports up to this sequence are in the journal.
  case acknowledgeReports(TrialAttempt, through: Int)
  /// The end of the attempt is in the journal; the agent forgets the attempt (its logs and seals stay).
  case acknowledgeEnd(TrialAttempt)
  /// Delete all sealed generations of the trial but those named.
  case deleteCheckpoints(TrialID, keeping: [Int])
  /// The run is over or suspended: every attempt has ended and is acknowledged; the agent ends.
  case dismiss
  /// The answer to a join: the agent's own key is admitted, the one-time key is used up.
  case joined
}

public enum RejectionCode: String, Sendable, CaseIterable {
  case protocolMismatch
  case notAdmitted
  case runFinished
  case malformed
}

/// The coordinator's answer to a hello.
public struct Welcome: Equatable, Sendable {
  public var run: String
  public var agent: AgentID
  public var heartbeat: Duration
  /// How long after a heartbeat's sending the agent's attempts may still run without another one.
  public var lease: Duration
  public var program: Program
  /// One verdict for each attempt of the hello's inventory.
  public var verdicts: [Verdict]
  /// `saidAt` of the hello that it answers.
  public var answers: Instant

  public init(
    run: String, agent: AgentID, heartbeat: Duration, lease: Duration, program: Program, verdicts: [Verdict],
    answers: Instant = .zero
  ) {
    self.run = run
    self.agent = agent
    self.heartbeat = heartbeat
    self.lease = lease
    self.program = program
    self.verdicts = verdicts
    self.answers = answers
  }
}

/// What becomes of an attempt that an agent named at hello.
public struct Verdict: Equatable, Sendable {
  public enum Action: Equatable, Sendable {
    /// Go on; send the reports after this sequence.
    case keep(afterSequence: Int)
    /// The attempt is not the current one: end it and forget it.
    case end
  }

  public var attempt: TrialAttempt
  public var action: Action

  public init(attempt: TrialAttempt, action: Action) {
    self.attempt = attempt
    self.action = action
  }
}

/// What every trial of the run is started with.
public struct Program: Equatable, Sendable {
  public var entryPoint: [String]
  /// Hash of the code tree's manifest, fetched on the bulk socket; nil without a code folder.
  public var codeHash: String?
  public var setup: String?
  public var environment: [EnvironmentEntry]
  public var resourceAttribute: String
  /// Key of the metric: only a report that holds a number under both keys counts for a milestone.
  public var metric: String
  /// Whether a trial is held at its milestone. Not with `max_resource_attr`: there the process ends by itself.
  public var holdsAtMilestone: Bool
  public var holdLimit: Duration
  public var settle: Duration
  public var grace: Duration
  /// Sealed generations kept for each trial.
  public var keptGenerations: Int
  public var sandbox: SandboxPlan
  /// Bytes that a trial's checkpoint folder may hold; nil: no bound.
  public var quota: Int?
  public var store: CheckpointStore

  public init(
    entryPoint: [String], codeHash: String?, setup: String?, environment: [EnvironmentEntry],
    resourceAttribute: String, metric: String, holdsAtMilestone: Bool, holdLimit: Duration, settle: Duration,
    grace: Duration, keptGenerations: Int = 2, sandbox: SandboxPlan = SandboxPlan(), quota: Int? = nil,
    store: CheckpointStore = .host
  ) {
    self.entryPoint = entryPoint
    self.codeHash = codeHash
    self.setup = setup
    self.environment = environment
    self.resourceAttribute = resourceAttribute
    self.metric = metric
    self.holdsAtMilestone = holdsAtMilestone
    self.holdLimit = holdLimit
    self.settle = settle
    self.grace = grace
    self.keptGenerations = keptGenerations
    self.sandbox = sandbox
    self.quota = quota
    self.store = store
  }
}

public struct EnvironmentEntry: Equatable, Sendable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// The start of one attempt.
public struct StartAttempt: Equatable, Sendable {
  public var attempt: TrialAttempt
  public var slot: Int
  public var configuration: Configuration
  /// The resource the leg runs to.
  public var milestone: Int
  /// The maximum resource: at this milestone the trial is not held.
  public var maximum: Int
  /// Generation of the trial's sealed checkpoint to go on from; nil: from the start.
  public var resumeFrom: Int?
  /// Where that generation is to be had when it is not at the agent's own place; nil: it is there.
  public var source: CheckpointSource?
  /// The highest generation that the trial ever had; new ones count on from it.
  public var lastGeneration: Int
  /// `saidAt` of the hello in whose session it is said: in a later one it was decided anew what runs. Zero: not told.
  public var session: Instant

  public init(
    attempt: TrialAttempt, slot: Int, configuration: Configuration, milestone: Int, maximum: Int, resumeFrom: Int?,
    source: CheckpointSource? = nil, lastGeneration: Int = 0, session: Instant = .zero
  ) {
    self.attempt = attempt
    self.slot = slot
    self.configuration = configuration
    self.milestone = milestone
    self.maximum = maximum
    self.resumeFrom = resumeFrom
    self.source = source
    self.lastGeneration = lastGeneration
    self.session = session
  }
}
