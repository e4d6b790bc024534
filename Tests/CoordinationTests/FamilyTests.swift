import Coordination
import Scheduling
import SearchSpace
import Testing
import TuningModel
import Wire

@testable import Coordination

/// Runs by every scheduler, through the machine: to the end, and with a coordinator that dies.
struct FamilyTests {
  static let kinds: [SchedulerOptions] = [
    SchedulerOptions(name: .asha, maxResource: 9, type: .stopping),
    SchedulerOptions(name: .hyperband, maxResource: 9, brackets: 3),
    SchedulerOptions(name: .hyperband, maxResource: 9, brackets: 3, rungSystemPerBracket: true, type: .stopping),
    SchedulerOptions(name: .costPromotion, maxResource: 9),
    SchedulerOptions(name: .rush, maxResource: 9, thresholdCandidates: 3),
    SchedulerOptions(name: .rush, maxResource: 9, type: .stopping, thresholdCandidates: 3),
    SchedulerOptions(name: .medianStopping, maxResource: 9, median: MedianOptions(gracePopulation: 3)),
    SchedulerOptions(name: .percentile, maxResource: 9, percentile: 50),
    SchedulerOptions(name: .fifo, maxResource: 5),
    SchedulerOptions(name: .syncHyperband, maxResource: 9, brackets: 3),
    SchedulerOptions(name: .successiveHalving, maxResource: 9),
    SchedulerOptions(maxResource: 9, ranking: RankingOptions(criterion: .ranking)),
    SchedulerOptions(maxResource: 27, ranking: RankingOptions(criterion: .rankBiasedOverlap)),
  ]

  static func specification(_ scheduler: SchedulerOptions, trials: Int) -> RunSpecification {
    var specification = Sample.specification(trials: trials)
    specification.scheduler = scheduler
    if scheduler.name == .costPromotion { specification.experiment.costAttribute = "cost" }
    return specification
  }

  @Test(arguments: kinds)
  func aRunEndsWithEveryTrialSettled(_ scheduler: SchedulerOptions) throws {
    for (seed, slots) in [(1, 4), (2, 1), (3, 9)] as [(UInt64, Int)] {
      let specification = Self.specification(scheduler, trials: 25)
      var farm = try Sample.farm(specification, slots: slots, seed: seed)
      farm.begin()
      farm.run()
      #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
      let state = farm.coordinator.state
      #expect(state.trials.count == 25 && state.activeTrials.isEmpty && state.waiting.isEmpty)
      #expect(state.trials.allSatisfy { $0.status == .paused || $0.status.isFinal })
      #expect(state.trials.allSatisfy { !scheduler.isStopping || $0.status.isFinal })
      // Somebody was trained to the end, but where PASHA saw no need.
      #expect(scheduler.name == .pasha || state.totals.completed > 0)
      try checkDecisions(farm.journal, specification)
      let stops = farm.decisions.count { $0.hasPrefix("stop") }
      #expect(state.totals.stopped == stops)
      #expect(scheduler.isStopping && scheduler.name != .fifo ? stops > 0 : stops == 0)
    }
  }

  /// A trial that is stopped while its reports are on the way: they count for nothing.
  @Test func whatAStoppedTrialStillReportsIsStale() throws {
    let specification = Self.specification(SchedulerOptions(name: .asha, maxResource: 9, type: .stopping), trials: 12)
    var farm = try Sample.farm(specification, slots: 4)
    farm.isSlowToEnd = true
    farm.begin()
    var stale = 0
    for _ in 0..<60 {
      guard farm.step() else { break }
    }
    for stamped in farm.journal {
      guard case .reportReceived(let report) = stamped.fact else { continue }
      if report.disposition == .stale { stale += 1 }
    }
    #expect(stale > 0)
    let stopped = farm.journal.compactMap { stamped -> TrialID? in
      if case .scheduling(.stop(let stop)) = stamped.fact { stop.trial } else { nil }
    }
    #expect(Set(stopped).count == stopped.count)
    for id in stopped { #expect(farm.coordinator.state[id]?.order == .stop) }
    try checkDecisions(farm.journal, specification)
  }

  @Test(arguments: kinds)
  func aCrashAtAnyFactChangesNoDecision(_ scheduler: SchedulerOptions) throws {
    let specification = Self.specification(scheduler, trials: 7)
    final class Recorder {
      var turns: [(farm: VirtualFarm, facts: [StampedFact])] = []
    }
    let recorder = Recorder()
    var farm = try Sample.farm(specification, slots: 2)
    farm.onTurn = { recorder.turns.append(($0, $1)) }
    farm.begin()
    farm.run()
    for (before, facts) in recorder.turns {
      for cut in 0...facts.count {
        var crashed = before
        crashed.onTurn = nil
        crashed.journal = before.journal + facts.prefix(cut)
        try crashed.restart()
        crashed.run()
        let next = facts.dropFirst(cut).first.map { "\($0.fact)" } ?? "nothing"
        let place = "cut after \(before.journal.count + cut) facts, \(cut) of the turn, before \(next)"
        #expect(crashed.outcome == farm.outcome, "\(place)")
        #expect(crashed.decisions == farm.decisions, "\(place)")
        try checkDecisions(crashed.journal, specification)
      }
    }
  }

  /// What training cost counts along the line of checkpoints, whether the process went on or a new one did.
  @Test func costsCountFromTheFirstEpoch() throws {
    var specification = Self.specification(SchedulerOptions(name: .costPromotion, maxResource: 9), trials: 9)
    specification.experiment.costAttribute = "cost"
    for slots in [1, 9] {
      var farm = try Sample.farm(specification, slots: slots)
      farm.begin()
      farm.run()
      var highest: [TrialID: Int] = [:]
      for stamped in farm.journal {
        if case .reportReceived(let report) = stamped.fact, let resource = report.resource {
          highest[report.attempt.trial] = max(resource, highest[report.attempt.trial] ?? 0)
        }
      }
      // An epoch of a trial costs a thousandth of its time.
      for trial in farm.coordinator.state.trials {
        let expected = Double(highest[trial.id] ?? 0) * Double(farm.speed(trial.id)) / 1_000
        #expect(abs(trial.costSoFar - expected) < 1e-9, "trial \(trial.id) with \(slots) slots")
      }
      #expect(farm.decisions.contains { $0.hasPrefix("promote") })
    }
  }
}
