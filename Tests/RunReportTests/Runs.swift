import Chronicle
import Coordination
import Scheduling
import SearchSpace
import Simulation
import TuningModel
import Wire

@testable import RunReport

/// Runs whose reports are looked at.
enum Runs {
  /// A second of a run's time for each fact.
  struct Builder {
    var chronicle: Chronicle
    var curves = RecordedCurves()
    var sequence = 0
    /// Seconds in which nobody ran the run.
    var down = 0

    init(_ specification: RunSpecification) throws { chronicle = try Chronicle(specification: specification) }

    mutating func take(_ facts: Fact...) {
      for fact in facts {
        sequence += 1
        let stamp = Stamp(wall: Timestamp(microseconds: Int64(sequence + down) * 1_000_000), active: .seconds(sequence))
        let stamped = StampedFact(stamp: stamp, fact: fact)
        chronicle.take(stamped, sequence: sequence)
        curves.note(stamped)
      }
    }

    mutating func trial(_ index: Int, _ configuration: Configuration, values: [Double], milestone: Int = 9) {
      let attempt = TrialAttempt(TrialID(index), .first)
      take(
        .trialCreated(
          TrialCreation(
            trial: attempt.trial, configuration: configuration, bracket: 0, origin: .searcher(draws: 1))),
        .attemptAssigned(
          AttemptAssignment(
            attempt: attempt, slot: SlotID(agent: AgentID(0), index: 0), milestone: milestone, resumeFrom: nil,
            reason: .created)), .attemptStarted(attempt, pid: 7))
      for (epoch, value) in values.enumerated() {
        take(
          .reportReceived(
            ReceivedReport(
              attempt: attempt, sequence: epoch + 1, readAt: Timestamp(microseconds: Int64(sequence + 1) * 1_000_000),
              resource: epoch + 1, value: value, fields: [], disposition: .ranked)))
      }
    }

    mutating func end(_ index: Int, _ consequence: EndConsequence, standardError: String = "") {
      take(
        .attemptEnded(
          TrialAttempt(TrialID(index), .first),
          AttemptEnd(
            cause: .exited, exitStatus: 1, signal: nil, lastSequence: 0, seal: nil, errorTail: standardError),
          consequence: consequence))
    }

    func report(isRunning: Bool = false) -> RunReport {
      let savings =
        chronicle.state.totals.resource == 0
        ? nil : Savings(curves: curves, state: chronicle.state, slots: chronicle.timeline.lanes.count)
      return RunReport(
        chronicle: chronicle, savings: savings, importance: Importance(chronicle.importanceSample()),
        options: RunReport.Options(
          folder: "/runs/x", isRunning: isRunning, now: Timestamp(microseconds: 1_796_000_000_000_000)))
    }
  }

  static let hostile = "</style><script src=//x>&\"'\u{202E}\u{1B}[31m\u{0}\r\n|`*_[a](javascript:b)"

  static func specification(
    _ space: ConfigurationSpace, metric: String = "loss", mode: MetricMode = .min, resource: String = "epoch",
    scheduler: SchedulerOptions = SchedulerOptions(name: .pasha, maxResource: 9)
  ) -> RunSpecification {
    var scheduler = scheduler
    scheduler.mode = mode
    return RunSpecification(
      experiment: Experiment(
        name: "t", entryPoint: ["python3", "train.py"], space: space, metric: metric, mode: mode,
        resourceAttribute: resource), scheduler: scheduler)
  }

  static func start(_ builder: inout Builder, run: String = "run-1", slots: Int = 2, host: String = "host") {
    builder.take(
      .runStarted(RunStart(run: run, version: "9.9", specificationHash: "ab", codeHash: nil, randomSeed: 1)),
      .agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: host, origin: .launched)),
      .agentGreeted(
        AgentGreeting(
          agent: AgentID(0), version: "9.9", hostname: host, machineID: "m", bootID: "b", home: "/p", slots: slots)))
  }

  /// A run under faults in virtual time, up to a fact.
  static func faulty(_ seed: UInt64, upTo share: Double = 1) throws -> Builder {
    let result = FaultSimulation(seed: seed).run()
    var builder = try Builder(result.specification)
    for (index, fact) in result.facts.prefix(Int(Double(result.facts.count) * share)).enumerated() {
      builder.chronicle.take(fact, sequence: index + 1)
      builder.curves.note(fact)
    }
    return builder
  }
}
