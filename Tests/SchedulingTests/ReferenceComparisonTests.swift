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

  private func compare(
    _ event: OutsideEvent, _ journal: [JournalEntry], _ live: LiveRun, _ reference: inout ReferenceScheduler,
    asksForEpsilon: Bool, _ name: Comment
  ) {
    switch event {
    case .suggest(let bracket, let next):
      if let promotion = reference.promotion(bracket: bracket) {
        #expect(journal == [.decided(.promotion(promotion))], name)
        reference.apply(promotion)
      } else if let next {
        #expect(journal == [.added(trial: next, bracket: bracket)], name)
        reference.add(next, bracket: bracket)
      } else {
        #expect(journal.isEmpty, name)
      }
    case .report(let trial, let resource, let value):
      let (outcome, raise) = reference.report(trial, resource, value)
      #expect(live.lastOutcome == outcome, name)
      let raises = journal.compactMap { entry -> MaximumRaise? in
        guard case .decided(.maximumRaised(let raise)) = entry else { return nil }
        return raise
      }
      #expect(raises.map(\.description) == [raise].compactMap { $0?.description }, name)
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
  /// All fields, so that values that are not numbers compare too.
  var description: String {
    """
    \(system) \(from)→\(to) \(topLevel)/\(previousLevel) \(trial)@\(position) \(holder) \
    \(trialValue) \(holderValue) \(epsilon)
    """
  }
}
