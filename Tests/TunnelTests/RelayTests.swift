import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import Tunnel

@Suite("Relay and tunnel end over pipes, with real sockets")
struct RelayTests {
  /// A relay of the program under test with a tunnel end, both ports served alike.
  private final class Bench {
    let folder = TemporaryFolder("tunnel")
    let relay: PipedCommand
    let tunnel: RunningTunnel
    let control: Service
    let bulk: Service

    init(
      control: @escaping @Sendable (Connection) throws -> Void = Service.echo,
      bulk: @escaping @Sendable (Connection) throws -> Void = Service.echo
    ) throws {
      self.control = try Service(control)
      self.bulk = try Service(bulk)
      relay = try PipedCommand(relayAt: folder.file("r"))
      tunnel = try RunningTunnel(relay.command, control: self.control.port, bulk: self.bulk.port)
    }

    func connect(_ name: String) throws -> Connection { try Connection(tunnel.folder().path + "/" + name) }
  }

  @Test("Bytes go through, both ways, by both sockets, to the port that is theirs")
  func both() throws {
    let bench = try Bench(control: { try $0.write("control") }, bulk: { try $0.write("bulk") })
    #expect(try bench.connect("c").readText(100) == "control")
    #expect(try bench.connect("b").readText(100) == "bulk")
    #expect(try bench.tunnel.folder().path == bench.folder.file("r"))
    let status = try #require(try Files.status(bench.folder.file("r")))
    #expect(status.mode == 0o700)
    bench.tunnel.stop()
    #expect(bench.tunnel.outcome?.code == .stopped)
  }

