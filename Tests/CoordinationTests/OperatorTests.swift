import Scheduling
import SearchSpace
import Testing
import TuningModel
import Wire

@testable import Coordination

/// What an operator does to single trials and to a run that is over: nothing of it loses or repeats anything.
struct OperatorTests {
  static let point = Configuration([.init("x", .double(0.25))])

  /// Runs a few epochs, then does something, then runs to the end.
  private func farm(
    _ specification: RunSpecification, steps: Int = 12, seed: UInt64 = 1, slots: Int = 4,
    _ body: (inout VirtualFarm) -> Void
  ) throws -> VirtualFarm {
    var farm = try Sample.farm(specification, slots: slots, seed: seed)
    farm.begin()
    farm.run(limit: steps)
    body(&farm)
    farm.run()
    return farm
  }

  private func isReplayed(_ farm: VirtualFarm) throws {
    var state = try RunState(specification: farm.specification)
    for fact in farm.journal { state.apply(fact) }
    #expect(state.digest == farm.coordinator.state.digest)
  }

  // MARK: Enqueued configurations

  @Test(arguments: [1, 2, 3] as [UInt64])
  func anEnqueuedConfigurationGetsTheNextSlot(seed: UInt64) throws {
    let specification = Sample.specification(trials: 20)
    let farm = try farm(specification, seed: seed) { $0.handle(.enqueue(Self.point)) }
    let place = try #require(
      farm.journal.firstIndex { if case .trialCreated(let new) = $0.fact { new.origin == .operator } else { false } })
    guard case .trialCreated(let creation) = farm.journal[place].fact else { return }
    #expect(creation.configuration == Self.point)
    // Nothing gets a slot between.
    let next = farm.journal[place...].lazy.compactMap { stamped in
      if case .attemptAssigned(let assignment) = stamped.fact { assignment.attempt.trial } else { nil }
    }.first
    #expect(next == creation.trial)
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.trials.count == 20, "it counts as one of them")
    try checkDecisions(farm.journal, specification)
    CrashTests().checkReports(farm)
    try isReplayed(farm)
  }

  @Test func whatDoesNotBelongToTheSpaceIsNoTrial() throws {
    for point in [
      Configuration([.init("y", .double(0.5))]), Configuration([.init("x", .double(7))]),
      Configuration([.init("x", .string("$(rm -rf /)"))]),
    ] {
      let farm = try farm(Sample.specification(trials: 10)) { $0.handle(.enqueue(point)) }
      #expect(
        !farm.journal.contains { if case .trialCreated(let new) = $0.fact { new.origin == .operator } else { false } })
    }
  }

  @Test func aRunThatTakesNoTrialsTakesNoneByHand() throws {
    let specification = Sample.specification(trials: 6)
    var farm = try farm(specification) { _ in }
    let count = farm.coordinator.state.trials.count
    #expect(!farm.coordinator.acceptsTrials)
    farm.handle(.enqueue(Self.point))
    #expect(farm.coordinator.state.trials.count == count)
  }

  /// All trials are started and still run: the limit holds for those that come by hand as well.
  @Test func theLimitOfTrialsHoldsForEnqueuedOnesToo() throws {
    var farm = try Sample.farm(Sample.specification(trials: 4))
    farm.begin()
    #expect(farm.coordinator.state.trials.count == 4 && farm.coordinator.state.drain == nil)
    farm.handle(.enqueue(Self.point))
    #expect(farm.coordinator.state.trials.count == 4)
  }

  // MARK: Trials paused by hand

  @Test(arguments: [1, 2, 3, 4] as [UInt64], [2, 7, 19])
  func aTrialPausedByHandGetsNoSlotAndNothingWaitsForIt(seed: UInt64, steps: Int) throws {
    let specification = Sample.specification(trials: 20)
    var paused: TrialID?
    let farm = try farm(specification, steps: steps, seed: seed) { farm in
      guard let id = farm.coordinator.state.activeTrials.first else { return }
      paused = id
      farm.handle(.command(.pauseTrial(id)))
      // Said twice it is as if said once.
      farm.handle(.command(.pauseTrial(id)))
    }
    let id = try #require(paused)
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let commands = farm.journal.indices.filter { farm.journal[$0].fact == .operatorCommand(.pauseTrial(id)) }
    #expect(commands.count == 1)
    #expect(
      !farm.journal[commands[0]...].contains { stamped in
        if case .attemptAssigned(let assignment) = stamped.fact { assignment.attempt.trial == id } else { false }
      })
    let trial = try #require(farm.coordinator.state[id])
    #expect(trial.isPausedByOperator && !trial.isActive && !trial.status.isFinal)
    #expect(!trial.seals.isEmpty || trial.resource == 0, "its checkpoint is kept")
    try checkDecisions(farm.journal, specification)
    try isReplayed(farm)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func aTrialThatIsResumedGoesOnFromItsCheckpoint(seed: UInt64) throws {
    let specification = Sample.specification(trials: 20)
    var paused: TrialID?
    let farm = try farm(specification, steps: 9, seed: seed) { farm in
      guard let id = farm.coordinator.state.activeTrials.first else { return }
      paused = id
      farm.handle(.command(.pauseTrial(id)))
      farm.run(limit: 20)
      farm.handle(.command(.resumeTrial(id)))
      farm.handle(.command(.resumeTrial(id)))
    }
    let id = try #require(paused)
    let trial = try #require(farm.coordinator.state[id])
    #expect(!trial.isPausedByOperator)
    #expect(trial.status == .paused || trial.status == .completed)
    #expect(trial.resource >= 1)
    CrashTests().checkReports(farm)
    try checkDecisions(farm.journal, specification)
    try isReplayed(farm)
  }

  @Test func aTrialThatWaitsIsPausedByHandToo() throws {
    var farm = try Sample.farm(Sample.specification(trials: 8), slots: 1)
    farm.begin()
    farm.handle(.enqueue(Self.point))
    let id = try #require(farm.coordinator.state.waiting.first)
    farm.handle(.command(.pauseTrial(id)))
    #expect(farm.coordinator.state.waiting.isEmpty)
    farm.run(limit: 4)
    #expect(farm.coordinator.state[id]?.attempt == nil)
    farm.handle(.command(.resumeTrial(id)))
    farm.run()
    #expect(farm.coordinator.state[id]?.status == .paused || farm.coordinator.state[id]?.status == .completed)
  }

  /// What is promoted while it is paused by hand goes on once it is resumed, also after a coordinator's restart.
  @Test(arguments: [1, 5] as [UInt64])
  func aCrashForgetsNoPause(seed: UInt64) throws {
    var farm = try Sample.farm(Sample.specification(trials: 16), seed: seed)
    farm.begin()
    farm.run(limit: 10)
    let id = try #require(farm.coordinator.state.activeTrials.first)
    farm.handle(.command(.pauseTrial(id)))
    try farm.restart()
    #expect(farm.coordinator.state[id]?.isPausedByOperator == true)
    farm.run(limit: 15)
    #expect(farm.coordinator.state[id]?.isActive == false)
    farm.handle(.command(.resumeTrial(id)))
    try farm.restart()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    #expect(farm.coordinator.state.waiting.isEmpty)
  }

  @Test func whatIsOverIsNotPaused() throws {
    var farm = try Sample.farm(Sample.specification(trials: 8))
    farm.begin()
    farm.run(limit: 6)
    let id = try #require(farm.coordinator.state.activeTrials.first)
    farm.handle(.command(.stopTrial(id)))
    farm.run(limit: 3)
    farm.handle(.command(.pauseTrial(id)))
    farm.handle(.command(.pauseTrial(TrialID(10_000))))
    farm.handle(.command(.resumeTrial(TrialID(10_000))))
    #expect(farm.coordinator.state[id]?.isPausedByOperator == false)
  }

  // MARK: Extended runs

  private static let schedulers: [SchedulerOptions.Name] = [.pasha, .asha, .hyperband, .syncHyperband, .fifo]

  /// As `extend` does it: another file, the fact of it, and the next coordinator.
  private func extend(_ farm: inout VirtualFarm, trials: Int) throws {
    farm.specification.stop.maxTrialsStarted = trials
    let stamp = try #require(farm.journal.last?.stamp)
    farm.journal.append(StampedFact(stamp: stamp, fact: .specificationChanged(hash: "h")))
    farm.journal.append(StampedFact(stamp: stamp, fact: .runExtended))
    farm.outcome = nil
    try farm.restart()
  }

  @Test(arguments: schedulers, [1, 2, 3] as [UInt64])
  func aRunThatIsOverGoesOnWithMoreTrials(scheduler: SchedulerOptions.Name, seed: UInt64) throws {
    let specification = Sample.specification(trials: 10, max: 27, scheduler: scheduler)
    var farm = try Sample.farm(specification, seed: seed)
    farm.begin()
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let epochs = farm.coordinator.state.totals.resource
    try extend(&farm, trials: 24)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let state = farm.coordinator.state
    #expect(state.trials.count == 24)
    #expect(state.totals.resource > epochs)
    #expect(state.activeTrials.isEmpty && state.waiting.isEmpty)
    for trial in state.trials { #expect(trial.status == .paused || trial.status == .completed, "\(trial.id)") }
    CrashTests().checkReports(farm)
    try checkDecisions(farm.journal, farm.specification)
    try isReplayed(farm)
  }

  /// What was broken off in the middle of a leg goes on, what was promoted and did not begin does too.
  @Test(arguments: schedulers, [4, 11, 17])
  func aRunThatWasStoppedIsBroughtToItsEnd(scheduler: SchedulerOptions.Name, steps: Int) throws {
    var farm = try Sample.farm(Sample.specification(trials: 14, max: 27, scheduler: scheduler))
    farm.begin()
    farm.run(limit: steps)
    farm.handle(.command(.stopRun))
    #expect(farm.outcome == .finished(RunEnd(reason: .stoppedByOperator)))
    try extend(&farm, trials: 18)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let state = farm.coordinator.state
    #expect(state.trials.count == 18 && state.waiting.isEmpty)
    for trial in state.trials where trial.resource < trial.milestone {
      Issue.record("trial \(trial.id) was left behind")
    }
    CrashTests().checkReports(farm)
    try checkDecisions(farm.journal, farm.specification)
    try isReplayed(farm)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func whatWasTrainedAfterTheSearchStaysTrained(seed: UInt64) throws {
    var specification = Sample.specification(trials: 10)
    specification.stop.trainBest = 2
    var farm = try Sample.farm(specification, seed: seed)
    farm.begin()
    farm.run()
    let trained = farm.coordinator.state.trained.map(\.id)
    #expect(trained.count == 2)
    try extend(&farm, trials: 20)
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    let state = farm.coordinator.state
    for id in trained { #expect(state[id]?.status == .completed) }
    #expect(state.trained.count == 2 && state.trials.count == 20)
    #expect(state.waiting.isEmpty && state.activeTrials.isEmpty)
    CrashTests().checkReports(farm)
    try isReplayed(farm)
  }

  /// A higher limit, while the last promotions go on, lets the run take trials again.
  @Test func aRunThatTakesNoMoreTrialsTakesMore() throws {
    var specification = Sample.specification(trials: 10)
    var farm = try Sample.farm(specification)
    farm.begin()
    while farm.coordinator.state.drain == nil, farm.step() {}
    specification.stop.maxTrialsStarted = 18
    farm.handle(.reload(specification, hash: "h"))
    #expect(farm.coordinator.state.drain == nil)
    farm.specification = specification
    farm.run()
    #expect(farm.coordinator.state.trials.count == 18)
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
    try checkDecisions(farm.journal, specification)
    try isReplayed(farm)
  }
}
