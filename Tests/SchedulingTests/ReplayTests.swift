import Scheduling
import Testing
import TuningModel

/// What was replayed from a journal goes on as what ran through.
@Suite struct ReplayTests {
  /// The events of a trace that comes with the tests.
  private func events(_ name: String) throws -> (SchedulerOptions, [OutsideEvent]) {
    let file = try #require(GoldenTrace.bundled.first { $0.lastPathComponent == name + ".jsonl" })
    let trace = try GoldenTrace(file)
    let options = try #require(GoldenTrace.options(of: trace.spec))
    let events: [OutsideEvent] = trace.lines.compactMap { line in
      switch (line.ev, line.trial, line.e, line.v) {
      case ("suggest", _, _, _):
        let next = line.nextId.flatMap { $0 < trace.spec.n ? $0 : nil }
        return .suggest(bracket: line.bracket ?? 0, next: next)
      case ("report", .some(let trial), .some(let resource), .some(let value)):
        return .report(trial: trial, resource: resource, value: value)
      case ("error", .some(let trial), _, _): return .retire(trial: trial)
      default: return nil
      }
    }
    return (options, events)
  }

  /// Runs through, cuts the journal at every `stride`-th entry, replays what stands before the cut, goes on, and
  /// demands the same journal to the end and the same state.
  private func checkCuts(_ options: SchedulerOptions, _ events: [OutsideEvent], stride: Int) throws {
    let fresh = try TrialScheduler(options)
    var through = LiveRun(fresh)
    /// How long the journal was after each event.
    var lengths: [Int] = []
    for event in events {
      through.handle(event)
      lengths.append(through.journal.count)
    }
    let expected = Snapshot(through.scheduler)
    var cuts = Array(Swift.stride(from: 0, through: through.journal.count, by: stride))
    // Between a report and its decision too, wherever that is.
    for (index, entry) in through.journal.enumerated() {
      if case .decided(let decision) = entry, decision.isOfMaximum { cuts += [index, index + 1] }
    }
    for cut in cuts {
      var resumed = LiveRun(LiveRun.replay(through.journal[..<cut], into: fresh))
      resumed.takeWhatIsDue()
      // The event in which the cut lies was heard before the cut, unless it left nothing in the journal before it.
      let event = lengths.firstIndex { $0 >= cut }.map { $0 + 1 } ?? events.count
      for event in events[(cut == 0 ? 0 : event)...] { resumed.handle(event) }
      #expect(resumed.journal.elementsEqual(through.journal[cut...]), "cut at \(cut)")
      #expect(Snapshot(resumed.scheduler) == expected, "cut at \(cut)")
    }
  }

  @Test(arguments: [
    ("pasha_02", 1), ("pasha_04", 1), ("pasha_16_errors", 3), ("pasha_15_scratch", 3), ("pasha_23_fullpath", 23),
    ("pasha_29_eps_edge", 29), ("pasha_27_perbracket", 11), ("promotion_05_scratch_errors", 11),
    ("pasha_11_ties", 11), ("hyperband_promotion_perbracket", 97), ("hyperband_promotion_shared", 97),
    ("hyperband_stopping_shared", 97), ("stopping_04_ties", 97), ("cost_promotion_01", 23), ("rush_promotion_01", 23),
    ("rush_stopping_02_max", 23), ("median_01", 11), ("fork_std_1", 23), ("fork_mean_dst", 23),
  ])
  func goesOnFromEveryCut(_ trace: (String, Int)) throws {
    let (options, events) = try events(trace.0)
    try checkCuts(options, events, stride: trace.1)
  }

  @Test(arguments: 0..<6)
  func goesOnFromEveryCutOfAWildTuning(_ seed: Int) throws {
    let habits = RandomTuning.Habits(
      trials: 40, noise: 0.2, digits: seed % 2 == 0 ? 2 : 6, notFinite: 0.05, skipped: 0.2, repeated: 0.1, jumped: 0.03,
      failed: 0.02)
    let options = SchedulerOptions(
      mode: seed % 3 == 0 ? .max : .min, maxResource: 81, brackets: seed % 2 + 1, rungSystemPerBracket: true)
    var tuning = RandomTuning(habits, options, seed: UInt64(seed))
    var live = LiveRun(try TrialScheduler(options))
    var events: [OutsideEvent] = []
    tuning.run(&live) { event, _, _ in events.append(event) }
    try checkCuts(options, events, stride: 1)
  }

  @Test func replayingBuildsNothingThatOnlyDecisionsRead() throws {
    let (options, events) = try events("pasha_07")
    var live = LiveRun(try TrialScheduler(options))
    for event in events { live.handle(event) }
    #expect(live.journal.contains { if case .decided(.maximumRaised) = $0 { true } else { false } })
    let replayed = LiveRun.replay(live.journal, into: try TrialScheduler(options))
    #expect(replayed.pairWork.touchedPairs == 0)
    #expect(Snapshot(replayed) == Snapshot(live.scheduler))
  }

  @Test func decidingTwiceGivesTheSameAndChangesNothing() throws {
    let (options, events) = try events("pasha_23_fullpath")
    var live = LiveRun(try TrialScheduler(options))
    for event in events {
      let before = Snapshot(live.scheduler)
      let first = live.scheduler.proposePromotion()
      #expect(live.scheduler.proposePromotion() == first)
      _ = live.scheduler.reviewAll()
      #expect(Snapshot(live.scheduler) == before)
      live.handle(event)
    }
  }
}

/// All that can be read of a scheduler.
struct Snapshot: Equatable {
  private var ladder: [RungSystemView]
  private var entries: [String] = []
  private var epsilons: [EpsilonMeasurement?] = []
  private var promotions: [Promotion?] = []

  init(_ scheduler: TrialScheduler) {
    var scheduler = scheduler
    ladder = scheduler.ladder
    for (index, system) in ladder.enumerated() {
      for rung in system.rungs {
        for entry in scheduler.entries(system: index, level: rung.level) {
          let milestone = scheduler.milestone(of: entry.trial) ?? 0
          let open = scheduler.canStillBePromoted(entry.trial)
          entries.append("\(entry.trial) \(entry.value) \(entry.isPromoted) \(milestone) \(open)")
        }
      }
      epsilons.append(scheduler.measuredEpsilon(system: index))
      promotions.append(scheduler.proposePromotion(bracket: index))
    }
  }
}

extension SchedulingDecision {
  var isOfMaximum: Bool {
    switch self {
    case .promotion, .stop, .thresholdSet: false
    case .maximumRaised, .epsilonMeasured: true
    }
  }
}
