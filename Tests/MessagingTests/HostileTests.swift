import CZeroMQ
import Foundation
import Testing

@testable import Messaging

@Suite struct HostileTests {
  @Test func whatIsNoZeroMQDoesNotDisturbALiveAgent() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    var random = SystemRandomNumberGenerator()
    var connections: [CInt] = []
    defer { for connection in connections { close(connection) } }
    for port in [server.listener.control.port, server.listener.bulk.port] {
      for _ in 0..<500 { connections.append(try tcpConnection(port: port)) }
      let texts =
        [Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), [0], [0xFF], [UInt8](repeating: 0, count: 4096)]
        + (0..<8).map { _ in (0..<512).map { _ in UInt8.random(in: 0...255, using: &random) } }
        + [[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("CURVE".utf8)]
      for text in texts {
        let connection = try tcpConnection(port: port)
        connections.append(connection)
        #expect(send(connection, text, text.count, CInt(MSG_NOSIGNAL)) == text.count)
      }
    }
    for number in 0..<20 { server.expectRoundTrip(agent, "undisturbed \(number)") }
    #expect(agent.bulk.send([1]) == .sent)
    #expect(server.listener.bulk.nextMessage()?.1 == [1])
    let late = try server.connectedAgent()
    server.expectRoundTrip(late, "and new ones come in")
    #expect(server.listener.control.counters.violations == 0)
  }

  @Test func aMessageOfManyFramesIsThrownAwayAndTold() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    let agent = try server.connectedAgent()
    server.list.admit(keys.publicKey, as: .agent)
    let raw = RawSocket(ZMQ_DEALER)
    raw.useCurve(keys, server: server.keys.publicKey)
    raw.connect(port: server.listener.control.port)
    raw.send(Array(repeating: [1, 2, 3], count: 200_000))
    raw.send([[4], [5]])
    raw.send([[6]])

    let control = server.listener.control
    var events: [ListenerSocket.Event] = []
    var peer: Peer?
    for _ in 0..<3 {
      let event = try #require(control.next())
      events.append(event)
      if case .violation(let sender, .extraFrames) = event { peer = sender }
    }
    let sender = try #require(peer)
    #expect(sender.key == keys.publicKey)
    guard case .violation(sender, .extraFrames(let frames)) = events[0] else {
      Issue.record("\(events[0])")
      return
    }
    #expect(frames > 1 && frames <= 2000, "told after a bounded number, \(frames)")
    #expect(events[1] == .violation(sender, .extraFrames(2)))
    #expect(events[2] == .message(sender, [6]))
    #expect(control.counters.violations == 2)
    #expect(control.counters.drainedFrames == 200_002)
    server.expectRoundTrip(agent, "undisturbed")

    control.cutOff(sender)
    raw.send([[7]])
    #expect(control.settle { $0.dropped == 1 })
    server.expectRoundTrip(agent, "still there")
  }

  @Test func aMessageBeyondTheLimitCostsItsSenderAlone() throws {
    let server = try Server()
    let loud = try server.connectedAgent()
    let agent = try server.connectedAgent()
    let limit = ChannelOptions.control.maximumMessage
    #expect(loud.control.send([UInt8](repeating: 1, count: limit)) == .sent)
    #expect(server.listener.control.nextMessage()?.1.count == limit)
    #expect(loud.control.send([UInt8](repeating: 1, count: limit + 1)) == .sent)
    #expect(loud.control.next() == .disconnected)
    #expect(server.listener.control.counters.messages == 1)
    server.expectRoundTrip(agent, "undisturbed")
    #expect(loud.control.next() == .connected)
    server.expectRoundTrip(loud, "back again")
  }

  @Test func aRouteThatThePeerChoseIsAViolation() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    server.list.admit(keys.publicKey, as: .agent)
    let raw = RawSocket(ZMQ_DEALER)
    raw.useCurve(keys, server: server.keys.publicKey)
    raw.set(ZMQ_ROUTING_ID, "other")
    raw.connect(port: server.listener.control.port)
    raw.send([[1]])
    guard case .violation(let peer, .choseRoute) = server.listener.control.next() else {
      Issue.record("no violation")
      return
    }
    #expect(peer.key == keys.publicKey)
  }

  @Test func anAgentThrowsAwayAMessageOfSeveralFrames() throws {
    let serverKeys = try CurveKeyPair.generate()
    let raw = RawSocket(ZMQ_ROUTER)
    raw.set(ZMQ_CURVE_SERVER, 1)
    raw.set(ZMQ_CURVE_SECRETKEY, serverKeys.secretText)
    #expect(zmq_bind(raw.handle, "tcp://127.0.0.1:*") == 0)
    var text = [CChar](repeating: 0, count: 64)
    var size = text.count
    #expect(zmq_getsockopt(raw.handle, ZMQ_LAST_ENDPOINT, &text, &size) == 0)
    let endpoint = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
    let agent = try AgentConnection(
      MessagingContext(),
      to: CoordinatorAddress(host: "127.0.0.1", controlPort: port, bulkPort: port, key: serverKeys.publicKey),
      keys: .generate())
    #expect(agent.control.next() == .connected)
    #expect(agent.control.send([1]) == .sent)
    var route = [UInt8](repeating: 0, count: 256)
    let length = zmq_recv(raw.handle, &route, route.count, 0)
    try #require(length > 0)
    raw.send([Array(route.prefix(Int(length)))] + Array(repeating: [9], count: 3000))
    raw.send([Array(route.prefix(Int(length))), [2]])
    // Thrown away in more than one turn.
    #expect(agent.control.next() == .malformed(frames: 3000))
    #expect(agent.control.next() == .message([2]))
  }
}
