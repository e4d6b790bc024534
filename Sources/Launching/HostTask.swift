import TuningModel

/// What `pasha-launch` is to do: its first line of input. One process carries out one task on one host.
public struct HostTask: Equatable, Sendable {
  public enum Operation: String, Sendable, CaseIterable {
    /// Puts the agent there and starts it.
    case agent
    /// Says what the host has: `pasha-agent inspect`.
    case inspect
    /// Ends everything of the run on the host.
    case end
    /// Frees disk on the host, or says what could go: `pasha-agent clean`.
    case clean
    /// Carries the bytes of agents that cannot reach the coordinator.
    case tunnel
  }

  public struct Login: Equatable, Sendable {
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

  /// How SSH is spoken; the words are those of the cluster file.
  public struct SSH: Equatable, Sendable {
    /// `libssh2` or `openssh`.
    public var client: String
    /// `strict` or `accept-new`.
    public var hostKeys: String
    public var ownKnownHosts: String?
    /// An SSH configuration in place of the user's.
    public var configurationFile: String?
    /// How long connecting, the handshake and authentication may take, each.
    public var stepLimit: Duration
    /// How long a command on the host may take to answer; what takes longer by nature has a multiple of it.
    public var answerLimit: Duration

    public init(
      client: String = "libssh2", hostKeys: String = "strict", ownKnownHosts: String? = nil,
      configurationFile: String? = nil, stepLimit: Duration = .seconds(15), answerLimit: Duration = .seconds(20)
    ) {
      self.client = client
      self.hostKeys = hostKeys
      self.ownKnownHosts = ownKnownHosts
      self.configurationFile = configurationFile
      self.stepLimit = stepLimit
      self.answerLimit = answerLimit
    }
  }

  /// What runs on the host.
  public enum Program: Equatable, Sendable {
    /// A packed bundle of this machine, put into `WORK_DIR/bundles/HASH` where it is not there yet. `hash` is the SHA-256
    /// of the file in hexadecimal.
    case bundle(path: String, hash: String, bytes: Int)
    /// A `pasha-agent` that the host has.
    case installed(path: String)
  }

  public struct Tunnel: Equatable, Sendable {
    /// Where the coordinator listens on this machine, `HOST:PORT`.
    public var control: String
    public var bulk: String

    public init(control: String, bulk: String) {
      self.control = control
      self.bulk = bulk
    }
  }

  public var operation: Operation
  /// The host as messages name it.
  public var name: String
  public var login: Login
  public var ssh: SSH
  public var program: Program
  /// A leading `~` is the home directory there.
  public var workDirectory: String
  public var run: String
  /// `agent`: the agent's `LaunchRequest`; `inspect`, `clean`: further arguments.
  public var request: JSONValue?
  public var tunnel: Tunnel?

  public init(
    _ operation: Operation, name: String, login: Login, ssh: SSH = SSH(), program: Program,
    workDirectory: String = "~/.pasha", run: String, request: JSONValue? = nil, tunnel: Tunnel? = nil
  ) {
    self.operation = operation
    self.name = name
    self.login = login
    self.ssh = ssh
    self.program = program
    self.workDirectory = workDirectory
    self.run = run
    self.request = request
    self.tunnel = tunnel
  }
}

extension HostTask {
  public var line: String {
    var members: [JSONValue.Member] = [
      .init("operation", .string(operation.rawValue)), .init("name", .string(name)), .init("login", login.json),
      .init("ssh", ssh.json), .init("work_dir", .string(workDirectory)), .init("run", .string(run)),
    ]
    switch program {
    case .bundle(let path, let hash, let bytes):
      members.append(
        .init(
          "bundle",
          .object([.init("path", .string(path)), .init("hash", .string(hash)), .init("bytes", .int(bytes))])))
    case .installed(let path): members += [.init("bundle", .null), .init("agent", .string(path))]
    }
    if let request { members.append(.init("request", request)) }
    if let tunnel {
      members.append(
        .init("tunnel", .object([.init("control", .string(tunnel.control)), .init("bulk", .string(tunnel.bulk))])))
    }
    return JSONValue.object(members).jsonText() + "\n"
  }

