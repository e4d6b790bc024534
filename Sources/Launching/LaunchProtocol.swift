import TuningModel

/// What a launcher and the agent that it starts say to each other on the agent's standard input and output: four lines
/// of JSON, then the agent leaves both behind. Nothing secret stands in arguments or environment, and the coordinator
/// admits the agent's key before the agent first connects.
///
///     launcher  {"run": …, "slots": …, "work_dir": …, "name": …}
///     agent     {"public_key": …, "pid": …, "machine_id": …}
///     launcher  {"server_key": …, "host": …, "control": …, "bulk": …}
///     agent     {"ok": true}
///
/// An agent that cannot go on says `{"error": …}` in place of its line and ends.
public enum LaunchProtocol {
  /// The longest line that is read.
  public static let lineLimit = 65_536
}

/// The launcher's first line.
public struct LaunchRequest: Equatable, Sendable {
  public var run: String
  public var slots: Int
  public var workDirectory: String?
  public var name: String

  public init(run: String, slots: Int, workDirectory: String?, name: String) {
    self.run = run
    self.slots = slots
    self.workDirectory = workDirectory
    self.name = name
  }

  public var line: String {
    var members: [JSONValue.Member] = [
      .init("run", .string(run)), .init("slots", .int(slots)), .init("name", .string(name)),
    ]
    if let workDirectory { members.append(.init("work_dir", .string(workDirectory))) }
    return JSONValue.object(members).jsonText() + "\n"
  }
}

/// The launcher's second line: where the coordinator is and which key it must prove.
public struct LaunchAddress: Equatable, Sendable {
  public var serverKey: String
  public var host: String
  public var control: Int
  public var bulk: Int

  public init(serverKey: String, host: String, control: Int, bulk: Int) {
    self.serverKey = serverKey
    self.host = host
    self.control = control
    self.bulk = bulk
  }

  public var line: String {
    JSONValue.object([
      .init("server_key", .string(serverKey)), .init("host", .string(host)), .init("control", .int(control)),
      .init("bulk", .int(bulk)),
    ]).jsonText() + "\n"
  }
}
