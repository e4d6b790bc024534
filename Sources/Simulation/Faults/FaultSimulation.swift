import Coordination
import TuningModel

/// A run under faults: one seed draws the farm, the run, the network's temper, what the scripts do and what breaks, and lets
/// it happen in virtual time around the coordinator, the agents and the supervisors as they are. After every step the
/// invariants must hold, and when nothing breaks any more the run must end.
public struct FaultSimulation: Sendable {
  public let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  /// What came of it.
  public struct Result: Sendable {
    public let seed: UInt64
    /// The first invariant that did not hold; nil: all did.
    public let violation: String?
    /// Facts that were committed, in order.
    public let facts: [StampedFact]
    public let specification: RunSpecification
    /// Of the journal and of all that was checked on the way; the same in every process.
    public let digest: UInt64
    public let steps: Int
    public let faults: Int
    public let reports: Int
    /// Attempts that were begun again because the one before was lost.
    public let restarts: Int
    /// Seconds of virtual time.
    public let seconds: Double
  }

  public func run() -> Result { Self.run(FaultScenario(seed: seed)).result }

  /// A failing seed with what is left of its faults when all are taken out without which it fails just the same, and what
  /// happened then, line by line.
  public struct Explanation: Sendable {
    public let result: Result
    public let faults: [String]
    public let trace: [String]
  }

  /// Runs the seed again with its events; where it fails, with as few faults as needed.
  public func explain() -> Explanation {
    var scenario = FaultScenario(seed: seed)
    if Self.run(scenario).result.violation != nil { scenario.faults = Self.shortened(scenario) }
    let (result, trace) = Self.run(scenario, isTraced: true)
    return Explanation(result: result, faults: scenario.faults.map(\.description), trace: trace)
  }

  /// Takes faults out as long as the run fails all the same: halves first, then one by one.
  private static func shortened(_ scenario: FaultScenario) -> [Fault] {
    var scenario = scenario
    var size = max(1, scenario.faults.count / 2)
    while true {
      var place = 0
      var isShorter = false
      while place < scenario.faults.count {
        var attempt = scenario
        attempt.faults.removeSubrange(place..<min(place + size, attempt.faults.count))
        if run(attempt).result.violation != nil {
          scenario = attempt
          isShorter = true
        } else {
          place += size
        }
      }
      if size == 1, !isShorter { return scenario.faults }
      size = max(1, size / 2)
    }
  }

  private static func run(_ scenario: FaultScenario, isTraced: Bool = false) -> (result: Result, trace: [String]) {
    do {
      var world = try FaultWorld(scenario, isTraced: isTraced)
      world.run()
      return (world.result, world.trace ?? [])
    } catch {
      // The seed has drawn options that make no sense together.
      let result = Result(
        seed: scenario.seed, violation: "the run cannot begin: \(error)", facts: [],
        specification: scenario.specification, digest: 0, steps: 0, faults: 0, reports: 0, restarts: 0, seconds: 0)
      return (result, [])
    }
  }
}

extension FaultWorld {
  fileprivate var result: FaultSimulation.Result {
    var digest = StateDigest()
    for record in coordinator.journal {
      digest.combine(record.stamp.active.wholeNanoseconds.magnitude)
      digest.combine(record.fact)
    }
    digest.combine(steps)
    digest.combine(monitor.shadow.digest)
    return FaultSimulation.Result(
      seed: scenario.seed, violation: violation, facts: monitor.facts, specification: scenario.specification,
      digest: digest.value, steps: steps, faults: injected, reports: monitor.reports, restarts: monitor.restarts,
      seconds: Double(now.nanoseconds) / 1e9)
  }
}
