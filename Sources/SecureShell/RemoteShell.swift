import HostSystem
import TuningModel

/// A host on which commands can be run: over libssh2, or through the system's `ssh`.
public protocol RemoteShell: AnyObject {
  /// Starts a command, given to the login shell of the remote user as `ssh HOST COMMAND` would.
  func start(_ command: String) throws(SecureShellError) -> RemoteCommand
  /// What is known of the connection.
  var connection: ConnectionFacts { get }
  /// Ends the connection and every command on it. Never waits for longer than a moment, whatever the other side does.
  func close()
}

/// A command that runs on a remote host. Its standard streams are ordinary descriptors on this machine, so that a loop
/// can wait for them together with others.
public final class RemoteCommand {
  /// The command's standard input; dropped to end it.
  public private(set) var input: Descriptor?
  public let output: Descriptor
  public let errors: Descriptor
  /// Readable once the command has ended and its exit status is known.
  public let ended: Descriptor
  private let readStatus: () -> RemoteExit?

  public init(
    input: Descriptor, output: Descriptor, errors: Descriptor, ended: Descriptor, status: @escaping () -> RemoteExit?
  ) {
    self.input = input
    self.output = output
    self.errors = errors
    self.ended = ended
    readStatus = status
  }

  public func closeInput() { input = nil }

  /// How the command ended; nil while it runs.
  public var status: RemoteExit? { readStatus() }
}

/// How a remote command ended.
public enum RemoteExit: Equatable, Sendable {
  case exited(Int)
  /// By a signal, named as SSH names it (`KILL`).
  case signalled(String)
  /// The connection broke before the command's end was known.
  case lost(String)
}

/// What is known of a connection once it stands.
public struct ConnectionFacts: Equatable, Sendable {
  /// Fingerprint of the host's key, `SHA256:…`; nil where the system's `ssh` checked it.
  public var hostKey: String?
  /// How long the connection took, from its first packet to the end of authentication.
  public var duration: Duration
  /// Things that a user should know, such as a line of known_hosts that could not be read.
  public var warnings: [String]

  public init(hostKey: String?, duration: Duration, warnings: [String]) {
    self.hostKey = hostKey
    self.duration = duration
    self.warnings = warnings
  }
}

/// Why a host cannot be used over SSH. The message names the host, what went wrong and the way out.
public struct SecureShellError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// The user's SSH configuration cannot be read, or asks for something that is not supported.
    case configuration
    /// The name cannot be resolved, or nothing answers there.
    case unreachable
    /// A step took too long.
    case timeout
    /// The host's key is in no known_hosts file.
    case hostKeyUnknown = "host_key_unknown"
    /// The host has another key than the known one.
    case hostKeyChanged = "host_key_changed"
    case hostKeyRevoked = "host_key_revoked"
    /// Both sides have no algorithm in common.
    case handshake
    /// No key was accepted.
    case authentication
    /// A private key cannot be read, or its passphrase is wrong.
    case identity
    /// The connection broke.
    case broken
    /// Something of this machine failed.
    case system
  }

  public var code: Code
  public var message: String
  public var description: String { message }

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether the same may go well a moment later without anybody's doing.
  public var isRetryable: Bool {
    switch code {
    case .unreachable, .timeout, .broken, .system: true
    case .configuration, .hostKeyUnknown, .hostKeyChanged, .hostKeyRevoked, .handshake, .authentication, .identity:
      false
    }
  }
}

/// Which host, and how it is to be reached. What is nil is taken from the user's SSH configuration.
public struct HostLogin: Equatable, Sendable {
  /// A host name, an address, or an alias of the SSH configuration.
  public var host: String
  public var user: String?
  public var port: Int?
  public var identityFile: String?

  public init(host: String, user: String? = nil, port: Int? = nil, identityFile: String? = nil) {
    self.host = host
    self.user = user
    self.port = port
    self.identityFile = identityFile
  }
}

/// How SSH is spoken.
public struct ShellSettings: Equatable, Sendable {
  public enum Client: String, Sendable, CaseIterable { case libssh2, openssh }
  public enum HostKeys: String, Sendable, CaseIterable {
    case strict
    case acceptNew = "accept-new"
  }

  public var client: Client
  public var hostKeys: HostKeys
  /// A known_hosts file of pasha's own, beside the user's: where `accept-new` writes.
  public var ownKnownHosts: String?
  /// An SSH configuration in place of the user's.
  public var configurationFile: String?
  /// How long connecting, the handshake and authentication may take, each.
  public var stepLimit: Duration

  public init(
    client: Client = .libssh2, hostKeys: HostKeys = .strict, ownKnownHosts: String? = nil,
    configurationFile: String? = nil, stepLimit: Duration = .seconds(15)
  ) {
    self.client = client
    self.hostKeys = hostKeys
    self.ownKnownHosts = ownKnownHosts
    self.configurationFile = configurationFile
    self.stepLimit = stepLimit
  }
}

/// What only the user can say: asked through whoever has the terminal.
public protocol SecretSource {
  /// The passphrase of a private key; nil: none is given. `isRetry`: the one before was wrong.
  func passphrase(of keyFile: String, isRetry: Bool) -> String?
}
