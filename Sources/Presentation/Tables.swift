import Coordination
import Scheduling
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
            "\(trial.id)", trial.status.word, trial.attempt.map { "\($0)" } ?? "-", "\(trial.resource)",
            trial.lastValue.map(number) ?? "-", trial.best.map { number($0.value) } ?? "-",
            trial.slot.map { "\($0)" } ?? "-", duration(trial.slotTime), configuration(trial.configuration),
          ]
        })
  }

  public static func trialsJSON(_ state: RunState) -> JSONValue { .array(state.trials.map { json($0, state) }) }

  static func json(_ trial: TrialState, _ state: RunState) -> JSONValue {
    .object([
      .init("trial", .int(trial.id.rawValue)),
      .init("status", .string(trial.status.word)),
      .init("attempt", trial.attempt.map { .int($0.rawValue) } ?? .null),
      .init("agent", trial.slot.map { .int($0.agent.rawValue) } ?? .null),
      .init("slot", trial.slot.map { .int($0.index) } ?? .null),
      .init("milestone", .int(trial.milestone)),
      .init("resource", .int(trial.resource)),
      .init("value", trial.lastValue.map { .double($0) } ?? .null),
      .init("best_value", trial.best.map { .double($0.value) } ?? .null),
      .init("best_resource", trial.best.map { .int($0.resource) } ?? .null),
      .init("restarts", .int(trial.restarts)),
      .init("unusable_reports", .int(trial.rejectedReports)),
      .init("slot_seconds", .double(trial.slotTime.inSeconds)),
      .init("failure", trial.failureMessage.map { .string($0) } ?? .null),
      .init("checkpoint", checkpointJSON(trial, state)),
      .init("config", json(trial.configuration)),
    ])
  }

  /// The run, its agents with their slots, and the rung ladder. `isServed`: whether a coordinator runs it now.
  public static func status(_ state: RunState, coordinator pid: Int?) -> String {
    var lines = [
      "\(state.start?.run ?? "") — \(runStatus(state))" + (pid.map { ", coordinator \($0)" } ?? liveness(state))
    ]
    if let end = state.end {
      lines.append("  \(reason(end.reason, state))")
      if !end.message.isEmpty { lines.append(printable(end.message, keepsNewlines: true)) }
    }
    var counts: [String: Int] = [:]
    for trial in state.trials { counts[trial.status.word, default: 0] += 1 }
    let words = ["running", "held", "assigned", "pending", "paused", "completed", "stopped", "failed"]
    let told = words.compactMap { word in counts[word].map { "\($0) \(word)" } }
    lines.append("  trials: \(state.trials.count)" + (told.isEmpty ? "" : " (\(told.joined(separator: ", ")))"))
    lines.append("  reports: \(state.totals.reports), active time: \(duration(state.lastStamp?.active ?? .zero))")
    if let best = bestTrial(state), let value = best.best {
      lines.append("  best: trial \(best.id), \(number(value.value)) at \(resource(value.resource, state))")
    }
    lines += phases(state).map { "  \($0)" }
    if state.training != nil, state.end == nil { lines.append("  \(progress(state))") }
    for agent in state.agents {
      let slots = agent.slots.map { $0.map { "\($0)" } ?? "-" }.joined(separator: " ")
      let health = pid == nil ? "" : ", \(agent.reachability.rawValue)" + (agent.isPrepared ? "" : ", preparing")
      lines.append("  agent \(agent.id) (\(printable(agent.name)))\(health): \(agent.slots.count) slots [\(slots)]")
    }
    for (index, system) in state.scheduler.ladder.enumerated() {
      let name = state.scheduler.ladder.count > 1 ? "bracket \(index)" : "rungs"
      let rungs = system.rungs.map { "\($0.level): \($0.entries) trials, \($0.promoted) promoted" }
        .joined(separator: " | ")
      lines.append("  \(name): \(rungs); maximum \(system.currentMaximum)")
    }
    return lines.joined(separator: "\n")
  }

  private static func liveness(_ state: RunState) -> String {
    state.end == nil && !state.isSuspended ? ", no coordinator is running (`pasha-coord resume` goes on)" : ""
  }

  public static func statusJSON(_ state: RunState, coordinator pid: Int?) -> JSONValue {
    .object([
      .init("run", .string(state.start?.run ?? "")),
      .init("status", .string(runStatus(state))),
      .init("coordinator_pid", pid.map { .int($0) } ?? .null),
      .init("summary", summaryJSON(state)),
      .init("agents", .array(state.agents.map { json($0) })),
      .init("rungs", .array(state.scheduler.ladder.map { json($0) })),
    ])
  }

  private static func json(_ agent: AgentState) -> JSONValue {
    let slots: [JSONValue] = agent.slots.map { trial in trial.map { .int($0.rawValue) } ?? .null }
    return .object([
      .init("agent", .int(agent.id.rawValue)),
      .init("name", .string(agent.name)),
      .init("hostname", .string(agent.greeting?.hostname ?? "")),
      .init("machine", .string(agent.machine ?? "")),
      .init("reachability", .string(agent.reachability.rawValue)),
      .init("prepared", .bool(agent.isPrepared)),
      .init("slots", .array(slots)),
    ])
  }

  private static func json(_ system: RungSystemView) -> JSONValue {
    .object([
      .init("levels", .array(system.rungs.map { .int($0.level) })),
      .init("trials", .array(system.rungs.map { .int($0.entries) })),
      .init("promoted", .array(system.rungs.map { .int($0.promoted) })),
      .init("maximum", .int(system.currentMaximum)),
      .init("epsilon", system.epsilon.map { .double($0) } ?? .null),
    ])
  }
}
