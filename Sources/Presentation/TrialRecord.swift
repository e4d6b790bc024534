import Coordination
import Scheduling
import TuningModel
import Wire

/// What became of each attempt of one trial, made of the run's facts in their order: what `show` says beside the state.
public struct TrialRecord {
  /// One start of the trial's script.
  public struct Attempt: Equatable, Sendable {
    public let attempt: TrialAttempt
    /// Its host by name, and the slot there.
    public let host: String
    public let slot: Int
    public let reason: AttemptAssignment.Reason
    public let assigned: Stamp
    /// The resource that it went on from; nil: from the start.
    public let resumedAt: Int?
    /// The resource up to which it may go, so far.
    public var milestone: Int
    /// The highest resource that it reported.
    public var resource: Int?
    public var reports = 0
    public var ended: Stamp?
    /// How it ended, in words; nil: it has not.
    public var end: String?
  }

  public let trial: TrialID
  public private(set) var state: RunState
  public private(set) var attempts: [Attempt] = []
  public private(set) var created: Stamp?

  /// Throws when the scheduler's options make no sense together.
  public init(trial: TrialID, specification: RunSpecification) throws(SchedulerOptionProblem) {
    self.trial = trial
    state = try RunState(specification: specification)
  }

  /// Takes the next fact of the run.
  public mutating func take(_ stamped: StampedFact) {
    if case .attemptAssigned(let assignment) = stamped.fact, assignment.attempt.trial == trial {
      begin(assignment, at: stamped.stamp)
    }
    state.apply(stamped)
    switch stamped.fact {
    case .trialCreated(let creation) where creation.trial == trial: created = stamped.stamp
    case .attemptProceeded(let attempt, let milestone): change(attempt) { $0.milestone = milestone }
    case .reportReceived(let report):
      change(report.attempt) { attempt in
        attempt.reports += 1
        if let resource = report.resource { attempt.resource = max(attempt.resource ?? resource, resource) }
      }
    case .attemptRefused(let attempt, let refusal, _):
      change(attempt) {
        $0.ended = stamped.stamp
        $0.end = "was not started: \(Presentation.detail(refusal))"
      }
    case .attemptEnded(let attempt, let end, let consequence):
      change(attempt) {
        $0.ended = stamped.stamp
        $0.end = Self.words(end, consequence)
      }
    default: break
    }
  }

  private mutating func begin(_ assignment: AttemptAssignment, at stamp: Stamp) {
    let seal = state[trial]?.seals.last { $0.seal.generation == assignment.resumeFrom }?.seal
    attempts.append(
      Attempt(
        attempt: assignment.attempt, host: state[assignment.slot.agent]?.name ?? "", slot: assignment.slot.index,
        reason: assignment.reason, assigned: stamp,
        resumedAt: assignment.resumeFrom == nil ? nil : seal?.coveredResource ?? 0, milestone: assignment.milestone))
  }

  private mutating func change(_ attempt: TrialAttempt, _ body: (inout Attempt) -> Void) {
    guard let index = attempts.lastIndex(where: { $0.attempt == attempt }) else { return }
    body(&attempts[index])
  }

  private static func words(_ end: AttemptEnd, _ consequence: EndConsequence) -> String {
    switch consequence {
    case .paused: "paused"
    case .completed: "completed"
    case .stopped: "stopped"
    case .failed(let kind): "failed (\(Presentation.word(kind)))"
    case .pending(.resumed): "paused before its milestone"
    case .pending(.restarted): end.cause == .leaseExpired ? "lost with its host" : "lost"
    case .pending(.promoted), .pending(.training), .pending(.created): "paused, promoted meanwhile"
    }
  }
}

extension Presentation {
  public static func word(_ kind: FailureKind) -> String {
    switch kind {
    case .code: "an error of the script"
    case .noReport: "no usable report"
    case .outOfMemory: "out of memory"
    case .host: "its hosts"
    case .quota: "its checkpoint is too large"
    }
  }

