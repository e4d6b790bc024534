import Chronicle
import Coordination
import HostSystem
import Presentation
import Scheduling
import TuningModel

/// The history of the run, shared between the follower that writes it and the answers that look at it. A look holds a
/// lock for as long as it takes: milliseconds.
final class Archive: Sendable {
  private struct Content: Sendable {
    var chronicle: Chronicle
    /// Facts of the last turn, whose lines may depend on each other.
    var turn: [(sequence: Int, fact: StampedFact)] = []
  }

  private let content: Locked<Content>

  init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    content = Locked(Content(chronicle: try Chronicle(specification: specification)))
  }

  func look<Result, Failure: Error>(_ body: (inout Chronicle) throws(Failure) -> Result) throws(Failure) -> Result {
    try content.withLock { content throws(Failure) in try body(&content.chronicle) }
  }

  /// Takes facts in their order. What a fact has to say follows with the first fact of another turn, or with `settle`.
  func take(_ facts: [(sequence: Int, fact: StampedFact)]) {
    content.withLock { content in
      for (sequence, fact) in facts {
        if let first = content.turn.first, first.fact.stamp != fact.stamp { Self.tell(&content) }
        content.chronicle.take(fact, sequence: sequence)
        if !Self.isSilent(fact.fact) { content.turn.append((sequence, fact)) }
      }
    }
  }

  /// Nothing more of the last turn will come just now.
  func settle() { content.withLock { Self.tell(&$0) } }

  /// Begins anew: another cluster file counts, which changes what the facts mean.
  func restart(specification: RunSpecification) throws(SchedulerOptionProblem) {
    let chronicle = try Chronicle(specification: specification)
    content.withLock { content in
      content.chronicle = chronicle
      content.turn = []
    }
  }

  /// Facts that never have a line.
  private static func isSilent(_ fact: Fact) -> Bool {
    switch fact {
    case .reportReceived(let report):
      if case .rejected = report.disposition { return false }
      return report.disposition != .ranked
    case .addressChosen, .joinTokenIssued, .joinTokenUsed, .trialCreated, .withheldReportSettled, .attemptHeld,
      .attemptOrdered, .checkpointsDropped, .checkpointCopied, .checkpointsDeleted, .scheduling(.epsilonMeasured):
      return true
    default: return false
    }
  }

  private static func tell(_ content: inout Content) {
    for (sequence, stamped) in content.turn {
      let lines = Presentation.lines(for: stamped, in: content.chronicle.state)
      guard !lines.isEmpty else { continue }
      let agent = stamped.fact.agent ?? stamped.fact.trial.flatMap { content.chronicle.state[$0]?.slot?.agent }
      var host = agent.flatMap { content.chronicle.state[$0]?.name }
      if case .hostMarked(let name, _) = stamped.fact { host = name }
      if case .hostAdded(let added) = stamped.fact { host = added.name }
      content.chronicle.note(
        EventLog.Event(
          sequence: sequence, stamp: stamped.stamp, kind: stamped.fact.kind,
          severity: EventLog.Severity(of: stamped.fact),
          // Each line begins with its time and two spaces.
          text: lines.map { String($0.dropFirst(10)) }.joined(separator: "\n"), trial: stamped.fact.trial, host: host))
    }
    content.turn.removeAll(keepingCapacity: true)
  }
}
