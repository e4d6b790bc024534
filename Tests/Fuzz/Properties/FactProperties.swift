import Coordination
import Presentation
import Scheduling
import SearchSpace
import Simulation
import TuningModel
import Wire

/// A journal's facts, whoever made them and in whatever order: each encodes to bytes that decode to the same, a
/// coordinator replays them, and everything that goes on from there, or explains it, never traps.
///
/// The first byte chooses the scheduler. Each fact that follows has a byte that chooses its time, and two with its length.
public enum FactProperties {
  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let first = bytes.first else { return }
    let specification = specification(Int(first))
    guard var coordinator = try? Coordinator(specification: specification),
      var trial = try? TrialExplanation(trial: TrialID(0), specification: specification),
      var waiting = try? WaitingExplanation(specification: specification)
    else { throw BrokenProperty("scheduler \(first) cannot begin") }
    var curves = RecordedCurves()
    var pace = TrialPaceReader()
    var result = RecordedResult(label: "recorded", seed: 7)
    for stamped in try facts(bytes.dropFirst()) {
      coordinator.replay(stamped)
      trial.take(stamped)
      waiting.take(stamped)
      curves.note(stamped)
      pace.note(stamped)
      result.note(stamped)
    }
    trial.finish()
    _ = pace.pace
    _ = result.result(coordinator.state)
    _ = curves.valuesLeftOut
    let now = Timestamp(microseconds: 2_000_000_000_000_000)
    _ = waiting.waiting(at: now, isServed: true)
    _ = waiting.idle(at: now, isServed: true)
    goOn(&coordinator)
  }

  /// The run is taken up again by a coordinator that hears from each of its agents.
  private static func goOn(_ coordinator: inout Coordinator) {
    func moment(_ seconds: Int64) -> Moment {
      Moment(
        monotonic: Instant(nanoseconds: seconds * 1_000_000_000), wall: Timestamp(microseconds: 1_800_000_000_000_000))
    }
    let start = RunStart(run: "r", version: "1", specificationHash: "", codeHash: nil, randomSeed: 7)
    _ = coordinator.handle(.started(start), at: moment(10))
    _ = coordinator.handle(.listening(control: 1, bulk: 2), at: moment(10))
    for agent in coordinator.state.agents.prefix(4) {
      let hello = AgentHello(
        hostname: "h", machineID: "m", bootID: "b", name: agent.name, pid: 1, slots: 2, home: "/h", inventory: [],
        place: "p")
      _ = coordinator.handle(.message(from: agent.publicKey, .hello(hello)), at: moment(11))
      let prepared = AgentMessage.prepared(Preparation(codeHash: "", failure: nil))
      _ = coordinator.handle(.message(from: agent.publicKey, prepared), at: moment(12))
    }
    _ = coordinator.handle(.tick, at: moment(100))
    _ = coordinator.handle(.tick, at: moment(1_000_000))
  }

  private static func facts(_ bytes: ArraySlice<UInt8>) throws(BrokenProperty) -> [StampedFact] {
    var rest = bytes
    var facts: [StampedFact] = []
    while rest.count >= 3 {
      let head = Array(rest.prefix(3))
      let length = Int(head[1]) << 8 | Int(head[2])
      rest = rest.dropFirst(3)
      let record = rest.prefix(length)
      rest = rest.dropFirst(length)
      try MessageProperties.check(Fact.self, record)
      if let fact = try? Fact(decoding: record) {
        facts.append(StampedFact(stamp: stamp(head[0], number: facts.count), fact: fact))
      }
    }
    return facts
  }

  private static func stamp(_ byte: UInt8, number: Int) -> Stamp {
    switch byte {
    case 255: Stamp(wall: Timestamp(microseconds: .max), active: .nanoseconds(Int64.max))
    case 254: Stamp(wall: Timestamp(microseconds: .min), active: .nanoseconds(Int64.min))
    default:
      Stamp(
        wall: Timestamp(microseconds: 1_700_000_000_000_000 + Int64(number) * 1_000_000),
        active: .seconds(Int64(number) * Int64(byte)))
    }
  }

  /// A small run with the scheduler of this number.
  public static func specification(_ number: Int) -> RunSpecification {
    let name = SchedulerOptions.Name.allCases[number % SchedulerOptions.Name.allCases.count]
    let isStopping = number / SchedulerOptions.Name.allCases.count % 2 == 1
    let brackets = number / (2 * SchedulerOptions.Name.allCases.count) % 2 == 1 ? 2 : 1
    var scheduler = SchedulerOptions(
      name: name, maxResource: 9, brackets: brackets, type: isStopping ? .stopping : .promotion,
      thresholdCandidates: 2)
    if !scheduler.problems().isEmpty { scheduler = SchedulerOptions(name: name, maxResource: 9) }
    return RunSpecification(
      experiment: Experiment(
        name: "fuzz", entryPoint: ["true"],
        space: ConfigurationSpace([.init("lr", .uniform(lower: 0, upper: 1)), .init("n", .randint(lower: 1, upper: 9))]
        ),
        metric: "loss", costAttribute: "cost"),
      scheduler: scheduler, stop: StopCriterion(maxTrialsStarted: 12, trainBest: number & 128 == 0 ? nil : 2),
      checkpoints: CheckpointPolicy(store: number & 64 == 0 ? .host : .coordinator))
  }
}
