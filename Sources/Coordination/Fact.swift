import Scheduling
import TuningModel
import Wire

/// When a fact was established.
public struct Stamp: Hashable, Sendable {
  /// For people and files.
  public let wall: Timestamp
  /// How long the run had been up by then: the time of `max_wallclock_time` and `st_tuner_time`.
  public let active: Duration

  public init(wall: Timestamp, active: Duration) {
    self.wall = wall
    self.active = active
  }
}

/// What was observed and what was decided: the only things that change the state of a run. Facts are kept in the
/// journal; replaying them gives the state again, and replaying never decides.
public enum Fact: Equatable, Sendable {
  // MARK: The run
  case runStarted(RunStart)
  /// A coordinator took the run up again.
  case runResumed(version: String)
  /// The run takes no more new trials; `promotesStill` tells whether promotions go on.
  case runDraining(RunEnd.Reason, promotesStill: Bool)
  /// All trials are being paused, or stopped, because the run ends (`suspend`: to be resumed later).
  case runClosing(RunEnd, suspend: Bool)
  /// Every attempt has ended; the coordinator ends, to be resumed later.
  case runSuspended
  /// The search is over, and its best trials are trained up to the maximum resource.
  case trainingBegan(Training)
  case runFinished(RunEnd)
  /// New limits let the run take new trials again: one that took none any more, or one that was over, which a coordinator
  /// takes up next as one that was suspended.
  case runExtended
  /// The ports that the coordinator listens on; they stay the same over restarts.
  case addressChosen(control: Int, bulk: Int)

  // MARK: Agents
  case joinTokenIssued(publicKey: String)
  case joinTokenUsed(publicKey: String)
  case agentAdmitted(AgentAdmission)
  case agentGreeted(AgentGreeting)
  case agentPrepared(AgentID, failure: String?)
  case agentReachability(AgentID, Reachability)
  /// What the agent said of its slots last.
  case agentSlots(AgentID, [SlotState])

  // MARK: Hosts
  /// An operator, or a changed cluster file, brought one more host into the run.
  case hostAdded(HostOptions)
  /// What becomes of the host of this name, and of the agents of this name.
  case hostMarked(String, HostMark)
  /// Another cluster file counts from here on.
  case specificationChanged(hash: String)

  // MARK: Trials
  case trialCreated(TrialCreation)
  case attemptAssigned(AttemptAssignment)
  case attemptStarted(TrialAttempt, pid: Int)
  case attemptRefused(TrialAttempt, StartRefusal, consequence: EndConsequence)
  case reportReceived(ReceivedReport)
  /// What became of a withheld report.
  case withheldReportSettled(TrialAttempt, sequence: Int, ReportDisposition)
  case attemptHeld(TrialAttempt, resource: Int)
  /// Goes on in place to its next milestone.
  case attemptProceeded(TrialAttempt, milestone: Int)
  case attemptOrdered(TrialAttempt, AttemptOrder, reason: OrderReason)
  case attemptEnded(TrialAttempt, AttemptEnd, consequence: EndConsequence)
  /// A trial without a running attempt was stopped for good.
  case trialStopped(TrialID)
  /// All sealed generations of the trial but those named are to be deleted.
  case checkpointsDropped(TrialID, keeping: [Int])
  /// A sealed generation is at one more place, whole and checked.
  case checkpointCopied(TrialID, generation: Int, CheckpointHolder)
  /// The agent has deleted what its host held of the trial's checkpoints and is not needed any more.
  case checkpointsDeleted(TrialID, AgentID)

  // MARK: Decisions of the scheduler
  case scheduling(SchedulingDecision)

  // MARK: Operators
  case operatorCommand(OperatorCommand)
}

/// A fact with its stamp, as it stands in the journal.
public struct StampedFact: Equatable, Sendable {
  public var stamp: Stamp
  public var fact: Fact

  public init(stamp: Stamp, fact: Fact) {
    self.stamp = stamp
    self.fact = fact
  }
}

public struct RunStart: Equatable, Sendable {
  /// The run's name: the experiment's name, date and a number.
  public var run: String
  public var version: String
  /// Hash of the cluster file as started.
  public var specificationHash: String
  /// Hash of the code tree's manifest.
  public var codeHash: String?
  public var randomSeed: UInt64

