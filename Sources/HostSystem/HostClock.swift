import CSandbox
import Glibc
import TuningModel

/// The clocks of the host.
public enum HostClock {
  /// CLOCK_BOOTTIME: counts sleep, never goes back, has no meaning after a reboot.
  public static var now: Instant { Instant(nanoseconds: sandbox_boottime()) }

  /// The wall clock: for people and files.
  public static var wall: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }

  /// Whether something keeps the wall clock; nil where the kernel does not say.
  public static var isKept: Bool? {
    let answer = sandbox_clock_is_kept()
    return answer < 0 ? nil : answer == 1
  }

  /// Both clocks of one moment.
  public static var moment: Moment { Moment(monotonic: now, wall: wall) }
}
