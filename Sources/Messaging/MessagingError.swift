import CZeroMQ
import Glibc

/// Why a socket could not be made, bound or used.
public struct MessagingError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The port is taken by another process.
    case addressInUse
    /// The address is not one of this machine.
    case addressNotAvailable
    /// The port is reserved for the superuser.
    case permissionDenied
    /// A port, host or key that cannot be one.
    case invalidArgument
    case tooManyOpenFiles
    /// A stranger was let in, or the test of that could not be made.
    case selfTestFailed
    /// A second authenticator in one context.
    case authenticatorExists
    /// The socket or its context was closed.
    case closed
    /// Any other failure of the system or of libzmq.
    case system
  }

  public let code: Code
  public let message: String

  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  /// Whether the same call may succeed later without anything being changed here.
  public var isRetryable: Bool { code == .addressInUse || code == .tooManyOpenFiles }
}

extension MessagingError {
  /// libzmq's current error with what was tried.
  static func current(_ attempt: String) -> MessagingError { number(zmq_errno(), attempt) }

  /// The error of a number with what was tried.
  static func number(_ number: CInt, _ attempt: String) -> MessagingError {
    let reason = zmq_strerror(number).map { String(cString: $0) } ?? "error \(number)"
    switch number {
    case EMFILE, ENFILE:
      return MessagingError(
        code: .tooManyOpenFiles, message: "\(attempt): \(reason); raise the limit on open files (ulimit -n)")
    case ETERM, ENOTSOCK:
      return MessagingError(code: .closed, message: "\(attempt): \(reason)")
    default:
      return MessagingError(code: .system, message: "\(attempt): \(reason)")
    }
  }

  /// The error of a `bind`.
  static func binding(_ address: String, port: Int, number: CInt) -> MessagingError {
    let place = "port \(port) on \(address == "*" ? "this machine" : address)"
    switch number {
    case EADDRINUSE:
      return MessagingError(
        code: .addressInUse,
        message: "\(place) is taken by another process (`ss -ltnp 'sport = :\(port)'` names it); "
          + "end it or choose another port")
    case EADDRNOTAVAIL, ENODEV:
      return MessagingError(
        code: .addressNotAvailable,
        message: "\(address) is not an address of this machine (`ip addr` lists them); choose one or leave it out")
    case EACCES, EPERM:
      return MessagingError(
        code: .permissionDenied, message: "\(place) is reserved for the superuser; choose a port from 1024 on")
    default:
      return .number(number, "listening on \(place)")
    }
  }
}
