import CZeroMQ
import Foundation
import Testing

@testable import Messaging

/// A coordinator's sockets with what they stand on.
final class Server {
  let keys: CurveKeyPair
  let list: AdmissionList
  let authenticator: Authenticator
  let listener: Listener

  init(
    keys: CurveKeyPair? = nil, admitting admitted: [CurvePublicKey] = [], options: ListenerOptions = .loopback
  ) throws {
    self.keys = try keys ?? .generate()
    list = AdmissionList(Dictionary(uniqueKeysWithValues: admitted.map { ($0, .agent) }))
    authenticator = try Authenticator(MessagingContext(), list: list)
    listener = try Listener(authenticator, keys: self.keys, options: options)
  }

  var address: CoordinatorAddress {
    CoordinatorAddress(
      host: "127.0.0.1", controlPort: listener.control.port, bulkPort: listener.bulk.port, key: keys.publicKey)
  }

  /// An agent with an admitted key, connected on both channels.
  func connectedAgent(keys: CurveKeyPair? = nil) throws -> AgentConnection {
    let keys = try keys ?? .generate()
    if list.admission(of: keys.publicKey) == nil { list.admit(keys.publicKey, as: .agent) }
    let agent = try agent(keys: keys)
    #expect(agent.control.next() == .connected)
    #expect(agent.bulk.next() == .connected)
    return agent
  }

  func agent(keys: CurveKeyPair) throws -> AgentConnection {
    try AgentConnection(
      MessagingContext(), to: address, keys: keys, controlOptions: .testControl, bulkOptions: .testBulk)
  }

  /// Sends a message up and the answer down on the control channel.
  func expectRoundTrip(_ agent: AgentConnection, _ text: String, location: SourceLocation = #_sourceLocation) {
    #expect(agent.control.send(Array(text.utf8)) == .sent, sourceLocation: location)
    guard let (peer, message) = listener.control.nextMessage() else {
      Issue.record("no message came up", sourceLocation: location)
      return
    }
    #expect(String(decoding: message, as: UTF8.self) == text, sourceLocation: location)
    #expect(listener.control.send(Array("re \(text)".utf8), to: peer) == .sent, sourceLocation: location)
    #expect(agent.control.next() == .message(Array("re \(text)".utf8)), sourceLocation: location)
  }
}

extension ListenerOptions {
  static var loopback: ListenerOptions { ListenerOptions(address: "127.0.0.1") }
}

extension ChannelOptions {
  static var testControl: ChannelOptions {
    var options = ChannelOptions.control
    options.reconnect = .milliseconds(20)
    options.reconnectMaximum = .milliseconds(100)
    return options
  }

  static var testBulk: ChannelOptions {
    var options = ChannelOptions.agentBulk
    options.reconnect = .milliseconds(20)
    options.reconnectMaximum = .milliseconds(100)
    return options
  }
}

/// Asks until there is something, waiting for the sources in between; nil when the time is over.
func next<Event>(_ sources: () -> [PollSource], within limit: Duration, _ receive: () -> Event?) -> Event? {
  let end = ContinuousClock.now + limit
  while true {
    if let event = receive() { return event }
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { return nil }
    var poller = Poller()
    for source in sources() { poller.add(source) }
    guard (try? poller.wait(for: left)) != nil else { return nil }
  }
}

/// Asks again and again; false when the time is over.
func eventually(within limit: Duration = .seconds(10), _ isSo: () -> Bool) -> Bool {
  let end = ContinuousClock.now + limit
  while !isSo() {
    guard ContinuousClock.now < end else { return false }
    usleep(1000)
  }
  return true
}

extension AgentChannel {
  func next(within limit: Duration = .seconds(10)) -> Event? {
    MessagingTests.next({ pollSources }, within: limit) { receive() }
  }
}

extension ListenerSocket {
  func next(within limit: Duration = .seconds(10)) -> Event? {
    MessagingTests.next({ pollSources }, within: limit) { receive() }
  }

  func nextMessage(within limit: Duration = .seconds(10)) -> (Peer, [UInt8])? {
    guard case .message(let peer, let message) = next(within: limit) else { return nil }
    return (peer, message)
  }

  /// Receives until the counters are as wanted.
  func settle(within limit: Duration = .seconds(10), _ isWanted: (Counters) -> Bool) -> Bool {
    MessagingTests.next({ pollSources }, within: limit) {
      while receive() != nil {}
      return isWanted(counters) ? true : nil
    } ?? false
  }
}

/// A libzmq socket without this module's manners.
final class RawSocket {
  let context = zmq_ctx_new()
  let handle: UnsafeMutableRawPointer?

  init(_ type: CInt) {
    handle = zmq_socket(context, type)
    set(ZMQ_LINGER, 0)
  }

  deinit {
    zmq_close(handle)
    zmq_ctx_term(context)
  }

  func set(_ option: CInt, _ value: CInt) {
    var value = value
    #expect(zmq_setsockopt(handle, option, &value, MemoryLayout<CInt>.size) == 0)
  }

  func set(_ option: CInt, _ value: String) {
    #expect(zmq_setsockopt(handle, option, value, value.utf8.count) == 0)
  }

  func useCurve(_ keys: CurveKeyPair, server: CurvePublicKey) {
    set(ZMQ_CURVE_SERVERKEY, server.text)
    set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.text)
    set(ZMQ_CURVE_SECRETKEY, keys.secretText)
  }

  func connect(port: Int) { #expect(zmq_connect(handle, "tcp://127.0.0.1:\(port)") == 0) }

  /// Sends the frames of one message.
  func send(_ frames: [[UInt8]]) {
    for (index, frame) in frames.enumerated() {
      let sent = frame.withUnsafeBytes {
        zmq_send(handle, $0.baseAddress, $0.count, index < frames.count - 1 ? ZMQ_SNDMORE : 0)
      }
      #expect(sent == CInt(frame.count))
    }
  }
}

/// A plain TCP connection to a port of this machine.
func tcpConnection(port: Int) throws -> CInt {
  let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  try #require(descriptor >= 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  try #require(result == 0)
  return descriptor
}
