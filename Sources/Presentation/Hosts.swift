import Coordination
import TuningModel
import Wire

/// The hosts of a run, as tables show them.
extension Presentation {
  /// `hosts list`: those with troubles first.
  public static func hosts(_ state: RunState, live: LiveView? = nil) -> String {
    let hosts = HostHealth.all(state, live: live)
    var rows = [["host", "state", "agent", "slots", "busy", "devices"]]
    for host in hosts {
      let agent = host.agent
      let busy = agent?.slots.count { $0 != nil } ?? 0
      let devices = agent?.greeting?.devices.first.map { printable($0) } ?? ""
      rows.append([
        printable(host.host), word(host, state), agent.map { "\($0.id)" } ?? "-",
        agent.map { "\($0.slots.count)" } ?? "-",
        "\(busy)", devices,
      ])
    }
    let now = live?.now ?? state.lastStamp ?? Stamp(wall: Timestamp(microseconds: 0), active: .zero)
    let below = troubles(hosts, now).flatMap { wrapped("  " + $0, indent: 6, limit: 12) }
    // Otherwise it looks as if agents were there.
    let past = state.end == nil ? "no coordinator answers: this is as the journal has it" : "the run is over"
    let note = live == nil ? [past] : []
    return ([table(rows)] + below + note).joined(separator: "\n")
  }

  /// The state of a host. A run that is over has none that is ready: its agents have ended.
  static func word(_ host: HostHealth, _ state: RunState) -> String {
    state.end != nil && !host.word.isTroubled ? "over" : host.word.text
  }

  public static func hostsJSON(_ state: RunState, live: LiveView? = nil) -> JSONValue {
    .array(
      HostHealth.all(state, live: live).map { host in
        let slots: [JSONValue] = (host.agent?.slots ?? []).map { $0.map { .int($0.rawValue) } ?? .null }
        return .object(
          [
            .init("host", .string(host.host)),
            .init("state", .string(word(host, state))),
            .init("agent", host.agent.map { .int($0.id.rawValue) } ?? .null),
            .init("hostname", host.agent?.greeting.map { .string($0.hostname) } ?? .null),
            .init("slots", .array(slots)),
            .init("devices", .array((host.agent?.greeting?.devices ?? []).map { .string($0) })),
            .init("landlock", host.agent?.greeting.map { .int($0.landlock) } ?? .null),
          ] + healthMembers(host))
      })
  }
}
