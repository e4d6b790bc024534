import TuningModel

/// Decides which trials go on and how far: asynchronous successive halving, PASHA and their relatives.
///
/// A value. Observing (`add`, `record`, `retire`) and applying a decision change the tuning state and decide nothing;
/// deciding (`review`, `propose`) returns values and changes nothing but what it keeps to decide faster. The same
/// observations and decisions in the same order give the same state, so a journal of them is enough to go on from.
public struct TrialScheduler: Sendable {
  public let options: SchedulerOptions
  private let shares: [Double]
  var systems: [RungSystem] = []
  /// In place of rung systems.
  var peers: PeerComparison?
  var halving: SynchronousHalving?
  var external: ExternalSchedule?
  var trials = TrialTable()

  /// Throws the first of `options.problems()`.
  public init(_ options: SchedulerOptions) throws(SchedulerOptionProblem) {
    try self.init(options, rounding: .syneTune)
  }

  package init(_ options: SchedulerOptions, rounding: CutOffRounding) throws(SchedulerOptionProblem) {
    if let problem = options.problems().first { throw problem }
    self.options = options
    shares = options.bracketShares
    switch options.name {
    case .pasha, .asha, .hyperband, .costPromotion, .rush:
      systems = options.levelsOfSystems.enumerated().map { index, levels in
        RungSystem(index: index, levels: levels, options: options, rounding: rounding)
      }
    case .medianStopping, .percentile, .fifo: peers = PeerComparison(options)
    case .syncHyperband, .successiveHalving: halving = SynchronousHalving(options)
    case .external: external = ExternalSchedule(maxResource: options.maxResource)
    }
  }

  // MARK: Observing

  /// A new trial. A bracket that is not there is taken for the nearest one that is; a trial that was added before stays
  /// as it is.
  ///
  /// - Parameter milestone: the resource of its first leg, for `external` alone; nil: the maximum resource.
  public mutating func add(_ trial: TrialID, bracket: Int = 0, milestone: Int? = nil) {
    guard trials[trial] == nil else { return }
    if external != nil {
      trials.insert(trial, TrialTable.Place(system: 0, runner: external?.add(milestone: milestone) ?? 0))
    } else if halving != nil {
      let member = halving?.add(trial, bracket: bracket) ?? 0
      trials.insert(trial, TrialTable.Place(system: 0, runner: member))
    } else if peers != nil {
      trials.insert(trial, TrialTable.Place(system: 0, runner: peers?.add(trial) ?? 0))
    } else {
      let system = options.rungSystemPerBracket ? max(0, min(systems.count - 1, bracket)) : 0
      let firstRung = options.rungSystemPerBracket ? 0 : max(0, min(options.bracketCount - 1, bracket))
      let runner = systems[system].add(trial, firstRung: firstRung)
      trials.insert(trial, TrialTable.Place(system: system, runner: runner))
    }
  }

  /// The resource to which the trial's current leg runs: its first level at first, then that of its last promotion; the
  /// maximum resource where trials do not wait. Nil for an unknown trial.
  public func milestone(of trial: TrialID) -> Int? {
    guard let place = trials[trial] else { return nil }
    if let external { return external.members[place.runner].milestone }
    if let halving { return halving.members[place.runner].milestone }
    return peers != nil ? options.maxResource : systems[place.system].runners[place.runner].milestone
  }

  /// Stores a value. Resources may be left out; a trial enters each rung that it passed, with the value reported. What
  /// a retired trial still reports counts, but is never promoted.
  ///
  /// - Parameter cost: what all training of the trial up to this report has cost, in the unit of the script. Read by
  ///   `cost_promotion` alone; a cost that is negative or not finite counts as 0.
  public mutating func record(
    _ trial: TrialID, resource: Int, value: Double, cost: Double = 0
  ) -> RecordOutcome {
    guard let place = trials[trial] else { return .rejected(.unknownTrial) }
    guard resource >= 1 else { return .rejected(.resourceBelowOne) }
    if external != nil { return external?.record(place.runner, resource: resource) ?? .continues }
    if halving != nil {
      return halving?.record(place.runner, resource: resource, value: value) ?? .continues
    }
    if peers != nil { return peers?.record(place.runner, resource: resource, value: value) ?? .continues }
    return systems[place.system].record(
      place.runner, resource: resource, value: value, cost: cost.isFinite ? max(0, cost) : 0)
  }

