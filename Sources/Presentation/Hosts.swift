import Coordination
import TuningModel
import Wire

/// The hosts of a run, as tables show them.
extension Presentation {
  /// `hosts list`.
  public static func hosts(_ state: RunState) -> String {
    var rows = [["host", "state", "agent", "slots", "busy", "devices"]]
    for entry in entries(state) {
      let agent = entry.agent
      let busy = agent?.slots.count { $0 != nil } ?? 0
      let devices = agent?.greeting?.devices.first.map { printable($0) } ?? ""
      rows.append([
        printable(entry.name), entry.word, agent.map { "\($0.id)" } ?? "-", agent.map { "\($0.slots.count)" } ?? "-",
        "\(busy)", devices,
      ])
    }
    var lines = [table(rows)]
    for entry in entries(state) {
      for (slot, reason) in (entry.agent?.unusable ?? [:]).sorted(by: { $0.key < $1.key }) {
        lines.append("  \(printable(entry.name)), slot \(slot) gets no work: \(printable(reason))")
      }
      if let failure = entry.agent?.preparationFailure {
        lines.append("  \(printable(entry.name)): \(printable(failure, keepsNewlines: true))")
      }
    }
    return lines.joined(separator: "\n")
  }

  public static func hostsJSON(_ state: RunState) -> JSONValue {
    .array(
      entries(state).map { entry in
        let slots: [JSONValue] = (entry.agent?.slots ?? []).map { $0.map { .int($0.rawValue) } ?? .null }
        let unusable = (entry.agent?.unusable ?? [:]).sorted { $0.key < $1.key }
        return .object([
          .init("host", .string(entry.name)),
          .init("state", .string(entry.word)),
          .init("agent", entry.agent.map { .int($0.id.rawValue) } ?? .null),
          .init("hostname", entry.agent?.greeting.map { .string($0.hostname) } ?? .null),
          .init("slots", .array(slots)),
          .init("devices", .array((entry.agent?.greeting?.devices ?? []).map { .string($0) })),
          .init("landlock", entry.agent?.greeting.map { .int($0.landlock) } ?? .null),
          .init(
            "unusable",
            .array(unusable.map { .object([.init("slot", .int($0.key)), .init("reason", .string($0.value))]) })),
        ])
      })
  }

  private struct Entry {
    let name: String
    let agent: AgentState?
    let word: String
  }

  /// Hosts of the file and those that came, then agents that joined by hand.
  private static func entries(_ state: RunState) -> [Entry] {
    var entries: [Entry] = []
    for host in state.hosts {
      // The newest agent of the name counts: one whose host was laid out anew has another key.
      let agent = state.agents.last { $0.name == host.name }
      entries.append(Entry(name: host.name, agent: agent, word: word(agent, state.mark(of: host.name))))
    }
    for agent in state.agents where !entries.contains(where: { $0.agent?.id == agent.id || $0.name == agent.name }) {
      entries.append(Entry(name: agent.name, agent: agent, word: word(agent, state.mark(of: agent.name))))
    }
    return entries
  }

  private static func word(_ agent: AgentState?, _ mark: HostMark) -> String {
    switch mark {
    case .draining: return "draining"
    case .leaving: return "leaving"
    case .removed: return "removed"
    case .inUse: break
    }
    guard let agent, agent.greeting != nil else { return "not there yet" }
    if agent.reachability != .reachable { return agent.reachability.rawValue }
    if agent.preparationFailure != nil { return "cannot run the code" }
    return agent.isPrepared ? "ready" : "preparing"
  }
}
