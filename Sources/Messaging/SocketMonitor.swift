import CZeroMQ
import Glibc

/// What happens to a socket's connections, as libzmq tells it through a pair of sockets within the process.
final class SocketMonitor {
  enum Event: Equatable {
    /// Connected, with the keys proved on both sides.
    case connected
    case disconnected
    /// The other side answered that the key is not admitted (ZAP status 400).
    case refused
    /// The other side speaks no CURVE, has another key than expected, or sends what is no ZMTP.
    case brokenHandshake
    /// The connection ended within the handshake, for instance since the other side's process did.
    case interruptedHandshake
  }

  static let connecting =
    CInt(ZMQ_EVENT_HANDSHAKE_SUCCEEDED) | CInt(ZMQ_EVENT_DISCONNECTED) | handshakeFailures
  static let handshakeFailures =
    CInt(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) | CInt(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
    | CInt(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

  private let watched: ZMQSocket
  private let pair: ZMQSocket

  /// Watches a socket of the same thread, before it connects or binds.
  init(of socket: ZMQSocket, events: CInt, context: MessagingContext) throws(MessagingError) {
    let endpoint = context.nextMonitorEndpoint()
    watched = socket
    pair = try ZMQSocket(context, type: ZMQ_PAIR)
    // Without a bound on the queue: at a full one libzmq's I/O thread would wait, and with it every connection. The
    // events asked for are few.
    try pair.set(ZMQ_RCVHWM, 0)
    guard zmq_socket_monitor(socket.handle, endpoint, events) == 0 else { throw .current("watching a socket") }
    try pair.connect(endpoint)
  }

  deinit { close() }

  /// To be called before the watched socket is closed.
  func close() {
    if let handle = watched.handle { zmq_socket_monitor(handle, nil, 0) }
    pair.close()
  }

  var pollSource: PollSource { .socket(SocketHandle(pointer: pair.handle)) }

  /// The next event; nil when there is none.
  func next() -> Event? {
    while var frame = pair.receive() {
      let bytes = frame.bytes()
      if frame.hasMore { _ = pair.drainMessage(limit: 8) }
      if let event = Self.event(bytes) { return event }
    }
    return nil
  }

  /// Reads the first frame: 16 bits of event and 32 bits of a value that says nothing more here.
  private static func event(_ bytes: [UInt8]) -> Event? {
    guard bytes.count >= 6 else { return nil }
    switch Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }) {
    case Int(ZMQ_EVENT_HANDSHAKE_SUCCEEDED): return .connected
    case Int(ZMQ_EVENT_DISCONNECTED): return .disconnected
    case Int(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH): return .refused
    case Int(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL): return .brokenHandshake
    case Int(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL): return .interruptedHandshake
    default: return nil
    }
  }
}
