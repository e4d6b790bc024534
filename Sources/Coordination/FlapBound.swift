import TuningModel

/// Bounds what is said of something that breaks and mends again and again: the first few times each time, then once in a
/// while with a count. A value; times are on any clock that does not jump.
public struct FlapBound: Equatable, Sendable {
  /// For so long, from the first break on, breaks are counted together.
  public static let window = Duration.seconds(600)
  /// So many breaks of one window are told each.
  public static let told = 3

  /// What is to be said of the newest break.
  public enum Telling: Equatable, Sendable {
    case each
    /// From here on nothing is said until the window is over.
    case lastForNow(count: Int)
    /// The first of a new window, after one of which not all was told.
    case summary(count: Int, broken: Duration)
    case nothing
  }

  /// When the first break of the window was.
  public private(set) var began: Duration?
  public private(set) var count = 0
  private var broken: Duration = .zero
  public private(set) var telling = Telling.each

  public init() {}

  /// It broke.
  public mutating func broke(at time: Duration) {
    if let began, time - began <= Self.window {
      count += 1
      telling = count <= Self.told ? .each : count == Self.told + 1 ? .lastForNow(count: count) : .nothing
    } else {
      telling = count > Self.told + 1 ? .summary(count: count, broken: broken) : .each
      began = time
      count = 1
      broken = .zero
    }
  }

  /// It works again, after so long.
  public mutating func mended(after length: Duration) { broken += max(length, .zero) }

  /// Whether the mending of the newest break is told.
  public var tellsMending: Bool { count <= Self.told }
}
