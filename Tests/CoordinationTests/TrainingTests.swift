import Coordination
import Scheduling
import Testing
import TuningModel
import Wire

@testable import Coordination

/// With `train_best: K` the best K trials of the search are trained up to the maximum resource, whatever happens.
struct TrainingTests {
  static let maximum = 27

  static func specification(_ count: Int, _ stop: StopCriterion, attribute: String? = nil) -> RunSpecification {
    var stop = stop
    stop.trainBest = count
    return Sample.specification(max: maximum, stop: stop, maxResourceAttribute: attribute)
  }

  static let time = StopCriterion(maxWallclockTime: .seconds(3))

  static func farm(
    _ specification: RunSpecification, agents: Int = 1, slots: Int = 4, seed: UInt64 = 1
  ) throws -> VirtualFarm {
    try VirtualFarm(
      specification,
      agents: (0..<agents).map { VirtualFarm.Agent(key: "key-\($0)", machine: "m", slots: slots, name: "host\($0)") },
      curve: Sample.curve(seed: seed), speed: Sample.speed(seed: seed))
  }

  static func began(_ farm: VirtualFarm) -> (place: Int, training: Training)? {
    for (place, stamped) in farm.journal.enumerated() {
      if case .trainingBegan(let training) = stamped.fact { return (place, training) }
    }
    return nil
  }

  /// What must hold of every run that ended with its training: the best were chosen, nothing else was started or decided
  /// after that, each of them was trained in full unless it failed, and the best of them is the result.
  @discardableResult
  static func check(_ farm: VirtualFarm, count: Int, dropped: Set<TrialID> = []) throws -> Training {
    let (place, training) = try #require(began(farm))
    let maximum = farm.specification.scheduler.maxResource
    var before = try RunState(specification: farm.specification)
    for stamped in farm.journal[..<place] { before.apply(stamped) }
    let open = before.ranking.filter { trial in
      if case .failed = trial.status { false } else { trial.status != .stopped }
    }
    #expect(training.trials == open.prefix(count).map(\.id))
    for stamped in farm.journal[(place + 1)...] {
      switch stamped.fact {
      case .trialCreated, .scheduling, .trainingBegan, .runDraining: Issue.record("\(stamped.fact)")
      case .attemptAssigned(let assignment):
        #expect(training.trials.contains(assignment.attempt.trial))
        #expect(assignment.milestone == maximum)
      case .attemptProceeded(let attempt, let milestone):
        #expect(training.trials.contains(attempt.trial) && milestone == maximum)
      default: break
      }
    }
    let state = farm.coordinator.state
    for id in training.trials where !dropped.contains(id) {
      #expect(state[id]?.resource == maximum, "trial \(id)")
      #expect(state[id]?.status == .completed, "trial \(id)")
    }
    let trained = state.ranking.filter { training.trials.contains($0.id) && !dropped.contains($0.id) }.map(\.id)
    #expect(state.trained.map(\.id) == trained)
    #expect(state.result?.id == trained.first)
    #expect(state.activeTrials.isEmpty && state.waiting.isEmpty)
    #expect(state.scheduler.ladder == before.scheduler.ladder, "the rungs stay as the search left them")
    try checkDecisions(farm.journal, farm.specification)
    CrashTests().checkReports(farm)
    return training
  }

  private static let stops: [(StopCriterion, RunEnd.Reason)] = [
    (StopCriterion(maxTrialsStarted: 14), .trialsStarted),
    (StopCriterion(maxTrialsStarted: 14, atLimit: .now), .trialsStarted),
    (StopCriterion(maxTrialsStarted: 14, atLimit: .finishRunning), .trialsStarted),
    (StopCriterion(maxEvaluations: 40), .evaluations), (time, .wallclockTime),
    (StopCriterion(minMetricValue: 0.4), .metricValue), (StopCriterion(maxTrialsCompleted: 1), .trialsCompleted),
  ]

