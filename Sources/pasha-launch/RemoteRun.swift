import Glibc
import HostSystem
import Launching
import SecureShell
import TuningModel

/// A command on the host, spoken with in lines. Its output and its standard error are always read, so that neither side
/// can wait for the other without end.
final class RemoteRun {
  let command: RemoteCommand
  private let host: String
  private let ownerEnd: Descriptor
  private var lines = LineBuffer(limit: LaunchProtocol.lineLimit)
  private var errorBytes: [UInt8] = []
  private var outputHasEnded = false
  private var errorsHaveEnded = false
  private var received = 0

  /// Bytes that a command may print; logins that print without end are told apart by it.
  private static let outputLimit = 16 << 20
  private static let errorLimit = 4_096

  init(_ command: RemoteCommand, host: String, owner: Owner) throws(HostFailure) {
    self.command = command
    self.host = host
    ownerEnd = owner.endDescriptor
    for end in [command.input, command.output, command.errors].compactMap({ $0 }) {
      let flags = fcntl(end.number, F_GETFL)
      guard flags >= 0, fcntl(end.number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
        throw HostFailure(HostFailure.internal, "\(host): a pipe cannot be set up", isRetryable: true)
      }
    }
  }

  /// Writes all of it. False when the command takes no more: what it said tells why.
  /// - Parameter stall: how long it may take no byte.
  func write(_ bytes: some Collection<UInt8>, stall: Duration = .seconds(20)) throws(HostFailure) -> Bool {
    let bytes = Array(bytes)
    var done = 0
    var deadline = HostClock.now + stall
    while done < bytes.count {
      guard let input = command.input else { return false }
      let count = bytes.withUnsafeBytes { Glibc.write(input.number, $0.baseAddress! + done, bytes.count - done) }
      if count > 0 {
        done += count
        deadline = HostClock.now + stall
        continue
      }
      if count < 0, errno == EINTR { continue }
      guard count < 0, errno == EAGAIN || errno == EWOULDBLOCK else { return false }
      guard HostClock.now < deadline else {
        throw HostFailure(
          SecureShellError.Code.timeout.rawValue,
          "\(host): the host took no byte for \(Int(stall.inSeconds.rounded(.up))) s", isRetryable: true)
      }
      try turn(writing: true, until: deadline)
    }
    return true
  }

  func closeInput() { command.closeInput() }

  /// The next line of its output; nil when there is none any more.
  /// - Throws: when none comes in time, when the owner is gone.
  func line(within patience: Duration, doing what: String) throws(HostFailure) -> String? {
    let deadline = HostClock.now + patience
    while true {
      if let line = lines.next() { return line }
      if outputHasEnded { return nil }
      guard HostClock.now < deadline else { throw timeout(patience, what) }
      try turn(writing: false, until: deadline)
    }
  }

  /// How it ended; nil when it does not within the time.
  func exit(within patience: Duration) throws(HostFailure) -> RemoteExit? {
    let deadline = HostClock.now + patience
    while true {
      if let status = command.status {
        // Its last words may still be on their way.
        let wordsUntil = HostClock.now + .milliseconds(500)
        while !errorsHaveEnded || !outputHasEnded, HostClock.now < wordsUntil {
          try turn(writing: false, until: wordsUntil)
        }
        return status
      }
      guard HostClock.now < deadline else { return nil }
      try turn(writing: false, until: deadline, andEnd: true)
    }
  }

  /// The last of what it wrote on its standard error, on one line; empty: nothing.
  var errors: String {
    let text = String(decoding: errorBytes, as: UTF8.self)
    let printable = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
    return String(printable).split(separator: " ").joined(separator: " ")
  }

  /// Whether its words tell of a disk that is full, or of a quota that is used up.
  var tellsOfFullDisk: Bool {
    ["No space left on device", "Disk quota exceeded", "Wrote only"].contains { errors.contains($0) }
  }

  func timeout(_ patience: Duration, _ what: String) -> HostFailure {
    HostFailure(
      SecureShellError.Code.timeout.rawValue,
      withErrors("\(host): no answer within \(Int(patience.inSeconds.rounded(.up))) s while \(what)"), isRetryable: true
    )
  }

  /// The text with what stands on standard error.
  func withErrors(_ text: String) -> String { errors.isEmpty ? text : "\(text): \(errors)" }

  /// Waits for something to happen, and reads what there is.
  private func turn(writing: Bool, until deadline: Instant, andEnd: Bool = false) throws(HostFailure) {
    var items = [pollfd(fd: ownerEnd.number, events: Int16(POLLIN), revents: 0)]
    if !outputHasEnded { items.append(pollfd(fd: command.output.number, events: Int16(POLLIN), revents: 0)) }
    if !errorsHaveEnded { items.append(pollfd(fd: command.errors.number, events: Int16(POLLIN), revents: 0)) }
    if andEnd || (outputHasEnded && errorsHaveEnded) {
      items.append(pollfd(fd: command.ended.number, events: Int16(POLLIN), revents: 0))
    }
    if writing, let input = command.input {
      items.append(pollfd(fd: input.number, events: Int16(POLLOUT), revents: 0))
    }
    let left = max(.zero, deadline - HostClock.now)
    _ = poll(&items, nfds_t(items.count), Int32(clamping: (left + .nanoseconds(999_999)).wholeMilliseconds))
    if items[0].revents != 0 { throw Owner.gone }
    if !outputHasEnded { readOutput() }
    if !errorsHaveEnded { readErrors() }
    if received > Self.outputLimit {
      throw HostFailure(
        HostFailure.system, "\(host): the login there prints without end; see what ~/.bashrc and its like print",
        isRetryable: false)
    }
  }

  private func readOutput() {
    switch Self.read(command.output) {
    case nil: return
    case let piece? where piece.isEmpty: outputHasEnded = true
    case let piece?:
      received += piece.count
      lines.append(piece)
    }
  }

  private func readErrors() {
    switch Self.read(command.errors) {
    case nil: return
    case let piece? where piece.isEmpty: errorsHaveEnded = true
    case let piece?:
      received += piece.count
      errorBytes = (errorBytes + piece).suffix(Self.errorLimit)
    }
  }

  /// nil: nothing now. An end that failed has nothing more to say.
  private static func read(_ descriptor: Descriptor) -> [UInt8]? {
    do throws(SystemError) {
      return try descriptor.read(upTo: 65_536)
    } catch {
      return error.code == .wouldBlock ? nil : []
    }
  }
}
