import CSSH2
import Glibc
import HostSystem
import TuningModel

/// A channel that another thread wants from a pump: made there, then handed over whole.
final class ChannelOrder: Sendable {
  enum Kind: Sendable {
    case command(String)
    /// A connection from the host to somewhere else.
    case forward(host: String, port: Int)
  }

  let kind: Kind
  let deadline: Instant
  /// The pump's ends: what is read goes to the host, what comes from the host is written.
  let input: Descriptor
  let output: Descriptor
  let errors: Descriptor?
  let state: CommandState
  private let outcome = Locked<Outcome?>(nil)
  private let done: Wakeup

  private enum Outcome {
    case open
    case failed(SecureShellError)
  }

  /// nil when this process has no descriptor left.
  init?(kind: Kind, limit: Duration, input: Descriptor, output: Descriptor, errors: Descriptor?) {
    guard let done = Wakeup(), let state = CommandState() else { return nil }
    self.kind = kind
    deadline = HostClock.now + limit
    self.input = input
    self.output = output
    self.errors = errors
    self.state = state
    self.done = done
  }

  /// To be called by the pump, once.
  func finish(_ failure: SecureShellError?) {
    outcome.withLock { $0 = $0 ?? failure.map { .failed($0) } ?? .open }
    done.signal()
  }

  /// Waits for the pump, which keeps to the deadline itself.
  func wait(_ label: String) throws(SecureShellError) {
    var item = pollfd(fd: done.descriptor, events: Int16(POLLIN), revents: 0)
    let latest = deadline + .seconds(5)
    while poll(&item, 1, latest.pollTime) < 0, errno == EINTR {}
    switch outcome.withLock({ $0 }) {
    case .open: return
    case .failed(let error): throw error
    case nil: throw SecureShellError(.timeout, "\(label): a channel to the host did not open in time")
    }
  }
}

/// How a command ended, once it has; written by the pump, read by whoever started it.
final class CommandState: Sendable {
  /// Readable once the command has ended.
  let ended: Descriptor
  private let known = Locked<RemoteExit?>(nil)

  /// nil when this process has no descriptor left.
  init?() {
    let number = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard number >= 0 else { return nil }
    ended = Descriptor(owning: number)
  }

  var exit: RemoteExit? { known.withLock { $0 } }

  /// The first word counts.
  func set(_ exit: RemoteExit) {
    known.withLock { $0 = $0 ?? exit }
    eventfd_write(ended.number, 1)
  }
}
