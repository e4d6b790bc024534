import Glibc
import HostSystem
import TuningModel

/// One command that joined the connection of a master.
final class OpenSSHCommand {
  let remote: RemoteCommand
  private let process: ProcessHandle
  private let exit: CommandExit

  /// - Parameter broken: says, when `ssh` has ended with its own status, what became of the connection; nil: it stands.
  init(_ words: [String], environment: [String], broken: @escaping () -> String?) throws {
    let input = try CommandPipe()
    let output = try CommandPipe()
    let errors = try CommandPipe()
    var request = ProcessRequest(
      arguments: words, environment: environment, input: input.read, output: output.write, error: errors.write)
    request.deathSignal = SIGTERM
    let process = try ProcessHandle(try ChildProcess.start(request))
    let exit = CommandExit(process.pid, broken: broken)
    for end in [input.write, output.read, errors.read] {
      _ = fcntl(end.number, F_SETFL, fcntl(end.number, F_GETFL) | O_NONBLOCK)
    }
    self.process = process
    self.exit = exit
    remote = RemoteCommand(
      input: input.write, output: output.read, errors: errors.read, ended: process.descriptor,
      status: { exit.status() })
  }

  func status() -> RemoteExit? { exit.status() }
  func kill() { process.signal(SIGKILL) }
}

/// How a command's `ssh` ended, found out once.
private final class CommandExit {
  private let pid: Int
  private let broken: () -> String?
  private var known: RemoteExit?

  /// What `ssh` ends with when it failed itself.
  private static let ownFailure = 255

  init(_ pid: Int, broken: @escaping () -> String?) {
    self.pid = pid
    self.broken = broken
  }

  func status() -> RemoteExit? {
    if let known { return known }
    switch ChildProcess.reap(pid) {
    case nil: return nil
    case .exited(Self.ownFailure): known = broken().map { .lost($0) } ?? .exited(Self.ownFailure)
    case .exited(let code): known = .exited(code)
    case .signalled: known = .lost("ssh was ended")
    }
    return known
  }
}

/// A pipe; both ends are closed at exec.
struct CommandPipe {
  let read: Descriptor
  let write: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(errno, "make", "a pipe") }
    read = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }
}
