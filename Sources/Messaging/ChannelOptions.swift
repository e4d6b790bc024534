import CZeroMQ
import TuningModel

/// How connections of one channel behave; the same at both ends unless said otherwise.
public struct ChannelOptions: Sendable {
  /// Bytes of one message that comes in, at most. A peer that sends more loses its connection.
  public var maximumMessage: Int
  /// Messages that may wait to be sent on one connection, and to be read from it.
  public var sendQueue: Int
  public var receiveQueue: Int
  /// How often a connection without traffic is tried, and after how much silence it is given up.
  public var heartbeat: Duration
  public var heartbeatTimeout: Duration
  /// How long a connection may take to prove its key.
  public var handshakeLimit: Duration
  /// Agent's end: how long after a broken connection the next one is tried, growing to the maximum.
  public var reconnect: Duration
  public var reconnectMaximum: Duration

  public init(
    maximumMessage: Int, sendQueue: Int, receiveQueue: Int, heartbeat: Duration = .seconds(5),
    heartbeatTimeout: Duration = .seconds(15), handshakeLimit: Duration = .seconds(10),
    reconnect: Duration = .milliseconds(100), reconnectMaximum: Duration = .seconds(5)
  ) {
    self.maximumMessage = maximumMessage
    self.sendQueue = sendQueue
    self.receiveQueue = receiveQueue
    self.heartbeat = heartbeat
    self.heartbeatTimeout = heartbeatTimeout
    self.handshakeLimit = handshakeLimit
    self.reconnect = reconnect
    self.reconnectMaximum = reconnectMaximum
  }

  /// Small messages, none of which should wait for another; the largest is a batch of reports.
  public static let control = ChannelOptions(maximumMessage: 4 << 20, sendQueue: 1000, receiveQueue: 64)
  /// Chunks under credit: more than a few in a queue only take memory. The largest message is the list of a
  /// checkpoint's files.
  public static let bulk = ChannelOptions(maximumMessage: 16 << 20, sendQueue: 32, receiveQueue: 32)
  /// The agent's end of bulk, where manifests of whole code trees come in.
  public static let agentBulk = ChannelOptions(maximumMessage: 16 << 20, sendQueue: 16, receiveQueue: 16)
}

extension ZMQSocket {
  /// Sets what both ends have in common.
  func apply(_ options: ChannelOptions) throws(MessagingError) {
    // libzmq compares the encrypted frame: name (8), nonce (8), authenticator (16) and flags (1) come to the message.
    try setWide(ZMQ_MAXMSGSIZE, Int64(options.maximumMessage) + 33)
    try set(ZMQ_SNDHWM, CInt(clamping: options.sendQueue))
    try set(ZMQ_RCVHWM, CInt(clamping: options.receiveQueue))
    try set(ZMQ_HEARTBEAT_IVL, CInt(clamping: options.heartbeat.wholeMilliseconds))
    try set(ZMQ_HEARTBEAT_TIMEOUT, CInt(clamping: options.heartbeatTimeout.wholeMilliseconds))
    try set(ZMQ_HANDSHAKE_IVL, CInt(clamping: options.handshakeLimit.wholeMilliseconds))
    try set(ZMQ_TCP_KEEPALIVE, 1)
    try set(ZMQ_TCP_KEEPALIVE_IDLE, 60)
  }
}
