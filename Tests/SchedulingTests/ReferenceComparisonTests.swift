import Scheduling
import SchedulingReference
import Testing
import TuningModel

/// The scheduler against the slow one, on random tunings with everything that trials do.
@Suite struct ReferenceComparisonTests {
  private typealias Habits = RandomTuning.Habits

  private static let habits: [Habits] = [
    Habits(),
    Habits(trials: 40, workers: 1, noise: 0.3),
    Habits(trials: 90, workers: 12, noise: 0.01),
    Habits(noise: 0.1, digits: 1),
    Habits(noise: 0.1, digits: 2, repeated: 0.2),
    Habits(notFinite: 0.1),
    Habits(digits: 2, notFinite: 0.4, failed: 0.05),
    Habits(skipped: 0.4),
    Habits(noise: 0.2, digits: 1, notFinite: 0.1, skipped: 0.3, repeated: 0.1, jumped: 0.05, failed: 0.02),
    Habits(workers: 8, noise: 0.2, skipped: 0.2, jumped: 0.02, oddIDs: true),
    Habits(trials: 40, noise: 0.15, digits: 1, oddIDs: true),
    Habits(trials: 30, workers: 3, noise: 0.02, jumped: 0.3),
  ]

  private static func options(_ seed: UInt64) -> SchedulerOptions {
    var generator = SeededGenerator(seed: seed, stream: 1)
    var options = SchedulerOptions(maxResource: [3, 9, 27, 50, 81][Int(generator.nextBelow(5))])
    options.name = generator.nextBelow(5) == 0 ? .asha : .pasha
    options.mode = generator.nextBelow(2) == 0 ? .min : .max
    options.rungSystemPerBracket = generator.nextBelow(2) == 0
    switch generator.nextBelow(4) {
    case 0: options.rungIncrement = 1 + Int(generator.nextBelow(5))
    case 1: options.reductionFactor = 1.7
    case 2: options.reductionFactor = 2
    default: break
    }
    if generator.nextBelow(3) == 0 { options.brackets = 3 }
    return options
  }

  @Test(arguments: 0..<habits.count)
  func decidesAsTheSlowOne(_ kind: Int) throws {
    for seed in 0..<10 {
      let seed = UInt64(kind * 100 + seed)
      let options = Self.options(seed)
      var tuning = RandomTuning(Self.habits[kind], options, seed: seed)
      var reference = ReferenceScheduler(options)
      var live = LiveRun(try TrialScheduler(options))
      // Asking for epsilon builds what decisions read: half of the runs ask at the end only.
      let asks = seed % 2 == 0
      tuning.run(&live) { event, journal, live in
        compare(event, Array(journal), live, &reference, asksForEpsilon: asks, "seed \(seed)")
      }
      compareRungs(live.scheduler, reference, "seed \(seed)")
      compareEpsilon(live.scheduler, reference, "seed \(seed)")
    }
  }

  /// The relatives of ASHA and PASHA.
  private static let family: [SchedulerOptions] = {
    var all: [SchedulerOptions] = [
      SchedulerOptions(name: .asha, maxResource: 27, type: .stopping),
      SchedulerOptions(name: .hyperband, maxResource: 27, brackets: 4, type: .stopping),
      SchedulerOptions(name: .hyperband, maxResource: 27, brackets: 4, rungSystemPerBracket: true, type: .stopping),
      SchedulerOptions(name: .hyperband, maxResource: 27, brackets: 4),
      SchedulerOptions(name: .costPromotion, maxResource: 27),
      SchedulerOptions(name: .rush, maxResource: 27, thresholdCandidates: 5),
      SchedulerOptions(name: .rush, maxResource: 27, type: .stopping, thresholdCandidates: 5),
      SchedulerOptions(name: .medianStopping, maxResource: 27),
      SchedulerOptions(
        name: .medianStopping, maxResource: 27,
        median: MedianOptions(runningAverage: false, graceTime: 3, gracePopulation: 2, rankCutoff: 0.7)),
      SchedulerOptions(name: .percentile, maxResource: 27),
      SchedulerOptions(name: .percentile, maxResource: 27, gracePeriod: 3, percentile: 34),
      SchedulerOptions(name: .fifo, maxResource: 9),
    ]
    for criterion in RankingOptions.Criterion.allCases {
      let ranking = RankingOptions(criterion: criterion, epsilon: criterion == .softRanking ? 0.05 : nil)
      all.append(SchedulerOptions(maxResource: 81, ranking: ranking))
      all.append(SchedulerOptions(maxResource: 81, reductionFactor: 2, brackets: 3, ranking: ranking))
    }
    let given = [
      RankingOptions(criterion: .rankBiasedOverlap, epsilon: 0.8, epsilonScaling: 1),
      RankingOptions(criterion: .absoluteReciprocalRankRegret, epsilon: 0.02, epsilonScaling: 1),
      RankingOptions(criterion: .softRankingStd, epsilonScaling: 0.25),
      RankingOptions(criterion: .softRankingMedianDistance, epsilonScaling: 0.5),
    ]
    return all + given.map { SchedulerOptions(maxResource: 81, ranking: $0) }
  }()

