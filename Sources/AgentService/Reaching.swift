import HostSystem
import Messaging
import TuningModel

/// Whether a coordinator can be reached from here: both its sockets, each with a whole handshake.
struct Reaching {
  let address: CoordinatorAddress
  let keys: CurveKeyPair
  var patience = Duration.seconds(4)

  /// nil when it can; else what is wrong, for the user.
  func problem() -> String? {
    do throws(MessagingError) {
      return try ask()
    } catch {
      return "\(place): \(error.message)"
    }
  }

  private var place: String {
    address.host.hasPrefix("unix:")
      ? address.host : "\(address.host):\(address.controlPort) and :\(address.bulkPort)"
  }

  private func ask() throws(MessagingError) -> String? {
    let connection = try AgentConnection(try MessagingContext(), to: address, keys: keys)
    defer { connection.close() }
    let deadline = HostClock.now + patience
    var poller = Poller()
    while true {
      for channel in [connection.control, connection.bulk] {
        while let event = channel.receive() {
          switch event {
          case .refused: return "\(place): the coordinator there does not admit this agent's key"
          case .wrongServer: return "\(place): what answers there is another coordinator, or none"
          case .connected, .disconnected, .message, .malformed: break
          }
        }
      }
      if connection.control.isConnected, connection.bulk.isConnected { return nil }
      guard HostClock.now < deadline else { break }
      poller.removeAll()
      for source in connection.pollSources { poller.add(source) }
      try poller.wait(for: deadline - HostClock.now)
    }
    let silent = [(connection.control, "control"), (connection.bulk, "bulk")].filter { !$0.0.isConnected }
    let sockets = silent.map(\.1).joined(separator: " and ")
    return "\(place): no answer within \(Int(patience.inSeconds)) s (\(sockets)); a firewall may be in the way"
  }
}
