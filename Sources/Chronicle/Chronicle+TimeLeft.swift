import Coordination
import Scheduling
import TuningModel

/// How long the run goes on, as far as can be told.
public enum TimeLeft: Equatable, Sendable {
  /// Seconds of the run being up: the middle of what is to be expected, and the bounds that hold four times in five if the
  /// run goes on as it went.
  public struct Estimate: Equatable, Sendable {
    public var seconds: Double
    public var low: Double
    public var high: Double
    public var basis: Basis
    /// A value of the metric ends the run too, which nobody can foresee.
    public var mayEndSooner: Bool
  }

  /// What ends the run first, as it looks.
  public enum Basis: String, Equatable, Sendable {
    case wallclockTime, evaluations, trialsCompleted, trialsFinished, cost
    case trialsStarted, promotions, runningTrials, training
  }

  public enum Reason: String, Equatable, Sendable {
    /// The run is over or paused.
    case over
    /// It is being ended.
    case ending
    /// Too few reports have come.
    case tooEarly
    /// Nothing but a person, or a value of the metric, ends it.
    case endless
    /// No host of the run takes work just now.
    case noHost
    /// Its scheduler's work cannot be foreseen.
    case scheduler
    /// No coordinator runs it. Said by who looks: the journal does not know.
    case unattended
  }

  case estimate(Estimate)
  case unknown(Reason)
}

extension TimeLeft.Basis {
  /// In words, as the end of `the run ends when …`.
  public var text: String {
    switch self {
    case .wallclockTime: "max_wallclock_time is used up"
    case .evaluations: "max_num_evaluations is reached"
    case .trialsCompleted: "max_num_trials_completed is reached"
    case .trialsFinished: "max_num_trials_finished is reached"
    case .cost: "max_cost is spent"
    case .trialsStarted: "max_num_trials_started is reached"
    case .promotions: "the last promotions are made"
    case .runningTrials: "running trials reach their milestones"
    case .training: "the best trials are trained"
    }
  }
}

extension TimeLeft.Reason {
  /// In words: why there is no estimate.
  public var text: String {
    switch self {
    case .over: "the run is not going on"
    case .ending: "the run is ending"
    case .tooEarly: "too few reports yet"
    case .noHost: "no host takes work"
    case .endless: "no limit ends it"
    case .scheduler: "its scheduler's work cannot be foreseen"
    case .unattended: "nobody runs the run just now"
    }
  }
}

extension Chronicle {
  /// How long the run goes on from now. From its limits, the work that they leave, and how fast the newer half of the run
  /// has gone, with the spread of that. With PASHA the lower bound and the middle take the maximum resource to stay, the
  /// upper one takes it to rise as far as it may.
  /// - Parameter active: how long the run has been up, in seconds.
  public func timeLeft(at active: Double) -> TimeLeft {
    if state.end != nil || state.isSuspended { return .unknown(.over) }
    if state.closing != nil { return .unknown(.ending) }
    return Forecast(chronicle: self, active: active).timeLeft()
  }
}

/// What `timeLeft` reckons with.
private struct Forecast {
  let chronicle: Chronicle
  let state: RunState
  let active: Double
  let now: Pace.Mark
  /// Seconds that a slot takes for one of the resource; nil: nothing was reported.
  let secondsEach: Double?
  /// How much that differs from trial to trial, as a share of it.
  let unevenness: Double
  let slots: Int
  /// Whether trials that wait are given a slot sooner or later, as the hosts are.
  let takesWork: Bool

  init(chronicle: Chronicle, active: Double) {
    self.chronicle = chronicle
    state = chronicle.state
    self.active = max(active, state.lastStamp?.active.inSeconds ?? 0)
    now = Pace.Mark(state, seconds: self.active)
    var occupied = 0.0
    var (sum, squares, count) = (0.0, 0.0, 0.0)
    for index in state.trials.indices {
      let own = chronicle.slotSeconds(of: index, at: self.active)
      occupied += own
      guard state.trials[index].resource > 0 else { continue }
      let each = own / Double(state.trials[index].resource)
      (sum, squares, count) = (sum + each, squares + each * each, count + 1)
    }
    secondsEach = state.totals.resource > 0 ? occupied / Double(state.totals.resource) : nil
    let mean = count > 0 ? sum / count : 0
    unevenness = count > 1 && mean > 0 ? min(1, max(0, squares / count - mean * mean).squareRoot() / mean) : 0.3
    let all = state.agents.reduce(0) { $0 + ($1.reachability == .lost ? 0 : $1.slots.count) }
    slots = min(all, state.specification.cluster.maxWorkers ?? all)
    takesWork = state.takesWork
  }

