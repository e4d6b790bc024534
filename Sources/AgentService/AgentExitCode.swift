import AgentCore

/// The exit codes of `pasha-agent`, after sysexits.h where it has one.
public enum AgentExitCode: Int32, Sendable, CaseIterable {
  /// The run is over, or suspended; nothing is left to do here.
  case dismissed = 0
  /// The arguments make no sense.
  case usage = 64
  /// The token is missing, damaged, no token, or was used already.
  case badToken = 65
  /// The coordinator could not be reached for too long.
  case unreachable = 69
  /// A failure of the system that leaves the agent nothing to go on with.
  case systemFailure = 71
  /// The working directory cannot be made or written.
  case cannotWrite = 73
  /// Agent and coordinator are of different versions.
  case protocolMismatch = 76
  /// The coordinator does not admit this agent's key.
  case notAdmitted = 77
  /// Interrupted (Ctrl-C): the trials were paused and sealed first.
  case interrupted = 130
  /// Terminated (SIGTERM, or a second Ctrl-C): the trials go on, and the next agent of the same folder finds them.
  case terminated = 143
}

/// Why an agent cannot start or go on.
public struct AgentError: Error, Equatable, Sendable, CustomStringConvertible {
  public let code: AgentExitCode
  public let message: String

  public init(_ code: AgentExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}

extension AgentExitCode {
  init(_ reason: AgentExit.Reason) {
    switch reason {
    case .dismissed: self = .dismissed
    case .interrupted: self = .interrupted
    case .unreachable: self = .unreachable
    case .protocolMismatch: self = .protocolMismatch
    case .notAdmitted: self = .notAdmitted
    }
  }
}
