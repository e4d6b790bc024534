import CZeroMQ
import Glibc
import HostSystem
import TuningModel

/// Where and how the coordinator listens.
public struct ListenerOptions: Sendable {
  /// An address of this machine; `*` for all of them.
  public var address: String
  /// 0: a port of the system's choice.
  public var controlPort: Int
  public var bulkPort: Int
  public var control: ChannelOptions
  public var bulk: ChannelOptions
  /// How long a given port that is still taken is waited for: the coordinator of before may be ending.
  public var portPatience: Duration

  public init(
    address: String = "*", controlPort: Int = 0, bulkPort: Int = 0, control: ChannelOptions = .control,
    bulk: ChannelOptions = .bulk, portPatience: Duration = .seconds(2)
  ) {
    self.address = address
    self.controlPort = controlPort
    self.bulkPort = bulkPort
    self.control = control
    self.bulk = bulk
    self.portPatience = portPatience
  }
}

/// The coordinator's two sockets. They listen when this is made; what comes in waits until it is received.
public final class Listener: Sendable {
  public let control: ListenerSocket
  public let bulk: ListenerSocket
  /// The key that agents must expect.
  public let publicKey: CurvePublicKey
  let options: ListenerOptions

  /// Listens, with the authenticator's context and its list of keys.
  /// - Throws: `addressInUse` and the other codes of binding; `invalidArgument` for a port that cannot be one.
  public convenience init(
    _ authenticator: Authenticator, keys: CurveKeyPair, options: ListenerOptions = ListenerOptions()
  ) throws(MessagingError) {
    try self.init(authenticator.context, list: authenticator.list, keys: keys, options: options)
  }

  /// For the test that without an authenticator nobody gets in.
  init(
    _ context: MessagingContext, list: AdmissionList, keys: CurveKeyPair, options: ListenerOptions
  ) throws(MessagingError) {
    control = try Self.listen(context, list, keys, options, port: options.controlPort, channel: options.control)
    do {
      bulk = try Self.listen(context, list, keys, options, port: options.bulkPort, channel: options.bulk)
    } catch {
      control.close()
      throw error
    }
    publicKey = keys.publicKey
    self.options = options
  }

  /// Closes both sockets; control messages still here get so long to leave while the context ends.
  public func close(flushing time: Duration = .zero) {
    control.close(flushing: time)
    bulk.close()
  }

  private static func listen(
    _ context: MessagingContext, _ list: AdmissionList, _ keys: CurveKeyPair, _ options: ListenerOptions, port: Int,
    channel: ChannelOptions
  ) throws(MessagingError) -> ListenerSocket {
    guard (0...65535).contains(port) else {
      throw MessagingError(code: .invalidArgument, message: "a port must be 1…65535, or 0 for any, not \(port)")
    }
    let socket = try ZMQSocket(context, type: ZMQ_ROUTER)
    try socket.serveCurve(keys)
    // Both are needed: with the domain alone a missing handler admits everyone.
    try socket.set(ZMQ_ZAP_DOMAIN, "pasha")
    try socket.set(PASHA_ZAP_ENFORCE_DOMAIN, 1)
    try socket.set(ZMQ_ROUTER_MANDATORY, 1)
    try socket.set(ZMQ_BACKLOG, 1024)
    try socket.apply(channel)
    let host = try Endpoint.bracketed(options.address)
    if host.hasPrefix("[") { try socket.set(ZMQ_IPV6, 1) }
    let monitor = try SocketMonitor(of: socket, events: SocketMonitor.handshakeFailures, context: context)
    do {
      try bind(socket, host: host, port: port, patience: options.portPatience)
    } catch {
      monitor.close()
      throw error
    }
    guard let bound = socket.lastEndpoint.split(separator: ":").last.flatMap({ Int($0) }) else {
      throw MessagingError(code: .system, message: "libzmq does not say which port it listens on")
    }
    return ListenerSocket(socket: socket, monitor: monitor, port: bound, list: list)
  }

  private static func bind(
    _ socket: ZMQSocket, host: String, port: Int, patience: Duration
  ) throws(MessagingError) {
    let endpoint = "tcp://\(host):\(port == 0 ? "*" : String(port))"
    let end = ContinuousClock.now + patience
    while true {
      let failure = socket.bind(endpoint)
      if failure == 0 { return }
      guard failure == EADDRINUSE, ContinuousClock.now < end else {
        throw .binding(host, port: port, number: failure)
      }
      usleep(20_000)
    }
  }
}
