import TuningModel

/// Where a coordinator listens and who it is.
public struct CoordinatorAddress: Hashable, Sendable {
  /// A host name or an address; or `unix:FOLDER`, an absolute path: the sockets `FOLDER/c` (control) and `FOLDER/b`
  /// (bulk) of a relay on this machine. Then the ports mean nothing.
  public var host: String
  public var controlPort: Int
  public var bulkPort: Int
  public var key: CurvePublicKey

  public init(host: String, controlPort: Int, bulkPort: Int, key: CurvePublicKey) {
    self.host = host
    self.controlPort = controlPort
    self.bulkPort = bulkPort
    self.key = key
  }
}

/// The agent's connection to its coordinator: two channels that come and go each on its own. Belongs to one thread.
public final class AgentConnection {
  public let control: AgentChannel
  public let bulk: AgentChannel

  /// Begins to connect; the channels tell when they are connected.
  /// - Throws: `invalidArgument` for a host or port that cannot be one. A host that does not answer is no error.
  public init(
    _ context: MessagingContext, to address: CoordinatorAddress, keys: CurveKeyPair,
    controlOptions: ChannelOptions = .control, bulkOptions: ChannelOptions = .agentBulk
  ) throws(MessagingError) {
    let isLocal = address.host.hasPrefix(Endpoint.unixPrefix)
    let controlEndpoint = try Endpoint.text(
      host: isLocal ? "\(address.host)/c" : address.host, port: address.controlPort)
    let bulkEndpoint = try Endpoint.text(host: isLocal ? "\(address.host)/b" : address.host, port: address.bulkPort)
    control = try AgentChannel(
      context, endpoint: controlEndpoint, keys: keys, server: address.key, options: controlOptions)
    bulk = try AgentChannel(context, endpoint: bulkEndpoint, keys: keys, server: address.key, options: bulkOptions)
  }

  /// What a loop waits for. They change when a channel is opened again.
  public var pollSources: [PollSource] { control.pollSources + bulk.pollSources }

  /// Gets over refusals; see `AgentChannel.reopen(at:)`.
  /// - Returns: when to call again; nil when no channel was refused.
  public func reopen(at now: Instant) throws(MessagingError) -> Instant? {
    let due = [try control.reopen(at: now), try bulk.reopen(at: now)]
    return due.compactMap { $0 }.min()
  }

  /// Closes both channels; control messages still here get so long to leave while the context ends.
  public func close(flushing time: Duration = .zero) {
    control.close(flushing: time)
    bulk.close()
  }
}

/// ZeroMQ's text of a TCP address, or of the path of a Unix socket (`unix:/path`, without a port).
enum Endpoint {
  static let unixPrefix = "unix:"
  /// What the kernel takes as the path of a socket.
  private static let pathLimit = 107

  static func text(host: String, port: Int) throws(MessagingError) -> String {
    if host.hasPrefix(unixPrefix) {
      let path = host.dropFirst(unixPrefix.count)
      guard path.hasPrefix("/"), path.utf8.count <= pathLimit, !path.utf8.contains(0) else {
        throw MessagingError(
          code: .invalidArgument,
          message: "'\(path)' cannot be a socket's path: it must begin with / and have at most \(pathLimit) bytes")
      }
      return "ipc://\(path)"
    }
    guard (1...65535).contains(port) else {
      throw MessagingError(code: .invalidArgument, message: "a port must be 1…65535, not \(port)")
    }
    return "tcp://\(try bracketed(host)):\(port)"
  }

  /// An IPv6 address in brackets; other hosts as they are.
  static func bracketed(_ host: String) throws(MessagingError) -> String {
    let isBearable =
      host.utf8.count <= 255 && host.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2F && $0 != 0x3B }
    guard !host.isEmpty, isBearable else {
      throw MessagingError(code: .invalidArgument, message: "'\(host)' is no host name and no address")
    }
    return host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
  }
}
