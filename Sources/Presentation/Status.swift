import Coordination
import Scheduling
import TuningModel
import Wire

/// Who runs a run now.
public enum CoordinatorPresence: Equatable, Sendable {
  case running(pid: Int)
  /// A process holds the run and does not answer.
  case silent(pid: Int, isStopped: Bool)
  case none

  /// Whether somebody holds the run.
  public var isThere: Bool { self != .none }
  public var pid: Int? {
    switch self {
    case .running(let pid), .silent(let pid, _): pid
    case .none: nil
    }
  }
}

/// `status`: the run, hosts by state, those with troubles, what runs where. Lines of at most 80 columns.
extension Presentation {
  /// - Parameter live: what the running coordinator knows; nil: the state is what the journal has.
  public static func status(_ state: RunState, service: CoordinatorPresence, live: LiveView? = nil) -> String {
    var lines = ["\(state.start?.run ?? "") — \(runStatus(state))\(served(state, service))"]
    if let end = state.end {
      lines.append("  \(reason(end.reason, state))")
    }
    lines += trialCounts(state, live)
    lines += phases(state).map { "  \($0)" }
    if state.training != nil, state.end == nil { lines.append("  \(progress(state))") }
    for (index, system) in state.scheduler.ladder.enumerated() {
      let name = state.scheduler.ladder.count > 1 ? "bracket \(index)" : "rungs"
      let rungs = system.rungs.map { "\($0.level): \(count($0.entries, "trial")), \($0.promoted) promoted" }
        .joined(separator: " | ")
      lines.append("  \(name): \(rungs); maximum \(system.currentMaximum)")
    }
    if let live { lines += counted(live.counters) }
    lines += hostLines(state, service: service, live: live)
    lines = lines.flatMap { wrapped($0, indent: 6, limit: 12) }
    if let message = endMessage(state) {
      lines.append(printable(message, keepsNewlines: true))
    }
    return lines.joined(separator: "\n")
  }

  private static func served(_ state: RunState, _ service: CoordinatorPresence) -> String {
    switch service {
    case .running(let pid): return ", coordinator \(pid)"
    case .silent(let pid, true):
      return ", its coordinator (process \(pid)) is stopped: nothing is decided until `kill -CONT \(pid)`"
    case .silent(let pid, false): return ", its coordinator (process \(pid)) does not answer just now"
    case .none:
      return state.end == nil && !state.isSuspended
        ? ", no coordinator is running (`pasha-coord resume` goes on)" : ""
    }
  }

  private static func trialCounts(_ state: RunState, _ live: LiveView?) -> [String] {
    var counts: [String: Int] = [:]
    for trial in state.trials { counts[trial.status.word, default: 0] += 1 }
    let words = ["running", "held", "assigned", "pending", "paused", "completed", "stopped", "failed"]
    let told = words.compactMap { word in counts[word].map { "\($0) \(word)" } }
    let active = live?.now.active ?? state.lastStamp?.active ?? .zero
    var lines = ["  trials: \(state.trials.count)" + (told.isEmpty ? "" : " (\(told.joined(separator: ", ")))")]
    lines.append("  reports: \(state.totals.reports), active time: \(duration(active))")
    if let best = bestTrial(state), let value = best.best {
      lines.append("  best: trial \(best.id), \(number(value.value)) at \(resource(value.resource, state))")
    }
    return lines
  }

