import TuningModel

/// What an agent says to the coordinator on the control socket: one message, one frame.
public enum AgentMessage: Equatable, Sendable {
  /// The first message of each session, and again after the coordinator asked for it.
  case hello(AgentHello)
  /// Sent every heartbeat interval; `sentAt` is the agent's own monotonic clock and comes back in the echo.
  case heartbeat(sentAt: Instant)
  /// Reports of one attempt, sequences ascending without a gap.
  case reports(TrialAttempt, [TrialReport])
  /// The trial's process runs.
  case started(TrialAttempt, pid: Int)
  /// The trial was stopped at its milestone, its checkpoint safe, and waits for an answer.
  case held(TrialAttempt, resource: Int)
  /// The attempt ended, its process group is empty, its checkpoint is sealed where one was written.
  case ended(TrialAttempt, AttemptEnd)
  /// A start was not carried out.
  case refused(TrialAttempt, StartRefusal)
  /// The host is ready for trials of the run's code, or why not.
  case prepared(Preparation)
  /// Which slots may be given work, and why not; said after the hello and whenever that changes. A slot that is not named
  /// may.
  case slotStates([SlotState])
  /// A sealed generation that was somewhere else is on this host now, whole and checked.
  case checkpointFetched(CheckpointName)
  /// The user's command has put a sealed generation into its store.
  case checkpointStored(CheckpointName)
  /// Sealed generations of a trial that were deleted as asked.
  case checkpointsDeleted(TrialID)
  /// The only message that a connection made with a token's one-time key may send: the agent's own public key in Z85,
  /// to be admitted in place of the one-time key.
  case join(publicKey: String, name: String)
}

/// Who the agent is, what it offers and what runs on it.
public struct AgentHello: Equatable, Sendable {
  public var protocolVersion: Int
  public var version: String
  public var hostname: String
  /// Content of /etc/machine-id or a substitute; names the host whose disk holds the checkpoints.
  public var machineID: String
  /// Changes at each boot of the host.
  public var bootID: String
  public var name: String
  public var pid: Int
  public var slots: Int
  /// The agent's folder for this run, absolute: `trials/ID/seals/GENERATION` below it holds the checkpoints.
  public var home: String
  public var inventory: [AttemptInventory]
  /// A random name of `home` itself, made with it: two machines that are copies of each other have the same machine id.
  public var place: String
  /// What each slot holds, for people: GPUs by name and UUID, or nothing.
  public var devices: [String]
  /// Version of the kernel's Landlock interface; 0: there is none.
  public var landlock: Int
  /// When it was said, on the agent's own clock; later in each hello of an agent. Zero: not told.
  public var saidAt: Instant

  public init(
    protocolVersion: Int = ProtocolVersion.current, version: String = PashaVersion.current, hostname: String,
    machineID: String, bootID: String, name: String, pid: Int, slots: Int, home: String,
    inventory: [AttemptInventory], place: String = "", devices: [String] = [], landlock: Int = 0,
    saidAt: Instant = .zero
  ) {
    self.protocolVersion = protocolVersion
    self.version = version
    self.hostname = hostname
    self.machineID = machineID
    self.bootID = bootID
    self.name = name
    self.pid = pid
    self.slots = slots
    self.home = home
    self.inventory = inventory
    self.place = place
    self.devices = devices
    self.landlock = landlock
    self.saidAt = saidAt
  }
}

/// One attempt that an agent knows of and whose end the coordinator has not acknowledged yet.
public struct AttemptInventory: Equatable, Sendable {
  public enum Phase: Equatable, Sendable {
    case running
    case held(resource: Int)
    case ended(AttemptEnd)
  }

  public var attempt: TrialAttempt
  public var slot: Int
  public var milestone: Int
  public var phase: Phase
  /// Last whole report in the log.
  public var lastSequence: Int

  public init(attempt: TrialAttempt, slot: Int, milestone: Int, phase: Phase, lastSequence: Int) {
    self.attempt = attempt
    self.slot = slot
    self.milestone = milestone
    self.phase = phase
    self.lastSequence = lastSequence
  }
}

/// One report as the trial printed it.
public struct TrialReport: Equatable, Sendable {
  /// Counted from 1 within the attempt, in the order of the log.
  public var sequence: Int
  /// When the agent read it.
  public var readAt: Timestamp
  /// Keys and values in the order of the report.
  public var fields: [JSONValue.Member]
  /// Whether keys were left out because there were too many.
  public var isTruncated: Bool

