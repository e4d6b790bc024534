import CSandbox
import Glibc
import TuningModel

/// A timer on CLOCK_BOOTTIME whose descriptor becomes readable at its deadline, also when the host slept through it.
public final class DeadlineTimer: Sendable {
  public let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try checkedShim("make", "a timer", sandbox_timer_create()))
  }

  /// Sets the deadline, which may lie in the past; nil: none.
  public func set(_ deadline: Instant?) {
    _ = sandbox_timer_set(descriptor.number, deadline.map { max(1, $0.nanoseconds) } ?? 0)
  }

  /// Makes the descriptor quiet after its deadline; whether the deadline had passed.
  public func consume() -> Bool {
    var count: UInt64 = 0
    return read(descriptor.number, &count, 8) == 8 && count > 0
  }
}

/// Signals read from a descriptor. They are blocked in the thread that makes the watch and in threads started later.
public final class SignalWatch: Sendable {
  public let descriptor: Descriptor
  private let signals: [Int32]

  public init(_ signals: [Int32]) throws(SystemError) {
    self.signals = signals
    descriptor = Descriptor(
      owning: try checkedShim("watch", "signals", sandbox_signal_watch(signals, Int32(signals.count))))
  }

  /// Lets the signals have their usual effect on this thread again, those included that came meanwhile.
  public func release() {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The next signal, nil when there is none.
  public func next() -> Int32? {
    let signal = sandbox_signal_read(descriptor.number)
    return signal > 0 ? signal : nil
  }
}

/// A process by descriptor: readable when it has ended, and safe to signal whatever has become of its number.
public final class ProcessHandle: Sendable {
  public let pid: Int
  public let descriptor: Descriptor

  /// `notFound` when no such process exists.
  public init(_ pid: Int) throws(SystemError) {
    self.pid = pid
    let number = try checkedShim("find process", "\(pid)", sandbox_pidfd_open(pid_t(clamping: pid)))
    descriptor = Descriptor(owning: number)
  }

  /// Sends a signal; whether the process was still there.
  @discardableResult
  public func signal(_ number: Int32) -> Bool { sandbox_pidfd_signal(descriptor.number, number) == 0 }
}
