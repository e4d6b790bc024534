import CZeroMQ
import TuningModel

/// What became of a message that was to be sent. `sent` means handed over: it may still be lost with the connection.
public enum SendResult: Equatable, Sendable {
  case sent
  /// There is no connection (any more).
  case unreachable
  /// The queue of the connection is full; the poller tells nothing about it, so try again later.
  case full
}

/// The agent's end of one channel: a DEALER socket that connects again by itself, except after a refusal.
public final class AgentChannel {
  public enum Event: Equatable, Sendable {
    case message([UInt8])
    /// Connected, both keys proved. What was sent on an earlier connection may be lost.
    case connected
    case disconnected
    /// The coordinator does not admit this agent's key. The socket never tries again: see `reopen(at:)`.
    case refused
    /// The other end is no coordinator, or one with another key. The socket goes on trying.
    case wrongServer
    /// A message of several frames came, which the coordinator never sends; it was thrown away.
    case malformed(frames: Int)
  }

  public let endpoint: String
  public private(set) var isConnected = false
  /// The last connection was refused and the socket was not made anew since.
  public private(set) var isRefused = false

  private let context: MessagingContext
  private let keys: CurveKeyPair
  private let server: CurvePublicKey
  private let options: ChannelOptions
  private var socket: ZMQSocket
  private var monitor: SocketMonitor
  /// Refusals one after the other; they make the waits longer.
  private var refusals = 0
  /// Handshakes one after the other that the other end broke off.
  private var interruptions = 0
  private var reopenAt: Instant?
  private var isClosed = false
  /// Frames thrown away so far of a message of many.
  private var draining: Int?

  private static let bearableInterruptions = 3
  /// Frames of a malformed message that one call throws away.
  private static let drainLimit = 1024

  init(
    _ context: MessagingContext, endpoint: String, keys: CurveKeyPair, server: CurvePublicKey, options: ChannelOptions
  ) throws(MessagingError) {
    self.context = context
    self.endpoint = endpoint
    self.keys = keys
    self.server = server
    self.options = options
    (socket, monitor) = try Self.open(context, endpoint: endpoint, keys: keys, server: server, options: options)
  }

  private static func open(
    _ context: MessagingContext, endpoint: String, keys: CurveKeyPair, server: CurvePublicKey, options: ChannelOptions
  ) throws(MessagingError) -> (ZMQSocket, SocketMonitor) {
    let socket = try ZMQSocket(context, type: ZMQ_DEALER)
    try socket.useCurve(keys, server: server)
    try socket.apply(options)
    // Without a connection a message is not queued: it would wait behind all others and then be lost or late.
    try socket.set(ZMQ_IMMEDIATE, 1)
    try socket.set(ZMQ_RECONNECT_IVL, CInt(clamping: options.reconnect.wholeMilliseconds))
    try socket.set(ZMQ_RECONNECT_IVL_MAX, CInt(clamping: options.reconnectMaximum.wholeMilliseconds))
    try socket.set(ZMQ_CONNECT_TIMEOUT, CInt(clamping: options.handshakeLimit.wholeMilliseconds))
    if endpoint.contains("[") { try socket.set(ZMQ_IPV6, 1) }
    let monitor = try SocketMonitor(of: socket, events: SocketMonitor.connecting, context: context)
    try socket.connect(endpoint)
    return (socket, monitor)
  }

  /// What a loop waits for on this channel. They change with `reopen`.
  public var pollSources: [PollSource] { [.socket(SocketHandle(pointer: socket.handle)), monitor.pollSource] }

  /// The next event; nil when there is none. To be called until it says nil before the loop waits again.
  public func receive() -> Event? {
    if isClosed { return nil }
    while let change = monitor.next() {
      if let event = note(change) { return event }
    }
    if let frames = draining { return drain(after: frames) }
    guard var frame = socket.receive() else { return nil }
    return frame.hasMore ? drain(after: 1) : .message(frame.bytes())
  }

  /// Sends a message without waiting; `unreachable` until `connected` was received, and after `disconnected`.
  public func send(_ message: [UInt8]) -> SendResult {
    guard isConnected else { return .unreachable }
    switch socket.send(message) {
    case .sent: return .sent
    case .wouldBlock: return .full
    case .unreachable, .failed: return .unreachable
    }
  }

  /// After a refusal, makes the socket anew when its time has come: one second after the first, twice as long each time,
  /// up to a minute.
  /// - Returns: when to call again; nil when there is no refusal to get over.
  public func reopen(at now: Instant) throws(MessagingError) -> Instant? {
    guard isRefused, !isClosed else { return nil }
    guard let due = reopenAt else {
      let wait = Duration.seconds(min(60, 1 << min(refusals - 1, 6)))
      reopenAt = now + wait
      return reopenAt
    }
    guard due <= now else { return due }
    try reopenNow()
    return nil
  }

  /// Makes the socket anew at once. What was not read is lost.
  public func reopenNow() throws(MessagingError) {
    guard !isClosed else { return }
    monitor.close()
    socket.close()
    isConnected = false
    draining = nil
    (socket, monitor) = try Self.open(context, endpoint: endpoint, keys: keys, server: server, options: options)
    isRefused = false
    reopenAt = nil
  }

  /// Closes the channel; messages still here get so long to leave while the context ends.
  public func close(flushing time: Duration = .zero) {
    isClosed = true
    isConnected = false
    monitor.close()
    socket.close(flushing: time)
  }

  private func note(_ change: SocketMonitor.Event) -> Event? {
    switch change {
    case .connected:
      // So that the first message does not go to the connection of before and with it nowhere.
      socket.catchUp()
      isConnected = true
      refusals = 0
      interruptions = 0
      return .connected
    case .disconnected:
      guard isConnected else { return nil }
      isConnected = false
      return .disconnected
    case .refused:
      guard !isRefused else { return nil }
      isConnected = false
      isRefused = true
      refusals += 1
      return .refused
    case .brokenHandshake: return .wrongServer
    case .interruptedHandshake:
      // One may be a coordinator that was ended just then. A server with another key hangs up each time.
      interruptions += 1
      return interruptions < Self.bearableInterruptions ? nil : .wrongServer
    }
  }

  private func drain(after frames: Int) -> Event? {
    let (count, isAtEnd) = socket.drainMessage(limit: Self.drainLimit)
    draining = isAtEnd ? nil : frames + count
    return isAtEnd ? .malformed(frames: frames + count) : nil
  }
}
