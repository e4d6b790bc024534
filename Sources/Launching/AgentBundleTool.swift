import Glibc
import HostSystem
import TuningModel

/// A command run to its end, with nothing on its standard input.
enum AgentBundleTool {
  struct Result {
    /// nil: it took too long and was killed.
    let status: ExitStatus?
    /// What it printed on standard output and standard error.
    let output: String

    var isSuccess: Bool { status == .exited(0) }

    /// For messages, behind the name of the command.
    var explanation: String {
      let end =
        switch status {
        case .exited(let code): "ended with status \(code)"
        case .signalled(let number): "was ended by signal \(number)"
        case nil: "took too long"
        }
      let tail = output.suffix(2_000).split(whereSeparator: \.isNewline).joined(separator: "\n")
      return tail.isEmpty ? end : "\(end): \(tail)"
    }
  }

  private static let outputLimit = 1 << 20

  /// The first file of the name in `PATH` that can be executed.
  static func find(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  static func run(
    _ words: [String], environment: [String], within patience: Duration
  ) throws(BundleError) -> Result {
    do {
      let null = try Descriptor.open("/dev/null", O_RDONLY)
      var (reader, writer) = try pipe()
      let pid = try ChildProcess.start(
        ProcessRequest(
          arguments: words, environment: environment, directory: "/", input: null, output: writer, error: writer))
      writer = null
      return try follow(pid, reader, within: patience)
    } catch let error as SpawnError {
      throw BundleError(.system, error.message)
    } catch {
      throw BundleError(error)
    }
  }

  private static func follow(_ pid: Int, _ reader: Descriptor, within patience: Duration) throws(SystemError) -> Result
  {
    let deadline = HostClock.now + patience
    let process = try ProcessHandle(pid)
    var output: [UInt8] = []
    while true {
      let status = ChildProcess.reap(pid)
      while let piece = try? reader.read(upTo: 1 << 16), !piece.isEmpty {
        if output.count < outputLimit { output += piece }
      }
      if let status { return Result(status: status, output: String(decoding: output, as: UTF8.self)) }
      let rest = deadline - HostClock.now
      guard rest > .zero else { break }
      var sources = [process.descriptor, reader].map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
      _ = poll(&sources, nfds_t(sources.count), Int32(rest.inSeconds * 1_000) + 1)
      // A command that closed its output and goes on: only its end is left to wait for.
      if sources[0].revents == 0, sources[1].revents & Int16(POLLHUP) != 0 { usleep(1_000) }
    }
    ChildProcess.signalGroup(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid_t(clamping: pid), &status, 0) < 0, errno == EINTR {}
    return Result(status: nil, output: String(decoding: output, as: UTF8.self))
  }

  private static func pipe() throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError(errno, "make", "a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // Only the reader does not wait: what the command prints must not be lost for want of room.
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }
}