  /// The trial ended for good (completed, failed or stopped): its entries stay and count, it is never promoted.
  public mutating func retire(_ trial: TrialID) {
    guard let place = trials[trial] else { return }
    if external != nil {
      external?.members[place.runner].isRetired = true
    } else if halving != nil {
      halving?.retire(place.runner)
    } else if peers != nil {
      peers?.peers[place.runner].isRetired = true
    } else {
      systems[place.system].retire(place.runner)
    }
  }

  /// No trial will be added any more: rungs that wait to be full go on with the trials that they have.
  public mutating func close() { halving?.close() }

  /// Trials are added again: what was closed stays as it became, they come into new brackets.
  public mutating func reopen() { halving?.reopen() }

  // MARK: Applying

  /// Carries a decision out, live and in a replay. A decision that names an unknown trial or system changes nothing.
  public mutating func apply(_ decision: SchedulingDecision) {
    switch decision {
    case .promotion(let promotion):
      guard let place = trials[promotion.trial] else { return }
      if external != nil {
        external?.members[place.runner].milestone = promotion.milestone
      } else if halving != nil {
        halving?.apply(promotion, to: place.runner)
      } else if peers == nil {
        systems[place.system].apply(promotion, to: place.runner)
      }
    case .maximumRaised(let raise):
      guard systems.indices.contains(raise.system) else { return }
      systems[raise.system].apply(raise)
    case .epsilonMeasured(let measurement):
      guard systems.indices.contains(measurement.system) else { return }
      systems[measurement.system].apply(measurement)
    case .stop(let stop):
      guard let place = trials[stop.trial], halving == nil else { return }
      if external != nil {
        external?.members[place.runner].isStopped = true
      } else if peers != nil {
        peers?.stop(place.runner)
      } else {
        systems[place.system].apply(stop, to: place.runner)
      }
    case .thresholdSet(let change):
      guard systems.indices.contains(change.system) else { return }
      systems[change.system].apply(change)
    }
  }

  // MARK: Deciding

  /// What follows from the report just recorded. To be asked after each one, and what it returns applied before the
  /// next is recorded: PASHA compares the two orders at every report, and a trial is stopped by the report that shows
  /// it.
  ///
  /// PASHA returns nothing while the maximum stays. When it rises, the measured epsilon comes first where it differs
  /// from the one recorded last, then the raise: a later decision depends on epsilon only through the value that stood
  /// when the window moved. `measuredEpsilon(system:)` gives it at any other time.
  public mutating func review(after trial: TrialID) -> [SchedulingDecision] {
    guard let place = trials[trial], halving == nil, external == nil else { return [] }
    return peers != nil ? peers?.review() ?? [] : systems[place.system].review()
  }

  /// What follows from the last report recorded in each system, if that was not applied yet: to be asked once after a
  /// replay, where the process may have ended between a report and its decision.
  public mutating func reviewAll() -> [SchedulingDecision] {
    var decisions = peers?.review() ?? []
    for system in systems.indices { decisions += systems[system].review() }
    return decisions
  }

  /// What a free slot would get in this bracket; no promotion: start something new. To be carried out with all of its
  /// decisions.
  public mutating func propose(bracket: Int = 0) -> Proposal {
    if let halving {
      var proposal = Proposal()
      proposal.promotion = halving.proposePromotion()
      return proposal
    }
    guard peers == nil, external == nil else { return Proposal() }
    return systems[max(0, min(systems.count - 1, bracket))].propose()
  }

  /// The same, only to look: nothing comes of it.
  public mutating func proposePromotion(bracket: Int = 0) -> Promotion? { propose(bracket: bracket).promotion }

  /// How many brackets a new trial or a promotion may come from.
  public var bracketCount: Int { systems.isEmpty ? 1 : options.bracketCount }

  /// The bracket of a new trial for a uniform number in [0, 1): drawn by `options.bracketShares`; where brackets are
  /// filled one after the other, the one whose turn it is.
  public func bracket(forUnit unit: Double) -> Int {
    if let halving { return halving.bracketOfNextTrial }
    guard !systems.isEmpty else { return 0 }
    var sum = 0.0
    for (bracket, share) in shares.enumerated() {
      sum += share
      if unit < sum { return bracket }
    }
    return shares.count - 1
  }
}
