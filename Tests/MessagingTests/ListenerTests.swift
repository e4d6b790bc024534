import CZeroMQ
import Foundation
import Testing

@testable import Messaging

@Suite struct ListenerTests {
  @Test func anAgentComesBackByItselfAfterARestartOnTheSamePorts() throws {
    let keys = try CurveKeyPair.generate()
    let agentKeys = try CurveKeyPair.generate()
    var options = ListenerOptions.loopback
    var first: Server? = try Server(keys: keys, admitting: [agentKeys.publicKey], options: options)
    let agent = try #require(try first?.connectedAgent(keys: agentKeys))
    first?.expectRoundTrip(agent, "before")
    options.controlPort = try #require(first?.listener.control.port)
    options.bulkPort = try #require(first?.listener.bulk.port)
    first?.listener.close()
    first = nil
    #expect(agent.control.next() == .disconnected)
    #expect(agent.bulk.next() == .disconnected)
    #expect(agent.control.send([1]) == .unreachable)

    let second = try Server(keys: keys, admitting: [agentKeys.publicKey], options: options)
    #expect(second.listener.control.port == options.controlPort)
    #expect(second.listener.bulk.port == options.bulkPort)
    #expect(agent.control.next() == .connected)
    #expect(agent.bulk.next() == .connected)
    second.expectRoundTrip(agent, "after")
    #expect(agent.bulk.send([3]) == .sent)
    let (peer, message) = try #require(second.listener.bulk.nextMessage())
    #expect(message == [3])
    #expect(second.listener.bulk.send([4], to: peer) == .sent)
    #expect(agent.bulk.next() == .message([4]))
  }

  @Test func aTakenPortIsNamedInTheError() throws {
    let server = try Server()
    var options = ListenerOptions.loopback
    options.controlPort = server.listener.control.port
    options.portPatience = .zero
    let error = #expect(throws: MessagingError.self) { try Server(options: options) }
    #expect(error?.code == .addressInUse)
    #expect(error?.isRetryable == true)
    #expect(error?.message.contains("port \(options.controlPort) on 127.0.0.1 is taken") == true)
  }

  @Test func addressesThatCannotBeAreRefused() throws {
    let error = #expect(throws: MessagingError.self) { try Server(options: ListenerOptions(address: "192.0.2.1")) }
    #expect(error?.code == .addressNotAvailable)
    for options in [
      ListenerOptions(controlPort: 70_000), ListenerOptions(bulkPort: -1), ListenerOptions(address: ""),
      ListenerOptions(address: "a b"),
    ] {
      let error = #expect(throws: MessagingError.self) { try Server(options: options) }
      #expect(error?.code == .invalidArgument)
    }
    let keys = try CurveKeyPair.generate()
    for (host, port) in [("host", 0), ("host", 65_536), ("", 1), ("a b", 1), ("a;b", 1), ("ö", 1)] {
      let address = CoordinatorAddress(host: host, controlPort: port, bulkPort: 1, key: keys.publicKey)
      let error = #expect(throws: MessagingError.self) {
        try AgentConnection(MessagingContext(), to: address, keys: keys)
      }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func aContextHasOneAuthenticator() throws {
    let context = try MessagingContext()
    let first = try Authenticator(context, list: AdmissionList())
    let error = #expect(throws: MessagingError.self) { try Authenticator(context, list: AdmissionList()) }
    #expect(error?.code == .authenticatorExists)
    #expect(first.counters == Authenticator.Counters())
  }

  @Test func aPeerThatWentAwayIsUnreachable() throws {
    let server = try Server()
    func visit() throws -> Peer {
      let agent = try server.connectedAgent()
      #expect(agent.control.send([1]) == .sent)
      return try #require(server.listener.control.nextMessage()).0
    }
    let peer = try visit()
    #expect(eventually { server.listener.control.send([2], to: peer) == .unreachable })
  }

  @Test func aPeerThatDoesNotReadIsFull() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    #expect(agent.bulk.send([1]) == .sent)
    let (peer, _) = try #require(server.listener.bulk.nextMessage())
    let chunk = [UInt8](repeating: 7, count: 1 << 20)
    var sent = 0
    var result = SendResult.sent
    while result == .sent, sent < 1000 {
      result = server.listener.bulk.send(chunk, to: peer)
      if result == .sent { sent += 1 }
    }
    #expect(result == .full)
    #expect(sent >= 16)
    for _ in 0..<sent { #expect(agent.bulk.next() == .message(chunk)) }
    #expect(eventually { server.listener.bulk.send([2], to: peer) == .sent })
    #expect(agent.bulk.next() == .message([2]))
  }

  @Test func withoutAServerAnAgentSendsNothing() throws {
    // Nothing listens on these reserved ports.
    let address = CoordinatorAddress(
      host: "127.0.0.1", controlPort: 1, bulkPort: 2, key: try CurveKeyPair.generate().publicKey)
    let agent = try AgentConnection(MessagingContext(), to: address, keys: .generate())
    #expect(agent.control.send([1]) == .unreachable)
    #expect(agent.control.next(within: .milliseconds(50)) == nil)
  }
}