  @Test(arguments: family)
  func theFamilyDecidesAsTheSlowOne(_ kind: SchedulerOptions) throws {
    let habits = [
      Habits(), Habits(trials: 90, workers: 12, noise: 0.2), Habits(noise: 0.1, digits: 1, oddIDs: true),
      Habits(noise: 0.2, digits: 2, notFinite: 0.1, skipped: 0.2, repeated: 0.1, jumped: 0.05, failed: 0.02),
    ]
    var decisions = 0
    for seed in 0..<8 {
      var options = kind
      options.mode = seed % 2 == 0 ? .min : .max
      var tuning = RandomTuning(habits[seed % habits.count], options, seed: UInt64(seed))
      var reference = ReferenceScheduler(options)
      var live = LiveRun(try TrialScheduler(options))
      tuning.run(&live) { event, journal, live in
        compare(event, Array(journal), live, &reference, asksForEpsilon: false, "seed \(seed) \(options)")
        decisions += journal.count { if case .decided = $0 { true } else { false } }
      }
      compareRungs(live.scheduler, reference, "seed \(seed) \(options)")
    }
    #expect(kind.name == .fifo ? decisions == 0 : decisions > 20, "\(decisions) decisions of \(kind)")
  }

  private func compare(
    _ event: OutsideEvent, _ journal: [JournalEntry], _ live: LiveRun, _ reference: inout ReferenceScheduler,
    asksForEpsilon: Bool, _ name: Comment
  ) {
    switch event {
    case .suggest(let bracket, let next):
      let proposal = reference.proposal(bracket: bracket)
      for threshold in proposal.thresholds { reference.apply(threshold) }
      let thresholds = proposal.thresholds.map { JournalEntry.decided(.thresholdSet($0)) }
      if let promotion = proposal.promotion {
        #expect(Array(journal.dropLast()) == thresholds, name)
        guard case .decided(.promotion(let ours))? = journal.last else {
          Issue.record("\(promotion) is missing", sourceLocation: #_sourceLocation)
          return
        }
        #expect(ours.isSame(as: promotion), name)
        reference.apply(promotion)
      } else if let next {
        #expect(journal == thresholds + [.added(trial: next, bracket: bracket)], name)
        reference.add(next, bracket: bracket)
      } else {
        #expect(journal == thresholds, name)
      }
    case .report(let trial, let resource, let value):
      let due = reference.report(trial, resource, value, cost: LiveRun.cost(trial, resource))
      #expect(live.lastOutcome == due.outcome, name)
      let stops = journal.compactMap { entry -> StopDecision? in
        guard case .decided(.stop(let stop)) = entry else { return nil }
        return stop
      }
      #expect(stops.map { "\($0)" } == [due.stop].compactMap { $0.map { "\($0)" } }, name)
      if let stop = due.stop { reference.apply(stop) }
      let thresholds = journal.compactMap { entry -> ThresholdChange? in
        guard case .decided(.thresholdSet(let change)) = entry else { return nil }
        return change
      }
      #expect(thresholds == [due.threshold].compactMap { $0 }, name)
      if let threshold = due.threshold { reference.apply(threshold) }
      let raises = journal.compactMap { entry -> MaximumRaise? in
        guard case .decided(.maximumRaised(let raise)) = entry else { return nil }
        return raise
      }
      #expect(raises.map(\.description) == [due.raise].compactMap { $0?.description }, name)
      if asksForEpsilon { compareEpsilon(live.scheduler, reference, name) }
    case .retire(let trial):
      reference.retire(trial)
    }
  }

  private func compareEpsilon(_ scheduler: TrialScheduler, _ reference: ReferenceScheduler, _ name: Comment) {
    var scheduler = scheduler
    for system in reference.systems where reference.options.name == .pasha {
      // When a trial jumped, the window after a raise may have pairs already: the next report would take them in.
      reference.measureEpsilon(system)
      let measured = scheduler.measuredEpsilon(system: system.index)
      #expect(measured?.epsilon.bitPattern == system.epsilon.bitPattern, name)
      #expect(scheduler.ladder[system.index].currentMaximum == system.current, name)
      #expect(measured?.noisyPairs == system.noisyPairs, name)
    }
  }

  private func compareRungs(_ scheduler: TrialScheduler, _ reference: ReferenceScheduler, _ name: Comment) {
    // Some compare trials without rungs.
    if scheduler.ladder.isEmpty { return }
    for system in reference.systems {
      for (level, entries) in zip(system.levels, system.rungs) {
        let ours = scheduler.entries(system: system.index, level: level)
        #expect(ours.map(\.trial.rawValue) == entries.map(\.trial), name)
        #expect(ours.map(\.value.bitPattern) == entries.map(\.value.bitPattern), name)
        #expect(ours.map(\.isPromoted) == entries.map(\.isPromoted), name)
        let view = scheduler.ladder[system.index].rungs.first { $0.level == level }
        #expect(view?.entries == entries.count && view?.promoted == entries.filter(\.isPromoted).count, name)
      }
    }
  }
}

extension MaximumRaise {
  /// To ten digits where sums are taken in another order.
  private func rounded(_ value: Double) -> Double {
    criterion == .softRankingAuto ? value : (value * 1e10).rounded() / 1e10
  }

  /// All fields, so that values that are not numbers compare too.
  var description: String {
    """
    \(system) \(from)→\(to) \(topLevel)/\(previousLevel) \(trial)@\(position) \(holder) \
    \(trialValue) \(holderValue) \(rounded(epsilon)) \(criterion) \(score.map(rounded) ?? 0)
    """
  }
}
