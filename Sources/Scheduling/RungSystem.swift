import TuningModel

/// The rungs of one bracket, or of all brackets that share theirs; the trials in them; and (PASHA) the maximum resource
/// that trials may be promoted to.
///
/// Trials are known by their index here, in the order in which they were added. What stands in `cache` follows from the
/// rest and is only read for decisions.
struct RungSystem: Sendable {
  let index: Int
  let mode: MetricMode
  /// Increasing, all below `maxResource`; may be empty.
  let levels: [Int]
  let maxResource: Int
  /// Whether trials go on past their rungs until they are stopped.
  let isStopping: Bool
  /// Trials with lower ids set the thresholds of stopping (`rush`); nil: there are none.
  let stoppingCandidates: Int?
  let ranking: RankingOptions
  /// The rungs of the levels, lowest first.
  var rungs: [Rung]
  var runners: [Runner] = []
  /// The runners' curves; none where nobody reads them.
  var curves: [LearningCurve] = []
  /// PASHA's part; nil where trials may always be promoted to `maxResource`.
  var maximum: GrowingMaximum?
  /// Stopping: the trial of the last recorded report, where that brought it into a rung that was not looked at yet.
  var entrant: Int?
  var cache = RankingCache()

  init(index: Int, levels: [Int], options: SchedulerOptions, rounding: CutOffRounding) {
    self.index = index
    self.levels = levels
    mode = options.mode
    maxResource = options.maxResource
    isStopping = options.isStopping
    ranking = options.ranking
    stoppingCandidates = options.name == .rush && options.isStopping ? options.thresholdCandidates : nil
    let rule: Rung.Rule =
      switch options.name {
      case .costPromotion: .cost
      case .rush: .threshold(candidates: options.thresholdCandidates)
      default: .quantile
      }
    rungs = zip(levels, levels.dropFirst() + [options.maxResource]).map { level, next in
      Rung(level: level, quantile: Double(level) / Double(next), rule: rule, rounding: rounding)
    }
    if options.name == .pasha {
      maximum = GrowingMaximum(levels: levels, maxResource: options.maxResource)
    }
  }

  /// The resource up to which trials are promoted at present.
  var currentMaximum: Int { maximum?.current ?? maxResource }

  /// Curves are kept where epsilon is measured by them.
  var keepsCurves: Bool { maximum != nil && ranking.criterion == .softRankingAuto }

  /// Returns the trial's index.
  mutating func add(_ trial: TrialID, firstRung: Int) -> Int {
    let first = isStopping || firstRung >= levels.count ? maxResource : levels[firstRung]
    runners.append(Runner(trial: trial, milestone: first, firstRung: firstRung))
    if keepsCurves { curves.append(LearningCurve()) }
    return runners.count - 1
  }

  // MARK: Observing

  mutating func record(_ runner: Int, resource: Int, value: Double, cost: Double) -> RecordOutcome {
    guard !runners[runner].isStopped else { return .rejected(.stopped) }
    guard resource > runners[runner].resource else { return .repeated }
    runners[runner].resource = resource
    let before = runners[runner].rung
    while let rung = nextRung(of: runner), levels[rung] <= resource {
      enter(runner, rung: rung, value: value, cost: cost)
    }
    let hasEntered = runners[runner].rung > before
    let isAtMaximum = resource >= maxResource
    if isAtMaximum, hasEntered { pass(runner) }
    entrant = isStopping && hasEntered && !isAtMaximum ? runner : nil
    if maximum != nil, !isAtMaximum || hasEntered {
      noteForReview(enteredTop: hasEntered && runners[runner].rung >= maximum?.top ?? 0)
      if keepsCurves { observe(runner, resource: resource, value: value) }
    }
    if isAtMaximum { return .reachedMaximum }
    guard resource >= runners[runner].milestone, runners[runner].rung >= 0 else { return .continues }
    return .reachedMilestone(levels[runners[runner].rung])
  }

  private func nextRung(of runner: Int) -> Int? {
    let next = max(runners[runner].rung + 1, runners[runner].firstRung)
    return next < rungs.count ? next : nil
  }

  private mutating func enter(_ runner: Int, rung: Int, value: Double, cost: Double) {
    pass(runner)
    let below = runners[runner]
    let loss = mode.loss(value)
    let sequence = rungs[rung].enter(
      runner: runner, trial: below.trial, value: value, cost: cost, mode: mode, isOpen: !below.isRetired)
    runners[runner].rung = rung
    runners[runner].value = value
    runners[runner].loss = loss
    runners[runner].sequence = sequence
    runners[runner].isPromoted = false
    if rung == maximum?.top, below.rung == rung - 1 {
      cache.standing?.insert(runner, topValue: value, topLoss: loss, below: Standing.Place(below, at: runner))
    }
  }

