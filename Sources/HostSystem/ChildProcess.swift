import CSandbox
import Glibc

/// What a process is started with. Nothing of the starting process goes over to it but what stands here.
public struct ProcessRequest {
  public var arguments: [String]
  /// `NAME=value` entries: the whole environment.
  public var environment: [String]
  public var directory: String?
  public var input: Descriptor
  public var output: Descriptor
  public var error: Descriptor
  /// A descriptor that the process inherits under a number of its own.
  public var inherited: (descriptor: Descriptor, number: Int32)?
  public var leadsSession = true
  public var losesPrivileges = false
  /// Signal when the thread that starts it ends; 0: none.
  public var deathSignal: Int32 = 0
  /// Bytes of a core file; nil: as inherited.
  public var coreLimit: Int?
  /// The most processes and threads that its user may have for it to start another one; nil: as inherited. A hard limit
  /// that is lower stays. Nothing binds root.
  public var processLimit: Int?
  /// The control group that it joins, where it can.
  public var group: ControlGroup?
  /// What confines the process and all that it starts; it must lose its privileges then.
  public var ruleset: LandlockRuleset?

  public init(
    arguments: [String], environment: [String], directory: String? = nil, input: Descriptor, output: Descriptor,
    error: Descriptor
  ) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.input = input
    self.output = output
    self.error = error
  }
}

/// How a process ended.
public enum ExitStatus: Equatable, Sendable {
  case exited(Int)
  case signalled(Int)

  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7F
    self = signal == 0 ? .exited(Int((waitStatus >> 8) & 0xFF)) : .signalled(Int(signal))
  }
}

/// A start that failed.
public struct SpawnError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// The program does not exist or cannot be executed.
    case program
    /// The working directory cannot be entered.
    case directory
    /// The host cannot start processes.
    case host
  }

  public let code: Code
  public let number: Int32
  public let message: String
  public var description: String { message }

  public init(code: Code, number: Int32, message: String) {
    self.code = code
    self.number = number
    self.message = message
  }
}

/// Starting and reaping child processes.
public enum ChildProcess {
  /// Starts a process and gives its pid once it executes its program. A program without `/` is looked for along `PATH`
  /// of the request's own environment, relative names against the request's directory.
  public static func start(_ request: ProcessRequest) throws(SpawnError) -> Int {
    guard let program = request.arguments.first, !program.isEmpty else {
      throw SpawnError(code: .program, number: ENOENT, message: "cannot start a program without a name")
    }
    for text in request.arguments + request.environment where text.utf8.contains(0) {
      throw SpawnError(
        code: .program, number: EINVAL, message: "cannot start \(program): an argument or environment entry holds NUL")
    }
    let candidates = candidates(for: program, environment: request.environment)
    var stage: Int32 = 0
    let entrances = request.group?.entrances() ?? []
    let pid = withStrings(candidates) { candidates in
      withStrings(request.arguments) { arguments in
        withStrings(request.environment) { environment in
          withOptionalCString(request.directory) { directory in
            var spawn = sandbox_spawn()
            spawn.candidates = candidates
            spawn.arguments = arguments
            spawn.environment = environment
            spawn.directory = directory
            spawn.standard = (request.input.number, request.output.number, request.error.number)
            spawn.inherited = request.inherited?.descriptor.number ?? -1
            spawn.inherited_as = request.inherited?.number ?? -1
            spawn.new_session = request.leadsSession ? 1 : 0
            spawn.no_new_privileges = request.losesPrivileges ? 1 : 0
            spawn.death_signal = request.deathSignal
            spawn.core_limit = Int64(request.coreLimit ?? -1)
            spawn.process_limit = Int64(request.processLimit ?? -1)
            spawn.groups = (entrances.first?.number ?? -1, entrances.dropFirst().first?.number ?? -1)
            spawn.ruleset = request.ruleset?.descriptor.number ?? -1
            return sandbox_spawn(&spawn, &stage)
          }
        }
      }
    }
    withExtendedLifetime(entrances) {}
    if pid >= 0 { return Int(pid) }
    throw failure(-pid, stage, program: program, directory: request.directory)
  }

  /// The next child that has ended, nil when there is none yet.
  public static func reap() -> (pid: Int, status: ExitStatus)? {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      if pid > 0 { return (Int(pid), ExitStatus(waitStatus: status)) }
      if pid < 0, errno == EINTR { continue }
      return nil
    }
  }

  /// Whether a child has ended and waits to be reaped, or is no child.
  public static func hasEnded(_ pid: Int) -> Bool {
    var info = siginfo_t()
    while waitid(P_PID, id_t(clamping: pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 {
      if errno != EINTR { return true }
    }
    return info.si_signo == SIGCHLD
  }

  /// One child's end, nil while it runs or when it is no child.
  public static func reap(_ pid: Int) -> ExitStatus? {
    var status: Int32 = 0
    while true {
      let found = waitpid(pid_t(clamping: pid), &status, WNOHANG)
      if found > 0 { return ExitStatus(waitStatus: status) }
      if found < 0, errno == EINTR { continue }
      return nil
    }
  }

  /// Whether this process has children, those that have ended and wait to be reaped included.
  public static var hasChildren: Bool {
    var info = siginfo_t()
    while waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }

  /// Orphaned descendants become children of this process instead of the system's first one.
  public static func becomeSubreaper() throws(SystemError) {
    _ = try checkedShim("become", "a subreaper", sandbox_become_subreaper())
  }

  /// Signals a whole process group; whether there was one.
  @discardableResult
  public static func signalGroup(_ group: Int, _ signal: Int32) -> Bool {
    group > 1 && kill(-pid_t(clamping: group), signal) == 0
  }

  /// Signals one process; whether there was one.
  @discardableResult
  public static func signal(_ pid: Int, _ signal: Int32) -> Bool {
    pid > 1 && kill(pid_t(clamping: pid), signal) == 0
  }

  private static func candidates(for program: String, environment: [String]) -> [String] {
    if program.contains("/") { return [program] }
    let path = environment.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? "/usr/bin:/bin"
    return path.split(separator: ":", omittingEmptySubsequences: false).map {
      $0.isEmpty ? "./\(program)" : "\($0)/\(program)"
    }
  }

  private static func failure(_ number: Int32, _ stage: Int32, program: String, directory: String?) -> SpawnError {
    let reason = SystemError.reason(number)
    switch UInt32(stage) {
    case SANDBOX_STAGE_EXECUTE.rawValue:
      let hint = number == ENOEXEC ? " (a script needs a first line such as #!/usr/bin/env python3)" : ""
      return SpawnError(code: .program, number: number, message: "cannot execute \(program): \(reason)\(hint)")
    case SANDBOX_STAGE_DIRECTORY.rawValue:
      return SpawnError(
        code: .directory, number: number, message: "cannot start \(program) in \(directory ?? "."): \(reason)")
    case SANDBOX_STAGE_CONFINEMENT.rawValue:
      return SpawnError(code: .host, number: number, message: "cannot confine \(program): \(reason)")
    default:
      return SpawnError(code: .host, number: number, message: "cannot start a process for \(program): \(reason)")
    }
  }
}

/// The strings as a C array that ends with NULL, for the time of the call.
private func withStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  let pointers = copies.map { UnsafePointer($0) } + [nil]
  return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}
