import Foundation
import Testing

@testable import Messaging

@Suite struct RoundTripTests {
  @Test func messagesGoBothWaysOnBothChannels() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    let sizes = [0, 1, 255, 256, 8192, 1 << 20]
    for (up, down) in [(agent.control, server.listener.control), (agent.bulk, server.listener.bulk)] {
      for size in sizes {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(up.send(bytes) == .sent)
        let (peer, message) = try #require(down.nextMessage())
        #expect(message == bytes)
        #expect(down.send(bytes, to: peer) == .sent)
        #expect(up.next() == .message(bytes))
      }
      #expect(down.counters.messages == sizes.count)
    }
  }

  @Test func messagesKeepTheirOrder() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    for number in 0..<200 { #expect(agent.control.send([UInt8(number)]) == .sent) }
    var peer: Peer?
    for number in 0..<200 {
      let (sender, message) = try #require(server.listener.control.nextMessage())
      #expect(message == [UInt8(number)])
      peer = sender
    }
    for number in 0..<200 { #expect(server.listener.control.send([UInt8(number)], to: try #require(peer)) == .sent) }
    for number in 0..<200 { #expect(agent.control.next() == .message([UInt8(number)])) }
  }

  @Test func aPeerIsTheKeyThatItProved() throws {
    let server = try Server()
    let first = try CurveKeyPair.generate()
    let second = try CurveKeyPair.generate()
    let agents = [try server.connectedAgent(keys: first), try server.connectedAgent(keys: second)]
    #expect(agents[0].control.send(Array("I am \(second.publicKey)".utf8)) == .sent)
    let (peer, _) = try #require(server.listener.control.nextMessage())
    #expect(peer.key == first.publicKey)
    #expect(peer.admission == .agent)
    #expect(peer.address == "127.0.0.1")
    #expect(agents[1].bulk.send([1]) == .sent)
    let (other, _) = try #require(server.listener.bulk.nextMessage())
    #expect(other.key == second.publicKey)
  }

  @Test func twoConnectionsOfOneKeyAreTwoRoutes() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    let agents = [try server.connectedAgent(keys: keys), try server.connectedAgent(keys: keys)]
    var peers: [Peer] = []
    for agent in agents {
      #expect(agent.control.send([1]) == .sent)
      peers.append(try #require(server.listener.control.nextMessage()).0)
    }
    #expect(peers[0].key == peers[1].key)
    #expect(peers[0].route != peers[1].route)
    #expect(server.listener.control.send([2], to: peers[1]) == .sent)
    #expect(agents[1].control.next() == .message([2]))
    #expect(agents[0].control.next(within: .milliseconds(50)) == nil)
  }

  @Test func aJoinKeyIsSeenAsOne() throws {
    let server = try Server()
    let keys = try CurveKeyPair.generate()
    server.list.admit(keys.publicKey, as: .join)
    let agent = try server.connectedAgent(keys: keys)
    #expect(agent.control.send([7]) == .sent)
    let (peer, _) = try #require(server.listener.control.nextMessage())
    #expect(peer.admission == .join)
    #expect(server.listener.control.send([8], to: peer) == .sent)
    #expect(agent.control.next() == .message([8]))

    // Used up: what the connection still sends is dropped, and a connection made anew is refused.
    server.list.remove(keys.publicKey)
    #expect(agent.control.send([9]) == .sent)
    #expect(server.listener.control.settle { $0.dropped == 1 })
    try agent.control.reopenNow()
    #expect(agent.control.next() == .refused)
  }

  @Test func theTwoSocketsMayLiveOnTwoThreads() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    let bulk = server.listener.bulk
    let thread = Thread {
      for _ in 0..<50 {
        guard let (peer, message) = bulk.nextMessage() else { return }
        _ = bulk.send(message, to: peer)
      }
    }
    thread.start()
    for number in 0..<50 {
      #expect(agent.bulk.send([UInt8(number)]) == .sent)
      server.expectRoundTrip(agent, "control \(number)")
      #expect(agent.bulk.next() == .message([UInt8(number)]))
    }
  }

  @Test func whatWasSentBeforeTheCloseStillLeaves() throws {
    let server = try Server()
    func sendAndLeave() throws {
      let agent = try server.connectedAgent()
      for number in 0..<100 { #expect(agent.control.send([UInt8(number)]) == .sent) }
      agent.close(flushing: .seconds(5))
      #expect(agent.control.send([1]) == .unreachable)
      #expect(agent.control.receive() == nil)
    }
    try sendAndLeave()
    for number in 0..<100 { #expect(server.listener.control.nextMessage()?.1 == [UInt8(number)]) }
  }
}
