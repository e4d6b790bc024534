import Coordination
import Scheduling
import SearchSpace
import Simulation
import Testing
import TuningModel
import Wire

@Suite("What the facts of a run tell of its pace and result")
struct TrialPaceTests {
  private static let attempt = TrialAttempt(TrialID(0), Attempt(1))

  private static func fact(_ fact: Fact, at seconds: Double) -> StampedFact {
    let microseconds = Int64(seconds * 1e6)
    return StampedFact(
      stamp: Stamp(wall: Timestamp(microseconds: microseconds), active: .microseconds(microseconds)), fact: fact)
  }

  /// A report; the host's clock is an hour ahead.
  private static func report(
    _ epoch: Int?, _ value: Double?, at seconds: Double, _ attempt: TrialAttempt = attempt
  ) -> StampedFact {
    let read = Timestamp(microseconds: Int64((seconds + 3600) * 1e6))
    return fact(
      .reportReceived(
        ReceivedReport(
          attempt: attempt, sequence: epoch ?? 1, readAt: read, resource: epoch, value: value, fields: [],
          disposition: .ranked)), at: seconds)
  }

  private static func end(bytes: Int?, at seconds: Double) -> StampedFact {
    let seal = bytes.map {
      Seal(
        generation: 1, attempt: Attempt(1), coveredSequence: 4, coveredResource: 4, files: 1, bytes: $0, hash: "h")
    }
    return fact(
      .attemptEnded(attempt, AttemptEnd(cause: .stopped, lastSequence: 4, seal: seal), consequence: .completed),
      at: seconds)
  }

  private static func pace(_ facts: [StampedFact]) -> TrialPace? {
    var reader = TrialPaceReader()
    for fact in facts { reader.note(fact) }
    return reader.pace
  }

  @Test("an epoch takes the median of the steps; the first report holds the start")
  func steps() throws {
    let pace = try #require(
      Self.pace([
        Self.fact(.agentPrepared(AgentID(0), failure: nil), at: 60),
        Self.fact(.attemptStarted(Self.attempt, pid: 1), at: 61),
        Self.report(1, 0.9, at: 91), Self.report(2, 0.8, at: 101), Self.report(3, 0.7, at: 141),
        Self.report(4, 0.6, at: 151), Self.end(bytes: 500, at: 160),
      ]))
    #expect(pace.epochSeconds == 10)
    #expect(pace.startSeconds == 20)
    #expect(pace.steps == 3)
    #expect(pace.checkpointBytes == 500)
    #expect(pace.preparationSeconds == 60)
  }

  @Test("reports of several epochs count for as many")
  func jumps() throws {
    let pace = try #require(
      Self.pace([
        Self.fact(.attemptStarted(Self.attempt, pid: 1), at: 0), Self.report(5, 0.9, at: 57),
        Self.report(10, 0.8, at: 107), Self.end(bytes: nil, at: 108),
      ]))
    #expect(pace.epochSeconds == 10)
    #expect(abs(pace.startSeconds - 7) < 1e-9)
    #expect(pace.checkpointBytes == 0)
  }

  @Test("a single report is all there is; what cannot be used tells nothing")
  func fewReports() throws {
    let started = Self.fact(.attemptStarted(Self.attempt, pid: 1), at: 2)
    let one = try #require(Self.pace([started, Self.report(1, 0.9, at: 12)]))
    #expect(one.epochSeconds == 10)
    #expect(one.startSeconds == 0)
    #expect(one.steps == 0)
    #expect(Self.pace([started, Self.report(nil, 0.9, at: 12), Self.report(1, nil, at: 20)]) == nil)
    #expect(Self.pace([started]) == nil)
  }

  @Test("resources whose difference is no whole number, and times that no clock has, tell no pace and trap not")
  func hostile() throws {
    let started = Self.fact(.attemptStarted(Self.attempt, pid: 1), at: 2)
    let facts = [started, Self.report(.min, 0.9, at: 12), Self.report(.max, 0.9, at: 13)]
    #expect(Self.pace(facts)?.steps == 1)
    var curves = RecordedCurves()
    for fact in facts { curves.note(fact) }
    #expect(curves.trialCount == 0)
  }

  @Test("a recorded run's time counts from its first start, and training after the search is apart")
  func recordedResult() throws {
    let specification = RunSpecification(
      experiment: Experiment(
        name: "a", entryPoint: ["a"], space: ConfigurationSpace([.init("x", .uniform(lower: 0, upper: 1))]),
        metric: "loss"),
      scheduler: SchedulerOptions(maxResource: 9))
    let assigned = AttemptAssignment(
      attempt: Self.attempt, slot: SlotID(agent: AgentID(0), index: 0), milestone: 3, resumeFrom: nil, reason: .created)
    let facts = [
      Self.fact(
        .trialCreated(
          TrialCreation(trial: TrialID(0), configuration: Configuration(), bracket: 0, origin: .searcher(draws: 1))),
        at: 50),
      Self.fact(.attemptAssigned(assigned), at: 60), Self.report(1, 0.9, at: 70), Self.report(2, 0.8, at: 80),
      Self.fact(.trainingBegan(Training(end: RunEnd(reason: .trialsStarted), trials: [TrialID(0)])), at: 81),
      Self.report(3, 0.7, at: 90),
    ]
    var recorded = RecordedResult(label: "pasha", seed: 4)
    for fact in facts { recorded.note(fact) }
    let result = recorded.result(try RunState(specification: specification))
    #expect(result.runtimeSeconds == 20)
    #expect(result.epochs == 2)
    #expect(result.maxResource == 2)
    #expect(result.trials == 1)
    #expect(result.starts == 1)
    #expect(result.bestMetric == nil)
    #expect(result.secondsToTrainedBest == nil)
  }
}
