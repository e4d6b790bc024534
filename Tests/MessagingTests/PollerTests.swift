import Foundation
import Testing

@testable import Messaging

@Suite struct PollerTests {
  @Test func aDescriptorBesideASocketWakesTheLoop() throws {
    let server = try Server()
    let pipe = Pipe()
    var poller = Poller()
    for source in server.listener.control.pollSources { poller.add(source) }
    let index = poller.add(.descriptor(pipe.fileHandleForReading.fileDescriptor))
    #expect(try poller.wait(for: .milliseconds(1)) == 0)
    #expect(poller.events(at: index).isEmpty)
    try pipe.fileHandleForWriting.write(contentsOf: [1])
    #expect(try poller.wait(for: nil) == 1)
    #expect(poller.events(at: index) == .readable)
    #expect(poller.events(at: 0).isEmpty)
  }

  @Test func theOtherEndsCloseIsTold() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.close()
    var poller = Poller()
    let index = poller.add(.descriptor(pipe.fileHandleForReading.fileDescriptor))
    #expect(try poller.wait(for: .seconds(5)) == 1)
    #expect(!poller.events(at: index).isEmpty)
  }

  @Test func aWritableSocketIsSeen() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    var poller = Poller()
    let index = poller.add(agent.control.pollSources[0], for: [.readable, .writable])
    #expect(try poller.wait(for: .seconds(5)) == 1)
    #expect(poller.events(at: index) == .writable)
  }

  @Test func closedSocketsAreNeverReady() throws {
    let server = try Server()
    let agent = try server.connectedAgent()
    agent.close()
    var poller = Poller()
    for source in agent.pollSources { poller.add(source) }
    #expect(try poller.wait(for: .milliseconds(1)) == 0)
    poller.removeAll()
    #expect(try poller.wait(for: .zero) == 0)
  }
}
