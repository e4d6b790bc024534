import TuningModel

/// Trials without rungs: each runs to the maximum resource, or until it stands too far behind the others that reported
/// at the same resource (median stopping, the percentile rule); with no rule nothing is stopped.
struct PeerComparison: Sendable {
  enum Rule: Sendable {
    case none
    case median(MedianOptions)
    /// Per cent.
    case percentile(Double, gracePeriod: Int)
  }

  struct Peer: Sendable {
    let trial: TrialID
    var resource = 0
    /// Sum and count of the finite losses, for the running mean.
    var sum = 0.0
    var count = 0
    var isStopped = false
    var isRetired = false
  }

  /// Where a trial stands among those that reported at the same resource.
  private struct Comparison: Sendable {
    var peer: Int
    var resource: Int
    var rank: Int
    var count: Int
    var value: Double
  }

  let rule: Rule
  let mode: MetricMode
  let maxResource: Int
  var peers: [Peer] = []
  private var columns: [Int: RankedLosses] = [:]
  /// The last recorded report, until it was looked at.
  private var last: Comparison?

  init(_ options: SchedulerOptions) {
    mode = options.mode
    maxResource = options.maxResource
    switch options.name {
    case .medianStopping: rule = .median(options.median)
    case .percentile: rule = .percentile(options.percentile, gracePeriod: options.gracePeriod)
    default: rule = .none
    }
  }

  mutating func add(_ trial: TrialID) -> Int {
    peers.append(Peer(trial: trial))
    return peers.count - 1
  }

  mutating func record(_ peer: Int, resource: Int, value: Double) -> RecordOutcome {
    guard !peers[peer].isStopped else { return .rejected(.stopped) }
    guard resource > peers[peer].resource else { return .repeated }
    peers[peer].resource = resource
    last = compare(peer, resource, value)
    return resource >= maxResource ? .reachedMaximum : .continues
  }

  private mutating func compare(_ peer: Int, _ resource: Int, _ value: Double) -> Comparison? {
    if case .none = rule { return nil }
    var loss = mode.loss(value)
    if case .median(let options) = rule, options.runningAverage, value.isFinite {
      peers[peer].sum += loss
      peers[peer].count += 1
      loss = peers[peer].sum / Double(peers[peer].count)
    }
    let rank = columns[resource, default: RankedLosses()].insert(loss)
    return Comparison(
      peer: peer, resource: resource, rank: rank, count: columns[resource]?.count ?? 1,
      value: value.isFinite ? (mode == .min ? loss : -loss) : value)
  }

  /// What follows from the report recorded last.
  mutating func review() -> [SchedulingDecision] {
    guard let last, last.resource < maxResource, !peers[last.peer].isRetired else { return [] }
    let stop: (rule: StopDecision.Rule, bound: Double)?
    switch rule {
    case .none: stop = nil
    case .median(let options):
      let isInGrace = last.count < options.gracePopulation || last.resource < options.graceTime
      let isBehind = Double(last.rank) / Double(last.count) > options.rankCutoff
      stop = !isInGrace && isBehind ? (.median, options.rankCutoff) : nil
    case .percentile(let percentile, let gracePeriod):
      // As many as make up the percentage go on, rounded up: at least one.
      let staying = max(1, Int((percentile * Double(last.count) / 100).rounded(.up)))
      stop = last.resource >= gracePeriod && last.rank >= staying ? (.percentile, percentile / 100) : nil
    }
    guard let stop else {
      self.last = nil
      return []
    }
    return [
      .stop(
        StopDecision(
          trial: peers[last.peer].trial, system: 0, level: last.resource, rank: last.rank, count: last.count,
          value: last.value, bound: stop.bound, rule: stop.rule))
    ]
  }

  mutating func stop(_ peer: Int) {
    peers[peer].isStopped = true
    if last?.peer == peer { last = nil }
  }
}
