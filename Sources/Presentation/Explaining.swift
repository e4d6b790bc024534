import Coordination
import TuningModel

/// `explain`, as text and as JSON.
extension Presentation {
  /// nil: there is no such trial.
  public static func explanation(_ explanation: TrialExplanation, isServed: Bool) -> String? {
    guard let trial = explanation.state[explanation.trial] else { return nil }
    var lines = ["trial \(trial.id), \(trial.status.word)  \(configuration(trial.configuration))"]
    lines += explanation.steps.map { "\(clock($0.stamp.wall))  \($0.text)" }
    lines.append("now: it \(explanation.standing(isServed: isServed))")
    return lines.joined(separator: "\n")
  }

  public static func explanationJSON(_ explanation: TrialExplanation, isServed: Bool) -> JSONValue? {
    guard let trial = explanation.state[explanation.trial] else { return nil }
    let steps: [JSONValue] = explanation.steps.map { step in
      .object([
        .init("time", .double(step.stamp.wall.seconds)),
        .init("active_seconds", .double(step.stamp.active.inSeconds)),
        .init("kind", .string(step.kind)),
        .init("text", .string(step.text)),
      ])
    }
    return .object([
      .init("trial", .int(trial.id.rawValue)),
      .init("status", .string(trial.status.word)),
      .init("config", json(trial.configuration)),
      .init("steps", .array(steps)),
      .init("now", .string(explanation.standing(isServed: isServed))),
    ])
  }

  public static func explanation(_ explanation: WaitingExplanation, at now: Timestamp, isServed: Bool) -> String {
    let state = explanation.state
    if let end = state.end { return "the run is over (\(reason(end.reason, state))): nothing waits, no slot is idle" }
    var lines: [String] = []
    let waiting = explanation.waiting(at: now, isServed: isServed)
    if waiting.isEmpty { lines.append("no trial waits for a slot") }
    for element in waiting {
      let since = when(element.since, near: now)
      // Otherwise the two would not go together.
      let counts = isServed ? "" : " of the run's time, which stands still while nobody runs it"
      lines.append(
        "trial \(element.trial) waits since \(since) (\(duration(element.length))\(counts)), \(element.text)")
    }
    let idle = explanation.idle(at: now, isServed: isServed)
    if idle.isEmpty { lines.append("no slot is idle") }
    for element in idle { lines.append("\(name(element)): \(element.text)") }
    // Otherwise it stands behind each of them.
    if case .silent(let pid, let isStopped) = explanation.service, waiting.isEmpty, idle.isEmpty {
      lines.append(
        "the run's coordinator (process \(pid)) "
          + (isStopped ? "is stopped: `kill -CONT \(pid)` lets it go on" : "does not answer just now"))
    }
    if !isServed, waiting.isEmpty, idle.isEmpty {
      lines.append("no coordinator runs the run: `pasha-coord resume \(state.start?.run ?? "")` goes on with it")
    }
    return lines.joined(separator: "\n")
  }

  private static func name(_ idle: WaitingExplanation.Idle) -> String {
    guard let agent = idle.agent, let first = idle.slots.first else { return idle.host }
    if idle.slots.count == 1 { return "slot \(agent)/\(first) on \(idle.host)" }
    return "slots \(idle.slots.map { "\(agent)/\($0)" }.joined(separator: ", ")) on \(idle.host)"
  }

  public static func explanationJSON(_ explanation: WaitingExplanation, at now: Timestamp, isServed: Bool) -> JSONValue
  {
    let waiting: [JSONValue] = explanation.waiting(at: now, isServed: isServed).map { element in
      .object([
        .init("trial", .int(element.trial.rawValue)), .init("since", .double(element.since.seconds)),
        .init("seconds", .double(element.length.inSeconds)),
        .init("text", .string(element.text)),
      ])
    }
    let idle: [JSONValue] = explanation.idle(at: now, isServed: isServed).map { element in
      .object([
        .init("host", .string(element.host)), .init("agent", element.agent.map { .int($0.rawValue) } ?? .null),
        .init("slots", .array(element.slots.map { .int($0) })), .init("text", .string(element.text)),
      ])
    }
    let over = explanation.state.end.map {
      JSONValue.string("the run is over (\(reason($0.reason, explanation.state)))")
    }
    return .object([.init("waiting", .array(waiting)), .init("idle", .array(idle)), .init("reason", over ?? .null)])
  }
}