  @Test("A large amount comes back as it went, however the readers dawdle")
  func large() throws {
    let bench = try Bench()
    let connection = try bench.connect("b")
    let bytes = (0..<(9 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }
    let writer = WorkerThread(name: "writer") {
      try? connection.write(bytes)
      connection.endWriting()
    }
    usleep(200_000)
    let back = try connection.read(bytes.count + 1)
    writer?.join()
    #expect(back == bytes)
  }

  @Test("Half-closed connections stay open the other way, at either side")
  func halfClosed() throws {
    let bench = try Bench(
      control: { connection in
        // All that comes, then an answer.
        let bytes = try connection.read(1 << 20)
        try connection.write("got \(bytes.count)")
      },
      bulk: { connection in
        // A word, then all that comes goes nowhere but into the count.
        try connection.write("go")
        connection.endWriting()
        _ = try connection.read(1 << 20)
        // Only a connection whose other way stayed open gets here.
        _ = try connection.read(1)
      })
    let first = try bench.connect("c")
    try first.write([UInt8](repeating: 1, count: 300_000))
    first.endWriting()
    #expect(try first.readText(100) == "got 300000")
    let second = try bench.connect("b")
    #expect(try second.readText(100) == "go")
    for _ in 0..<10 {
      usleep(5_000)
      try second.write([UInt8](repeating: 1, count: 1000))
    }
    second.endWriting()
    // Another round trip: the tunnel is well.
    let third = try bench.connect("c")
    third.endWriting()
    #expect(try third.readText(100) == "got 0")
  }

  @Test("A reader who stands still stops neither the other streams nor control")
  func slowReader() throws {
    let gate = Locked(false)
    let received = Locked(0)
    let bench = try Bench(bulk: { connection in
      if try connection.readText(1) == "s" {
        while !gate.withLock({ $0 }) { usleep(1000) }
        while case let bytes = try connection.descriptor.read(upTo: 1 << 18), !bytes.isEmpty {
          received.withLock { $0 += bytes.count }
        }
      } else {
        try Service.echo(connection)
      }
    })
    let slow = try bench.connect("b")
    let writer = WorkerThread(name: "writer") {
      try? slow.write("s")
      try? slow.write([UInt8](repeating: 1, count: 20 << 20))
      slow.endWriting()
    }
    // Until the slow one is full to the brim, and after.
    for _ in 0..<20 {
      let control = try bench.connect("c")
      try control.write("ping")
      #expect(try control.readText(4) == "ping")
      let bulk = try bench.connect("b")
      try bulk.write("qxx")
      #expect(try bulk.readText(2) == "xx")
      usleep(10_000)
    }
    #expect(received.withLock { $0 } == 0)
    gate.withLock { $0 = true }
    try eventually("all of it") { received.withLock { $0 } == 20 << 20 }
    writer?.join()
  }

  @Test("A thousand connections come and go; of many at once some wait")
  func many() throws {
    let bench = try Bench()
    for _ in 0..<1000 {
      let connection = try bench.connect("c")
      try connection.write("x")
      #expect(try connection.readText(1) == "x")
    }
    var all: [Connection] = []
    for _ in 0..<(Multiplexer.streamLimit + 40) {
      let connection = try bench.connect("b")
      try connection.write("y")
      all.append(connection)
    }
    for connection in all[..<Multiplexer.streamLimit] { #expect(try connection.readText(1) == "y") }
    // As these go, those that waited get their turn.
    all.removeFirst(60)
    for connection in all.dropFirst(4) { #expect(try connection.readText(1) == "y") }
  }

  @Test("When the coordinator's port does not answer, the agent's connection is closed and the tunnel stays")
  func noPort() throws {
    let folder = TemporaryFolder("tunnel")
    let relay = try PipedCommand(relayAt: folder.file("r"))
    let control = try Service(Service.echo)
    let nobody = try freePort()
    let tunnel = try RunningTunnel(relay.command, control: control.port, bulk: nobody)
    let path = try tunnel.folder().path
    for _ in 0..<5 {
      let connection = try Connection(path + "/b")
      // Refused with a reset, which for a socket with nothing unread is an end.
      #expect((try? connection.read(1).isEmpty) ?? true)
    }
    let connection = try Connection(path + "/c")
    try connection.write("x")
    #expect(try connection.readText(1) == "x")
  }

  @Test("A relay that is killed ends the tunnel; another one serves the same folder at once")
  func killed() throws {
    let bench = try Bench()
    _ = try bench.connect("c")
    kill(pid_t(bench.relay.pid), SIGKILL)
    let outcome = try bench.tunnel.end()
    #expect(outcome.code == .closed && outcome.isRetryable)
    let path = bench.folder.file("r")
    #expect(Files.exists(path + "/c"))
    #expect(throws: SystemError.self) { try Connection(path + "/c") }
    let next = try PipedCommand(relayAt: path)
    let tunnel = try RunningTunnel(next.command, control: bench.control.port, bulk: bench.bulk.port)
    _ = try tunnel.folder()
    let connection = try Connection(path + "/c")
    try connection.write("x")
    #expect(try connection.readText(1) == "x")
  }

  @Test("A relay whose input ends goes, with its sockets and exit status 0")
  func inputEnds() throws {
    let folder = TemporaryFolder("tunnel")
    let path = folder.file("r")
    let relay = try PipedCommand(relayAt: path)
    try eventually("its sockets") { Files.exists(path + "/b") }
    try relay.command.input.write(Frame.hello(""))
    relay.closeInput()
    #expect(try relay.wait() == .exited(0))
    #expect(!Files.exists(path + "/c") && !Files.exists(path + "/b") && Files.exists(path + "/lock"))
  }

  @Test("A relay that has heard nothing for long gives way; one that is well does not")
  func takeOver() throws {
    let bench = try Bench()
    let path = try bench.tunnel.folder().path
    var timing = TunnelTiming()
    timing.patience = .milliseconds(300)
    let lock = path + "/lock"
    #expect(throws: TunnelError.self) { try RelayLock.take(lock, timing: timing) }
    do throws(TunnelError) {
      _ = try RelayLock.take(lock, timing: timing)
    } catch {
      #expect(error.code == .busy)
      #expect(error.message.contains("process \(bench.relay.pid)"))
    }
    // It hangs, and what it noted gets old.
    kill(pid_t(bench.relay.pid), SIGSTOP)
    var record = try #require(RelayLock.Record(Files.readText(lock, limit: 256)))
    #expect(record.pid == bench.relay.pid)
    record.heard -= 60_000_000_000
    // A process with the number of the old one, but a later start, is left alone.
    var other = record
    other.start += 1
    try Descriptor.open(lock, O_WRONLY).write(Array(other.text.utf8), at: 0)
    #expect(throws: TunnelError.self) { try RelayLock.take(lock, timing: timing) }
    try Descriptor.open(lock, O_WRONLY).write(Array(record.text.utf8), at: 0)
    let next = try PipedCommand(relayAt: path)
    let tunnel = try RunningTunnel(next.command, control: bench.control.port, bulk: bench.bulk.port)
    _ = try tunnel.folder()
    #expect(try bench.relay.wait() == .signalled(Int(SIGKILL)))
    let connection = try Connection(path + "/b")
    try connection.write("x")
    #expect(try connection.readText(1) == "x")
  }

  @Test("Both ends give up one that hangs, and one that never says a word")
  func silence() throws {
    var timing = TunnelTiming()
    timing.ping = .milliseconds(100)
    timing.silence = .seconds(2)
    let folder = TemporaryFolder("tunnel")
    let relay = try PipedCommand(relayAt: folder.file("r"))
    let tunnel = try RunningTunnel(relay.command, control: 1, bulk: 1, timing: timing)
    _ = try tunnel.folder()
    // Pings are answered: silence would be over by now.
    usleep(3_000_000)
    #expect(tunnel.outcome == nil)
    kill(pid_t(relay.pid), SIGSTOP)
    #expect(try tunnel.end().code == .silent)
    // The relay's own side, against a wire that stays open and silent after the hello.
    let input = try makePipe()
    let output = try makePipe()
    try input.write.write(Frame.hello(""))
    let started = HostClock.now
    let end = RelayServer.run(
      folder: RelayFolder(folder.file("s")), input: input.read, output: output.write, timing: timing)
    #expect(end.code == .silent)
    #expect(HostClock.now - started >= timing.silence)
    // Nothing but noise, again and again: no hello.
    let noise = try PipedCommand(["sh", "-c", "while sleep 0.05; do echo noise; done"])
    #expect(try RunningTunnel(noise.command, control: 1, bulk: 1, timing: timing).end().code == .silent)
    withExtendedLifetime((input.write, output.read)) {}
  }

  @Test("What the host says in place of a relay is in the message")
  func noRelay() throws {
    let missing = try PipedCommand(["sh", "-c", "exec /nonexistent/pasha-agent relay"])
    let first = try RunningTunnel(missing.command, control: 1, bulk: 1).end()
    #expect(first.code == .relay)
    #expect(first.message.contains("not found"), "\(first)")
    let chatty = try PipedCommand(["sh", "-c", "echo Hello; echo This account is closed."])
    let second = try RunningTunnel(chatty.command, control: 1, bulk: 1).end()
    #expect(second.message.contains("'Hello This account is closed. '"), "\(second)")
    let garbage = try PipedCommand(["head", "-c", "200000", "/dev/urandom"])
    #expect(try RunningTunnel(garbage.command, control: 1, bulk: 1).end().code == .violation)
    // A banner before the relay is borne.
    let folder = TemporaryFolder("tunnel")
    let banner = try PipedCommand([
      "sh", "-c", "echo Welcome; exec \"$0\" relay --dir \"$1\"", product("pasha-agent"), folder.file("r"),
    ])
    #expect(try RunningTunnel(banner.command, control: 1, bulk: 1).folder().path == folder.file("r"))
  }

  @Test("Sockets that somebody removes end the relay with the reason")
  func removed() throws {
    var timing = TunnelTiming()
    timing.ping = .milliseconds(100)
    let folder = TemporaryFolder("tunnel")
    let path = folder.file("r")
    let ends = Locked<TunnelError?>(nil)
    let input = try makePipe()
    let output = try makePipe()
    let box = Unchecked((input.read, output.write, timing))
    let thread = WorkerThread(name: "relay") {
      let end = RelayServer.run(
        folder: RelayFolder(path), input: box.value.0, output: box.value.1, timing: box.value.2)
      ends.withLock { $0 = end }
    }
    try eventually("its sockets") { Files.exists(path + "/b") }
    try Files.removeFile(path + "/c")
    thread?.join()
    #expect(ends.withLock { $0 }?.code == .relay)
    #expect(ends.withLock { $0 }?.message.contains("/c was removed") == true)
    withExtendedLifetime((input.write, output.read)) {}
  }
}
