/// A point on a clock that never goes back and counts sleep (CLOCK_BOOTTIME), in nanoseconds since an arbitrary start.
/// Deadlines are instants; an instant has no meaning after a reboot or on another machine, so no fact holds one.
public struct Instant: Hashable, Comparable, Sendable {
  public let nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = Instant(nanoseconds: 0)

  public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  public static func + (a: Instant, d: Duration) -> Instant {
    Instant(nanoseconds: a.nanoseconds.addingClamped(d.wholeNanoseconds))
  }
  public static func - (a: Instant, b: Instant) -> Duration {
    .nanoseconds(a.nanoseconds.subtractingClamped(b.nanoseconds))
  }
}

/// A wall-clock time in microseconds since 1970-01-01T00:00:00Z: for people and files, never for deadlines.
public struct Timestamp: Hashable, Comparable, Sendable {
  public let microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// Seconds since 1970, as Python's `time.time()`.
  public var seconds: Double { Double(microseconds) / 1_000_000 }

  /// Clamped to what 64 bits hold: files and journals may name any time.
  public init(seconds: Int64, nanoseconds: Int64) {
    let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000)
    microseconds = isTooFar ? (seconds < 0 ? .min : .max) : whole.addingClamped(nanoseconds / 1_000)
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
  public static func + (a: Timestamp, d: Duration) -> Timestamp {
    Timestamp(microseconds: a.microseconds.addingClamped(d.wholeNanoseconds / 1_000))
  }
  public static func - (a: Timestamp, b: Timestamp) -> Duration {
    .microseconds(a.microseconds.subtractingClamped(b.microseconds))
  }
}

/// The two clocks of one event.
public struct Moment: Hashable, Sendable {
  public let monotonic: Instant
  public let wall: Timestamp

  public init(monotonic: Instant, wall: Timestamp) {
    self.monotonic = monotonic
    self.wall = wall
  }
}

extension Duration {
  /// The duration in whole nanoseconds, clamped to what 64 bits hold (292 years).
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    return scaled.addingClamped(attoseconds / 1_000_000_000)
  }

  public var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }

  /// Seconds as a floating-point number, for figures shown to people.
  public var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

extension Int64 {
  func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
}
