import Chronicle
import Coordination
import Scheduling
import SearchSpace
import Testing
import TuningModel
import Wire

@Suite("The importance of hyperparameters")
struct ImportanceTests {
  /// A run of trials whose values follow from their configurations.
  private func sample(
    _ count: Int, _ value: (Configuration, inout SeededGenerator) -> Double
  ) throws -> ImportanceSample {
    let space = ConfigurationSpace([
      .init("lr", .loguniform(lower: 1e-5, upper: 1)), .init("noise", .uniform(lower: 0, upper: 1)),
      .init("kind", .choice([.string("a"), .string("b"), .string("c")])), .init("fixed", constant: .int(3)),
      .init("layers", .randint(lower: 1, upper: 8)),
    ])
    var chronicle = try Chronicle(
      specification: RunSpecification(
        experiment: Experiment(name: "t", entryPoint: ["true"], space: space, metric: "loss"),
        scheduler: SchedulerOptions(name: .fifo, maxResource: 9)))
    var generator = SeededGenerator(seed: 7, stream: 0)
    var sequence = 0
    func take(_ fact: Fact, _ chronicle: inout Chronicle) {
      sequence += 1
      let stamp = Stamp(wall: Timestamp(microseconds: Int64(sequence)), active: .seconds(sequence))
      chronicle.take(StampedFact(stamp: stamp, fact: fact), sequence: sequence)
    }
    take(
      .agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: "h", origin: .launched)), &chronicle)
    for index in 0..<count {
      let configuration = space.sample(&generator)
      let attempt = TrialAttempt(TrialID(index), .first)
      take(
        .trialCreated(
          TrialCreation(
            trial: attempt.trial, configuration: configuration, bracket: 0, origin: .searcher(draws: 1))), &chronicle)
      take(
        .attemptAssigned(
          AttemptAssignment(
            attempt: attempt, slot: SlotID(agent: AgentID(0), index: 0), milestone: 9, resumeFrom: nil,
            reason: .created)), &chronicle)
      take(
        .reportReceived(
          ReceivedReport(
            attempt: attempt, sequence: 1, readAt: Timestamp(microseconds: 1), resource: 1,
            value: value(configuration, &generator), fields: [], disposition: .ranked)), &chronicle)
    }
    return chronicle.importanceSample()
  }

  private func number(_ value: ParameterValue?) -> Double { value?.number ?? 0 }

  @Test("is that of the one which decides, in the logarithm where it is drawn so")
  func one() throws {
    let importance = Importance(
      try sample(300) { configuration, _ in Mathematics.log(number(configuration["lr"])) })
    #expect(importance.shares.first?.name == "lr")
    #expect(importance.shares[0].share > 0.9)
    #expect(importance.shares.dropFirst().allSatisfy { $0.share < 0.05 })
    #expect(importance.shares.map(\.name).sorted() == ["kind", "layers", "lr", "noise"])
    #expect(importance.note == nil && importance.trials == 300)
  }

  @Test("tells apart what explains much from what explains little, categories too")
  func several() throws {
    let importance = Importance(
      try sample(600) { configuration, generator in
        (configuration["kind"] == .string("b") ? 3 : 0) + 0.3 * number(configuration["layers"])
          + 0.1 * generator.nextUnit()
      })
    #expect(importance.shares.prefix(2).map(\.name) == ["kind", "layers"])
    #expect(importance.shares.reduce(0) { $0 + $1.share } <= 1.0001)
    for share in importance.shares { #expect(share.low <= share.share && share.share <= share.high) }
  }

  @Test("is not all of the trials that diverged")
  func diverged() throws {
    let importance = Importance(
      try sample(400) { configuration, _ in
        number(configuration["noise"]) > 0.97 ? .nan : Mathematics.log(number(configuration["lr"]))
      })
    #expect(importance.shares.first?.name == "lr")
  }

  @Test("is the same for the same history, and bounded for a long one")
  func bounded() throws {
    let sample = try sample(2600) { configuration, _ in number(configuration["noise"]) }
    let importance = Importance(sample)
    #expect(importance == Importance(sample))
    #expect(importance.trials == Importance.mostTrials)
    #expect(importance.note == .sampled(of: 2600))
    #expect(importance.shares.first?.name == "noise")
  }

  @Test("says nothing of few trials, and of equal ones")
  func little() throws {
    #expect(Importance(try sample(9) { _, _ in 1 }).note == .tooFew)
    #expect(Importance(try sample(9) { _, _ in 1 }).shares.isEmpty)
    #expect(Importance(try sample(50) { _, _ in 1 }).note == .nothingToExplain)
    #expect(Importance(try sample(20) { configuration, _ in number(configuration["noise"]) }).note == .few)
  }
}
