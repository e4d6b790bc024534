import CZeroMQ
import Glibc
import TuningModel

/// A libzmq socket and the calls that are made on it. Belongs to one thread at a time.
final class ZMQSocket {
  enum SendOutcome: Equatable {
    case sent
    /// EAGAIN: no room, or no connection.
    case wouldBlock
    /// EHOSTUNREACH: a ROUTER without such a route.
    case unreachable
    /// The socket is closed, or libzmq failed in another way.
    case failed
  }

  private(set) var handle: UnsafeMutableRawPointer?
  private let context: MessagingContext

  init(_ context: MessagingContext, type: CInt) throws(MessagingError) {
    guard let handle = zmq_socket(context.handle, type) else { throw .current("opening a socket") }
    self.handle = handle
    self.context = context
    try set(ZMQ_LINGER, 0)
  }

  deinit { close() }

  /// Closes the socket; what was sent and is still here gets so long to leave (the context's end waits for it).
  func close(flushing time: Duration = .zero) {
    guard let handle else { return }
    var linger = CInt(clamping: time.wholeMilliseconds)
    zmq_setsockopt(handle, ZMQ_LINGER, &linger, MemoryLayout<CInt>.size)
    zmq_close(handle)
    self.handle = nil
  }

  func set(_ option: CInt, _ value: CInt) throws(MessagingError) {
    var value = value
    guard zmq_setsockopt(handle, option, &value, MemoryLayout<CInt>.size) == 0 else {
      throw .current("setting socket option \(option) to \(value)")
    }
  }

  func setWide(_ option: CInt, _ value: Int64) throws(MessagingError) {
    var value = value
    guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size) == 0 else {
      throw .current("setting socket option \(option) to \(value)")
    }
  }

  /// The value is left out of the error: it may be a key.
  func set(_ option: CInt, _ value: String) throws(MessagingError) {
    var value = value
    let result = value.withUTF8 { zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
    guard result == 0 else { throw .current("setting socket option \(option)") }
  }

  /// Makes the socket a CURVE server.
  func serveCurve(_ keys: CurveKeyPair) throws(MessagingError) {
    try set(ZMQ_CURVE_SERVER, 1)
    try set(ZMQ_CURVE_SECRETKEY, keys.secretText)
  }

  /// Makes the socket a CURVE client of one server.
  func useCurve(_ keys: CurveKeyPair, server: CurvePublicKey) throws(MessagingError) {
    try set(ZMQ_CURVE_SERVERKEY, server.text)
    try set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.text)
    try set(ZMQ_CURVE_SECRETKEY, keys.secretText)
  }

  /// - Returns: 0, or the number of the error.
  func bind(_ endpoint: String) -> CInt { zmq_bind(handle, endpoint) == 0 ? 0 : zmq_errno() }

  func connect(_ endpoint: String) throws(MessagingError) {
    guard zmq_connect(handle, endpoint) == 0 else { throw .current("connecting to \(endpoint)") }
  }

  /// What the socket was bound to last, with the port that the system chose.
  var lastEndpoint: String {
    var text = [CChar](repeating: 0, count: 256)
    var size = text.count
    guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Makes the socket take notice of connections that came and went: libzmq looks at them only now and then.
  func catchUp() {
    var events: CInt = 0
    var size = MemoryLayout<CInt>.size
    zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size)
  }

  /// Sends one frame without waiting.
  func send(_ bytes: [UInt8], more: Bool = false) -> SendOutcome {
    guard let handle else { return .failed }
    var caughtUp = false
    while true {
      let sent = bytes.withUnsafeBytes {
        zmq_send(handle, $0.baseAddress, $0.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0))
      }
      if sent >= 0 { return .sent }
      switch zmq_errno() {
      case EINTR: continue
      case EAGAIN where !caughtUp:
        // The queue may have emptied without the socket having taken notice.
        caughtUp = true
        catchUp()
      case EAGAIN: return .wouldBlock
      case EHOSTUNREACH: return .unreachable
      default: return .failed
      }
    }
  }

  /// Takes one frame without waiting; nil when there is none.
  func receive() -> Frame? {
    guard let handle else { return nil }
    var frame = Frame()
    while true {
      if zmq_msg_recv(&frame.message, handle, ZMQ_DONTWAIT) >= 0 { return frame }
      if zmq_errno() != EINTR { return nil }
    }
  }

  /// Takes the other frames of a message whose first ones were taken, at most so many.
  /// - Returns: how many were taken, and whether the message is at its end.
  func drainMessage(limit: Int) -> (frames: Int, isAtEnd: Bool) {
    for count in 1...max(1, limit) {
      guard let frame = receive() else { return (count - 1, true) }
      if !frame.hasMore { return (count, true) }
    }
    return (limit, false)
  }
}

/// One received frame.
struct Frame: ~Copyable {
  fileprivate(set) var message = zmq_msg_t()

  init() { zmq_msg_init(&message) }

  deinit {
    var message = message
    zmq_msg_close(&message)
  }

  var hasMore: Bool { withUnsafePointer(to: message) { zmq_msg_more($0) } != 0 }

  mutating func bytes() -> [UInt8] {
    guard let start = zmq_msg_data(&message) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: zmq_msg_size(&message)))
  }

  /// A property of the connection that the frame came by, for instance `User-Id`.
  mutating func property(_ name: String) -> String? {
    zmq_msg_gets(&message, name).map { String(cString: $0) }
  }
}
