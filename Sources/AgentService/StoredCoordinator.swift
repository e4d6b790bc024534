import HostSystem
import Messaging
import TuningModel

/// Where a coordinator is, as an agent that joined by hand keeps it beside its key: so that it comes back without a
/// token.
struct StoredCoordinator {
  let address: CoordinatorAddress

  private static func path(_ home: AgentHome) -> String { "\(home.folder)/coordinator" }

  static func load(_ home: AgentHome) -> StoredCoordinator? { load("\(home.folder)/coordinator") }

  static func load(_ path: String) -> StoredCoordinator? {
    guard let bytes = try? Files.read(path, limit: 4_096), let value = try? JSONValue(parsing: bytes),
      let address = CoordinatorAddress(json: value)
    else { return nil }
    return StoredCoordinator(address: address)
  }

  func store(_ home: AgentHome) throws(SystemError) {
    let value = JSONValue.object([
      .init("server_key", .string(address.key.text)), .init("host", .string(address.host)),
      .init("control", .int(address.controlPort)), .init("bulk", .int(address.bulkPort)),
    ])
    try Files.writeDurably(Self.path(home), value.jsonBytes() + [0x0A])
  }

  /// The runs on this machine that an agent joined by hand at this place, newest name last.
  static func runs(workFolder: String, host: String, controlPort: Int?) -> [String] {
    let machine = "\(workFolder)/\(AgentHome.thisMachine)"
    let runs = (try? Folders.list(machine)) ?? []
    return runs.map(\.name).filter { run in
      let places = (try? Folders.list("\(machine)/\(run)")) ?? []
      return places.contains { place in
        guard place.name.hasPrefix("agent-"), let known = load("\(machine)/\(run)/\(place.name)/coordinator") else {
          return false
        }
        return known.address.host == host && (controlPort ?? known.address.controlPort) == known.address.controlPort
      }
    }
  }
}

extension CoordinatorAddress {
  /// The address as the launch protocol and the agent's own file have it.
  init?(json value: JSONValue) {
    guard let key = value.text("server_key").flatMap({ CurvePublicKey($0) }), let host = value.text("host"),
      let control = value.number("control"), let bulk = value.number("bulk"),
      host.hasPrefix("unix:/") || (1...65_535).contains(control) && (1...65_535).contains(bulk)
    else { return nil }
    self.init(host: host, controlPort: control, bulkPort: bulk, key: key)
  }
}

extension JSONValue {
  private func member(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// Whether something else than `null` stands under the key.
  func holds(_ key: String) -> Bool { (member(key) ?? .null) != .null }
  func holds(_ key: String, _ value: JSONValue) -> Bool { member(key) == value }
  func text(_ key: String) -> String? { if case .string(let text) = member(key) { text } else { nil } }
  func number(_ key: String) -> Int? { if case .int(let number) = member(key) { number } else { nil } }
}
