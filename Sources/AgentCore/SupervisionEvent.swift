import TuningModel
import Wire

/// What a supervisor sees of its trial, and what it is told.
public enum SupervisionEvent: Equatable, Sendable {
  /// The trial's process runs.
  case started(pid: Int)
  /// A report was read in the log. `resource` is nil for a report that counts for no milestone.
  case report(sequence: Int, resource: Int?)
  /// Something was written in the checkpoint folder.
  case checkpointWritten
  /// The trial waits inside `report()` for an answer on its channel.
  case waiting(resource: Int)
  case command(SupervisorCommand)
  /// Somebody wants the supervisor itself to end.
  case terminationRequested
  /// The answer to `stopGroup`: all processes stand still. `isSaving`: one of them has a file of the checkpoint open
  /// for writing that was written to a moment ago.
  case groupStopped(isSaving: Bool)
  /// The trial's own process has ended; its whole log was read.
  case exited(TrialExit, outOfMemory: Bool)
  /// No process of the trial is left.
  case groupEmpty
  /// `Supervision.deadline` has come.
  case timer
}

/// How the trial's process ended.
public enum TrialExit: Equatable, Sendable {
  case status(Int)
  case signal(Int)
}

/// What a supervisor does, in order.
public enum SupervisionAction: Equatable, Sendable {
  /// SIGSTOP for every process of the trial, then `groupStopped`.
  case stopGroup
  case continueGroup
  /// SIGTERM, then SIGCONT, for every process of the trial.
  case terminateGroup
  /// SIGKILL for every process of the trial.
  case killGroup
  case tellTrial(ChannelAnswer)
  case tellAgent(SupervisorEvent)
  /// The milestone in the process record has changed.
  case record(milestone: Int)
  /// All is over: seal the checkpoint, write the exit file, end.
  case finish(SupervisionEnd)
}

/// What a supervisor says on the channel of a trial that cooperates.
public enum ChannelAnswer: Equatable, Sendable {
  /// Go on; nil: there is no milestone any more.
  case milestone(Int?)
  /// Go on: the report counts for no milestone.
  case goOn
  /// End: `report()` raises `SystemExit(0)`.
  case pause
}

/// How a supervised attempt ended, before its checkpoint is sealed.
public struct SupervisionEnd: Equatable, Sendable {
  public var cause: AttemptEnd.Cause
  public var exit: TrialExit
  public var lastSequence: Int
  /// The last report that the checkpoint is believed to cover: 0 for none.
  public var coveredSequence: Int
  public var coveredResource: Int?

  public init(
    cause: AttemptEnd.Cause, exit: TrialExit, lastSequence: Int, coveredSequence: Int, coveredResource: Int?
  ) {
    self.cause = cause
    self.exit = exit
    self.lastSequence = lastSequence
    self.coveredSequence = coveredSequence
    self.coveredResource = coveredResource
  }
}