  /// `show`, as text; nil: there is no such trial.
  public static func record(_ record: TrialRecord) -> String? {
    let state = record.state
    guard let trial = state[record.trial] else { return nil }
    let metric = printable(state.specification.experiment.metric)
    var lines = ["trial \(trial.id), \(word(trial, state)) — run \(printable(state.start?.run ?? ""))"]
    if let best = trial.best {
      lines.append("best \(metric): \(number(best.value)) at \(resource(best.resource, state))" + last(trial, state))
    } else {
      lines.append("best \(metric): none yet")
    }
    lines.append("origin: \(origin(trial.origin))" + (record.created.map { ", at \(clock($0.wall))" } ?? ""))
    lines.append("next: " + next(trial, state))
    lines.append("configuration:")
    for entry in trial.configuration.entries {
      lines.append("  \(printable(entry.name)): \(printable(entry.value.argumentText))")
    }
    lines.append(
      "reports: \(trial.usableReports)" + (trial.rejectedReports > 0 ? ", \(trial.rejectedReports) not usable" : ""))
    lines.append("slot time: \(duration(trial.slotTime))" + (trial.isActive ? ", without the attempt that runs" : ""))
    for seal in trial.seals.reversed() {
      let covers = seal.seal.coveredResource.map { ", \(resource($0, state))" } ?? ""
      lines.append("checkpoint: \(place(of: seal, trial.id, state)) (\(bytes(seal.seal.bytes))\(covers))")
    }
    if let failure = trial.failureMessage {
      lines.append("failure: " + printable(failure, keepsNewlines: true).replacing("\n", with: "\n  "))
    }
    if record.attempts.isEmpty { return lines.joined(separator: "\n") }
    let name = printable(state.specification.experiment.resourceAttribute)
    let header = [
      "attempt", "host", "slot", "begun", "from \(name)", "to \(name)", "reached", "reports", "time", "ended",
    ]
    let now = state.lastStamp?.active ?? .zero
    let rows = record.attempts.map { attempt in
      [
        "\(attempt.attempt.attempt)", printable(attempt.host), "\(attempt.slot)", clock(attempt.assigned.wall),
        attempt.resumedAt.map { "\($0)" } ?? "the start", "\(attempt.milestone)",
        attempt.resource.map { "\($0)" } ?? "-", "\(attempt.reports)",
        duration((attempt.ended?.active ?? now) - attempt.assigned.active), attempt.end ?? "runs",
      ]
    }
    return lines.joined(separator: "\n") + "\n\n" + table([header] + rows)
  }

  private static func last(_ trial: TrialState, _ state: RunState) -> String {
    guard let value = trial.lastValue, trial.resource != trial.best?.resource else { return "" }
    return ", last \(number(value)) at \(resource(trial.resource, state))"
  }

  private static func next(_ trial: TrialState, _ state: RunState) -> String {
    if trial.status.isFinal || state.end != nil { return "nothing" }
    let why = "(`pasha-coord explain \(trial.id)` says why)"
    if let promotedTo = trial.promotedTo { return "\(resource(promotedTo, state)) \(why)" }
    if trial.status == .paused, trial.resource >= trial.milestone {
      let doesGoOn = state.drain?.promotesStill != false && state.training == nil && state.closing == nil
      return doesGoOn ? "nothing until it is promoted \(why)" : "nothing \(why)"
    }
    return "\(resource(trial.milestone, state)) \(why)"
  }

  /// `show --json`: what `trials --json` says of the trial, and its attempts.
  public static func recordJSON(_ record: TrialRecord) -> JSONValue? {
    guard let trial = record.state[record.trial], case .object(var members) = json(trial, record.state) else {
      return nil
    }
    members.append(.init("origin", .string(origin(trial.origin))))
    members.append(.init("created", record.created.map { .double($0.wall.seconds) } ?? .null))
    members.append(
      .init(
        "attempts",
        .array(
          record.attempts.map { attempt in
            .object([
              .init("attempt", .int(attempt.attempt.attempt.rawValue)),
              .init("host", .string(attempt.host)),
              .init("slot", .int(attempt.slot)),
              .init("reason", .string(attempt.reason.rawValue)),
              .init("assigned", .double(attempt.assigned.wall.seconds)),
              .init("assigned_active_seconds", .double(attempt.assigned.active.inSeconds)),
              .init("resumed_at", attempt.resumedAt.map { .int($0) } ?? .null),
              .init("milestone", .int(attempt.milestone)),
              .init("resource", attempt.resource.map { .int($0) } ?? .null),
              .init("reports", .int(attempt.reports)),
              .init("ended", attempt.ended.map { .double($0.wall.seconds) } ?? .null),
              .init("ended_active_seconds", attempt.ended.map { .double($0.active.inSeconds) } ?? .null),
              .init("end", attempt.end.map { .string($0) } ?? .null),
            ])
          })))
    return .object(members)
  }
}
