import TuningModel

/// What is read for PASHA's decisions alone. Built at the first decision after a replay or a raise, kept from then on.
struct RankingCache: Sendable {
  var standing: Standing?
  var pairs: NoisyPairs?
}

extension RungSystem {
  /// Keeps a value that may be read for epsilon. Beyond the highest level none is.
  mutating func observe(_ runner: Int, resource: Int, value: Double) {
    guard value.isFinite, let last = levels.last, resource <= last else { return }
    curves[runner].append(resource: resource, value: value)
    cache.pairs?.absorb(runners[runner].trial, runner, point: curves[runner].points.count - 1, of: curves)
  }

  /// A retired trial that ended below the window is never read again: windows only move up.
  mutating func forgetCurveIfUnread(_ runner: Int) {
    guard let window = maximum?.window, runners[runner].isRetired, runners[runner].resource < window.lowerBound
    else { return }
    curves[runner].forget()
  }

  /// Notes that a report was recorded. Where epsilon follows from the lower rung alone, only one that brings a trial
  /// into the top rung can change anything.
  mutating func noteForReview(enteredTop: Bool) {
    guard let known = maximum else { return }
    if ranking.criterion == .softRankingAuto || enteredTop || known.isFresh {
      maximum?.isReviewed = false
      maximum?.isFresh = false
    }
  }

  // MARK: Deciding

  /// What follows from the reports recorded since the last review: nothing, or a raise of the maximum with the epsilon
  /// that it was measured by.
  mutating func review() -> [SchedulingDecision] {
    if isStopping { return reviewEntrant() }
    guard let maximum, maximum.canRise, !maximum.isReviewed, let top = maximum.top else { return [] }
    if cache.standing == nil { cache.standing = Standing(upper: rungs[top], lower: rungs[top - 1]) }
    let decisions = raise(maximum, top: top)
    if decisions.isEmpty { self.maximum?.isReviewed = true }
    return decisions
  }

  private mutating func raise(_ maximum: GrowingMaximum, top: Int) -> [SchedulingDecision] {
    if ranking.criterion == .softRankingAuto { return raiseByMeasuredEpsilon(maximum, top: top) }
    guard let standing = cache.standing, !standing.upper.isEmpty,
      let verdict = RankingVerdict(standing, ranking, mode)
    else { return [] }
    let left = verdict.departure
    return [
      .maximumRaised(
        MaximumRaise(
          system: index, from: maximum.current, to: Mutant.maximumFalls.isActive ? levels[0] : maximum.next,
          topLevel: levels[top], previousLevel: levels[top - 1],
          trial: runners[left.runner.index].trial, position: left.position, holder: runners[left.holder.index].trial,
          trialValue: left.runner.value, holderValue: left.holder.value, epsilon: verdict.epsilon,
          criterion: ranking.criterion, score: verdict.score))
    ]
  }

  private mutating func raiseByMeasuredEpsilon(_ maximum: GrowingMaximum, top: Int) -> [SchedulingDecision] {
    guard cache.standing?.isStrictlyKept == false else { return [] }
    buildPairs()
    // Epsilon is at least this: a bound that costs nothing often settles it.
    let bound = cache.pairs?.epsilonLowerBound ?? maximum.epsilon
    guard cache.standing?.firstLeft(epsilon: bound) != nil else { return [] }
    let epsilon = exactEpsilon ?? maximum.epsilon
    guard let left = cache.standing?.firstLeft(epsilon: epsilon) else { return [] }
    return decisions(raising: maximum, top: top, because: left, epsilon: epsilon)
  }

  private func decisions(
    raising maximum: GrowingMaximum, top: Int, because left: Standing.Departure, epsilon: Double
  ) -> [SchedulingDecision] {
    let raise = MaximumRaise(
      system: index, from: maximum.current, to: Mutant.maximumFalls.isActive ? levels[0] : maximum.next,
      topLevel: levels[top], previousLevel: levels[top - 1],
      trial: runners[left.runner.index].trial, position: left.position, holder: runners[left.holder.index].trial,
      trialValue: left.runner.value, holderValue: left.holder.value, epsilon: epsilon)
    guard epsilon != maximum.epsilon else { return [.maximumRaised(raise)] }
    let measurement = EpsilonMeasurement(
      system: index, epsilon: epsilon, previous: maximum.epsilon, noisyPairs: cache.pairs?.noisyCount ?? 0)
    return [.epsilonMeasured(measurement), .maximumRaised(raise)]
  }

  /// Epsilon as all reports so far give it now: by all pairs in the present window, or by the lower rung.
  mutating func measureEpsilon() -> EpsilonMeasurement? {
    guard let maximum else { return nil }
    guard ranking.criterion == .softRankingAuto else {
      let standing = maximum.top.map { Standing(upper: rungs[$0], lower: rungs[$0 - 1]) }
      let epsilon = standing.map { RankingVerdict.epsilon($0, ranking) } ?? ranking.effectiveEpsilon
      return EpsilonMeasurement(system: index, epsilon: epsilon, previous: maximum.epsilon, noisyPairs: 0)
    }
    buildPairs()
    return EpsilonMeasurement(
      system: index, epsilon: exactEpsilon ?? maximum.epsilon, previous: maximum.epsilon,
      noisyPairs: cache.pairs?.noisyCount ?? 0)
  }

  /// Nil while no pair in the window is noisy.
  private var exactEpsilon: Double? {
    mutating get {
      cache.pairs?.epsilon(curves)
    }
  }

  private mutating func buildPairs() {
    guard cache.pairs == nil, let window = maximum?.window else { return }
    var pairs = NoisyPairs(window: window)
    for runner in runners.indices {
      let points = curves[runner].points
      guard let last = points.last, last.resource >= window.lowerBound else { continue }
      for point in curves[runner].count(through: window.lowerBound - 1)..<points.count {
        pairs.absorb(runners[runner].trial, runner, point: point, of: curves)
      }
    }
    cache.pairs = pairs
  }

  // MARK: Applying

  mutating func apply(_ raise: MaximumRaise) {
    guard maximum != nil else { return }
    maximum?.raise(to: raise.to, epsilon: raise.epsilon)
    cache = RankingCache()
    if keepsCurves { for runner in runners.indices { forgetCurveIfUnread(runner) } }
  }

  mutating func apply(_ measurement: EpsilonMeasurement) {
    maximum?.epsilon = measurement.epsilon
  }
}
