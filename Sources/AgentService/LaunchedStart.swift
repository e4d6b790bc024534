import Glibc
import HostSystem
import Messaging
import TuningModel

/// The agent's side of the launch protocol: four lines of JSON on standard input and output, then the agent lives on
/// without its launcher. The order is what it is because the place of the agent's key depends on the run's name, and
/// because the coordinator admits the key before the agent connects.
///
///     launcher  {"run": …, "slots": …, "work_dir": …, "name": …}          work_dir may be missing
///     agent     {"pasha": 1, "public_key": …, "pid": …, "machine_id": …}
///     launcher  {"server_key": …, "host": …, "control": …, "bulk": …}
///     agent     {"ok": true}
///
/// Keys are in Z85. An agent that cannot go on says `{"error": …}` in place of its line and ends.
extension Agent {
  /// Does the launch protocol, then leaves the launcher's session and its standard input and output.
  public static func launched() throws(AgentError) -> AgentContext {
    do {
      let context = try agree()
      try say([.init("ok", .bool(true))])
      try detach(context)
      return context
    } catch {
      let failure = error as? AgentError ?? AgentError(.systemFailure, "\(error)")
      try? say([.init("error", .string(failure.message))])
      throw failure
    }
  }

  private static let lineLimit = 65_536
  private static let slotLimit = 4_096

  private static func agree() throws -> AgentContext {
    let input = Descriptor(owning: dup(0))
    let request = try line(from: input)
    guard let run = request.text("run"), let slots = request.number("slots"), (1...slotLimit).contains(slots) else {
      throw AgentError(.usage, "the launcher named no run, or no number of slots from 1 to \(slotLimit)")
    }
    let home = try AgentHome(workFolder: request.text("work_dir"), run: run)
    try say([
      .init("pasha", .int(1)), .init("public_key", .string(home.keys.publicKey.text)),
      .init("pid", .int(Int(getpid()))),
      .init("machine_id", .string(home.machineID)),
    ])
    guard let address = CoordinatorAddress(json: try line(from: input)) else {
      throw AgentError(.usage, "the launcher's line about the coordinator cannot be used")
    }
    let name = request.text("name") ?? HostIdentity.hostname()
    return try context(home, address, slots: slots, name: name, echoes: false)
  }

  private static func line(from input: Descriptor) throws -> JSONValue {
    var bytes: [UInt8] = []
    while bytes.count < lineLimit {
      // One by one: what follows the line is not this one's to read.
      guard let byte = try input.read(upTo: 1).first else {
        throw AgentError(.usage, "the launcher ended before the agent was started")
      }
      if byte == UInt8(ascii: "\n") { return try JSONValue(parsing: bytes) }
      bytes.append(byte)
    }
    throw AgentError(.usage, "the launcher's line is too long")
  }

  private static func say(_ members: [JSONValue.Member]) throws(SystemError) {
    // A launcher that is gone must not end the agent by a signal.
    signal(SIGPIPE, SIG_IGN)
    let output = Descriptor(owning: dup(1))
    try output.write((JSONValue.object(members).jsonText() + "\n").utf8)
  }

  /// A session of its own, no part in the launcher's terminal, pipes or directory.
  private static func detach(_ context: AgentContext) throws(SystemError) {
    signal(SIGHUP, SIG_IGN)
    if getsid(0) != getpid(), setsid() < 0 {
      // The leader of a process group cannot lead a session: it joins its parent's group first.
      _ = setpgid(0, getpgid(getppid()))
      _ = setsid()
    }
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let log = try Descriptor.open("\(context.home.folder)/stderr", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    dup2(null.number, 0)
    dup2(log.number, 1)
    dup2(log.number, 2)
    _ = chdir("/")
  }
}
