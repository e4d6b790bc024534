import TuningModel

/// Decides which trials go on and how far: asynchronous successive halving of the promotion type (`asha`) and PASHA.
///
/// A value. Observing (`add`, `record`, `retire`) and applying a decision change the tuning state and decide nothing;
/// deciding (`review`, `proposePromotion`) returns values and changes nothing but what it keeps to decide faster. The
/// same observations and decisions in the same order give the same state, so a journal of them is enough to go on from.
public struct TrialScheduler: Sendable {
  public let options: SchedulerOptions
  private let shares: [Double]
  var systems: [RungSystem]
  var trials = TrialTable()

  /// Throws the first of `options.problems()`.
  public init(_ options: SchedulerOptions) throws(SchedulerOptionProblem) {
    if let problem = options.problems().first { throw problem }
    self.options = options
    shares = options.bracketShares
    systems = options.levelsOfBrackets.enumerated().map { index, levels in
      RungSystem(index: index, levels: levels, options: options)
    }
  }

  // MARK: Observing

  /// A new trial. A bracket that is not there is taken for the nearest one that is; a trial that was added before stays
  /// as it is.
  public mutating func add(_ trial: TrialID, bracket: Int = 0) {
    guard trials[trial] == nil else { return }
    let system = max(0, min(systems.count - 1, bracket))
    trials.insert(trial, TrialTable.Place(system: system, runner: systems[system].add(trial)))
  }

  /// The resource to which the trial's current leg runs: its first level at first, then that of its last promotion. Nil
  /// for an unknown trial.
  public func milestone(of trial: TrialID) -> Int? {
    guard let place = trials[trial] else { return nil }
    return systems[place.system].runners[place.runner].milestone
  }

  /// Stores a value. Resources may be left out; a trial enters each rung that it passed, with the value reported. What
  /// a retired trial still reports counts, but is never promoted.
  public mutating func record(_ trial: TrialID, resource: Int, value: Double) -> RecordOutcome {
    guard let place = trials[trial] else { return .rejected(.unknownTrial) }
    guard resource >= 1 else { return .rejected(.resourceBelowOne) }
    return systems[place.system].record(place.runner, resource: resource, value: value)
  }

  /// The trial ended for good (completed, failed or stopped): its entries stay and count, it is never promoted.
  public mutating func retire(_ trial: TrialID) {
    guard let place = trials[trial] else { return }
    systems[place.system].retire(place.runner)
  }

  // MARK: Applying

  /// Carries a decision out, live and in a replay. A decision that names an unknown trial or system changes nothing.
  public mutating func apply(_ decision: SchedulingDecision) {
    switch decision {
    case .promotion(let promotion):
      guard let place = trials[promotion.trial] else { return }
      systems[place.system].apply(promotion, to: place.runner)
    case .maximumRaised(let raise):
      guard systems.indices.contains(raise.system) else { return }
      systems[raise.system].apply(raise)
    case .epsilonMeasured(let measurement):
      guard systems.indices.contains(measurement.system) else { return }
      systems[measurement.system].apply(measurement)
    }
  }

  // MARK: Deciding

  /// What follows from the report just recorded. To be asked after each one, and what it returns applied before the
  /// next is recorded: PASHA compares the two orders at every report.
  ///
  /// PASHA returns nothing while the maximum stays. When it rises, the measured epsilon comes first where it differs
  /// from the one recorded last, then the raise: a later decision depends on epsilon only through the value that stood
  /// when the window moved. `measuredEpsilon(system:)` gives it at any other time.
  public mutating func review(after trial: TrialID) -> [SchedulingDecision] {
    guard let place = trials[trial] else { return [] }
    return systems[place.system].review()
  }

  /// What follows from the last report recorded in each system, if that was not applied yet: to be asked once after a
  /// replay, where the process may have ended between a report and its decision.
  public mutating func reviewAll() -> [SchedulingDecision] {
    var decisions: [SchedulingDecision] = []
    for system in systems.indices { decisions += systems[system].review() }
    return decisions
  }

  /// What a free slot would get promoted now in this bracket; nil: start something new.
  public mutating func proposePromotion(bracket: Int = 0) -> Promotion? {
    systems[max(0, min(systems.count - 1, bracket))].proposePromotion()
  }

  /// The bracket for a uniform number in [0, 1): brackets are drawn by `options.bracketShares`.
  public func bracket(forUnit unit: Double) -> Int {
    var sum = 0.0
    for (bracket, share) in shares.enumerated() {
      sum += share
      if unit < sum { return bracket }
    }
    return shares.count - 1
  }
}
