import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@Suite("Unix sockets")
struct SocketTests {
  @Test("Packets stay apart, at an address of any length")
  func packets() throws {
    let folder = TemporaryFolder("socket")
    let deep = folder.file(String(repeating: "long-name-", count: 20) + "/" + String(repeating: "d", count: 200))
    try Files.makeFolder(deep, intermediates: true)
    let path = "\(deep)/socket"
    #expect { try UnixSocket.connect(path) } throws: { ($0 as? SystemError)?.code == .notFound }
    let listener = try UnixSocket.listen(path)
    #expect(try UnixSocket.accept(listener) == nil)
    let client = try UnixSocket.connect(path)
    let server = try #require(try UnixSocket.accept(listener))
    #expect(try UnixSocket.peerUser(server) == geteuid())
    #expect(UnixSocket.receive(server, limit: 100) == .nothing)
    #expect(try UnixSocket.send(client, [1]))
    #expect(try UnixSocket.send(client, Array(repeating: 7, count: 101)))
    #expect(try UnixSocket.send(client, [2, 3]))
    #expect(UnixSocket.receive(server, limit: 100) == .packet([1]))
    #expect(UnixSocket.receive(server, limit: 100) == .tooLong)
    #expect(UnixSocket.receive(server, limit: 100) == .packet([2, 3]))
    // What nobody reads is refused at some point, without a wait.
    var sent = 0
    while try UnixSocket.send(client, Array(repeating: 0, count: 1_000)) { sent += 1 }
    #expect(sent > 0)
    #expect(Files.exists(path))
  }

  @Test("The end of the other side shows")
  func ends() throws {
    let folder = TemporaryFolder("socket")
    var listener: Descriptor? = try UnixSocket.listen(folder.file("s"))
    var server: Descriptor?
    let client = try UnixSocket.connect(folder.file("s"))
    server = try UnixSocket.accept(try #require(listener))
    #expect(server != nil && !UnixSocket.isClosedByPeer(client))
    // Also where something is left to read.
    _ = try UnixSocket.send(try #require(server), [1])
    server = nil
    #expect(UnixSocket.isClosedByPeer(client))
    #expect(UnixSocket.receive(client, limit: 10) == .packet([1]))
    #expect(UnixSocket.receive(client, limit: 10) == .closed)
    #expect { try UnixSocket.send(client, [1]) } throws: { ($0 as? SystemError)?.code == .closed }
    listener = nil
    #expect { try UnixSocket.connect(folder.file("s")) } throws: { ($0 as? SystemError)?.code == .closed }
    // A socket file that nobody listens at is replaced.
    listener = try UnixSocket.listen(folder.file("s"))
    #expect(throws: Never.self) { try UnixSocket.connect(folder.file("s")) }
  }
}

@Suite("The poll loop")
struct LoopTests {
  @Test("A timer in the past is due at once, a disarmed one never")
  func timers() throws {
    let loop = try EventLoop()
    let timer = try DeadlineTimer()
    try loop.watch(timer.descriptor, token: 3)
    timer.set(HostClock.now + .milliseconds(20))
    #expect(try loop.wait(for: .seconds(10)).map(\.token) == [3])
    #expect(timer.consume())
    #expect(!timer.consume())
    timer.set(.init(nanoseconds: -5))
    #expect(try loop.wait(for: .seconds(10)).map(\.token) == [3])
    timer.set(nil)
    #expect(try loop.wait(for: .milliseconds(30)) == [])
    #expect(!timer.consume())
  }

  @Test("What is ignored is not told of")
  func ignoring() throws {
    let loop = try EventLoop()
    let (a, b) = try UnixSocket.pair()
    try loop.watch(a, token: 1)
    _ = try UnixSocket.send(b, [1])
    #expect(try loop.wait(for: .seconds(10)).map(\.token) == [1])
    try loop.change(a, [.readable, .writable], token: 2)
    #expect(
      try loop.wait(for: .seconds(10)) == [.init(token: 2, isReadable: true, isWritable: true, isHungUp: false)])
    loop.ignore(a)
    #expect(try loop.wait(for: .zero) == [])
  }
}
