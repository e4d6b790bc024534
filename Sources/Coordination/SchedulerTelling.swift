import Scheduling
import SearchSpace
import TuningModel

/// What a scheduler's program is told, made from the run's facts: the same when they come about as when they are told
/// again to a program that was started anew.
public struct SchedulerTelling: Sendable {
  /// The version of the protocol.
  public static let version = 1

  private let specification: RunSpecification
  private var isSearchOver = false
  /// Reports that wait for a decision about them, by attempt and number.
  private var withheld: [TrialAttempt: [Int: ReceivedReport]] = [:]

  public init(_ specification: RunSpecification) { self.specification = specification }

  /// The first line.
  public var hello: JSONValue {
    let experiment = specification.experiment
    return Self.event(
      "hello",
      [
        .init("version", .int(Self.version)), .init("mode", .string(experiment.mode.rawValue)),
        .init("max_t", .int(specification.scheduler.maxResource)), .init("metric", .string(experiment.metric)),
        .init("resource_attr", .string(experiment.resourceAttribute)),
        .init("config_space", experiment.space.syneTuneJSON),
        // As much of it as every reader of JSON keeps exactly.
        .init("seed", .int(Int(truncatingIfNeeded: specification.searcher.randomSeed & 0x1F_FFFF_FFFF_FFFF))),
        .init("options", .object(specification.program?.options ?? [])),
      ])
  }

  /// A slot is free: an answer is due.
  public static let suggest = event("suggest", [])

  /// The lines that follow from a fact, in order.
  public mutating func events(of fact: Fact) -> [JSONValue] {
    guard !isSearchOver else { return [] }
    switch fact {
    case .trialCreated(let creation):
      return [
        Self.event(
          "decided",
          [
            .init("start", .int(creation.trial.rawValue)), .init("config", creation.configuration.json),
            .init("milestone", .int(creation.milestone ?? specification.scheduler.maxResource)),
          ])
      ]
    case .scheduling(.promotion(let promotion)):
      return [
        Self.event(
          "decided",
          [.init("promote", .int(promotion.trial.rawValue)), .init("milestone", .int(promotion.milestone))])
      ]
    case .scheduling(.stop(let stop)): return [Self.event("decided", [.init("stop", .int(stop.trial.rawValue))])]
    case .reportReceived(let report):
      switch report.disposition {
      case .ranked: return reported(report)
      case .withheld:
        withheld[report.attempt, default: [:]][report.sequence] = report
        return []
      case .recorded, .stale, .rejected: return []
      }
    case .withheldReportSettled(let attempt, let sequence, let disposition):
      let report = withheld[attempt]?.removeValue(forKey: sequence)
      return disposition == .ranked ? report.map(reported) ?? [] : []
    case .attemptEnded(let attempt, _, let consequence), .attemptRefused(let attempt, _, let consequence):
      return ended(attempt.trial, consequence)
    case .trialStopped(let trial): return [Self.ended(trial, "stopped")]
    case .runDraining: return [Self.event("no_more_trials", [])]
    case .trainingBegan, .runFinished:
      isSearchOver = true
      return []
    default: return []
    }
  }

  private func reported(_ report: ReceivedReport) -> [JSONValue] {
    guard let resource = report.resource, let value = report.value else { return [] }
    return [
      Self.event(
        "report",
        [
          .init("trial", .int(report.attempt.trial.rawValue)), .init("resource", .int(resource)),
          .init("value", .double(value)), .init("fields", .object(report.fields)),
        ])
    ]
  }

  private func ended(_ trial: TrialID, _ consequence: EndConsequence) -> [JSONValue] {
    switch consequence {
    // It goes on by itself.
    case .pending: []
    case .paused: [Self.ended(trial, "paused")]
    case .completed: [Self.ended(trial, "completed")]
    case .stopped: [Self.ended(trial, "stopped")]
    case .failed: [Self.ended(trial, "failed")]
    }
  }

  private static func ended(_ trial: TrialID, _ how: String) -> JSONValue {
    event("ended", [.init("trial", .int(trial.rawValue)), .init("how", .string(how))])
  }

  private static func event(_ name: String, _ members: [JSONValue.Member]) -> JSONValue {
    .object([.init("event", .string(name))] + members)
  }

  /// The same line as part of the history that a program which was started anew is told.
  public static func asHistory(_ event: JSONValue) -> JSONValue {
    guard case .object(let members) = event else { return event }
    return .object(members + [.init("replay", .bool(true))])
  }
}
