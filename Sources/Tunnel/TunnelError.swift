import HostSystem

/// Why an end of the tunnel stopped.
public struct TunnelError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// It was told to stop.
    case stopped
    /// The wire was closed.
    case closed
    /// Nothing came over the wire for too long.
    case silent
    /// The other end broke the rules of the wire.
    case violation
    /// The other end speaks another version.
    case version
    /// The relay did not start, or ended with an error.
    case relay
    /// The relay's folder cannot be used.
    case folder
    /// Another relay serves the folder.
    case busy
    /// Something of this machine failed.
    case system
  }

  public let code: Code
  public let message: String
  public var description: String { message }

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: SystemError) { self.init(.system, error.message) }

  /// Whether a new tunnel may work without anybody's doing.
  public var isRetryable: Bool {
    switch code {
    case .closed, .silent, .violation, .relay, .busy, .system: true
    case .stopped, .version, .folder: false
    }
  }
}
