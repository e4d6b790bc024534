import Glibc
import HostSystem
import TuningModel

/// What a tool printed and how it ended.
struct ToolOutput: Equatable {
  var status: ExitStatus
  var output: String
  var errors: String

  var hasSucceeded: Bool { status == .exited(0) }

  /// What it said last, on one line, for messages.
  var complaint: String {
    let text = errors.allSatisfy(\.isWhitespace) ? output : errors
    let lines = text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
    let words = lines.prefix(3).joined(separator: " ")
    let end =
      switch status {
      case .exited(let status): "exit status \(status)"
      case .signalled(let signal): "signal \(signal)"
      }
    return words.isEmpty ? end : "\(words.prefix(300)) (\(end))"
  }
}

/// Why a tool gave nothing.
struct ToolFailure: Error, Equatable {
  var message: String
  /// Whether it did not end in time.
  var hung = false
}

/// Runs small programs to their end under a time limit.
enum ToolRun {
  /// Thousands of lines: more is no answer.
  private static let outputLimit = 256 << 10

  /// Runs the program at a path. It gets no input and an environment of its own; what it starts is ended with it.
  static func run(_ words: [String], within limit: Duration, path: String) throws(ToolFailure) -> ToolOutput {
    let program = words.first ?? ""
    let deadline = HostClock.now + limit
    do {
      let output = try OutputPipe()
      let errors = try OutputPipe()
      let pid = try start(words, output, errors, path: path)
      var status: ExitStatus?
      while status == nil, HostClock.now < deadline, !(output.isAtEnd && errors.isAtEnd) {
        OutputPipe.wait(output, errors, atMost: .milliseconds(100))
        output.read(limit: outputLimit)
        errors.read(limit: outputLimit)
        status = ChildProcess.reap(pid)
      }
      while status == nil, HostClock.now < deadline {
        usleep(500)
        status = ChildProcess.reap(pid)
      }
      // Also what it left behind.
      ChildProcess.signalGroup(pid, SIGKILL)
      guard let status else {
        abandon(pid)
        throw ToolFailure(message: "\(program) did not end within \(limit.inSeconds) s", hung: true)
      }
      output.read(limit: outputLimit)
      errors.read(limit: outputLimit)
      return ToolOutput(status: status, output: output.text, errors: errors.text)
    } catch let failure as ToolFailure {
      throw failure
    } catch {
      throw ToolFailure(message: "\(error)")
    }
  }

  private static func start(
    _ words: [String], _ output: OutputPipe, _ errors: OutputPipe, path: String
  ) throws -> Int {
    defer {
      output.closeWriting()
      errors.closeWriting()
    }
    guard let writeOutput = output.write, let writeErrors = errors.write else { return 0 }
    var request = ProcessRequest(
      arguments: words, environment: ["PATH=\(path)", "LC_ALL=C", "HOME=/"], directory: "/",
      input: try Descriptor.open("/dev/null", O_RDONLY), output: writeOutput, error: writeErrors)
    // `nvidia-smi` makes missing device files through a helper with privileges: it keeps the way to them.
    request.deathSignal = SIGKILL
    request.coreLimit = 0
    return try ChildProcess.start(request)
  }

  /// A process that hangs in its driver does not end even now; it is reaped if it ends within a moment.
  private static func abandon(_ pid: Int) {
    for _ in 0..<100 {
      if ChildProcess.reap(pid) != nil { return }
      usleep(5_000)
    }
  }
}

/// A pipe that a child writes and this process reads without waiting.
private final class OutputPipe {
  private let reading: Descriptor
  private(set) var write: Descriptor?
  private var bytes: [UInt8] = []
  private(set) var isAtEnd = false

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(errno, "make", "a pipe") }
    reading = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
  }

  func closeWriting() { write = nil }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Reads what is there; beyond the limit it is thrown away.
  func read(limit: Int) {
    while !isAtEnd {
      guard let piece = try? reading.read(upTo: 1 << 16) else { return }
      if piece.isEmpty { isAtEnd = true }
      bytes += piece.prefix(max(0, limit - bytes.count))
    }
  }

  static func wait(_ a: OutputPipe, _ b: OutputPipe, atMost limit: Duration) {
    var waits = [a, b].filter { !$0.isAtEnd }.map { pollfd(fd: $0.reading.number, events: Int16(POLLIN), revents: 0) }
    _ = poll(&waits, nfds_t(waits.count), Int32(clamping: limit.wholeMilliseconds))
  }
}
