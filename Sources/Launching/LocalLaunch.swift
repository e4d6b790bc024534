import Glibc
import HostSystem
import TuningModel

/// An agent on this machine, from its start to its end. Driven by the loop of its owner: `step` is called when one of
/// `descriptors` is ready or `deadline` has passed.
public final class LocalLaunch {
  public enum Event: Equatable, Sendable {
    /// The agent named its key; answer with `confirm` once the key is admitted.
    case announced(publicKey: String)
    /// The agent took the address and goes on by itself.
    case running
    /// The agent ended, or never came up.
    case ended(message: String)
  }

  private enum State {
    case awaitingKey
    case awaitingConfirmation
    case awaitingAcknowledgement
    case running
    case ended
  }

  /// How long each step of the start may take.
  public static let patience = Duration.seconds(20)

  public let pid: Int
  /// Start time of the process, by which it is found again.
  public let start: Int
  private var state: State
  private let process: ProcessHandle
  private let input: Descriptor?
  private let output: Descriptor?
  private let errors: Descriptor?
  private var buffer: [UInt8] = []
  private var errorText: [UInt8] = []
  private var stepDeadline: Instant?

  /// Starts an agent.
  /// - Parameter executable: path of `pasha-agent`.
  public init(
    executable: String, request: LaunchRequest, environment: [String]
  ) throws(SystemError) {
    let toAgent = try Pipe()
    let fromAgent = try Pipe()
    let errors = try Pipe()
    let process = ProcessRequest(
      arguments: [executable, "--launched"], environment: environment, directory: "/", input: toAgent.read,
      output: fromAgent.write, error: errors.write)
    do {
      pid = try ChildProcess.start(process)
    } catch {
      throw SystemError(.notFound, message: error.message)
    }
    start = ProcessTable.entry(pid)?.start ?? 0
    self.process = try ProcessHandle(pid)
    input = toAgent.write
    output = fromAgent.read
    self.errors = errors.read
    state = .awaitingKey
    stepDeadline = HostClock.now + Self.patience
    try setNonBlocking(fromAgent.read)
    try setNonBlocking(errors.read)
    try toAgent.write.write(request.line.utf8)
  }

  /// Watches an agent that runs already, started by a coordinator before this one.
  public init?(adopting pid: Int, start: Int) {
    guard ProcessTable.isAlive(pid: pid, start: start), let process = try? ProcessHandle(pid) else { return nil }
    self.pid = pid
    self.start = start
    self.process = process
    input = nil
    output = nil
    errors = nil
    state = .running
  }

  /// What to wait for.
  public var descriptors: [Descriptor] {
    switch state {
    case .ended: []
    case .running: [process.descriptor]
    case .awaitingKey, .awaitingConfirmation, .awaitingAcknowledgement:
      [process.descriptor] + [output].compactMap { $0 }
    }
  }

  public var deadline: Instant? { stepDeadline }
  public var hasEnded: Bool { if case .ended = state { true } else { false } }

  /// Tells the agent where its coordinator is, after its key was admitted.
  public func confirm(_ address: LaunchAddress) {
    guard case .awaitingConfirmation = state, let input else { return }
    do throws(SystemError) {
      try input.write(address.line.utf8)
      state = .awaitingAcknowledgement
      stepDeadline = HostClock.now + Self.patience
    } catch {
      // Its end is seen by its process.
    }
  }

  /// Looks what has happened; nil: nothing.
  public func step() -> Event? {
    if case .ended = state { return nil }
    if let line = nextLine() { return take(line) }
    if ChildProcess.reap(pid) != nil || !ProcessTable.isAlive(pid: pid, start: start) {
      state = .ended
      stepDeadline = nil
      return .ended(message: lastWords("the agent (pid \(pid)) ended"))
    }
    if let stepDeadline, HostClock.now >= stepDeadline {
      process.signal(SIGKILL)
      self.stepDeadline = nil
      state = .ended
      return .ended(message: lastWords("the agent (pid \(pid)) did not answer for \(Self.patience.inSeconds) s"))
    }
    return nil
  }

  /// Ends the agent at once.
  public func kill() { process.signal(SIGKILL) }

  private func nextLine() -> String? {
    guard let output else { return nil }
    if let piece = try? errors?.read(upTo: 4096) { errorText = (errorText + piece).suffix(4096) }
    if let piece = try? output.read(upTo: 4096) { buffer += piece }
    guard let end = buffer.firstIndex(of: UInt8(ascii: "\n")) else {
      if buffer.count > LaunchProtocol.lineLimit { buffer = [] }
      return nil
    }
    defer { buffer.removeSubrange(...end) }
    return String(decoding: buffer[..<end], as: UTF8.self)
  }

  private func take(_ line: String) -> Event? {
    guard let value = try? JSONValue(parsing: line) else { return nil }
    if let message = value.text("error") {
      process.signal(SIGKILL)
      state = .ended
      stepDeadline = nil
      return .ended(message: message)
    }
    switch state {
    case .awaitingKey:
      guard let key = value.text("public_key") else { return nil }
      state = .awaitingConfirmation
      stepDeadline = nil
      return .announced(publicKey: key)
    case .awaitingAcknowledgement:
      state = .running
      stepDeadline = nil
      return .running
    case .awaitingConfirmation, .running, .ended: return nil
    }
  }

  private func lastWords(_ what: String) -> String {
    if let piece = try? errors?.read(upTo: 4096) { errorText = (errorText + piece).suffix(4096) }
    let text = String(decoding: errorText, as: UTF8.self)
    return text.isEmpty ? what : "\(what): \(text)"
  }

  private func setNonBlocking(_ descriptor: Descriptor) throws(SystemError) {
    let flags = fcntl(descriptor.number, F_GETFL)
    guard flags >= 0, fcntl(descriptor.number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError(errno, "set up", "a pipe")
    }
  }
}

private struct Pipe {
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
