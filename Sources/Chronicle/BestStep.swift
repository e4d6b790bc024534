import Coordination
import Scheduling
import TuningModel

/// A moment at which the best value of the run became better.
public struct BestStep: Equatable, Sendable {
  /// Active seconds of the run.
  public var seconds: Double
  /// Seconds since 1970.
  public var wall: Double
  /// What was trained by then, by all attempts.
  public var spent: Int
  public var value: Double
  public var trial: Int32
  public var resource: Int32
}

/// A rise of PASHA's maximum resource, with the pair of trials that caused it.
public struct Rise: Equatable, Sendable {
  public var sequence: Int
  /// Active seconds of the run.
  public var seconds: Double
  /// Seconds since 1970.
  public var wall: Double
  public var raise: MaximumRaise
  /// What the two had in the top rung; nil: they do not stand there.
  public var trialTop: Double?
  public var holderTop: Double?
}

/// Turns the active time of a run into the time of day, for what keeps no time of day of its own: the two differ by what the
/// run was down.
public struct RunClock: Sendable {
  private var active: [Double] = []
  private var offset: [Double] = []

  /// A difference is a correction of the machine's clock, or a time in which the run was down.
  mutating func note(_ stamp: Stamp) {
    let seconds = stamp.active.inSeconds
    let difference = stamp.wall.seconds - seconds
    if let last = offset.last, abs(last - difference) < 0.02 { return }
    active.append(seconds)
    offset.append(difference)
  }

  /// Seconds since 1970. Time stood still while the run was down: a moment at which it does is that before, since what is
  /// reported after it takes time. Reports keep their times as a `Float`.
  public func wall(at seconds: Double) -> Double {
    let bound = seconds - Double(Float(seconds).ulp)
    var low = 0
    var high = active.count
    while low < high {
      let middle = (low + high) / 2
      if active[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return seconds + (offset.isEmpty ? 0 : offset[max(0, low - 1)])
  }
}