  private typealias Bound = (time: Range3, basis: TimeLeft.Basis)

  func timeLeft() -> TimeLeft {
    if isStuck { return withoutHost() }
    if state.training != nil { return training() }
    let stop = state.specification.stop
    var bounds: [Bound] = []
    var reason: TimeLeft.Reason?
    if let limit = stop.maxWallclockTime?.inSeconds {
      let left = max(0, limit - active)
      bounds.append((Range3(left, left, left), .wallclockTime))
    }
    func count(_ limit: Double?, _ amount: KeyPath<Pace.Mark, Double>, _ basis: TimeLeft.Basis) {
      guard let limit else { return }
      if let rate = chronicle.pace.rate(of: amount, until: now) {
        bounds.append((rate.time(for: max(0, limit - now[keyPath: amount])), basis))
      } else {
        reason = .tooEarly
      }
    }
    count(stop.maxEvaluations.map(Double.init), \.reports, .evaluations)
    count(stop.maxTrialsCompleted.map(Double.init), \.completed, .trialsCompleted)
    count(stop.maxTrialsFinished.map(Double.init), \.finished, .trialsFinished)
    count(stop.maxCost, \.cost, .cost)
    switch ofTrials() {
    case .bound(let bound): bounds.append(bound)
    case .unknown(let why): reason = why
    case .none: break
    }
    guard let first = bounds.min(by: { $0.time.middle < $1.time.middle }) else {
      return .unknown(reason ?? .endless)
    }
    var time = bounds.dropFirst().reduce(bounds[0].time) { Range3.earlier($0, $1.time) }
    // A limit whose time cannot be told may end it at any moment.
    if reason != nil { time.low = 0 }
    if let count = stop.trainBest { time = time + trainingTime(count) }
    return .estimate(estimate(time, first.basis))
  }

  /// Whether what is left needs a host that takes work, and none does. Trials that run are finished also where their host
  /// takes no more.
  private var isStuck: Bool {
    guard !takesWork else { return false }
    guard state.waiting.isEmpty, !state.activeTrials.isEmpty else { return true }
    if state.training != nil { return false }
    return state.drain.map { $0.promotesStill && !state.specification.scheduler.isStopping } ?? true
  }

  /// The limit of time alone goes on.
  private func withoutHost() -> TimeLeft {
    guard state.training == nil, state.specification.stop.trainBest == nil,
      let limit = state.specification.stop.maxWallclockTime?.inSeconds
    else { return .unknown(.noHost) }
    let left = max(0, limit - active)
    return .estimate(estimate(Range3(left, left, left), .wallclockTime))
  }

  private func estimate(_ time: Range3, _ basis: TimeLeft.Basis) -> TimeLeft.Estimate {
    let stop = state.specification.stop
    let sooner = state.training == nil && (stop.maxMetricValue != nil || stop.minMetricValue != nil)
    return TimeLeft.Estimate(
      seconds: time.middle, low: min(time.low, time.middle), high: max(time.high, time.middle), basis: basis,
      mayEndSooner: sooner)
  }

  // MARK: Trials

  private enum Answer {
    case bound(Bound)
    case unknown(TimeLeft.Reason)
    case none
  }