  public init(run: String, version: String, specificationHash: String, codeHash: String?, randomSeed: UInt64) {
    self.run = run
    self.version = version
    self.specificationHash = specificationHash
    self.codeHash = codeHash
    self.randomSeed = randomSeed
  }
}

/// How a run ended, or why it takes no new trials.
public struct RunEnd: Equatable, Sendable {
  public enum Reason: String, Sendable, CaseIterable {
    case trialsStarted
    case trialsCompleted
    case trialsFinished
    case evaluations
    case wallclockTime
    case cost
    case metricValue
    /// Every configuration of a finite space was tried.
    case spaceExhausted
    case tooManyFailures
    /// `setup` failed on every host, or no agent could be kept alive.
    case noUsableHost
    case stoppedByOperator
    case pausedByOperator
    /// The scheduler's program has nothing more to start or promote.
    case schedulerFinished
    /// The scheduler's program failed: the run is suspended until it is mended.
    case schedulerFailed
  }

  public var reason: Reason
  /// For a failure: what failed, with the last lines of its output.
  public var message: String

  public init(reason: Reason, message: String = "") {
    self.reason = reason
    self.message = message
  }
}

public struct AgentAdmission: Equatable, Sendable {
  public enum Origin: String, Sendable, CaseIterable { case launched, joined }

  public var agent: AgentID
  /// CURVE public key, Z85.
  public var publicKey: String
  public var name: String
  public var origin: Origin

  public init(agent: AgentID, publicKey: String, name: String, origin: Origin) {
    self.agent = agent
    self.publicKey = publicKey
    self.name = name
    self.origin = origin
  }
}

/// An agent said hello; its attempts are reconciled by facts of their own.
public struct AgentGreeting: Equatable, Sendable {
  public var agent: AgentID
  public var version: String
  public var hostname: String
  public var machineID: String
  public var bootID: String
  public var home: String
  public var slots: Int
  /// A random name of `home`; empty in journals of version 1.
  public var place: String
  /// What each slot holds, for people.
  public var devices: [String]
  /// Version of the kernel's Landlock interface; 0: there is none.
  public var landlock: Int
  /// The agent's process, so that one that was started again is told from one whose link was mended; 0 in journals from
  /// before it was kept.
  public var pid: Int

  public init(
    agent: AgentID, version: String, hostname: String, machineID: String, bootID: String, home: String, slots: Int,
    place: String = "", devices: [String] = [], landlock: Int = 0, pid: Int = 0
  ) {
    self.agent = agent
    self.version = version
    self.hostname = hostname
    self.machineID = machineID
    self.bootID = bootID
    self.home = home
    self.slots = slots
    self.place = place
    self.devices = devices
    self.landlock = landlock
    self.pid = pid
  }
}

/// What is to become of a host.
public enum HostMark: String, Sendable, CaseIterable {
  case inUse
  /// Takes no new work; its trials go on to their milestones and move.
  case draining
  /// Its trials are paused, its checkpoints brought to the coordinator, then its agent ends.
  case leaving
  case removed
}

public enum Reachability: String, Sendable, CaseIterable {
  case reachable
  case suspect
  case unreachable
  /// Its lease ran out, or its death is confirmed: its attempts were given up.
  case lost
}

public struct TrialCreation: Equatable, Sendable {
  public enum Origin: Equatable, Sendable {
    /// The n-th of `points_to_evaluate`, from 0.
    case point(Int)
    /// Suggested by the searcher after this many draws.
    case searcher(draws: Int)
    /// Named by the scheduler's program.
    case program
    /// Enqueued by an operator.
    case `operator`
  }

  public var trial: TrialID
  public var configuration: Configuration
  public var bracket: Int
  public var origin: Origin
  /// The milestone of its first leg, where a program has named it; nil: what the scheduler's options give.
  public var milestone: Int?

  public init(
    trial: TrialID, configuration: Configuration, bracket: Int, origin: Origin, milestone: Int? = nil
  ) {
    self.trial = trial
    self.configuration = configuration
    self.bracket = bracket
    self.origin = origin
    self.milestone = milestone
  }
}

