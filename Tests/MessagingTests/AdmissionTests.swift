import CZeroMQ
import Foundation
import Testing
import TuningModel

@testable import Messaging

@Suite struct AdmissionTests {
  @Test func anUnknownKeyGetsNothingIn() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    let agent = try server.agent(keys: keys)
    #expect(agent.control.next() == .refused)
    #expect(agent.bulk.next() == .refused)
    #expect(agent.control.isRefused)
    #expect(agent.control.send([1]) == .unreachable)
    #expect(server.listener.control.settle { $0.refusedHandshakes == 1 })
    #expect(server.listener.bulk.settle { $0.refusedHandshakes == 1 })
    #expect(server.listener.control.counters.messages == 0)
    #expect(server.authenticator.counters == Authenticator.Counters(admitted: 0, refused: 2))
  }

  @Test func aKeyAdmittedLaterComesInThroughANewSocket() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    let agent = try server.agent(keys: keys)
    #expect(agent.control.next() == .refused)
    #expect(agent.bulk.next() == .refused)
    server.list.admit(keys.publicKey, as: .agent)

    let due = try #require(try agent.reopen(at: .zero))
    #expect(due == .zero + .seconds(1))
    #expect(try agent.reopen(at: .zero + .milliseconds(999)) == due)
    #expect(agent.control.next(within: .milliseconds(100)) == nil)
    #expect(try agent.reopen(at: due) == nil)
    #expect(agent.control.next() == .connected)
    #expect(agent.bulk.next() == .connected)
    server.expectRoundTrip(agent, "admitted")
  }

  @Test func refusalAfterRefusalIsWaitedForLonger() throws {
    let server = try Server()
    let agent = try server.agent(keys: .generate())
    var now = Instant.zero
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
      #expect(agent.control.next() == .refused)
      let due = try #require(try agent.control.reopen(at: now))
      #expect(due - now == .seconds(seconds))
      now = due
      #expect(try agent.control.reopen(at: now) == nil)
    }
  }

  @Test func aKeyTakenOffTheListIsCutOff() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    let agent = try server.connectedAgent(keys: keys)
    server.expectRoundTrip(agent, "before")
    server.list.remove(keys.publicKey)
    #expect(agent.control.send([1]) == .sent)
    #expect(server.listener.control.settle { $0.dropped == 1 })
    #expect(server.listener.control.counters.messages == 1)
  }

  @Test func aConnectionWithoutEncryptionGetsNothingIn() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    let plain = RawSocket(ZMQ_DEALER)
    plain.connect(port: server.listener.control.port)
    plain.send([Array("hello".utf8)])
    #expect(server.listener.control.settle { $0.brokenHandshakes >= 1 })
    #expect(server.listener.control.counters.messages == 0)
    server.expectRoundTrip(agent, "undisturbed")
  }

  @Test func anAgentSeesThatTheServerHasAnotherKey() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    server.list.admit(keys.publicKey, as: .agent)
    var address = server.address
    address.key = try CurveKeyPair.generate().publicKey
    let agent = try AgentConnection(MessagingContext(), to: address, keys: keys, controlOptions: .testControl)
    #expect(agent.control.next() == .wrongServer)
    #expect(!agent.control.isConnected)
  }

  @Test func withoutAnAuthenticatorNobodyComesIn() throws {
    let serverKeys = try CurveKeyPair.generate()
    let keys = try CurveKeyPair.generate()
    let listener = try Listener(
      MessagingContext(), list: AdmissionList([keys.publicKey: .agent]), keys: serverKeys, options: .loopback)
    let address = CoordinatorAddress(
      host: "127.0.0.1", controlPort: listener.control.port, bulkPort: listener.bulk.port, key: serverKeys.publicKey)
    let agent = try AgentConnection(MessagingContext(), to: address, keys: keys)
    #expect(agent.control.next(within: .milliseconds(500)) != .connected)
    #expect(!agent.control.isConnected)
    #expect(throws: MessagingError.self) { try listener.proveRefusal(within: .milliseconds(500)) }
  }

  @Test func aStoppedAuthenticatorAdmitsNobody() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    server.list.admit(keys.publicKey, as: .agent)
    server.authenticator.stop()
    let agent = try server.agent(keys: keys)
    #expect(agent.control.next(within: .milliseconds(500)) != .connected)
    #expect(!agent.control.isConnected)
  }

  @Test func theSelfTestPassesWhereStrangersAreRefused() throws {
    let server = try Server()
    try server.listener.proveRefusal()
    let everywhere = try Server(options: ListenerOptions())
    try everywhere.listener.proveRefusal()
    #expect(server.authenticator.counters == Authenticator.Counters(admitted: 0, refused: 2))
  }

  @Test func theSelfTestFailsWhereEveryoneIsLetIn() throws {
    let authenticator = try Authenticator(MessagingContext(), list: AdmissionList()) { _ in .agent }
    let listener = try Listener(authenticator, keys: .generate(), options: .loopback)
    let error = #expect(throws: MessagingError.self) { try listener.proveRefusal() }
    #expect(error?.code == .selfTestFailed)
    #expect(error?.message.contains("was let in on the control port \(listener.control.port)") == true)
  }
}