  /// The limit of trials, and what follows it.
  private func ofTrials() -> Answer {
    let stop = state.specification.stop
    if let drain = state.drain, !drain.promotesStill || state.specification.scheduler.isStopping {
      guard let leg = longestLeg() else { return .unknown(.tooEarly) }
      return .bound((spread(leg), .runningTrials))
    }
    guard let limit = stop.maxTrialsStarted ?? state.drain.map({ _ in state.trials.count }) else { return .none }
    let toStart = max(0, limit - state.trials.count)
    if state.drain == nil, stop.atLimit != .finishPromotions {
      guard let rate = chronicle.pace.rate(of: \.started, until: now) else { return .unknown(.tooEarly) }
      // The run ends when one more would start.
      let time = rate.time(for: Double(toStart + (stop.atLimit == .now ? 1 : 0)))
      return .bound((stop.atLimit == .now ? time : time.atLeast(longestLeg() ?? 0), .trialsStarted))
    }
    guard let rate = chronicle.pace.rate(of: \.resource, until: now), let secondsEach else {
      return .unknown(.tooEarly)
    }
    let low: Work
    let high: Work
    switch state.specification.scheduler.name {
    case .syncHyperband, .successiveHalving, .external: return .unknown(.scheduler)
    case _ where !state.specification.scheduler.isStopping:
      low = promotions(toStart, growing: false)
      high = promotions(toStart, growing: true)
    default:
      guard let whole = work(ofWhole: toStart) else { return .unknown(.tooEarly) }
      low = whole
      high = whole
    }
    let leg = longestLeg() ?? 0
    let chain = Double(low.chain) * secondsEach
    let last = Double(high.chain) * secondsEach * (1 + 1.28 * unevenness)
    // The work on all slots takes so long at least; at the end one slot after the other has nothing to do.
    let time = Range3(
      max(rate.time(for: low.bounds(unevenness).low).low, leg * 0.8),
      max(rate.time(for: low.amount).middle, leg, chain),
      rate.time(for: high.bounds(unevenness).high).high + max(leg * 1.25, last) * (1 - 1 / Double(max(1, slots))))
    return .bound((time, .promotions))
  }

  /// Seconds until the last of the trials that run is at its milestone, each at its own speed.
  private func longestLeg() -> Double? {
    guard let secondsEach else { return nil }
    return state.activeTrials.compactMap { state[$0] }.map { trial in
      let spent = chronicle.slotSeconds(of: trial.id.rawValue, at: active)
      let each = trial.resource > 0 ? spent / Double(trial.resource) : secondsEach
      return Double(max(0, trial.milestone - max(trial.resource, trial.attemptResource))) * each
    }.max() ?? 0
  }

  /// Resource that is to be trained.
  private struct Work {
    var amount = 0.0
    /// The sum of the squares of its pieces, which come or do not come: how sure the amount is.
    var squares = 0.0
    /// The most of it that has to be done one after the other.
    var chain = 0

    /// - Parameter unevenness: of the time that one of the resource takes.
    func bounds(_ unevenness: Double) -> (low: Double, high: Double) {
      let error = 1.28 * (squares * (1 + unevenness * unevenness)).squareRoot()
      return (max(0, amount - error), amount + error)
    }
  }

