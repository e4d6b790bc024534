import Coordination
import TuningModel

/// How fast the trials of a run on one host went, from the facts of its journal: what a forecast is made of.
public struct TrialPace: Sendable, Equatable {
  /// Seconds of one epoch: the median over the steps between two reports, by the host's own clock. The first report of a
  /// trial is apart, since loading and warming up are in it.
  public var epochSeconds: Double
  /// Seconds from the start of a process until its first epoch begins, by the coordinator's clock: the time until its
  /// first report, less the epochs of that report. The median over the trials.
  public var startSeconds: Double
  /// Steps that `epochSeconds` is the median of; 0: each trial reported once, and the start counts as part of its epoch.
  public var steps: Int
  /// The largest sealed checkpoint, in bytes; 0: the script wrote none.
  public var checkpointBytes: Int
  /// Seconds from the run's start until the agent had the code and `setup` was done.
  public var preparationSeconds: Double?

  public init(
    epochSeconds: Double, startSeconds: Double, steps: Int = 1, checkpointBytes: Int = 0,
    preparationSeconds: Double? = nil
  ) {
    self.epochSeconds = epochSeconds
    self.startSeconds = startSeconds
    self.steps = steps
    self.checkpointBytes = checkpointBytes
    self.preparationSeconds = preparationSeconds
  }
}

/// Reads the facts of a run for its pace.
public struct TrialPaceReader: Sendable {
  private struct First: Sendable {
    var seconds: Double
    var resource: Int
  }

  private var begun: [TrialAttempt: Duration] = [:]
  private var last: [TrialAttempt: (resource: Int, readAt: Timestamp)] = [:]
  private var firsts: [First] = []
  private var steps: [Double] = []
  private var bytes = 0
  private var prepared: Duration?
  /// Reports with a usable resource and metric.
  public private(set) var reports = 0

  public init() {}

  public mutating func note(_ stamped: StampedFact) {
    switch stamped.fact {
    case .agentPrepared(_, failure: nil): prepared = prepared ?? stamped.stamp.active
    case .attemptStarted(let attempt, _): begun[attempt] = begun[attempt] ?? stamped.stamp.active
    case .attemptEnded(_, let end, _): bytes = max(bytes, end.seal?.bytes ?? 0)
    case .reportReceived(let report): note(report, stamped.stamp)
    default: break
    }
  }

  private mutating func note(_ report: ReceivedReport, _ stamp: Stamp) {
    guard let resource = report.resource, report.value != nil else { return }
    reports += 1
    defer { last[report.attempt] = (resource, report.readAt) }
    guard let before = last[report.attempt] else {
      let began = begun[report.attempt] ?? stamp.active
      firsts.append(First(seconds: max(0, (stamp.active - began).inSeconds), resource: max(1, resource)))
      return
    }
    guard resource > before.resource else { return }
    let seconds = (report.readAt - before.readAt).inSeconds
    // Scripts report any whole number: the difference of two need not be one.
    steps.append(max(0, seconds) / (Double(resource) - Double(before.resource)))
  }

  /// nil: no trial reported.
  public var pace: TrialPace? {
    guard let first = Quartiles(firsts.map { $0.seconds / Double($0.resource) }) else { return nil }
    let epoch = Quartiles(steps)?.median ?? first.median
    let starts = firsts.map { max(0, $0.seconds - epoch * Double($0.resource)) }
    return TrialPace(
      epochSeconds: epoch, startSeconds: Quartiles(starts)?.median ?? 0, steps: steps.count, checkpointBytes: bytes,
      preparationSeconds: prepared?.inSeconds)
  }
}

/// The median of a sample and the values between which its middle half lies.
public struct Quartiles: Sendable, Equatable {
  public var lower: Double
  public var median: Double
  public var upper: Double

  /// For what is the same for every seed.
  public init(exactly value: Double) { (lower, median, upper) = (value, value, value) }

  /// Quantiles between two values of the sample are interpolated linearly. nil without values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
    (lower, median, upper) = (quantile(0.25), quantile(0.5), quantile(0.75))
  }
}