public struct AttemptAssignment: Equatable, Sendable {
  public enum Reason: String, Sendable, CaseIterable {
    case created
    case promoted
    /// The attempt before was lost with its host or its processes.
    case restarted
    /// The run was resumed after it had been suspended.
    case resumed
    /// One of the best trials of the search: it is trained up to the maximum resource.
    case training
  }

  public var attempt: TrialAttempt
  public var slot: SlotID
  public var milestone: Int
  /// Generation of the sealed checkpoint to go on from.
  public var resumeFrom: Int?
  public var reason: Reason
  /// Who has that generation; nil: it is at the agent's own place.
  public var source: CheckpointHolder?

  public init(
    attempt: TrialAttempt, slot: SlotID, milestone: Int, resumeFrom: Int?, reason: Reason,
    source: CheckpointHolder? = nil
  ) {
    self.attempt = attempt
    self.slot = slot
    self.milestone = milestone
    self.resumeFrom = resumeFrom
    self.reason = reason
    self.source = source
  }
}

/// A report as it was received, with what was made of it.
public struct ReceivedReport: Equatable, Sendable {
  public var attempt: TrialAttempt
  public var sequence: Int
  public var readAt: Timestamp
  /// nil when the report has no usable resource.
  public var resource: Int?
  /// The metric; nil when missing or not a number. May be NaN or infinite.
  public var value: Double?
  /// The keys and values as reported.
  public var fields: [JSONValue.Member]
  public var disposition: ReportDisposition

  public init(
    attempt: TrialAttempt, sequence: Int, readAt: Timestamp, resource: Int?, value: Double?,
    fields: [JSONValue.Member], disposition: ReportDisposition
  ) {
    self.attempt = attempt
    self.sequence = sequence
    self.readAt = readAt
    self.resource = resource
    self.value = value
    self.fields = fields
    self.disposition = disposition
  }
}

/// What is made of a report.
public enum ReportDisposition: Equatable, Sendable {
  /// Counts: told to the scheduler, as long as the search goes on.
  case ranked
  /// A resource that was reported before: kept, not ranked.
  case recorded
  /// Past the milestone: waits until the trial goes on from a checkpoint that includes it.
  case withheld
  /// Of a leg that was not continued: changes nothing.
  case stale
  /// Not usable.
  case rejected(RejectionReason)

  public enum RejectionReason: String, Sendable, CaseIterable {
    case metricMissing
    case metricNotANumber
    case resourceMissing
    case resourceNotWhole
    case resourceBelowOne
  }
}

public enum AttemptOrder: String, Sendable, CaseIterable {
  case pause
  case stop
  /// Let it end by itself: it trained up to the maximum resource.
  case complete
}

public enum OrderReason: String, Sendable, CaseIterable {
  /// The slot is wanted for something that the scheduler prefers.
  case milestone
  /// Nothing can be promoted any more.
  case nothingToPromote
  case maximumResource
  case runEnds
  case operatorAsked
  case agentLost
  /// Its host is drained, or leaves the run.
  case hostLeaves
  /// The search is over, and it is none of the best.
  case searchEnds
  /// The scheduler has stopped the trial.
  case schedulerDecided
}

/// What the end of an attempt means for its trial.
public enum EndConsequence: Equatable, Sendable {
  /// At its milestone; may be promoted.
  case paused
  /// Wants a slot again: it was promoted meanwhile, its run was suspended in mid-leg, or its attempt was lost.
  case pending(AttemptAssignment.Reason)
  case completed
  case stopped
  case failed(FailureKind)
}

public enum FailureKind: String, Sendable, CaseIterable {
  /// An error in the trial's code; only these count against `max_failures`.
  case code
  /// It ended without a usable report.
  case noReport
  case outOfMemory
  case host
  /// Its checkpoint was larger than `checkpoints.quota`; counts like an error in the code.
  case quota

  /// Whether it counts against `max_failures`.
  public var countsAsError: Bool {
    switch self {
    case .code, .noReport, .quota: true
    case .outOfMemory, .host: false
    }
  }
}

/// What an operator asked for.
public enum OperatorCommand: Equatable, Sendable {
  /// Pause and seal all trials and end, to be resumed later.
  case pauseRun
  /// End the run for good.
  case stopRun
  case stopTrial(TrialID)
  /// Pause and seal one trial, and give it no slot until it is resumed.
  case pauseTrial(TrialID)
  case resumeTrial(TrialID)
}
