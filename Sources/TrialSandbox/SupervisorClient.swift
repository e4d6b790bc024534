import Glibc
import HostSystem
import Wire

/// The agent's end of the line to one supervisor: starts supervisors, or finds one that an earlier agent started.
/// Nothing here waits. For one thread.
public final class SupervisorClient {
  public let folder: AttemptFolder
  /// The supervisor's process where this client started it: the agent reaps it (`ChildProcess.reap(pid)`).
  public let pid: Int?
  /// Readable when events or the end have come. To be watched for writing while `hasUnsent`.
  public let descriptor: Descriptor
  private var unsent: [[UInt8]] = []

  private init(folder: AttemptFolder, pid: Int?, descriptor: Descriptor) {
    self.folder = folder
    self.pid = pid
    self.descriptor = descriptor
  }

  /// Starts a supervisor for the plan that stands in the folder and connects to it. `command` is what runs
  /// `pasha-agent supervise`, without the plan's path; `environment` is the supervisor's own, not the trial's.
  ///
  /// The supervisor leads a session of its own and survives the agent. Its socket is bound before it starts, so that it
  /// can be talked to at once; what it says before it listens waits in the socket.
  public static func start(
    _ folder: AttemptFolder, command: [String], environment: [String] = []
  ) throws(SpawnError) -> SupervisorClient {
    let request: ProcessRequest
    let descriptor: Descriptor
    do throws(SystemError) {
      let listener = try UnixSocket.listen(folder.socket)
      descriptor = try UnixSocket.connect(folder.socket)
      let null = try Descriptor.open("/dev/null", O_RDWR)
      let log = try Descriptor.open(folder.supervisorLog, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
      var start = ProcessRequest(
        arguments: command + [folder.plan], environment: environment + [Supervisor.listenerVariable], directory: "/",
        input: null, output: log, error: log)
      start.inherited = (listener, Supervisor.listenerNumber)
      request = start
    } catch {
      throw SpawnError(code: .host, number: error.number, message: error.message)
    }
    return SupervisorClient(folder: folder, pid: try ChildProcess.start(request), descriptor: descriptor)
  }

  /// Connects to a supervisor that runs already. `notFound` or `closed`: there is none.
  public init(connectingTo folder: AttemptFolder) throws(SystemError) {
    self.folder = folder
    pid = nil
    descriptor = try UnixSocket.connect(folder.socket)
  }

  /// Whether commands wait for the socket to take them.
  public var hasUnsent: Bool { !unsent.isEmpty }

  /// Sends a command; what the socket does not take now waits for `flush`. `closed` when the supervisor is gone.
  public func send(_ command: SupervisorCommand) throws(SystemError) {
    unsent.append(command.encoded())
    try flush()
  }

  /// Sends what waits.
  public func flush() throws(SystemError) {
    while let next = unsent.first {
      guard try UnixSocket.send(descriptor, next) else { return }
      unsent.removeFirst()
    }
  }

  /// What the supervisor has said since. `isClosed`: it has ended or was killed, and nothing more will come; what has
  /// become of the attempt says `LeftOver`.
  public func receive() -> (events: [SupervisorEvent], isClosed: Bool) {
    var events: [SupervisorEvent] = []
    while true {
      switch UnixSocket.receive(descriptor, limit: WireLimits.supervisorMessageBytes) {
      case .packet(let bytes):
        if let event = try? SupervisorEvent(decoding: bytes) { events.append(event) }
      case .tooLong: continue
      case .nothing: return (events, false)
      case .closed: return (events, true)
      }
    }
  }
}