  /// Trials go on until they are stopped: as far as those did that are over.
  private func work(ofWhole toStart: Int) -> Work? {
    let maximum = state.specification.scheduler.maxResource
    let isWhole = state.specification.scheduler.name == .fifo
    let over = state.trials.filter { $0.status.isFinal && $0.resource > 0 }.map { Double($0.resource) }
    guard isWhole || over.count >= 3 else { return nil }
    let mean = isWhole ? Double(maximum) : over.reduce(0, +) / Double(over.count)
    let open = state.trials.filter { !$0.status.isFinal }
    var work = Work(chain: toStart > 0 ? maximum : 0)
    work.amount = Double(toStart) * mean + open.reduce(0) { $0 + max(0, mean - Double($1.resource)) }
    // Whole trials come for certain; what differs is how far each goes, and how fast.
    let deviation = over.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, over.count - 1))
    let count = Double(toStart + open.count)
    work.squares =
      isWhole
      ? count * mean * mean * unevenness * unevenness
      : deviation * (count + count * count / Double(over.count))
    return work
  }

  // MARK: Promotions

  /// The work that is left where trials are promoted from rung to rung.
  /// - Parameter growing: the maximum resource rises as far as it may; else it stays.
  private func promotions(_ toStart: Int, growing: Bool) -> Work {
    let ladder = state.scheduler.ladder
    var work = Work()
    for (system, view) in ladder.enumerated() {
      let mine = state.trials.filter { ladder.count == 1 || $0.bracket == system }
      let share = ladder.count == 1 ? 1 : Double(mine.count) / Double(max(1, state.trials.count))
      let goal = growing ? state.specification.scheduler.maxResource : view.currentMaximum
      add(view, mine, Double(toStart) * share, upTo: goal, to: &work)
    }
    return work
  }

  /// As large a share of each rung goes on as went on so far, and no less than the scheduler's.
  private func add(
    _ view: RungSystemView, _ trials: [TrialState], _ new: Double, upTo goal: Int, to work: inout Work
  ) {
    guard let lowest = view.rungs.first?.level else { return }
    let top = state.specification.scheduler.maxResource
    let share = 1 / max(1.01, state.specification.scheduler.reductionFactor)
    var rungs = view.rungs.map { (level: $0.level, entries: $0.entries, promoted: $0.promoted) }
    rungs.append((level: top, entries: trials.count { $0.resource >= top }, promoted: 0))
    let onTheWay = trials.count { !$0.status.isFinal && $0.resource < lowest }
    var expected = Double(rungs[0].entries) + new + Double(onTheWay)
    var below = 0
    for (index, rung) in rungs.enumerated() {
      if index > 0 {
        guard rung.level <= goal else { break }
        let before = rungs[index - 1]
        let seen = before.entries >= 8 ? Double(before.promoted) / Double(before.entries) : 0
        expected = max(Double(rung.entries), expected * max(share, seen))
      }
      let step = Double(rung.level - below)
      let coming = expected - Double(rung.entries)
      work.amount += coming * step
      work.squares += coming * step * step
      let running = trials.filter { $0.isActive && $0.resource >= below && $0.resource < rung.level }
      for trial in running { work.amount -= Double(trial.resource - below) }
      if coming >= 0.5, let nearest = trials.filter({ $0.resource < rung.level }).map(\.resource).max() {
        work.chain = max(work.chain, rung.level - nearest)
      }
      below = rung.level
    }
    work.amount = max(0, work.amount)
  }

  // MARK: Training

  private func training() -> TimeLeft {
    guard let training = state.training, let secondsEach else { return .unknown(.tooEarly) }
    let maximum = state.specification.scheduler.maxResource
    let left = training.trials.compactMap { state[$0] }.filter { !$0.status.isFinal }.map { trial in
      let spent = chronicle.slotSeconds(of: trial.id.rawValue, at: active)
      let each = trial.resource > 0 ? spent / Double(trial.resource) : secondsEach
      return Double(max(0, maximum - max(trial.resource, trial.attemptResource))) * each
    }
    return .estimate(estimate(spread(scheduled(left)), .training))
  }

  /// After the search, from where the best trials are likely to be.
  private func trainingTime(_ count: Int) -> Range3 {
    guard let secondsEach else { return Range3(0, 0, 0) }
    let maximum = state.specification.scheduler.maxResource
    let reached = state.scheduler.ladder.map(\.currentMaximum).max() ?? maximum
    let leg = Double(max(0, maximum - reached)) * secondsEach
    let count = min(count, Training.maximumTrials)
    let time = spread(scheduled([Double](repeating: leg, count: count)))
    let whole = spread(scheduled([Double](repeating: Double(maximum) * secondsEach, count: count)))
    return Range3(time.low, time.middle, whole.high)
  }

  /// One trial is as fast as another, or as much slower or faster as trials differ.
  private func spread(_ time: Double) -> Range3 {
    Range3(time / (1 + 1.28 * unevenness), time, time * (1 + 1.28 * unevenness))
  }

  /// The longest first, each on the slot that is free first.
  private func scheduled(_ lengths: [Double]) -> Double {
    var busy = [Double](repeating: 0, count: max(1, min(slots, lengths.count)))
    for length in lengths.sorted(by: >) {
      let first = busy.indices.min { busy[$0] < busy[$1] } ?? 0
      busy[first] += length
    }
    return busy.max() ?? 0
  }
}

extension RunState {
  /// Whether a host takes work, or is still to come.
  fileprivate var takesWork: Bool {
    let isAwaited = hosts.contains { host in
      mark(of: host.name) == .inUse && !agents.contains { $0.name == host.name }
    }
    return isAwaited
      || agents.contains { agent in
        guard mark(of: agent.name) == .inUse, agent.preparationFailure == nil else { return false }
        switch agent.reachability {
        case .unreachable, .lost: return false
        case .reachable, .suspect: return agent.slots.isEmpty || agent.unusable.count < agent.slots.count
        }
      }
  }
}
