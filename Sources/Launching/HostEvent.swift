import TuningModel

/// What `pasha-launch` says: a line of its output.
public enum HostEvent: Equatable, Sendable {
  /// Something for the log or the user.
  case note(String)
  /// The passphrase of a private key is needed; answer with `HostAnswer.passphrase`. `isRetry`: the one before was wrong.
  case ask(keyFile: String, isRetry: Bool)
  case connected(hostKey: String?, took: Duration)
  case probed(HostFacts)
  /// Said again every few seconds, with how much is on its way already.
  case uploading(bytes: Int, done: Int)
  case uploaded(took: Duration)
  /// `agent`: it named its key; answer with `HostAnswer.address` once the key is admitted.
  case announced(publicKey: String, pid: Int, machineID: String)
  /// `agent`: it cannot reach the address; answer with another one, or `giveUp`.
  case unreachable(String)
  /// `agent`: it took the address and goes on by itself.
  case running
  /// `agent`: one of this run and place runs there already.
  case alive(pid: Int)
  /// `inspect`, `clean`: what `pasha-agent` printed.
  case inspected(JSONValue)
  /// `end`: nothing of the run is left on the host.
  case ended(agents: Int, attempts: Int)
  /// `tunnel`: agents there may connect to this host, `unix:FOLDER`.
  case listening(host: String)
  case failed(HostFailure)
}

/// What a host said of itself.
public struct HostFacts: Equatable, Sendable {
  public var system: String
  public var machine: String
  public var kernel: String
  /// `glibc 2.36`; nil where it could not be found out.
  public var libc: String?
  public var home: String
  public var user: String
  /// The work folder, absolute.
  public var workDirectory: String
  /// Bytes free for the work folder; nil where it could not be found out.
  public var freeBytes: Int?
  /// How far the host's wall clock is ahead of this machine's; exact to `latency`.
  public var clockSkew: Duration?
  /// Time of a line there and back.
  public var latency: Duration
  public var hasBundle: Bool
  /// This machine's address as the host sees it; nil where SSH does not say. Behind a jump host it is that one's.
  public var clientAddress: String?

  public init(
    system: String, machine: String, kernel: String, libc: String? = nil, home: String, user: String,
    workDirectory: String, freeBytes: Int? = nil, clockSkew: Duration? = nil, latency: Duration, hasBundle: Bool,
    clientAddress: String? = nil
  ) {
    self.system = system
    self.machine = machine
    self.kernel = kernel
    self.libc = libc
    self.home = home
    self.user = user
    self.workDirectory = workDirectory
    self.freeBytes = freeBytes
    self.clockSkew = clockSkew
    self.latency = latency
    self.hasBundle = hasBundle
    self.clientAddress = clientAddress
  }
}

/// Why a task could not be carried out.
public struct HostFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A code of `SecureShellError`, or one of those below.
  public var code: String
  public var message: String
  /// Whether the same may go well a moment later without anybody's doing.
  public var isRetryable: Bool
  public var description: String { message }

  public init(_ code: String, _ message: String, isRetryable: Bool) {
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
  }

  /// The bundle is for another processor.
  public static let architecture = "architecture"
  /// No Linux, or a login that runs no commands.
  public static let system = "system"
  public static let noProc = "no_proc"
  public static let diskFull = "disk_full"
  public static let upload = "upload"
  /// The agent could not be started.
  public static let agent = "agent"
  public static let workDirectory = "work_dir"
  /// `pasha-launch` itself.
  public static let `internal` = "internal"
}

/// What the owner of a `pasha-launch` says to it.
public enum HostAnswer: Equatable, Sendable {
  case address(LaunchAddress)
  case giveUp
  /// nil: none is given.
  case passphrase(String?)

  public var line: String {
    switch self {
    case .address(let address): address.line
    case .giveUp: JSONValue.object([.init("give_up", .bool(true))]).jsonText() + "\n"
    case .passphrase(let text):
      JSONValue.object([.init("answer", text.map { .string($0) } ?? .null)]).jsonText() + "\n"
    }
  }

  /// nil for a line that is none of these.
  public init?(json value: JSONValue) {
    if let address = LaunchAddress(json: value) {
      self = .address(address)
    } else if value.member("give_up") == .bool(true) {
      self = .giveUp
    } else if let answer = value.member("answer") {
      self = .passphrase(value.text("answer"))
      guard answer == .null || value.text("answer") != nil else { return nil }
    } else {
      return nil
    }
  }
}
