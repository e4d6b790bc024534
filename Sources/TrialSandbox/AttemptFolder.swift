import HostSystem

/// The folder of one attempt, `trials/ID/attempts/N`, and what stands in it.
public struct AttemptFolder: Hashable, Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// `AttemptPlan`, written by the agent before the supervisor is started.
  public var plan: String { "\(path)/plan" }
  /// The trial's configuration for the script.
  public var configuration: String { "\(path)/config.json" }
  /// Standard output of the trial: the durable spool of its reports.
  public var output: String { "\(path)/std.out" }
  public var error: String { "\(path)/std.err" }
  /// `ProcessRecord`, written by the supervisor.
  public var process: String { "\(path)/process" }
  /// Folders of the control groups that the trial is in, one in each line; missing where it is in none of its own.
  public var groups: String { "\(path)/groups" }
  /// Where the supervisor listens.
  public var socket: String { "\(path)/socket" }
  /// `AttemptEnd`, written by the supervisor when all has ended, or by who cleaned up after it.
  public var exit: String { "\(path)/exit" }
  /// What the supervisor itself has to say.
  public var supervisorLog: String { "\(path)/supervisor.log" }
}
