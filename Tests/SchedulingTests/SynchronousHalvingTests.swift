import Scheduling
import Testing
import TuningModel

@Suite struct SynchronousHalvingTests {
  /// Levels 1, 3, 9: rungs of 9, 3, 1; then 5, 2; then 3 (S = 3: ceil(3/3·9), ceil(3/2·3), ceil(3/1)).
  private func scheduler(
    _ name: SchedulerOptions.Name = .syncHyperband, mode: MetricMode = .min
  ) throws -> TrialScheduler {
    try TrialScheduler(SchedulerOptions(name: name, mode: mode, maxResource: 9, brackets: 9))
  }

  /// Starts as many trials as are new before anything is promoted.
  private func start(_ count: Int, from first: Int = 0, _ scheduler: inout TrialScheduler) {
    for trial in first..<(first + count) {
      #expect(scheduler.proposePromotion() == nil)
      scheduler.add(TrialID(trial), bracket: scheduler.bracket(forUnit: 0))
    }
  }

  private func promoteAll(_ scheduler: inout TrialScheduler) -> [Promotion] {
    var all: [Promotion] = []
    while let promotion = scheduler.proposePromotion() {
      scheduler.apply(.promotion(promotion))
      all.append(promotion)
    }
    return all
  }

  @Test func bracketsAreFilledOneAfterTheOther() throws {
    var scheduler = try scheduler()
    start(9 + 5 + 3 + 9, &scheduler)
    let milestones = (0..<26).compactMap { scheduler.milestone(of: TrialID($0)) }
    #expect(milestones == Array(repeating: 1, count: 9) + [3, 3, 3, 3, 3, 9, 9, 9] + Array(repeating: 1, count: 9))
  }

  @Test func aRungGoesOnWhenItIsWhole() throws {
    var scheduler = try scheduler()
    start(9, &scheduler)
    for trial in 0..<8 {
      #expect(scheduler.record(TrialID(trial), resource: 1, value: Double(10 - trial)) == .reachedMilestone(1))
      #expect(scheduler.proposePromotion() == nil)
    }
    #expect(scheduler.record(TrialID(8), resource: 1, value: 3) == .reachedMilestone(1))
    // Of 10, 9, …, 3, 3 the best three; of the two equal ones the earlier first.
    let promotions = promoteAll(&scheduler)
    #expect(promotions.map(\.trial.rawValue) == [7, 8, 6])
    #expect(promotions.map(\.rank) == [0, 1, 2])
    #expect(
      promotions.allSatisfy {
        $0.fromLevel == 1 && $0.milestone == 3 && $0.rungSize == 9 && $0.cutOff == 4 && $0.rule == .share(3)
      })
    #expect(!scheduler.canStillBePromoted(TrialID(0)))
    #expect(scheduler.canStillBePromoted(TrialID(6)))
    // While those run, the next bracket is begun.
    scheduler.add(TrialID(9), bracket: scheduler.bracket(forUnit: 0))
    #expect(scheduler.milestone(of: TrialID(9)) == 3)
    for trial in [6, 7, 8] { _ = scheduler.record(TrialID(trial), resource: 3, value: Double(trial)) }
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [6])
    #expect(scheduler.record(TrialID(6), resource: 9, value: 0) == .reachedMaximum)
  }

  @Test func theLargestGoOnWithModeMax() throws {
    var scheduler = try scheduler(mode: .max)
    start(9, &scheduler)
    for trial in 0..<9 { _ = scheduler.record(TrialID(trial), resource: 1, value: Double(trial)) }
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [8, 7, 6])
  }

  @Test func whatFailedOrIsNotFiniteRanksWorstAndHoldsNobodyUp() throws {
    var scheduler = try scheduler()
    start(9, &scheduler)
    for trial in 0..<6 { _ = scheduler.record(TrialID(trial), resource: 1, value: .nan) }
    scheduler.retire(TrialID(6))
    _ = scheduler.record(TrialID(7), resource: 1, value: 2)
    #expect(scheduler.proposePromotion() == nil)
    _ = scheduler.record(TrialID(8), resource: 1, value: 1)
    // Three places, and two that are worth it.
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [8, 7])
    scheduler.retire(TrialID(8))
    _ = scheduler.record(TrialID(7), resource: 3, value: 2)
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [7])
  }

  @Test func withoutFurtherTrialsRungsGoOnWithWhatTheyHave() throws {
    var scheduler = try scheduler()
    start(4, &scheduler)
    for trial in 0..<3 { _ = scheduler.record(TrialID(trial), resource: 1, value: Double(trial)) }
    scheduler.close()
    #expect(scheduler.proposePromotion() == nil)
    _ = scheduler.record(TrialID(3), resource: 1, value: 9)
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [0, 1, 2])
  }

  @Test func successiveHalvingRepeatsItsFirstBracket() throws {
    var scheduler = try scheduler(.successiveHalving)
    start(18, &scheduler)
    #expect((0..<18).allSatisfy { scheduler.milestone(of: TrialID($0)) == 1 })
    // The second bracket is whole first: the first one's slots are all taken.
    for trial in 9..<18 { _ = scheduler.record(TrialID(trial), resource: 1, value: Double(trial)) }
    #expect(promoteAll(&scheduler).map(\.trial.rawValue) == [9, 10, 11])
  }

  /// Every trial reports, in random order, with failures; whatever the order, a replay comes to the same state.
  @Test(arguments: 0..<20)
  func aReplayComesToTheSame(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let fresh = try scheduler(seed % 2 == 0 ? .syncHyperband : .successiveHalving)
    var live = LiveRun(fresh)
    var running: [Int] = []
    var resource: [Int: Int] = [:]
    var next = 0
    for _ in 0..<1_500 {
      if running.count < 5 {
        let before = live.journal.count
        live.handle(.suggest(bracket: live.scheduler.bracket(forUnit: 0), next: next < 80 ? next : nil))
        switch live.journal.dropFirst(before).last {
        case .added(let trial, _):
          next += 1
          running.append(trial)
          continue
        case .decided(.promotion(let promotion)):
          running.append(promotion.trial.rawValue)
          continue
        default: break
        }
      }
      guard !running.isEmpty else { break }
      let index = Int(generator.nextBelow(UInt64(running.count)))
      let trial = running[index]
      if generator.nextUnit() < 0.01 {
        live.handle(.retire(trial: trial))
        running.remove(at: index)
        continue
      }
      resource[trial, default: 0] += 1
      live.handle(.report(trial: trial, resource: resource[trial] ?? 1, value: generator.nextUnit()))
      if live.lastOutcome != .continues { running.remove(at: index) }
    }
    let replayed = LiveRun.replay(live.journal, into: fresh)
    for trial in 0..<next {
      let id = TrialID(trial)
      #expect(replayed.milestone(of: id) == live.scheduler.milestone(of: id))
      #expect(replayed.canStillBePromoted(id) == live.scheduler.canStillBePromoted(id))
    }
    #expect(replayed.offer() == live.scheduler.offer())
    #expect(replayed.bracket(forUnit: 0) == live.scheduler.bracket(forUnit: 0))
    #expect(live.journal.contains { if case .decided(.promotion(let p)) = $0 { p.milestone == 9 } else { false } })
  }
}