  /// - Throws: `HostTaskProblem`, which names the part that cannot be used.
  public init(json value: JSONValue) throws(HostTaskProblem) {
    guard let operation = value.text("operation").flatMap(Operation.init(rawValue:)) else {
      throw HostTaskProblem(part: "operation")
    }
    guard let login = value.member("login"), let host = login.text("host") else { throw HostTaskProblem(part: "login") }
    guard let name = value.text("name") else { throw HostTaskProblem(part: "name") }
    guard let run = value.text("run") else { throw HostTaskProblem(part: "run") }
    guard let work = value.text("work_dir") else { throw HostTaskProblem(part: "work_dir") }
    self.init(
      operation, name: name,
      login: Login(
        host: host, user: login.text("user"), port: login.whole("port"), identityFile: login.text("identity_file")),
      ssh: try SSH(json: value.member("ssh")), program: try Program(json: value), workDirectory: work, run: run,
      request: value.member("request"), tunnel: nil)
    if let ends = value.member("tunnel"), ends != .null {
      guard let control = ends.text("control"), let bulk = ends.text("bulk") else {
        throw HostTaskProblem(part: "tunnel")
      }
      tunnel = Tunnel(control: control, bulk: bulk)
    }
    if operation == .agent, request == nil { throw HostTaskProblem(part: "request") }
    if operation == .tunnel, tunnel == nil { throw HostTaskProblem(part: "tunnel") }
  }
}

/// A part of a task that is missing or cannot be used.
public struct HostTaskProblem: Error, Equatable, Sendable, CustomStringConvertible {
  public let part: String
  public var description: String { "the task's '\(part)' is missing or cannot be used" }
}

extension HostTask.Login {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [.init("host", .string(host))]
    if let user { members.append(.init("user", .string(user))) }
    if let port { members.append(.init("port", .int(port))) }
    if let identityFile { members.append(.init("identity_file", .string(identityFile))) }
    return .object(members)
  }
}

extension HostTask.SSH {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("client", .string(client)), .init("host_keys", .string(hostKeys)),
      .init("step_limit_ms", .int(Int(stepLimit.wholeMilliseconds))),
      .init("answer_limit_ms", .int(Int(answerLimit.wholeMilliseconds))),
    ]
    if let ownKnownHosts { members.append(.init("own_known_hosts", .string(ownKnownHosts))) }
    if let configurationFile { members.append(.init("config", .string(configurationFile))) }
    return .object(members)
  }

  fileprivate init(json value: JSONValue?) throws(HostTaskProblem) {
    guard let value, let client = value.text("client"), let hostKeys = value.text("host_keys"),
      let step = value.whole("step_limit_ms"), (1...86_400_000).contains(step),
      let answer = value.whole("answer_limit_ms"), (1...86_400_000).contains(answer)
    else { throw HostTaskProblem(part: "ssh") }
    self.init(
      client: client, hostKeys: hostKeys, ownKnownHosts: value.text("own_known_hosts"),
      configurationFile: value.text("config"), stepLimit: .milliseconds(step), answerLimit: .milliseconds(answer))
  }
}

extension HostTask.Program {
  fileprivate init(json task: JSONValue) throws(HostTaskProblem) {
    if let bundle = task.member("bundle"), bundle != .null {
      guard let path = bundle.text("path"), let hash = bundle.text("hash"), let bytes = bundle.whole("bytes"),
        hash.utf8.count == 64, hash.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }), bytes > 0
      else { throw HostTaskProblem(part: "bundle") }
      self = .bundle(path: path, hash: hash, bytes: bytes)
    } else if let path = task.text("agent"), path.hasPrefix("/") {
      self = .installed(path: path)
    } else {
      throw HostTaskProblem(part: "bundle")
    }
  }
}

extension HostTask.Program {
  public init(_ bundle: AgentBundle) { self = .bundle(path: bundle.path, hash: bundle.hash, bytes: bundle.bytes) }
}