  public init(sequence: Int, readAt: Timestamp, fields: [JSONValue.Member], isTruncated: Bool = false) {
    self.sequence = sequence
    self.readAt = readAt
    self.fields = fields
    self.isTruncated = isTruncated
  }
}

/// How an attempt ended.
public struct AttemptEnd: Equatable, Sendable {
  public enum Cause: String, Sendable, CaseIterable {
    /// The process exited with status 0 of its own accord.
    case exited
    /// The process exited with another status, or of a signal that nobody of ours sent.
    case failed
    /// The kernel ended it for want of memory.
    case outOfMemory
    /// Paused at the coordinator's word, or at its milestone after the hold limit.
    case paused
    /// Stopped at the coordinator's word.
    case stopped
    /// The lease ran out.
    case leaseExpired
    /// The supervisor died, or the process could not be started for a reason of the host.
    case hostFault
    /// Its checkpoint folder held more than `checkpoints.quota`.
    case quotaExceeded
  }

  public var cause: Cause
  public var exitStatus: Int?
  public var signal: Int?
  /// Last whole report in the log.
  public var lastSequence: Int
  /// The newest seal, if a checkpoint was written.
  public var seal: Seal?
  /// The last lines of standard error, for causes that are failures.
  public var errorTail: String
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?

  public init(
    cause: Cause, exitStatus: Int? = nil, signal: Int? = nil, lastSequence: Int, seal: Seal? = nil,
    errorTail: String = "", startedAt: Timestamp? = nil, endedAt: Timestamp? = nil
  ) {
    self.cause = cause
    self.exitStatus = exitStatus
    self.signal = signal
    self.lastSequence = lastSequence
    self.seal = seal
    self.errorTail = errorTail
    self.startedAt = startedAt
    self.endedAt = endedAt
  }
}

/// A sealed generation of a trial's checkpoint: listed, hashed, synced, never written again.
public struct Seal: Equatable, Sendable {
  /// Counted from 1 within the trial, over all its attempts.
  public var generation: Int
  public var attempt: Attempt
  /// The last report of the attempt that the checkpoint is believed to cover.
  public var coveredSequence: Int
  /// The resource of that report; nil when the attempt had not reported yet.
  public var coveredResource: Int?
  public var files: Int
  public var bytes: Int
  /// Hash of the manifest, in hexadecimal.
  public var hash: String

  public init(
    generation: Int, attempt: Attempt, coveredSequence: Int, coveredResource: Int?, files: Int, bytes: Int,
    hash: String
  ) {
    self.generation = generation
    self.attempt = attempt
    self.coveredSequence = coveredSequence
    self.coveredResource = coveredResource
    self.files = files
    self.bytes = bytes
    self.hash = hash
  }
}

/// Why an agent did not start an attempt.
public struct StartRefusal: Equatable, Sendable {
  public enum Code: String, Sendable, CaseIterable {
    /// A higher attempt of the trial was seen on this host.
    case staleAttempt
    case slotBusy
    case noSuchSlot
    /// The sealed generation to go on from is missing or damaged.
    case checkpointMissing
    /// The host cannot start processes or write its files.
    case hostFault
    /// The entry point does not exist or cannot be executed.
    case noSuchProgram
    /// The checkpoint to go on from is somewhere else, and whoever has it cannot be reached.
    case sourceUnreachable
  }

  public var code: Code
  public var detail: String

  public init(code: Code, detail: String) {
    self.code = code
    self.detail = detail
  }
}

/// Whether the run's code and its `setup` are in place on a host.
public struct Preparation: Equatable, Sendable {
  public var codeHash: String
  /// nil: ready. Otherwise what failed, with the last lines of the setup's output.
  public var failure: String?

  public init(codeHash: String, failure: String? = nil) {
    self.codeHash = codeHash
    self.failure = failure
  }
}

/// Whether a slot may be given work.
public struct SlotState: Hashable, Sendable {
  public var slot: Int
  public var isUsable: Bool
  /// Why not, for people; empty for one that may.
  public var reason: String

  public init(slot: Int, isUsable: Bool, reason: String = "") {
    self.slot = slot
    self.isUsable = isUsable
    self.reason = reason
  }
}
