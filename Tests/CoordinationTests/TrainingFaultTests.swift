import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

/// The training after the search when trials fail, hosts are lost or let go, and operators intervene.
struct TrainingFaultTests {
  @Test func aTrialThatFailsIsDroppedAndTheOthersGoOn() throws {
    var specification = TrainingTests.specification(3, TrainingTests.time)
    specification.failures.maxFailures = 0
    var farm = try TrainingTests.farm(specification)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    let chosen = try #require(TrainingTests.began(farm)).training.trials
    while farm.coordinator.state[chosen[0]]?.isActive != true, farm.step() {}
    let attempt = try #require(farm.coordinator.state[chosen[0]]?.current)
    farm.finish(attempt, on: 0, cause: .failed)
    #expect(farm.coordinator.state[chosen[0]]?.status == .failed(.code))
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .wallclockTime)))
    try TrainingTests.check(farm, count: 3, dropped: [chosen[0]])
  }

  @Test func aHostFaultStartsItAgainFromItsCheckpoint() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(2, TrainingTests.time), slots: 3)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    for _ in 0..<6 { _ = farm.step() }
    for (name, attempt) in farm.agents[0].attempts where attempt.end == nil {
      farm.agents[0].attempts[name]?.end = AttemptEnd(cause: .hostFault, lastSequence: attempt.log.count)
    }
    farm.greet(0)
    farm.run()
    let training = try TrainingTests.check(farm, count: 2)
    #expect(training.trials.contains { farm.coordinator.state[$0]?.restarts == 1 })
  }

  /// What was trained since the last checkpoint is lost just as the trial has come to the maximum: it is trained again, and
  /// the result's checkpoint is that of the maximum.
  @Test func aTrialThatLosesItsLastStretchIsTrainedAgain() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(2, TrainingTests.time), slots: 3)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    let best = try #require(TrainingTests.began(farm)).training.trials[0]
    farm.isSlowToEnd = true
    while farm.coordinator.state[best]?.resource != TrainingTests.maximum, farm.step() {}
    let lost = try #require(farm.coordinator.state[best]?.current)
    #expect(farm.coordinator.state[best]?.order == .complete)
    farm.isSlowToEnd = false
    let count = try #require(farm.agents[0].attempts[lost]).log.count
    farm.agents[0].attempts[lost]?.end = AttemptEnd(cause: .hostFault, lastSequence: count)
    for name in farm.agents[0].attempts.keys.sorted() where name != lost {
      if farm.coordinator.state[name.trial]?.order != nil { farm.finish(name, on: 0, cause: .paused) }
    }
    // The coordinator dies on the way, when the trial reports again what it had reported before.
    farm.greet(0)
    for _ in 0..<3 { _ = farm.step() }
    try farm.restart()
    farm.run()
    try TrainingTests.check(farm, count: 2)
    #expect(farm.coordinator.state[best]?.restarts == 1)
    #expect(farm.coordinator.state[best]?.seals.last?.seal.coveredResource == TrainingTests.maximum)
  }

  /// The run is paused just as a trial comes to the maximum.
  @Test func aTrialThatIsPausedAtTheMaximumIsDone() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(1, TrainingTests.time), slots: 2)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    let best = try #require(TrainingTests.began(farm)).training.trials[0]
    while farm.coordinator.state[best]?.resource != TrainingTests.maximum - 1, farm.step() {}
    farm.isSlowToEnd = true
    farm.handle(.command(.pauseRun))
    while farm.coordinator.state[best]?.resource != TrainingTests.maximum, farm.step() {}
    farm.isSlowToEnd = false
    #expect(farm.coordinator.state[best]?.order == .pause)
    for name in farm.agents[0].attempts.keys.sorted() { farm.finish(name, on: 0, cause: .paused) }
    #expect(farm.outcome == .suspended)
    farm.outcome = nil
    try farm.restart()
    farm.run()
    try TrainingTests.check(farm, count: 1)
  }

  @Test func aStoppedTrialIsTrainedNoFurther() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(3, TrainingTests.time))
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    let best = try #require(TrainingTests.began(farm)).training.trials[0]
    farm.handle(.command(.stopTrial(best)))
    farm.run()
    #expect(farm.coordinator.state[best]?.status == .stopped)
    try TrainingTests.check(farm, count: 3, dropped: [best])
  }

  /// A trial that failed with the best value of all neither is the result nor takes its checkpoint's place.
  @Test func aFailedTrialWithTheBestValueIsNoResult() throws {
    var specification = TrainingTests.specification(2, TrainingTests.time)
    specification.checkpoints.keepBest = 1
    specification.failures.maxFailures = 5
    var farm = try TrainingTests.farm(specification)
    farm.begin()
    for _ in 0..<15 { _ = farm.step() }
    let best = try #require(farm.coordinator.state.activeTrials.first)
    let attempt = try #require(farm.coordinator.state[best]?.current)
    let sequence = try #require(farm.agents[0].attempts[attempt]).log.count + 1
    let report = TrialReport(
      sequence: sequence, readAt: farm.now.wall, fields: [.init("epoch", .int(26)), .init("loss", .double(-1))])
    farm.agents[0].attempts[attempt]?.log.append(report)
    farm.isSlowToEnd = true
    farm.say(.reports(attempt, [report]), from: 0)
    farm.isSlowToEnd = false
    farm.finish(attempt, on: 0, cause: .failed)
    #expect(farm.coordinator.state[best]?.status == .failed(.code))
    farm.run()
    #expect(farm.coordinator.state.totals.bestTrial == best)
    try TrainingTests.check(farm, count: 2)
    #expect(farm.coordinator.state.result?.seals.last?.seal.coveredResource == TrainingTests.maximum)
    #expect(farm.coordinator.state.trials.count { !$0.seals.isEmpty } == 1)
  }

  @Test func aDrainedHostIsLeft() throws {
    var farm = try TrainingTests.farm(TrainingTests.specification(3, TrainingTests.time), agents: 2, slots: 2)
    farm.begin()
    while TrainingTests.began(farm) == nil, farm.step() {}
    _ = farm.step()
    farm.handle(.host(.remove("host0")))
    farm.run()
    try TrainingTests.check(farm, count: 3)
    #expect(farm.coordinator.state.mark(of: "host0") == .removed)
  }
}
