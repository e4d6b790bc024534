import Coordination
import Scheduling
import SearchSpace
import Testing
import TuningModel

@testable import Coordination

struct RunTests {
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func aRunEndsWithEveryTrialInAFinalOrPausedState(seed: UInt64) throws {
    var farm = try Sample.farm(Sample.specification(trials: 30, max: 27), seed: seed)
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let state = farm.coordinator.state
    #expect(state.trials.count == 30)
    #expect(state.activeTrials.isEmpty)
    #expect(state.waiting.isEmpty)
    for trial in state.trials { #expect(trial.status == .paused || trial.status == .completed) }
    #expect(state.totals.continuedInPlace > 0)
    #expect(state.totals.bestTrial != nil)
  }

  /// The decisions of a journal are those of the scheduler when it is asked in the journal's order: a promotion where
  /// one is due, a new trial only where none is.
  @Test(arguments: [1, 7, 42] as [UInt64], [SchedulerOptions.Name.pasha, .asha])
  func decisionsAreTheSchedulersOnTheJournalsOrder(seed: UInt64, name: SchedulerOptions.Name) throws {
    let specification = Sample.specification(trials: 40, max: 27, scheduler: name)
    var farm = try Sample.farm(specification, seed: seed)
    farm.begin()
    farm.run()
    try checkDecisions(farm.journal, specification)
    #expect(farm.decisions.contains { $0.hasPrefix("promote") })
  }

  @Test func atTheLimitNowEndsWhenOneMoreWouldStart() throws {
    let stop = StopCriterion(maxTrialsStarted: 10, atLimit: .now)
    var farm = try Sample.farm(Sample.specification(max: 9, stop: stop))
    farm.begin()
    farm.run()
    #expect(farm.coordinator.state.trials.count == 10)
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
  }

  @Test func atTheLimitFinishRunningPromotesNothingAnyMore() throws {
    let stop = StopCriterion(maxTrialsStarted: 10, atLimit: .finishRunning)
    var farm = try Sample.farm(Sample.specification(max: 9, stop: stop))
    farm.begin()
    farm.run()
    #expect(farm.coordinator.state.trials.count == 10)
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let draining = try #require(farm.journal.firstIndex { if case .runDraining = $0.fact { true } else { false } })
    #expect(
      !farm.journal[draining...].contains {
        if case .scheduling(.promotion) = $0.fact { true } else { false }
      })
  }

  /// Held trials may fill all slots when the last configuration was tried: then no free slot finds that out.
  @Test(arguments: [1, 2, 3, 6, 8]) func aSpaceThatWasTriedWholeEndsTheRun(slots: Int) throws {
    var specification = Sample.specification(max: 9, stop: StopCriterion())
    specification.experiment.space = ConfigurationSpace([.init("x", .randint(lower: 1, upper: 6))])
    var farm = try Sample.farm(specification, slots: slots)
    farm.begin()
    farm.run()
    #expect(farm.coordinator.state.trials.count == 6)
    #expect(farm.outcome == .finished(RunEnd(reason: .spaceExhausted)))
  }

