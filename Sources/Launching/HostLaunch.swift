import Glibc
import HostSystem
import TuningModel

/// One `pasha-launch` process, which carries out one task on one host. Driven by the loop of its owner: `step` is called
/// when one of `descriptors` is ready or `deadline` has passed, until it gives nil. Nothing here waits.
///
/// The last event is one that `HostEvent.isLast` tells; after it the process ends by itself, and `hasEnded` says when.
public final class HostLaunch {
  private enum State {
    case working
    /// `pasha-launch` waits for the owner.
    case awaitingAnswer
    case listening
    /// The last event was given.
    case over
  }

  /// How long a process that waits for nothing may say nothing. Its own steps have shorter limits.
  public static let patience = Duration.seconds(180)
  /// How long it may take to end after its last event.
  private static let closing = Duration.seconds(5)

  public let pid: Int
  public let task: HostTask
  private let process: ProcessHandle
  private var input: Descriptor?
  private var output: Descriptor?
  private var errors: Descriptor?
  private var state = State.working
  private var lines = LineBuffer(limit: LaunchProtocol.lineLimit)
  private var errorText: [UInt8] = []
  private var stepDeadline: Instant?
  private var isReaped = false

  /// Starts `pasha-launch`.
  /// - Parameters:
  ///   - executable: its path.
  ///   - environment: `NAME=value` entries: the owner's own, so that the user's SSH agent is found.
  public init(executable: String, task: HostTask, environment: [String]) throws(SystemError) {
    let toLaunch = try LaunchPipe()
    let fromLaunch = try LaunchPipe()
    let errors = try LaunchPipe()
    var request = ProcessRequest(
      arguments: [executable], environment: environment, directory: "/", input: toLaunch.read,
      output: fromLaunch.write, error: errors.write)
    request.deathSignal = SIGTERM
    do {
      pid = try ChildProcess.start(request)
    } catch {
      throw SystemError(.notFound, message: error.message)
    }
    process = try ProcessHandle(pid)
    self.task = task
    input = toLaunch.write
    output = fromLaunch.read
    self.errors = errors.read
    stepDeadline = HostClock.now + Self.patience
    try fromLaunch.read.makeNonBlocking()
    try errors.read.makeNonBlocking()
    try toLaunch.write.write(task.line.utf8)
  }

  /// What to wait for.
  public var descriptors: [Descriptor] {
    isReaped ? [] : [process.descriptor] + [output, errors].compactMap { $0 }
  }

  public var deadline: Instant? { isReaped ? nil : stepDeadline }
  /// The process is gone, and its last event was given.
  public var hasEnded: Bool { if case .over = state { isReaped } else { false } }

  /// Tells the agent where its coordinator is, after its key was admitted or when it could not reach the address before.
  public func confirm(_ address: LaunchAddress) { answer(.address(address)) }

  /// The passphrase that was asked for; nil: there is none.
  public func answer(secret: String?) { answer(.passphrase(secret)) }

  /// Ends it in order: an agent that was not confirmed ends too, a tunnel is closed.
  public func giveUp() {
    if case .awaitingAnswer = state { answer(.giveUp) }
    input = nil
    if case .over = state { return }
    stepDeadline = HostClock.now + Self.closing
  }

  /// Ends it at once.
  public func kill() { process.signal(SIGKILL) }

  /// Looks what has happened; nil: nothing (more).
  public func step() -> HostEvent? {
    if isReaped, case .over = state { return nil }
    readErrors()
    readOutput()
    while let line = lines.next() {
      guard case .over = state else {
        if let event = take(line) { return event }
        continue
      }
    }
    if !isReaped, ChildProcess.reap(pid) != nil || !ProcessTable.exists(pid) {
      isReaped = true
      input = nil
      readErrors()
      readOutput()
      if lines.hasLine { return step() }
    }
    if isReaped {
      guard case .over = state else { return over("pasha-launch (pid \(pid)) ended before its task") }
      return nil
    }
    if let stepDeadline, HostClock.now >= stepDeadline {
      kill()
      self.stepDeadline = HostClock.now + .seconds(1)
      guard case .over = state else { return over("pasha-launch (pid \(pid)) did not answer and was ended") }
    }
    return nil
  }

  private func answer(_ answer: HostAnswer) {
    guard case .awaitingAnswer = state, let input else { return }
    state = .working
    stepDeadline = HostClock.now + Self.patience
    // A process that is gone is noticed by its end.
    try? input.write(answer.line.utf8)
  }

  private func take(_ line: String) -> HostEvent? {
    guard let value = try? JSONValue(parsing: line), let event = HostEvent(json: value) else { return nil }
    switch event {
    case .ask, .announced, .unreachable:
      state = .awaitingAnswer
      stepDeadline = nil
    case .listening:
      state = .listening
      stepDeadline = nil
    case .running, .alive, .inspected, .ended, .failed:
      state = .over
      input = nil
      stepDeadline = HostClock.now + Self.closing
    case .note, .connected, .probed, .uploading, .uploaded:
      stepDeadline = HostClock.now + Self.patience
    }
    return event
  }

  private func over(_ what: String) -> HostEvent {
    state = .over
    input = nil
    let words = String(decoding: errorText, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
    let message = "\(task.name): \(what)" + (words.isEmpty ? "" : ": \(words)")
    return .failed(HostFailure(HostFailure.internal, message, isRetryable: true))
  }

  private func readOutput() {
    // A bound, so that a process that says much does not hold up the loop.
    for _ in 0..<16 {
      guard let output, let piece = try? output.read(upTo: 65_536) else { return }
      if piece.isEmpty { self.output = nil }
      lines.append(piece)
    }
  }

  private func readErrors() {
    for _ in 0..<16 {
      guard let errors, let piece = try? errors.read(upTo: 65_536) else { return }
      if piece.isEmpty { self.errors = nil }
      errorText = (errorText + piece).suffix(4_096)
    }
  }
}

extension HostEvent {
  /// Whether nothing comes after it.
  public var isLast: Bool {
    switch self {
    case .running, .alive, .inspected, .ended, .failed: true
    case .note, .ask, .connected, .probed, .uploading, .uploaded, .announced, .unreachable, .listening: false
    }
  }
}

extension ProcessTable {
  /// Whether the number is in use, be it by a process that waits to be reaped.
  fileprivate static func exists(_ pid: Int) -> Bool { entry(pid) != nil }
}
