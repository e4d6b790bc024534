import Glibc
import HostSystem
import Launching
import SecureShell
import TuningModel

/// Whoever started this process: gives the task and answers on standard input, is told events on standard output.
final class Owner: Sendable {
  private let lines = Locked<[String]>([])
  private let news: Wakeup
  /// Readable once standard input has ended.
  private let end: Wakeup
  private let signals: SignalWatch
  private let output = Descriptor(owning: dup(1))

  /// How long the main thread gets to end in order once the owner is gone.
  private static let grace: useconds_t = 1_000_000

  /// nil when the system has no thread or descriptor left.
  init?() {
    guard let news = Wakeup(), let end = Wakeup(), let signals = try? SignalWatch([SIGTERM, SIGINT, SIGHUP]) else {
      return nil
    }
    self.news = news
    self.end = end
    self.signals = signals
    guard WorkerThread(name: "owner", { [self] in read() }) != nil else { return nil }
  }

  /// Readable once the owner is gone; never read.
  var endDescriptor: Descriptor { Descriptor(owning: dup(end.descriptor)) }

  func say(_ event: HostEvent) {
    // An owner that reads nothing any more is gone, which the end of its input tells.
    try? output.write(event.line.utf8)
  }

  /// The next line; nil when none came in time.
  /// - Throws: when the owner is gone.
  func line(within patience: Duration) throws(HostFailure) -> String? {
    let deadline = HostClock.now + patience
    while true {
      news.clear()
      if let line = lines.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return line }
      var items = [news.descriptor, end.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let left = deadline - HostClock.now
      guard left > .zero else { return nil }
      _ = poll(&items, 2, Int32(clamping: (left + .milliseconds(1)).wholeMilliseconds))
      if items[1].revents != 0, lines.withLock({ $0.isEmpty }) { throw Self.gone }
    }
  }

  /// The next answer; lines that are none are passed over. nil when none came in time.
  func answer(within patience: Duration) throws(HostFailure) -> HostAnswer? {
    let deadline = HostClock.now + patience
    while let line = try line(within: max(.zero, deadline - HostClock.now)) {
      if let value = try? JSONValue(parsing: line), let answer = HostAnswer(json: value) { return answer }
    }
    return nil
  }

  static let gone = HostFailure(HostFailure.internal, "the owner of pasha-launch is gone", isRetryable: true)

  /// Reads standard input to its end or to a signal, on a thread of its own.
  private func read() {
    let input = Descriptor(owning: dup(0))
    var buffer = LineBuffer(limit: LaunchProtocol.lineLimit)
    while !hearsSignal(besides: input), let piece = try? input.read(upTo: 65_536), !piece.isEmpty {
      buffer.append(piece)
      while let line = buffer.next() { lines.withLock { $0.append(line) } }
      news.signal()
    }
    end.signal()
    // A library that hangs does not keep the process.
    usleep(Self.grace)
    PrivateFolder.removeAll()
    _exit(1)
  }

  /// Waits for input; whether a signal to end came first.
  private func hearsSignal(besides input: Descriptor) -> Bool {
    var items = [signals.descriptor.number, input.number].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&items, 2, -1) < 0, errno == EINTR {}
    return items[0].revents != 0
  }
}

/// Asks the owner for passphrases.
struct OwnerSecrets: SecretSource {
  let owner: Owner

  /// Somebody has to come to the terminal.
  private static let patience = Duration.seconds(600)

  func passphrase(of keyFile: String, isRetry: Bool) -> String? {
    owner.say(.ask(keyFile: keyFile, isRetry: isRetry))
    let answer = try? owner.answer(within: Self.patience)
    if case .passphrase(let text)? = answer { return text }
    return nil
  }
}
