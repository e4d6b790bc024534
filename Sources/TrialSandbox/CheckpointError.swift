import HostSystem

/// A checkpoint that cannot be sealed or restored.
public struct CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// No sealed generation is there.
    case missing
    /// A sealed generation is not what was sealed.
    case damaged
    /// Too many files, too deep, or a file that is nearly all holes.
    case tooLarge
    /// The disk is full, a file cannot be read, and the like.
    case host
  }

  public let code: Code
  public let message: String
  public var description: String { message }

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Calls what may fail for a reason of the host's.
  static func onHost<Value>(_ call: () throws(SystemError) -> Value) throws(CheckpointError) -> Value {
    do throws(SystemError) {
      return try call()
    } catch {
      throw CheckpointError(.host, error.message + wayOut(error))
    }
  }

  private static func wayOut(_ error: SystemError) -> String {
    guard error.code == .noSpace else { return "" }
    return " (a checkpoint is copied when it is sealed or restored: there must be room for it on the disk of work_dir)"
  }
}
