import CZeroMQ
import Glibc

/// Wakes a loop that waits in a poll: an eventfd. Any thread may signal; the loop polls the descriptor for reading.
public final class Wakeup: Sendable {
  /// Readable while a signal has not been cleared.
  public let descriptor: CInt

  /// nil when the process has no descriptor left.
  public init?() {
    descriptor = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  public func signal() { eventfd_write(descriptor, 1) }

  /// Takes all signals. To be called before the loop looks at what the signals are about.
  public func clear() {
    var count: eventfd_t = 0
    eventfd_read(descriptor, &count)
  }
}
