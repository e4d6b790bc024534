import Coordination
import TuningModel

extension Presentation {
  /// All trials, in the order of their ids.
  public static func trials(_ state: RunState) -> String {
    let metric = printable(state.specification.experiment.metric)
    let resource = printable(state.specification.experiment.resourceAttribute)
    let header = ["trial", "status", "attempt", resource, metric, "best", "slot", "time", "config"]
    return table(
      [header]
        + state.trials.map { trial in
          [
            "\(trial.id)", word(trial, state), trial.attempt.map { "\($0)" } ?? "-", "\(trial.resource)",
            trial.lastValue.map(number) ?? "-", trial.best.map { number($0.value) } ?? "-",
            trial.slot.map { "\($0)" } ?? "-", duration(state.slotTime(of: trial)), configuration(trial.configuration),
          ]
        })
  }

  /// `running`; of one whose host does not answer what was known last: `running, host unreachable`.
  static func word(_ trial: TrialState, _ state: RunState) -> String {
    if trial.isPausedByOperator, !trial.isActive, !trial.status.isFinal { return "paused by hand" }
    guard trial.isActive, let agent = trial.slot.flatMap({ state[$0.agent] }), agent.reachability != .reachable else {
      return trial.status.word
    }
    return "\(trial.status.word), host \(agent.reachability.rawValue)"
  }

  public static func trialsJSON(_ state: RunState) -> JSONValue { .array(state.trials.map { json($0, state) }) }

  static func json(_ trial: TrialState, _ state: RunState) -> JSONValue {
    .object([
      .init("trial", .int(trial.id.rawValue)),
      .init("status", .string(trial.status.word)),
      .init("paused_by_hand", .bool(trial.isPausedByOperator)),
      .init("attempt", trial.attempt.map { .int($0.rawValue) } ?? .null),
      .init("agent", trial.slot.map { .int($0.agent.rawValue) } ?? .null),
      .init(
        "host_state",
        trial.slot.flatMap { state[$0.agent] }.map { .string($0.reachability.rawValue) } ?? .null),
      .init("slot", trial.slot.map { .int($0.index) } ?? .null),
      .init("milestone", .int(trial.milestone)),
      .init("resource", .int(trial.resource)),
      .init("value", trial.lastValue.map { .double($0) } ?? .null),
      .init("best_value", trial.best.map { .double($0.value) } ?? .null),
      .init("best_resource", trial.best.map { .int($0.resource) } ?? .null),
      .init("restarts", .int(trial.restarts)),
      .init("unusable_reports", .int(trial.rejectedReports)),
      .init("slot_seconds", .double(state.slotTime(of: trial).inSeconds)),
      .init("failure", trial.failureMessage.map { .string($0) } ?? .null),
      .init("checkpoint", checkpointJSON(trial, state)),
      .init("config", json(trial.configuration)),
    ])
  }
}