  @Test func theNumberOfReportsEndsTheRun() throws {
    var farm = try Sample.farm(Sample.specification(stop: StopCriterion(maxEvaluations: 25)))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .evaluations)))
    #expect(farm.coordinator.state.totals.reports >= 25)
    #expect(farm.coordinator.state.activeTrials.isEmpty)
  }

  @Test func theTimeIsThatOfTheRunBeingUp() throws {
    let specification = Sample.specification(stop: StopCriterion(maxWallclockTime: .seconds(10)))
    var farm = try Sample.farm(specification)
    farm.begin()
    while farm.clock < 5_000, farm.step() {}
    // An hour in which no coordinator runs does not count.
    farm.clock += 3_600_000
    try farm.restart()
    while farm.outcome == nil, farm.step() {}
    #expect(farm.outcome == .finished(RunEnd(reason: .wallclockTime)))
    let spent = try #require(farm.coordinator.state.lastStamp).active
    #expect(spent >= .seconds(10) && spent < .seconds(11))
  }

  @Test func aGoodEnoughMetricEndsTheRun() throws {
    var farm = try Sample.farm(Sample.specification(stop: StopCriterion(minMetricValue: 0.4)))
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .metricValue)))
  }

  @Test func nWorkersBoundsTheTrialsAtOnce() throws {
    var specification = Sample.specification()
    specification.cluster.maxWorkers = 2
    var farm = try Sample.farm(specification, slots: 4)
    farm.begin()
    while farm.step() { #expect(farm.coordinator.state.activeTrials.count <= 2) }
    #expect(farm.coordinator.state.trials.count == 20)
  }

  @Test func withAMaximumResourceAttributeTheMilestoneIsPassedOnAndNothingIsHeld() throws {
    let specification = Sample.specification(trials: 12, max: 9, maxResourceAttribute: "epochs")
    var farm = try Sample.farm(specification)
    farm.begin()
    while farm.outcome == nil {
      // The script ends by itself at its milestone.
      for (name, attempt) in farm.agents[0].attempts.sorted(by: { $0.key < $1.key }) where attempt.isHeld {
        #expect(attempt.start.configuration["epochs"] == .int(attempt.milestone))
        farm.finish(name, on: 0, cause: .exited)
      }
      guard farm.step() else { break }
    }
    for (name, _) in farm.agents[0].attempts { farm.finish(name, on: 0, cause: .exited) }
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.totals.continuedInPlace == 0)
    try checkDecisions(farm.journal, specification)
  }
}

/// Feeds a fresh scheduler with the reports of a journal, in its order, and demands that each decision of the journal is
/// the one that the scheduler takes there.
func checkDecisions(_ journal: [StampedFact], _ specification: RunSpecification) throws {
  var scheduler = try TrialScheduler(specification.scheduler)
  var expected: [SchedulingDecision] = []
  var replay = try RunState(specification: specification)
  var withheld: [TrialAttempt: [Int: (Int, Double)]] = [:]
  var isTraining = false
  func rank(_ trial: TrialID, _ resource: Int, _ value: Double) {
    // The scheduler is told nothing of the training after the search.
    if isTraining { return }
    _ = scheduler.record(trial, resource: resource, value: value, cost: replay[trial]?.costSoFar ?? 0)
    expected += scheduler.review(after: trial)
  }
  for stamped in journal {
    replay.apply(stamped)
    switch stamped.fact {
    case .runDraining: scheduler.close()
    case .runExtended:
      scheduler.reopen()
      isTraining = false
    case .scheduling(.thresholdSet(let change)):
      // One that a report sets is due; one that a search for a promotion sets is what that search finds.
      if expected.first == .thresholdSet(change) {
        expected.removeFirst()
      } else {
        #expect(expected.isEmpty && scheduler.propose(bracket: change.system).thresholds.contains(change))
      }
      scheduler.apply(.thresholdSet(change))
    case .trainingBegan:
      #expect(expected.isEmpty)
      isTraining = true
    case .trialCreated(let creation):
      #expect(!isTraining)
      // What an operator enqueues goes before what may be promoted.
      #expect(creation.origin == .operator || scheduler.proposePromotion(bracket: creation.bracket) == nil)
      scheduler.add(creation.trial, bracket: creation.bracket)
    case .reportReceived(let report):
      guard let resource = report.resource, let value = report.value else { continue }
      if report.disposition == .ranked { rank(report.attempt.trial, resource, value) }
      if report.disposition == .withheld {
        withheld[report.attempt, default: [:]][report.sequence] = (resource, value)
      }
    case .withheldReportSettled(let attempt, let sequence, .ranked):
      let report = try #require(withheld[attempt]?[sequence])
      rank(attempt.trial, report.0, report.1)
    case .scheduling(.promotion(let promotion)):
      #expect(expected.isEmpty && !isTraining)
      let proposal = scheduler.propose(bracket: promotion.system)
      // Thresholds that the search for it sets stand before it.
      #expect(proposal.promotion == promotion && proposal.thresholds.isEmpty)
      scheduler.apply(.promotion(promotion))
    case .scheduling(let decision):
      try #require(!expected.isEmpty)
      #expect(expected.removeFirst() == decision)
      scheduler.apply(decision)
    case .attemptEnded(let attempt, _, let consequence):
      switch consequence {
      case .completed, .stopped, .failed: scheduler.retire(attempt.trial)
      case .paused, .pending: break
      }
    default: break
    }
  }
  #expect(expected.isEmpty)
}
