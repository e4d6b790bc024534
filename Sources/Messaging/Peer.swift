/// The other end of one connection at the coordinator.
public struct Peer: Hashable, Sendable, CustomStringConvertible {
  /// The ROUTER's name for the connection; gone with it, never used again.
  public struct Route: Hashable, Sendable {
    let bytes: [UInt8]

    /// Whether the ROUTER gave the name: those begin with zero, which a peer cannot choose.
    var isGiven: Bool { bytes.count == 5 && bytes[0] == 0 }
  }

  public let route: Route
  /// The key that was proved on the connection.
  public let key: CurvePublicKey
  public let admission: Admission
  /// The address that the connection comes from; without port.
  public let address: String

  public var description: String { "\(admission.rawValue) \(key) at \(address)" }
}

/// How a peer broke the form of messages. The session is to be ended.
public enum PeerViolation: Equatable, Sendable {
  /// A message of more than one frame. The number is what was thrown away when this was told.
  case extraFrames(Int)
  /// The peer chose the name of its own route.
  case choseRoute
}
