import CZeroMQ
import TuningModel

extension Listener {
  /// Tries to connect to both channels with a key that nobody admitted, and without CURVE: neither may get in. To be
  /// called at each start before anything that comes in is believed.
  /// - Parameter limit: for each of the four attempts; on loopback an answer takes milliseconds.
  /// - Throws: `selfTestFailed` when a stranger got in, or when there was no answer.
  public func proveRefusal(within limit: Duration = .seconds(5)) throws(MessagingError) {
    let context = try MessagingContext()
    let host = options.address == "*" ? "127.0.0.1" : options.address
    for (name, port) in [("control", control.port), ("bulk", bulk.port)] {
      let endpoint = try Endpoint.text(host: host, port: port)
      for usesCurve in [true, false] {
        let keys = usesCurve ? try CurveKeyPair.generate() : nil
        let answer = try Self.knock(context, endpoint, keys: keys, server: publicKey, limit: limit)
        guard answer == (usesCurve ? .refused : .broken) else {
          let stranger = usesCurve ? "a key that nobody admitted" : "a connection without encryption"
          throw MessagingError(
            code: .selfTestFailed,
            message: "self-test: \(stranger) \(answer.clause) on the \(name) port \(port); not started, since "
              + "nobody may reach the trials uninvited (is libzmq older than 4.3, or is another program on the port?)")
        }
      }
    }
  }

  private enum Answer {
    case letIn, refused, broken, none

    var clause: String {
      switch self {
      case .letIn: "was let in"
      case .refused, .broken: "got another answer than expected"
      case .none: "got no answer"
      }
    }
  }

  private static func knock(
    _ context: MessagingContext, _ endpoint: String, keys: CurveKeyPair?, server: CurvePublicKey, limit: Duration
  ) throws(MessagingError) -> Answer {
    let socket = try ZMQSocket(context, type: ZMQ_DEALER)
    if let keys { try socket.useCurve(keys, server: server) }
    if endpoint.contains("[") { try socket.set(ZMQ_IPV6, 1) }
    // A connection whose answer was cut short is made again at once: the start waits for it.
    try socket.set(ZMQ_RECONNECT_IVL, 1)
    let monitor = try SocketMonitor(of: socket, events: SocketMonitor.connecting, context: context)
    defer { monitor.close() }
    try socket.connect(endpoint)
    var poller = Poller()
    poller.add(monitor.pollSource)
    let end = ContinuousClock.now + limit
    while true {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { return .none }
      try poller.wait(for: left)
      while let event = monitor.next() {
        switch event {
        case .connected: return .letIn
        case .refused: return .refused
        case .brokenHandshake: return .broken
        case .disconnected, .interruptedHandshake: break
        }
      }
    }
  }
}