  private static func counted(_ counters: Coordinator.Counters) -> [String] {
    let parts = [
      (counters.duplicateReports, "came twice"), (counters.staleMessages, "were of attempts that are over"),
      (counters.reportGaps, "were sent again after a gap"), (counters.unknownSenders, "were of unknown senders"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return parts.isEmpty
      ? [] : ["  messages since the coordinator began that changed nothing: " + parts.joined(separator: ", ")]
  }

  // MARK: Hosts

  private static func hostLines(_ state: RunState, service: CoordinatorPresence, live: LiveView?) -> [String] {
    let hosts = HostHealth.all(state, live: live).filter { $0.word != .removed }
    guard !hosts.isEmpty else { return [] }
    var lines: [String] = []
    if state.end == nil, !state.isSuspended {
      lines.append("  hosts: \(hosts.count) (\(tally(hosts))\(live == nil ? ", as the journal has it" : ""))")
      lines.append("  " + slotTally(hosts, state))
      let now = live?.now ?? state.lastStamp ?? Stamp(wall: Timestamp(microseconds: 0), active: .zero)
      lines += troubles(hosts, now).map { "  " + $0 }
      lines += lingering(state, now).map { "  " + $0 }
    }
    for host in hosts {
      guard let agent = host.agent else { continue }
      let slots = agent.slots.map { $0.map { "\($0)" } ?? "-" }.joined(separator: " ")
      let health = service.isThere ? ", \(host.word.text)" : ""
      lines.append(
        "  agent \(agent.id) (\(printable(agent.name)))\(health): \(count(agent.slots.count, "slot")) [\(slots)]")
    }
    return lines
  }

  /// `1 lost, 3 suspect, 196 ready`.
  static func tally(_ hosts: [HostHealth]) -> String {
    HostHealth.Word.allCases.compactMap { word in
      let count = hosts.count { $0.word == word }
      return count > 0 ? "\(count) \(word.text)" : nil
    }.joined(separator: ", ")
  }

  private static func slotTally(_ hosts: [HostHealth], _ state: RunState) -> String {
    var all = 0
    var busy = 0
    var closed = 0
    for host in hosts {
      guard let agent = host.agent, agent.reachability != .lost else { continue }
      all += agent.slots.count
      busy += agent.slots.count { $0 != nil }
      closed += host.slots.count
    }
    return "slots: \(all) (\(busy) busy" + (closed > 0 ? ", \(closed) quarantined)" : ")")
  }

  /// What each host with troubles has, and what comes next; then slots that get no work.
  static func troubles(_ hosts: [HostHealth], _ now: Stamp) -> [String] {
    var lines: [String] = []
    for host in hosts where host.word.isTroubled && host.word != .quarantined {
      lines.append(printable(host.host) + ": " + sentence(host, now))
    }
    for host in hosts {
      for slot in host.slots {
        let since = slot.since.map { " since \(age($0, now))" } ?? ""
        lines.append("\(printable(host.host)), slot \(slot.slot): quarantined\(since): \(printable(slot.reason))")
      }
      if let note = host.note { lines.append("\(printable(host.host)): \(note)") }
    }
    return lines
  }

  /// What each host with troubles has, for `explain --waiting`: by name.
  public static func troublesJSON(_ state: RunState, live: LiveView) -> JSONValue {
    .object(
      HostHealth.all(state, live: live).filter { $0.word.isTroubled || $0.word == .starting }.map {
        .init($0.host, .string(sentence($0, live.now)))
      })
  }

  /// `lost since 14:02:11 (3 h 05 min): its trials …; the next start is at 14:05:00`.
  static func sentence(_ host: HostHealth, _ now: Stamp) -> String {
    let since = host.since.map { " since \(age($0, now))" } ?? ""
    return "\(host.word.text)\(since): " + [host.reason, host.next].filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// Attempts that were told to end long ago: their slots get no work until what they started is really gone.
  private static func lingering(_ state: RunState, _ now: Stamp) -> [String] {
    let patience = state.specification.checkpoints.grace + .seconds(60)
    return state.activeTrials.compactMap { id in
      guard let trial = state[id], let order = trial.order, order != .complete, let at = trial.orderedAt,
        now.active - at.active > patience, let current = trial.current, let slot = trial.slot,
        state[slot.agent]?.reachability == .reachable
      else { return nil }
      return
        "\(host(slot.agent, state)), slot \(slot.index): attempt \(current.attempt) of trial \(id) was told to \(order.rawValue) at "
        + "\(age(at, now)) and has not ended: the slot gets no work until its processes are gone and its GPUs are free"
    }
  }

  /// `14:02:11 (3 h 05 min)`; the time of day from the clock of then, the length from one that does not jump.
  static func age(_ stamp: Stamp, _ now: Stamp) -> String {
    "\(when(stamp.wall, near: now.wall)) (\(duration(max(.zero, now.active - stamp.active))))"
  }

  // MARK: JSON

  public static func statusJSON(_ state: RunState, service: CoordinatorPresence, live: LiveView? = nil) -> JSONValue {
    let hosts = HostHealth.all(state, live: live)
    let counters = live?.counters
    return .object([
      .init("run", .string(state.start?.run ?? "")),
      .init("status", .string(runStatus(state))),
      .init("coordinator_pid", service.pid.map { .int($0) } ?? .null),
      .init("coordinator_answers", .bool({ if case .running = service { true } else { false } }())),
      .init("summary", summaryJSON(state)),
      .init("agents", .array(state.agents.map { json($0) })),
      .init("hosts", .array(hosts.map { healthJSON($0, state) })),
      .init(
        "messages_without_effect",
        counters.map {
          .object([
            .init("duplicate_reports", .int($0.duplicateReports)), .init("stale", .int($0.staleMessages)),
            .init("gaps", .int($0.reportGaps)), .init("unknown_senders", .int($0.unknownSenders)),
          ])
        } ?? .null),
      .init("rungs", .array(state.scheduler.ladder.map { json($0) })),
    ])
  }

  static func healthMembers(_ host: HostHealth) -> [JSONValue.Member] {
    [
      .init("since", host.since.map { .double($0.wall.seconds) } ?? .null),
      .init("reason", .string(host.reason)),
      .init("next", .string(host.next)),
      .init("note", host.note.map { .string($0) } ?? .null),
      .init(
        "unusable",
        .array(
          host.slots.map { slot in
            .object([
              .init("slot", .int(slot.slot)), .init("reason", .string(slot.reason)),
              .init("since", slot.since.map { .double($0.wall.seconds) } ?? .null),
            ])
          })),
    ]
  }

  private static func healthJSON(_ host: HostHealth, _ state: RunState) -> JSONValue {
    .object(
      [
        .init("host", .string(host.host)), .init("state", .string(word(host, state))),
        .init("agent", host.agent.map { .int($0.id.rawValue) } ?? .null),
      ] + healthMembers(host))
  }

  private static func json(_ agent: AgentState) -> JSONValue {
    let slots: [JSONValue] = agent.slots.map { trial in trial.map { .int($0.rawValue) } ?? .null }
    return .object([
      .init("agent", .int(agent.id.rawValue)),
      .init("name", .string(agent.name)),
      .init("hostname", .string(agent.greeting?.hostname ?? "")),
      .init("machine", .string(agent.machine ?? "")),
      .init("reachability", .string(agent.reachability.rawValue)),
      .init("since", agent.history.since.map { .double($0.wall.seconds) } ?? .null),
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
