/// How `pasha-coord` ends. Scripts rely on these numbers; `Docs/commands.md` lists them.
public enum ExitCode: Int32, Sendable {
  case success = 0
  /// The run failed: too many trials failed, no host could run them, or no trial reported a finite metric.
  case runFailed = 1
  /// A cluster file with mistakes, or wrong arguments.
  case usage = 64
  /// No such run, trial or file.
  case notFound = 66
  /// `--on`: the host cannot be reached, or the connection is lost; a run there goes on.
  case connectionLost = 68
  /// The command needs a running coordinator, and none is running.
  case notRunning = 69
  /// Something that should not happen, such as a journal that cannot be written.
  case software = 70
  /// The run's folder cannot be made.
  case cannotCreate = 73
  /// `clean`: a host could not be reached, or something could not be removed; the rest is done.
  case incomplete = 74
  /// The run was paused; `resume` goes on.
  case paused = 75
  /// Another coordinator runs this run.
  case busy = 76
  /// Ended at once by a second Ctrl-C; the agents go on, `resume` finds them.
  case abandoned = 130
}

/// An error of the service with the exit code that it leads to.
public struct ServiceError: Error, CustomStringConvertible {
  public var exitCode: ExitCode
  public var message: String

  public init(_ exitCode: ExitCode, _ message: String) {
    self.exitCode = exitCode
    self.message = message
  }

  public var description: String { message }
}
