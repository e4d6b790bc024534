import TuningModel

/// The rungs of one bracket, the trials in them, and (PASHA) the maximum resource that trials may be promoted to.
///
/// Trials are known by their index here, in the order in which they were added. What stands in `cache` follows from the
/// rest and is only read for decisions.
struct RungSystem: Sendable {
  let index: Int
  let mode: MetricMode
  /// Increasing, all below `maxResource`; may be empty.
  let levels: [Int]
  let maxResource: Int
  /// The rungs of the levels, lowest first.
  var rungs: [Rung]
  var runners: [Runner] = []
  /// The runners' curves; none where nobody reads them.
  var curves: [LearningCurve] = []
  /// PASHA's part; nil where trials may always be promoted to `maxResource`.
  var maximum: GrowingMaximum?
  var cache = RankingCache()

  init(index: Int, levels: [Int], options: SchedulerOptions) {
    self.index = index
    self.levels = levels
    mode = options.mode
    maxResource = options.maxResource
    rungs = zip(levels, levels.dropFirst() + [options.maxResource]).map { level, next in
      Rung(level: level, quantile: Double(level) / Double(next))
    }
    if options.name == .pasha {
      maximum = GrowingMaximum(levels: levels, maxResource: options.maxResource)
    }
  }

  /// The resource up to which trials are promoted at present.
  var currentMaximum: Int { maximum?.current ?? maxResource }

  /// Returns the trial's index.
  mutating func add(_ trial: TrialID) -> Int {
    runners.append(Runner(trial: trial, milestone: levels.first ?? maxResource))
    if maximum != nil { curves.append(LearningCurve()) }
    return runners.count - 1
  }

  // MARK: Observing

  mutating func record(_ runner: Int, resource: Int, value: Double) -> RecordOutcome {
    guard resource > runners[runner].resource else { return .repeated }
    runners[runner].resource = resource
    let before = runners[runner].rung
    while let rung = nextRung(of: runner), levels[rung] <= resource { enter(runner, rung: rung, value: value) }
    let isAtMaximum = resource >= maxResource
    if isAtMaximum, runners[runner].rung > before { pass(runner) }
    if maximum != nil, !isAtMaximum || runners[runner].rung > before {
      maximum?.isReviewed = false
      observe(runner, resource: resource, value: value)
    }
    if isAtMaximum { return .reachedMaximum }
    guard resource >= runners[runner].milestone, runners[runner].rung >= 0 else { return .continues }
    return .reachedMilestone(levels[runners[runner].rung])
  }

  private func nextRung(of runner: Int) -> Int? {
    let next = runners[runner].rung + 1
    return next < rungs.count ? next : nil
  }

  private mutating func enter(_ runner: Int, rung: Int, value: Double) {
    pass(runner)
    let below = runners[runner]
    let loss = mode.loss(value)
    let sequence = rungs[rung].enter(runner: runner, value: value, mode: mode, isOpen: !below.isRetired)
    runners[runner].rung = rung
    runners[runner].value = value
    runners[runner].loss = loss
    runners[runner].sequence = sequence
    runners[runner].isPromoted = false
    if rung == maximum?.top, below.rung == rung - 1 {
      cache.standing?.insert(runner, topLoss: loss, below: Standing.Place(below, at: runner))
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
    forgetCurveIfUnread(runner)
  }

  // MARK: Promotions

  /// What a free slot would get promoted: the best entry that is good enough, in the highest rung that has one.
  mutating func proposePromotion() -> Promotion? {
    let maximum = currentMaximum
    for rung in rungs.indices.reversed() where levels[rung] < maximum {
      guard let candidate = rungs[rung].candidate(mode) else { continue }
      return Promotion(
        trial: runners[candidate.runner].trial, system: index, fromLevel: levels[rung],
        milestone: rung + 1 < levels.count ? levels[rung + 1] : maxResource, rank: candidate.rank,
        rungSize: rungs[rung].entries.count, value: candidate.value, cutOff: candidate.cutOff)
    }
    return nil
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
}