  /// What the trial left unpromoted in its highest rung counts as promoted: it went past it.
  private mutating func pass(_ runner: Int) {
    let state = runners[runner]
    guard state.rung >= 0, !state.isPromoted else { return }
    rungs[state.rung].pass(loss: state.loss, sequence: state.sequence)
    runners[runner].isPromoted = true
  }

  mutating func retire(_ runner: Int) {
    let state = runners[runner]
    guard !state.isRetired else { return }
    runners[runner].isRetired = true
    if state.rung >= 0, !state.isPromoted {
      rungs[state.rung].close(loss: state.loss, sequence: state.sequence)
    }
    if keepsCurves { forgetCurveIfUnread(runner) }
  }

  // MARK: Promotions

  /// What a free slot would get promoted: the best entry that is good enough, in the highest rung that has one.
  mutating func propose() -> Proposal {
    var proposal = Proposal()
    guard !isStopping else { return proposal }
    let maximum = currentMaximum
    for rung in rungs.indices.reversed() where levels[rung] < maximum {
      let found = rungs[rung].search(mode)
      if let (runner, value) = found.threshold {
        proposal.thresholds.append(
          ThresholdChange(
            system: index, level: levels[rung], trial: runners[runner].trial, value: value,
            previous: rungs[rung].threshold))
      }
      guard let candidate = found.candidate else { continue }
      proposal.promotion = Promotion(
        trial: runners[candidate.runner].trial, system: index, fromLevel: levels[rung],
        milestone: rung + 1 < levels.count ? levels[rung + 1] : maxResource, rank: candidate.rank,
        rungSize: rungs[rung].entries.count, value: candidate.value, cutOff: candidate.cutOff, rule: candidate.rule)
      return proposal
    }
    return proposal
  }

  mutating func apply(_ promotion: Promotion, to runner: Int) {
    runners[runner].milestone = promotion.milestone
    let state = runners[runner]
    guard state.rung >= 0, levels[state.rung] == promotion.fromLevel, !state.isPromoted,
      let sequence = rungs[state.rung].promote(loss: state.loss, sequence: state.sequence)
    else { return }
    runners[runner].sequence = sequence
    runners[runner].isPromoted = true
  }

  mutating func apply(_ change: ThresholdChange) {
    guard let rung = levels.firstIndex(of: change.level) else { return }
    rungs[rung].setThreshold(change.value)
  }

  // MARK: Stopping

  /// What follows from the report recorded last, where trials are stopped.
  mutating func reviewEntrant() -> [SchedulingDecision] {
    guard let entrant, !runners[entrant].isRetired else { return [] }
    let (state, rung) = (runners[entrant], rungs[runners[entrant].rung])
    func stop(_ rule: StopDecision.Rule, at bound: Double) -> [SchedulingDecision] {
      let rank = rung.entries.rank(loss: state.loss, sequence: state.sequence) ?? 0
      return [
        .stop(
          StopDecision(
            trial: state.trial, system: index, level: rung.level, rank: rank, count: rung.entries.count,
            value: state.value, bound: bound, rule: rule))
      ]
    }
    if let cutOff = rung.cutOff(mode), !state.value.isFinite || mode.isBetter(cutOff, than: state.value) {
      return stop(.quantile, at: cutOff)
    }
    self.entrant = nil
    guard let stoppingCandidates, state.value.isFinite else { return [] }
    if state.trial.rawValue < stoppingCandidates {
      guard rung.betters(state.value, mode) else { return [] }
      self.entrant = entrant
      return [
        .thresholdSet(
          ThresholdChange(
            system: index, level: rung.level, trial: state.trial, value: state.value, previous: rung.threshold))
      ]
    }
    guard let threshold = rung.threshold, mode.isBetter(threshold, than: state.value) else { return [] }
    self.entrant = entrant
    return stop(.threshold, at: threshold)
  }

  mutating func apply(_ stop: StopDecision, to runner: Int) {
    runners[runner].isStopped = true
    if entrant == runner { entrant = nil }
  }
}

/// What a free slot would get.
public struct Proposal: Equatable, Sendable {
  /// nil: nothing can be promoted.
  public var promotion: Promotion?
  /// Thresholds that the search for it has set; to be applied, whatever comes of the promotion.
  public var thresholds: [ThresholdChange] = []

  public init() {}

  /// All of it, in the order in which it is to be applied.
  public var decisions: [SchedulingDecision] {
    thresholds.map { .thresholdSet($0) } + (promotion.map { [.promotion($0)] } ?? [])
  }
}
