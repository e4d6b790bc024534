import Coordination
import Foundation
import TuningModel
import Wire

/// Something that happened in a run, for files and messages: what a fact has to say, but for reports, which are too many
/// and stand in the results; and that a value became the best so far.
public struct RunEvent: Equatable, Sendable {
  /// Of the fact in the journal: each fact is one event at most.
  public var sequence: Int
  public var stamp: Stamp
  /// The fact's name in the journal, or `new_best`.
  public var kind: String
  /// What people want to hear of at once, if it is that.
  public var news: News?
  public var message: String
  public var trial: TrialID?
  public var attempt: Attempt?
  public var host: String?
  /// More, by kind.
  public var details: [JSONValue.Member] = []

  public init(
    sequence: Int, stamp: Stamp, kind: String, news: News? = nil, message: String, trial: TrialID? = nil,
    attempt: Attempt? = nil, host: String? = nil, details: [JSONValue.Member] = []
  ) {
    self.sequence = sequence
    self.stamp = stamp
    self.kind = kind
    self.news = news
    self.message = message
    self.trial = trial
    self.attempt = attempt
    self.host = host
    self.details = details
  }

  /// One line of `events.jsonl`, without its end.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("sequence", .int(sequence)), .init("time", .string(Self.text(stamp.wall))), .init("event", .string(kind)),
    ]
    if let trial { members.append(.init("trial", .int(trial.rawValue))) }
    if let attempt { members.append(.init("attempt", .int(attempt.rawValue))) }
    if let host { members.append(.init("host", .string(host))) }
    return .object(members + details + [.init("message", .string(message))])
  }

  /// UTC, as RFC 3339 has it, with milliseconds.
  static func text(_ time: Timestamp) -> String {
    let milliseconds = Int64((Double(time.microseconds) / 1000).rounded(.down))
    var seconds = time_t((Double(milliseconds) / 1000).rounded(.down))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return String(
      format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
      parts.tm_hour, parts.tm_min, parts.tm_sec, Int(milliseconds) - seconds * 1000)
  }
}

extension Presentation {
  /// What facts of one moment are to files and messages.
  /// - Parameters:
  ///   - facts: with their sequences, all of one stamp.
  ///   - best: the best value before them.
  ///   - state: the run after them.
  public static func events(
    of facts: some Sequence<(sequence: Int, fact: StampedFact)>, best: Double?, in state: RunState
  ) -> [RunEvent] {
    var isTold = state.bestSoFar == best
    return facts.compactMap { sequence, stamped in
      switch stamped.fact {
      case .reportReceived(let report) where !report.disposition.isRejected:
        guard !isTold, report.disposition == .ranked else { return nil }
        isTold = true
        return newBest(sequence, stamped.stamp, best, state)
      case .withheldReportSettled(_, _, .ranked):
        guard !isTold else { return nil }
        isTold = true
        return newBest(sequence, stamped.stamp, best, state)
      default: return event(sequence, stamped, state)
      }
    }
  }

  private static func newBest(
    _ sequence: Int, _ stamp: Stamp, _ before: Double?, _ state: RunState
  ) -> RunEvent? {
    guard let trial = state.totals.bestTrial.flatMap({ state[$0] }), let best = trial.best else { return nil }
    let experiment = state.specification.experiment
    // A trial that was the best may have left; what is the best then is no better than before.
    if let before { guard experiment.mode == .max ? best.value > before : best.value < before else { return nil } }
    return RunEvent(
      sequence: sequence, stamp: stamp, kind: "new_best", news: .newBest,
      message: "the best so far: \(printable(experiment.metric)) \(number(best.value)) at "
        + "\(resource(best.resource, state)), trial \(trial.id) (\(configuration(trial.configuration)))",
      trial: trial.id,
      details: [
        .init("metric", .string(experiment.metric)), .init("value", .double(best.value)),
        .init("resource", .int(best.resource)), .init("config", json(trial.configuration)),
      ])
  }

  private static func event(_ sequence: Int, _ stamped: StampedFact, _ state: RunState) -> RunEvent? {
    let lines = text(for: stamped, in: state)
    guard !lines.isEmpty else { return nil }
    let fact = stamped.fact
    let agent = fact.agent ?? fact.trial.flatMap { state[$0]?.slot?.agent }
    var host = agent.flatMap { state[$0]?.name }
    if case .hostMarked(let name, _) = fact { host = name }
    if case .hostAdded(let added) = fact { host = added.name }
    var attempt = fact.attempt?.attempt
    if case .attemptAssigned(let assignment) = fact { attempt = assignment.attempt.attempt }
    var event = RunEvent(
      sequence: sequence, stamp: stamped.stamp, kind: fact.kind, news: news(fact),
      message: lines.joined(separator: "\n"), trial: fact.trial, attempt: attempt, host: host)
    if event.news == .finish {
      event.details = [.init("status", .string(runStatus(state))), .init("best", bestJSON(state))]
      event.message += "\n" + summary(state)
    }
    return event
  }

  private static func news(_ fact: Fact) -> News? {
    switch fact {
    case .runFinished: .finish
    case .runSuspended: .pause
    case .agentReachability(_, .lost): .hostLost
    case .attemptEnded(_, _, .failed), .attemptRefused(_, _, .failed): .failure
    default: nil
    }
  }
}

extension ReportDisposition {
  fileprivate var isRejected: Bool { if case .rejected = self { true } else { false } }
}
