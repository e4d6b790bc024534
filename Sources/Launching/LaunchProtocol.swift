import TuningModel

/// What a launcher and the agent that it starts say to each other on the agent's standard input and output: lines of
/// JSON, then the agent leaves both behind. Nothing secret stands in arguments or environment, and the coordinator
/// admits the agent's key before the agent first connects.
///
///     launcher  {"run": …, "slots": …, "work_dir": …, "name": …, "place": …}
///     agent     {"public_key": …, "pid": …, "machine_id": …}
///     launcher  {"server_key": …, "host": …, "control": …, "bulk": …, "tests": …}
///     agent     {"ok": true}
///
/// With `place` the agent takes exactly that place among the run's agents on the machine; when a living agent has it,
/// the answer is `{"alive": pid}` and the new one ends. With `tests` the agent first tries to reach the address and says
/// `{"unreachable": …}` in place of its last line when it cannot; another address may follow. An agent that cannot go on
/// says `{"error": …}` in place of its line and ends.
public enum LaunchProtocol {
  /// The longest line that is read.
  public static let lineLimit = 65_536
}

/// The launcher's first line.
public struct LaunchRequest: Equatable, Sendable {
  public var run: String
  /// nil: what the agent finds on its machine.
  public var slots: Int?
  /// A leading `~` is the home directory of the agent's user.
  public var workDirectory: String?
  public var name: String
  /// N of the folder `agent-N` that the agent must take; nil: the first that is free.
  public var place: Int?
  /// What the agent makes its key from, the same for all starts of a run; a secret. nil: the agent keeps a key in a file.
  public var keySeed: String?
  /// What else the agent is told, such as which GPUs to use.
  public var more: [JSONValue.Member]

  public init(
    run: String, slots: Int?, workDirectory: String?, name: String, place: Int? = nil, more: [JSONValue.Member] = []
  ) {
    self.run = run
    self.slots = slots
    self.workDirectory = workDirectory
    self.name = name
    self.place = place
    self.more = more
  }

  public var json: JSONValue {
    var members: [JSONValue.Member] = [.init("run", .string(run)), .init("name", .string(name))]
    if let slots { members.append(.init("slots", .int(slots))) }
    if let workDirectory { members.append(.init("work_dir", .string(workDirectory))) }
    if let place { members.append(.init("place", .int(place))) }
    if let keySeed { members.append(.init("key_seed", .string(keySeed))) }
    return .object(members + more)
  }

  public var line: String { json.jsonText() + "\n" }
}

/// The launcher's second line: where the coordinator is and which key it must prove.
public struct LaunchAddress: Equatable, Sendable {
  public var serverKey: String
  /// A host name or an address; `unix:FOLDER`: the sockets `FOLDER/c` and `FOLDER/b` that a relay made.
  public var host: String
  /// Port; 0 with `unix:`.
  public var control: Int
  public var bulk: Int
  /// Whether the agent tries to reach it before it goes on.
  public var isTested: Bool

  public init(serverKey: String, host: String, control: Int, bulk: Int, isTested: Bool = false) {
    self.serverKey = serverKey
    self.host = host
    self.control = control
    self.bulk = bulk
    self.isTested = isTested
  }

  public init?(json value: JSONValue) {
    guard let serverKey = value.text("server_key"), let host = value.text("host"), let control = value.whole("control"),
      let bulk = value.whole("bulk")
    else { return nil }
    self.init(
      serverKey: serverKey, host: host, control: control, bulk: bulk, isTested: value.member("tests") == .bool(true))
  }

  public var line: String {
    var members: [JSONValue.Member] = [
      .init("server_key", .string(serverKey)), .init("host", .string(host)), .init("control", .int(control)),
      .init("bulk", .int(bulk)),
    ]
    if isTested { members.append(.init("tests", .bool(true))) }
    return JSONValue.object(members).jsonText() + "\n"
  }
}
