import TuningModel
import Wire

/// What the agent's machine hears of.
public enum AgentEvent: Equatable, Sendable {
  /// The connection that was asked for stands: keys accepted, messages can be sent.
  case connected
  case disconnected(ConnectionLoss)
  case received(CoordinatorMessage)
  /// The answer to `AgentAction.prepare`.
  case prepared(Preparation)
  /// The answer to `AgentAction.launch` where no supervisor could be started.
  case launchFailed(TrialAttempt, StartRefusal)
  case supervisor(TrialAttempt, SupervisorEvent)
  /// The supervisor's process is gone and the trial's process group is empty. The end is the exit file's, or what was
  /// found out where there is none.
  case supervisorGone(TrialAttempt, AttemptEnd)
  /// Reports that were asked for by `follow` and `grant`, sequences ascending without a gap.
  case reportsRead(TrialAttempt, [TrialReport])
  /// All that the log of an ended attempt holds was read.
  case logFinished(TrialAttempt)
  case checkpointsDeleted(TrialID)
  /// Which slots may be given work, all of them, when that is not what it was.
  case slots([SlotState])
  /// The answer to `AgentAction.fetch`: the generation is in the trial's seal folder. `isNews`: it was not there before.
  case fetched(TrialAttempt, isNews: Bool)
  /// The generation cannot be had.
  case fetchFailed(TrialAttempt, StartRefusal)
  /// The answer to `AgentAction.store`.
  case stored(CheckpointName)
  /// The user of this machine wants it back: pause and seal the trials, then end.
  case interrupted
  /// Time passed; sent when `AgentMachine.nextDeadline` is reached.
  case timer
}

/// How a connection ended.
public enum ConnectionLoss: Equatable, Sendable {
  case broken
  /// The coordinator does not admit the agent's key.
  case refused
  /// The coordinator's key is not the one the agent was given, or the other side is no coordinator.
  case wrongPeer
}

/// What the agent's machine wants done.
public enum AgentAction: Equatable, Sendable {
  /// Opens a connection; an older one is closed first.
  case connect
  case disconnect
  case send(AgentMessage)
  /// Puts the run's code in place and runs its `setup`, unless that is done.
  case prepare(Program)
  case launch(AgentLaunch)
  /// Brings a sealed generation from somewhere else into the trial's seal folder, unless it is there.
  case fetch(TrialAttempt, CheckpointSource)
  /// The generation is not wanted any more.
  case cancelFetch(TrialAttempt)
  /// Lets the user's command keep a sealed generation.
  case store(CheckpointName)
  case command(TrialAttempt, SupervisorCommand)
  /// Reads the attempt's log from its beginning; reports up to `after` are passed over, then at most `credit` are
  /// delivered until more is granted.
  case follow(TrialAttempt, after: Int, credit: Int)
  case grant(TrialAttempt, credit: Int)
  /// The attempt's end is acknowledged: mark that on disk and let go of its files.
  case forget(TrialAttempt)
  case deleteCheckpoints(TrialID, keeping: [Int])
  /// A line for the agent's own log.
  case note(String)
  case exit(AgentExit)
}

/// A start to be carried out: the coordinator's order and what the agent adds to it.
public struct AgentLaunch: Equatable, Sendable {
  public var start: StartAttempt
  public var program: Program
  public var run: String
  /// End of the lease on CLOCK_BOOTTIME.
  public var lease: Instant

  public init(start: StartAttempt, program: Program, run: String, lease: Instant) {
    self.start = start
    self.program = program
    self.run = run
    self.lease = lease
  }
}

/// Why an agent ends.
public struct AgentExit: Equatable, Sendable {
  public enum Reason: String, Sendable, CaseIterable {
    /// The run is over or suspended.
    case dismissed
    /// The user of this machine asked for it.
    case interrupted
    /// The coordinator was not heard of for too long.
    case unreachable
    case protocolMismatch
    case notAdmitted
  }

  public var reason: Reason
  public var message: String

  public init(reason: Reason, message: String) {
    self.reason = reason
    self.message = message
  }
}
