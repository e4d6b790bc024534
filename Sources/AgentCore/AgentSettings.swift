import TuningModel
import Wire

/// Who the agent is and the times and bounds it keeps.
public struct AgentSettings: Equatable, Sendable {
  public var hostname: String
  public var machineID: String
  public var bootID: String
  public var name: String
  public var pid: Int
  public var slots: Int
  /// The agent's folder for the run, absolute.
  public var home: String
  /// The random name of `home`.
  public var place = ""
  /// What each slot holds, for people.
  public var devices: [String] = []
  /// Version of the kernel's Landlock interface; 0: there is none.
  public var landlock = 0

  /// Reports of one attempt that may be read and not acknowledged: while the coordinator is away the log is the spool,
  /// and reading stops here.
  public var reportWindow = 1_000
  /// Bytes of reports put into one message, roughly; a message holds one report at least.
  public var reportBytesPerMessage = 128 * 1_024
  public var reportsPerMessage = 500
  /// A new connection is tried after a random time that doubles from the first bound to the second.
  public var shortestRetry: Duration = .milliseconds(100)
  public var longestRetry: Duration = .seconds(5)
  /// Without a connection, or an answer to the hello, for this long, a new connection is made.
  public var answerLimit: Duration = .seconds(20)
  /// A heartbeat's echo may be missing for this many intervals, and for `answerLimit` at least, before the connection
  /// is given up.
  public var missedEchoes = 12
  /// What was sent and is not acknowledged for this long is sent again.
  public var resendAfter: Duration = .seconds(30)
  /// How long a key that is not admitted is tried: a coordinator that restarts loads its keys before it listens.
  public var refusalLimit: Duration = .seconds(60)
  /// How long the coordinator may be unreachable before its first welcome; nil: for ever.
  public var firstWelcomeLimit: Duration?
  /// How long ends may wait for their acknowledgement when the agent is told to end.
  public var farewellLimit: Duration = .seconds(10)
  /// Seed of the jitter of connection attempts.
  public var seed: UInt64 = 0

  public init(
    hostname: String, machineID: String, bootID: String, name: String, pid: Int, slots: Int, home: String
  ) {
    self.hostname = hostname
    self.machineID = machineID
    self.bootID = bootID
    self.name = name
    self.pid = pid
    self.slots = slots
    self.home = home
  }
}

/// An attempt that an earlier agent process left behind and whose end is not acknowledged.
public struct RecoveredAttempt: Equatable, Sendable {
  public var attempt: TrialAttempt
  public var slot: Int
  public var milestone: Int
  /// The maximum resource; at this milestone the trial is not held.
  public var maximum: Int
  /// The end, where the supervisor and the process group are gone; nil while either may live.
  public var end: AttemptEnd?
  /// Whole reports in the log.
  public var lastSequence: Int

  public init(
    attempt: TrialAttempt, slot: Int, milestone: Int, maximum: Int, end: AttemptEnd?, lastSequence: Int
  ) {
    self.attempt = attempt
    self.slot = slot
    self.milestone = milestone
    self.maximum = maximum
    self.end = end
    self.lastSequence = lastSequence
  }
}
