import Devices
import Glibc
import HostSystem
import Messaging
import TuningModel

/// The agent's side of the launch protocol: lines of JSON on standard input and output, then the agent lives on without
/// its launcher. The order is what it is because the place of the agent's key depends on the run's name, and because the
/// coordinator admits the key before the agent connects.
///
///     launcher  {"run": …, "slots": …, "work_dir": …, "name": …, "place": …}     only `run` must be there
///     agent     {"pasha": 1, "public_key": …, "pid": …, "machine_id": …}
///     launcher  {"server_key": …, "host": …, "control": …, "bulk": …, "tests": …}
///     agent     {"ok": true}
///
/// Keys are in Z85. From `key_seed`, which only the coordinator knows, the agent makes its key anew at each start: it is on
/// no disk of the host. `place` is the N of `agent-N` that this agent must take; when a living one has it, the answer is
/// `{"alive": pid}` and this one ends; with `replace` that one ends, and its trials go on under this one. With `tests` the
/// agent tries to reach the coordinator first and says `{"unreachable": …}` when it cannot; another address may follow.
/// `host` is `unix:FOLDER` where a relay on this machine carries the bytes. An agent that cannot go on says
/// `{"error": …}` in place of its line and ends.
extension Agent {
  /// Does the launch protocol, then leaves the launcher's session and its standard input and output.
  public static func launched() throws(AgentError) -> AgentContext {
    do {
      let context = try agree()
      try say([.init("ok", .bool(true))])
      try detach(context)
      return context
    } catch let taken as PlaceTaken {
      try? say([.init("alive", .int(taken.pid))])
      throw AgentError(.dismissed, "an agent of this run (pid \(taken.pid)) is here already")
    } catch {
      let failure = error as? AgentError ?? AgentError(.systemFailure, "\(error)")
      try? say([.init("error", .string(failure.message))])
      throw failure
    }
  }

  private static let lineLimit = 65_536
  private static let placeLimit = 256

  private static func agree() throws -> AgentContext {
    let input = Descriptor(owning: dup(0))
    let request = try line(from: input)
    guard let run = request.text("run") else { throw AgentError(.usage, "the launcher named no run") }
    let devices = try DeviceOffer.find(try DeviceRequest(launch: request))
    let home = try home(request, run: run)
    try say([
      .init("pasha", .int(1)), .init("public_key", .string(home.keys.publicKey.text)),
      .init("pid", .int(Int(getpid()))),
      .init("machine_id", .string(home.machineID)),
    ])
    let address = try address(from: input, keys: home.keys)
    let name = request.text("name") ?? HostIdentity.hostname()
    return try context(home, address, devices: devices, name: name, echoes: false)
  }

  private static func home(_ request: JSONValue, run: String) throws -> AgentHome {
    let work = request.text("work_dir")
    let seed = request.text("key_seed")
    guard request.holds("place") else { return try AgentHome(workFolder: work, run: run, keySeed: seed) }
    guard let place = request.number("place"), (0..<placeLimit).contains(place) else {
      throw AgentError(.usage, "the launcher's place is no number from 0 to \(placeLimit - 1)")
    }
    if request.holds("replace", .bool(true)) {
      let work = try AgentHome.workFolder(work)
      PlaceLock.endHolder("\(work)/\(AgentHome.thisMachine)/\(run)/agent-\(place)")
    }
    return try AgentHome(workFolder: work, run: run, place: place, keySeed: seed)
  }

  /// The coordinator's address: the first that can be reached, or the first that is not to be tried.
  private static func address(from input: Descriptor, keys: CurveKeyPair) throws -> CoordinatorAddress {
    while true {
      let answer = try line(from: input)
      guard let address = CoordinatorAddress(json: answer) else {
        throw AgentError(.usage, "the launcher's line about the coordinator cannot be used")
      }
      guard answer.holds("tests", .bool(true)), let problem = Reaching(address: address, keys: keys).problem() else {
        return address
      }
      try say([.init("unreachable", .string(problem))])
    }
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
