import TuningModel

/// What an agent says to the supervisor of one attempt, on the attempt's own socket: one message, one packet.
public enum SupervisorCommand: Equatable, Sendable {
  /// Go on in place to this milestone. `isLast`: the milestone is the maximum resource, at which nothing is held.
  case proceed(milestone: Int, isLast: Bool)
  case pause
  case stop
  case complete
  /// The lease now ends at this instant of CLOCK_BOOTTIME.
  case lease(deadline: Instant)
}

/// What a supervisor says to its agent: its status when the agent connects and after each change.
public enum SupervisorEvent: Equatable, Sendable {
  case running(pid: Int, milestone: Int)
  case held(resource: Int, milestone: Int)
  /// The exit file is written; the supervisor ends.
  case ended(AttemptEnd)
}

/// What a supervisor is started with: a file in the attempt's folder, written by the agent.
public struct AttemptPlan: Equatable, Sendable {
  public var run: String
  public var attempt: TrialAttempt
  public var slot: Int
  /// The whole command, hyperparameters included.
  public var arguments: [String]
  /// The whole environment of the trial.
  public var environment: [EnvironmentEntry]
  public var workFolder: String
  public var checkpointFolder: String
  public var sealFolder: String
  public var resumeFrom: Int?
  public var milestone: Int
  public var isLastMilestone: Bool
  public var holdsAtMilestone: Bool
  public var resourceAttribute: String
  /// Key of the metric: only a report that holds a number under both keys counts for a milestone.
  public var metric: String
  public var settle: Duration
  public var holdLimit: Duration
  public var grace: Duration
  public var keptGenerations: Int
  /// End of the lease on CLOCK_BOOTTIME.
  public var lease: Instant
  /// Files that are locked for as long as the slot is in use.
  public var lockFiles: [String]
  public var sandbox: SandboxPlan
  /// Bytes that the checkpoint folder may hold; nil: no bound.
  public var quota: Int?
  /// The highest generation that the trial ever had; new ones count on from it.
  public var lastGeneration: Int

  public init(
    run: String, attempt: TrialAttempt, slot: Int, arguments: [String], environment: [EnvironmentEntry],
    workFolder: String, checkpointFolder: String, sealFolder: String, resumeFrom: Int?, milestone: Int,
    isLastMilestone: Bool, holdsAtMilestone: Bool, resourceAttribute: String, metric: String, settle: Duration,
    holdLimit: Duration, grace: Duration, keptGenerations: Int, lease: Instant, lockFiles: [String],
    sandbox: SandboxPlan = SandboxPlan(), quota: Int? = nil, lastGeneration: Int = 0
  ) {
    self.run = run
    self.attempt = attempt
    self.slot = slot
    self.arguments = arguments
    self.environment = environment
    self.workFolder = workFolder
    self.checkpointFolder = checkpointFolder
    self.sealFolder = sealFolder
    self.resumeFrom = resumeFrom
    self.milestone = milestone
    self.isLastMilestone = isLastMilestone
    self.holdsAtMilestone = holdsAtMilestone
    self.resourceAttribute = resourceAttribute
    self.metric = metric
    self.settle = settle
    self.holdLimit = holdLimit
    self.grace = grace
    self.keptGenerations = keptGenerations
    self.lease = lease
    self.lockFiles = lockFiles
    self.sandbox = sandbox
    self.quota = quota
    self.lastGeneration = lastGeneration
  }
}

/// What a supervisor recorded of its processes, so that an agent can find and end what is left when both were killed.
public struct ProcessRecord: Equatable, Sendable {
  public var bootID: String
  public var supervisorPID: Int
  /// Field 22 of /proc/PID/stat, in clock ticks since boot.
  public var supervisorStart: Int
  /// 0 until the trial's process runs.
  public var trialPID: Int
  public var trialStart: Int
  public var milestone: Int
  public var startedAt: Timestamp

  public init(
    bootID: String, supervisorPID: Int, supervisorStart: Int, trialPID: Int, trialStart: Int, milestone: Int,
    startedAt: Timestamp
  ) {
    self.bootID = bootID
    self.supervisorPID = supervisorPID
    self.supervisorStart = supervisorStart
    self.trialPID = trialPID
    self.trialStart = trialStart
    self.milestone = milestone
    self.startedAt = startedAt
  }
}
