import CSandbox
import Glibc
import TuningModel

/// A poll loop on epoll for one thread: descriptors are watched under tokens, `wait` gives the tokens that are ready.
/// It keeps no callbacks and owns no descriptors; whoever drops a descriptor calls `ignore` first.
public final class EventLoop {
  public struct Interest: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let readable = Interest(rawValue: 1)
    public static let writable = Interest(rawValue: 2)
  }

  /// A descriptor with something to do.
  public struct Ready: Equatable, Sendable {
    public let token: Int
    public let isReadable: Bool
    public let isWritable: Bool
    /// The other side closed, or the descriptor failed. What it sent before can still be read.
    public let isHungUp: Bool

    public init(token: Int, isReadable: Bool, isWritable: Bool, isHungUp: Bool) {
      self.token = token
      self.isReadable = isReadable
      self.isWritable = isWritable
      self.isHungUp = isHungUp
    }
  }

  private let epoll: Descriptor

  public init() throws(SystemError) {
    epoll = Descriptor(owning: try checkedShim("make", "a poll loop", sandbox_epoll_create()))
  }

  /// Watches a descriptor, level-triggered. `token` must not be negative.
  public func watch(
    _ descriptor: Descriptor, _ interest: Interest = .readable, token: Int
  ) throws(SystemError) {
    try watch(number: descriptor.number, interest, token: token)
  }

  /// Watches a descriptor that is no `Descriptor`; it must stay open until it is ignored or the loop goes.
  public func watch(
    number: Int32, _ interest: Interest = .readable, token: Int
  ) throws(SystemError) {
    precondition(token >= 0, "event loop tokens are not negative")
    let result = sandbox_epoll_add(epoll.number, number, Self.events(interest), UInt64(token))
    _ = try checkedShim("watch", "a descriptor", result)
  }

  /// Watches a descriptor for something else than before.
  public func change(
    _ descriptor: Descriptor, _ interest: Interest, token: Int
  ) throws(SystemError) {
    let result = sandbox_epoll_change(epoll.number, descriptor.number, Self.events(interest), UInt64(token))
    _ = try checkedShim("watch", "a descriptor", result)
  }

  /// Watches a descriptor no longer.
  public func ignore(_ descriptor: Descriptor) { ignore(number: descriptor.number) }

  /// Watches a descriptor no longer that is no `Descriptor`.
  public func ignore(number: Int32) { _ = sandbox_epoll_remove(epoll.number, number) }

  /// Waits until something is ready or the time has passed; nil waits without end. May return nothing early.
  public func wait(for timeout: Duration? = nil) throws(SystemError) -> [Ready] {
    var tokens = [UInt64](repeating: 0, count: 64)
    var events = [UInt32](repeating: 0, count: 64)
    // Rounded up: a wait that ends a moment before its deadline would be repeated in a busy loop.
    let milliseconds = timeout.map { Int32(clamping: max(0, ($0.wholeNanoseconds + 999_999) / 1_000_000)) } ?? -1
    let result = sandbox_epoll_wait(epoll.number, &tokens, &events, 64, milliseconds)
    let count = try checkedShim("wait for", "events", result)
    return (0..<Int(count)).map { index in
      Ready(
        token: Int(tokens[index]),
        isReadable: events[index] & sandbox_epoll_in() != 0,
        isWritable: events[index] & sandbox_epoll_out() != 0,
        isHungUp: events[index] & sandbox_epoll_hangup() != 0)
    }
  }

  private static func events(_ interest: Interest) -> UInt32 {
    var events: UInt32 = 0
    if interest.contains(.readable) { events |= sandbox_epoll_in() }
    if interest.contains(.writable) { events |= sandbox_epoll_out() }
    return events
  }
}
