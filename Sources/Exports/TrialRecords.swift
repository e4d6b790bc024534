import Chronicle
import Coordination
import Presentation
import TuningModel
import Wire

extension ExportedRun {
  /// A trial: its configuration, how it stands, where it ran, what it came to.
  public func trialRecord(_ index: Int) -> JSONValue {
    .object(trialMembers(index) + [.init("config", state.trials[index].configuration.json)])
  }

  /// All of it but the configuration: plain values, but for the hosts and the checkpoint.
  func trialMembers(_ index: Int) -> [JSONValue.Member] {
    let trial = state.trials[index]
    let history = chronicle.trials.indices.contains(index) ? chronicle.trials[index] : nil
    let attempts = history?.attempts ?? []
    let isOver = !trial.isActive && attempts.last?.ended != nil
    func number(_ seconds: Double?) -> JSONValue { seconds.map { .double($0) } ?? .null }
    let hosts = attempts.map { state[AgentID(Int($0.agent))]?.name ?? "agent \($0.agent)" }
    var seen: Set<String> = []
    return [
      .init("kind", .string("trial")),
      .init("trial", .int(index)),
      .init("status", .string(trial.status.word)),
      .init("failure_kind", failureKind(trial).map { .string($0) } ?? .null),
      .init("failure", trial.failureMessage.map { .string($0) } ?? .null),
      .init("origin", .string(origin(trial.origin))),
      .init("bracket", .int(trial.bracket)),
      .init("created", created.indices.contains(index) ? .double(created[index].wall.seconds) : .null),
      .init("started", number(attempts.first?.assignedWall)),
      .init("ended", isOver ? number(attempts.last?.endedWall) : .null),
      .init("started_time", number(attempts.first?.assigned)),
      .init("ended_time", isOver ? number(attempts.last?.ended) : .null),
      .init("attempts", .int(attempts.count)),
      .init("restarts", .int(trial.restarts)),
      .init("hosts", .array(hosts.filter { seen.insert($0).inserted }.map { .string($0) })),
      .init("slot_seconds", .double(state.slotTime(of: trial).inSeconds)),
      .init("resource", .int(trial.resource)),
      .init("milestone", .int(trial.promotedTo ?? trial.milestone)),
      .init("rung", .int(chronicle.level(of: index))),
      .init("promotions", .int(history?.promotions.count ?? 0)),
      .init("best_value", trial.best.map { .double($0.value) } ?? .null),
      .init("best_resource", trial.best.map { .int($0.resource) } ?? .null),
      .init("last_value", trial.lastValue.map { .double($0) } ?? .null),
      .init("usable_reports", .int(trial.usableReports)),
      .init("unusable_reports", .int(trial.rejectedReports)),
      .init("trained", .bool(state.trained.contains { $0.id == trial.id })),
      .init("checkpoint", Presentation.checkpointJSON(trial, state)),
    ]
  }

  private func failureKind(_ trial: TrialState) -> String? {
    if case .failed(let kind) = trial.status { return kind.rawValue }
    return nil
  }

  private func origin(_ origin: TrialCreation.Origin) -> String {
    switch origin {
    case .point: "point"
    case .searcher: "searcher"
    case .program: "program"
    case .operator: "operator"
    }
  }

  /// A report: what was said, by whom and when, and what was made of it. `stamp` is when the coordinator took it in.
  public func reportRecord(_ report: ReceivedReport, _ stamp: Stamp, sequence: Int) -> JSONValue {
    .object(reportMembers(report, stamp, sequence: sequence) + [.init("report", .object(report.fields))])
  }

  /// All of it but the values reported.
  func reportMembers(_ report: ReceivedReport, _ stamp: Stamp, sequence: Int) -> [JSONValue.Member] {
    let place = place(of: report.attempt)
    var disposition = "rejected"
    var problem: String?
    switch self.disposition(of: report) {
    case .ranked: disposition = "ranked"
    case .recorded: disposition = "recorded"
    case .withheld: disposition = "withheld"
    case .stale: disposition = "stale"
    case .rejected(let reason): problem = reason.rawValue
    }
    return [
      .init("kind", .string("report")),
      .init("sequence", .int(sequence)),
      .init("trial", .int(report.attempt.trial.rawValue)),
      .init("attempt", .int(report.attempt.attempt.rawValue)),
      .init("number", .int(report.sequence)),
      .init("disposition", .string(disposition)),
      .init("problem", problem.map { .string($0) } ?? .null),
      .init("resource", report.resource.map { .int($0) } ?? .null),
      .init("value", report.value.map { .double($0) } ?? .null),
      .init("time", .double(stamp.active.inSeconds)),
      .init("read_at", .double(report.readAt.seconds)),
      .init("host", place.map { .string($0.host) } ?? .null),
      .init("slot", place.map { .int($0.slot) } ?? .null),
    ]
  }
}
