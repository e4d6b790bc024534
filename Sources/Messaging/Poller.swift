import CZeroMQ
import Glibc
import TuningModel

/// What a loop can wait for.
public enum PollSource {
  /// A socket of this module.
  case socket(SocketHandle)
  /// Any descriptor of the system: a pipe, an inotify instance, a timer.
  case descriptor(CInt)
}

/// A socket as the poller knows it. Not to be kept longer than its socket is open.
public struct SocketHandle {
  let pointer: UnsafeMutableRawPointer?
}

/// What a source is waited for, and what it is ready for.
public struct PollEvents: OptionSet, Sendable {
  public let rawValue: CShort

  public init(rawValue: CShort) { self.rawValue = rawValue }

  public static let readable = PollEvents(rawValue: CShort(ZMQ_POLLIN))
  public static let writable = PollEvents(rawValue: CShort(ZMQ_POLLOUT))
  /// A descriptor was closed at its other end or is none; told without being asked for.
  public static let failed = PollEvents(rawValue: CShort(ZMQ_POLLERR))
}

/// Waits for several sockets and descriptors at once. A loop fills it anew for each turn; its memory is kept.
public struct Poller {
  private var items: [zmq_pollitem_t] = []

  public init() {}

  public mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Adds a source.
  /// - Returns: its index, for `events(at:)` after the wait.
  @discardableResult
  public mutating func add(_ source: PollSource, for events: PollEvents = .readable) -> Int {
    var item = zmq_pollitem_t()
    item.events = events.rawValue
    switch source {
    case .socket(let socket):
      item.socket = socket.pointer
      // A closed socket: never ready.
      if socket.pointer == nil { item.fd = -1 }
    case .descriptor(let descriptor): item.fd = descriptor
    }
    items.append(item)
    return items.count - 1
  }

  /// Waits until a source is ready or the time is over (nil: without end). A signal ends the wait too, with nothing ready.
  /// - Returns: how many sources are ready.
  @discardableResult
  public mutating func wait(for timeout: Duration?) throws(MessagingError) -> Int {
    // Rounded up, so that a loop does not spin through a deadline's last millisecond.
    let milliseconds = timeout.map { max(0, ($0 + .nanoseconds(999_999)).wholeMilliseconds) } ?? -1
    for index in items.indices { items[index].revents = 0 }
    let ready = zmq_poll(&items, CInt(items.count), Int(min(milliseconds, Int64(CInt.max))))
    if ready >= 0 { return Int(ready) }
    if zmq_errno() == EINTR { return 0 }
    throw .current("waiting for messages")
  }

  /// What the source of an index was ready for at the end of the last wait.
  public func events(at index: Int) -> PollEvents { PollEvents(rawValue: items[index].revents) }
}