  @Test(arguments: stops.indices, [1, 2, 3] as [UInt64])
  func whatEndsTheSearchBeginsTheTraining(stop: Int, seed: UInt64) throws {
    let (criterion, reason) = Self.stops[stop]
    var farm = try Self.farm(Self.specification(3, criterion), seed: seed)
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: reason)))
    let training = try Self.check(farm, count: 3)
    #expect(training.end.reason == reason)
  }

  @Test(arguments: FamilyTests.kinds)
  func everySchedulersBestAreTrained(_ scheduler: SchedulerOptions) throws {
    for (seed, reports) in [(1, 30), (2, 45), (3, 60)] as [(UInt64, Int)] {
      var specification = FamilyTests.specification(scheduler, trials: 25)
      specification.stop = StopCriterion(maxEvaluations: reports, trainBest: 3)
      var farm = try Self.farm(specification, agents: 2, slots: 2, seed: seed)
      farm.begin()
      farm.run()
      #expect(farm.outcome == .finished(RunEnd(reason: .evaluations)))
      try Self.check(farm, count: 3)
    }
  }

  @Test func whatRunsGoesOnInPlaceOrMakesRoomAtOnce() throws {
    var inPlace = 0
    var madeRoom = 0
    for seed in 1...6 as ClosedRange<UInt64> {
      var farm = try Self.farm(Self.specification(4, Self.time), seed: seed)
      farm.begin()
      farm.run()
      let (place, training) = try #require(Self.began(farm))
      try Self.check(farm, count: 4)
      for stamped in farm.journal[place...] where stamped.stamp == farm.journal[place].stamp {
        if case .attemptProceeded = stamped.fact { inPlace += 1 }
        if case .attemptOrdered(let attempt, .pause, .searchEnds) = stamped.fact {
          madeRoom += 1
          #expect(!training.trials.contains(attempt.trial))
        }
      }
    }
    #expect(inPlace > 0 && madeRoom > 0)
  }

  @Test func theBestAreTrainedSideBySide() throws {
    var farm = try Self.farm(Self.specification(4, StopCriterion(maxTrialsStarted: 14, atLimit: .now)))
    farm.begin()
    var most = 0
    while farm.step() {
      if farm.coordinator.state.training != nil { most = max(most, farm.coordinator.state.activeTrials.count) }
    }
    #expect(most == 4)
    try Self.check(farm, count: 4)
  }

  @Test func fewerTrialsThanAskedForAreAllTrained() throws {
    var farm = try Self.farm(Self.specification(1000, StopCriterion(maxTrialsStarted: 5, atLimit: .finishRunning)))
    farm.begin()
    farm.run()
    #expect(try Self.check(farm, count: 1000).trials.count == 5)
  }

  @Test func withoutAFiniteValueThereIsNothingToTrain() throws {
    var farm = try VirtualFarm(
      Self.specification(3, StopCriterion(maxEvaluations: 9)),
      agents: [VirtualFarm.Agent(key: "key", machine: "m", slots: 2)], curve: { _, _ in .nan }, speed: { _ in 10 })
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .evaluations)))
    #expect(Self.began(farm) == nil)
    #expect(farm.coordinator.state.result == nil)
  }

  /// Nothing ends early because of what the training does.
  @Test func noCriterionEndsTheTraining() throws {
    var stop = StopCriterion(maxTrialsStarted: 8, maxEvaluations: 60, maxWallclockTime: .seconds(4))
    stop.maxTrialsCompleted = 2
    var farm = try Self.farm(Self.specification(4, stop))
    farm.begin()
    farm.run()
    try Self.check(farm, count: 4)
    #expect(farm.coordinator.nextDeadline(after: farm.now) == nil)
  }

  @Test func checkpointsMoveToFreeSlots() throws {
    var moves = 0
    for seed in 1...6 as ClosedRange<UInt64> {
      var farm = try Self.farm(
        Self.specification(3, StopCriterion(maxTrialsStarted: 14, atLimit: .finishRunning)), agents: 3, slots: 1,
        seed: seed)
      farm.begin()
      farm.run()
      let (place, _) = try #require(Self.began(farm))
      try Self.check(farm, count: 3)
      moves += farm.journal[place...].count { if case .checkpointCopied = $0.fact { true } else { false } }
      for case .attemptAssigned(let assignment) in farm.journal[place...].map(\.fact) {
        #expect(assignment.resumeFrom != nil)
      }
    }
    #expect(moves > 0)
  }

  @Test func anOperatorEndsItAtOnce() throws {
    var farm = try Self.farm(Self.specification(3, Self.time))
    farm.begin()
    while Self.began(farm) == nil, farm.step() {}
    _ = farm.step()
    farm.handle(.command(.stopRun))
    #expect(farm.outcome == .finished(RunEnd(reason: .stoppedByOperator)))
    let state = farm.coordinator.state
    #expect(state.trained.isEmpty)
    #expect(state.result?.id == state.totals.bestTrial)
  }

  @Test func whatAnOperatorStopsDuringTheSearchTrainsNothing() throws {
    var farm = try Self.farm(Self.specification(3, Self.time))
    farm.begin()
    for _ in 0..<15 { _ = farm.step() }
    farm.handle(.command(.stopRun))
    #expect(farm.outcome == .finished(RunEnd(reason: .stoppedByOperator)))
    #expect(Self.began(farm) == nil)
  }

  /// Of the checkpoints only the result's is left in the end; until then nothing is deleted that is still needed.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func theResultKeepsItsCheckpoint(seed: UInt64) throws {
    var specification = Self.specification(3, StopCriterion(maxTrialsStarted: 20))
    specification.checkpoints.keepBest = 1
    var farm = try Self.farm(specification, agents: 2, slots: 2, seed: seed)
    farm.begin()
    farm.run()
    try Self.check(farm, count: 3)
    let state = farm.coordinator.state
    let result = try #require(state.result)
    #expect(result.seals.last?.seal.coveredResource == Self.maximum)
    for trial in state.trials where trial.id != result.id { #expect(trial.seals.isEmpty) }
  }

  @Test func withAMaximumResourceAttributeTheMaximumIsPassedOn() throws {
    for stop in [Self.time, StopCriterion(maxTrialsStarted: 8)] {
      var farm = try Self.farm(Self.specification(3, stop, attribute: "epochs"))
      farm.begin()
      while farm.outcome == nil {
        // The script ends by itself at its milestone.
        for (name, attempt) in farm.agents[0].attempts.sorted(by: { $0.key < $1.key })
        where attempt.end == nil && attempt.next > attempt.milestone {
          #expect(attempt.start.configuration["epochs"] == .int(attempt.milestone))
          farm.finish(name, on: 0, cause: .exited)
        }
        guard farm.outcome == nil, farm.step() || farm.agents[0].attempts.contains(where: { $0.value.isHeld }) else {
          break
        }
      }
      try Self.check(farm, count: 3)
      #expect(farm.coordinator.state.totals.continuedInPlace == 0)
    }
  }

  @Test func theNumberMayChangeUntilTheTrainingBegins() throws {
    var farm = try Self.farm(Self.specification(3, Self.time))
    farm.begin()
    for _ in 0..<10 { _ = farm.step() }
    var changed = farm.specification
    changed.stop.trainBest = 2
    farm.handle(.reload(changed, hash: "two"))
    #expect(farm.coordinator.state.changedSpecificationHash == "two")
    while Self.began(farm) == nil, farm.step() {}
    #expect(Self.began(farm)?.training.trials.count == 2)
    changed.stop.trainBest = 4
    farm.handle(.reload(changed, hash: "four"))
    #expect(farm.coordinator.state.changedSpecificationHash == "two")
    let change = SpecificationChange.compare(farm.coordinator.state.specification, changed, isTraining: true)
    #expect(change.refused.map(\.key) == ["stop_criterion.train_best"])
    changed.stop.trainBest = 2
    changed.cluster.maxWorkers = 1
    farm.handle(.reload(changed, hash: "one"))
    #expect(farm.coordinator.state.changedSpecificationHash == "one")
    farm.run()
    try Self.check(farm, count: 2)
  }
}
