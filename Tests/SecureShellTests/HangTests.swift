import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

/// Hosts that stop answering, at every step.
@Suite(.serialized) struct HangTests {
  init() { _ = ignoresBrokenPipes }

  private func settings(_ server: TestSSHServer, port: Int, limit: Duration = .seconds(1)) throws -> ShellSettings {
    // The key is known under an alias, whatever the port.
    let key = server.knownHostsLines().split(separator: " ").dropFirst().joined(separator: " ")
    try server.folder.write("known_hosts", "behind \(key)")
    try server.writeClientConfiguration(options: ["HostKeyAlias behind", "Port \(port)"])
    return ShellSettings(configurationFile: server.clientConfiguration, stepLimit: limit)
  }

  private func attempt(_ settings: ShellSettings) throws -> Ran {
    let shell = try LibSSH2Shell(HostLogin(host: "testhost"), settings: settings, secrets: NoSecrets())
    return try run(shell, "echo through")
  }

  /// A proxy in front of a real server lets so many bytes of its answers through and then no more.
  @Test func atEveryStepTheConnectionIsGivenUp() throws {
    let server = try TestSSHServer()
    let proxy = try StallingProxy(to: server.port)
    let settings = try settings(server, port: proxy.port)
    var steps: Set<String> = []
    var count = 0
    var isThrough = false
    while !isThrough {
      proxy.limit = count
      let start = HostClock.now
      do {
        isThrough = try attempt(settings).text == "through\n"
      } catch let error as SecureShellError {
        #expect(error.code == .timeout, "after \(count) bytes: \(error)")
        #expect(error.message.hasPrefix("testhost: "))
        for step in ["the handshake", "logging in", "starting a command"] where error.message.contains(step) {
          steps.insert(step)
        }
      } catch let error as WaitedInVain {
        // The command runs, and its output is what does not come: its user has a limit of its own.
        #expect(steps.contains("starting a command"), "\(error)")
        isThrough = true
      }
      #expect(HostClock.now - start < .seconds(15))
      // The banner and keys come in steps of hundreds of bytes, the answers after them in steps of 28 to 52.
      count += count < 1200 ? 300 : 60
      #expect(count < 10_000)
      if count >= 10_000 { break }
      if steps.contains("starting a command") { isThrough = true }
    }
    #expect(steps == ["the handshake", "logging in", "starting a command"])
  }

  @Test func aServerThatTakesTheConnectionAndSaysNothing() throws {
    let server = try TestSSHServer()
    let proxy = try StallingProxy(to: server.port)
    proxy.limit = 0
    let error = failure { _ = try attempt(settings(server, port: proxy.port)) }
    #expect(error?.code == .timeout)
    #expect(error?.message.contains("the handshake") == true)
  }

  @Test func aHostThatIsStoppedWhileItRuns() throws {
    let server = try TestSSHServer()
    let shell = try LibSSH2Shell(
      HostLogin(host: "testhost"), settings: settings(server, port: server.port), secrets: NoSecrets())
    #expect(try run(shell, "echo in").text == "in\n")
    server.suspend(true)
    defer { server.suspend(false) }
    let error = failure { _ = try shell.start("echo never") }
    #expect(error?.code == .timeout)
    #expect(error?.message.contains("starting a command") == true)
    // It counts as gone from now on.
    #expect(failure { _ = try shell.start("echo never") } != nil)
  }

  @Test func somethingElseOnThePort() throws {
    let server = try TestSSHServer()
    for (answer, codes) in [
      ("HTTP/1.1 400 Bad Request\r\n\r\n", [SecureShellError.Code.handshake, .timeout, .broken]),
      (String(repeating: "no ssh here\r\n", count: 200_000), [.timeout, .handshake, .broken]),
      ("SSH-2.0-x\r\n" + String(repeating: "\u{7f}", count: 100_000), [.handshake, .broken, .timeout]),
      ("SSH-1.5-old\r\n", [.timeout, .handshake, .broken]), ("\0\0\0\0", [.handshake]),
    ] {
      let speaker = try Speaker(answer)
      let error = failure { _ = try attempt(settings(server, port: speaker.port)) }
      #expect(error.map { codes.contains($0.code) } == true, "\(answer.prefix(20)): \(String(describing: error))")
    }
  }

  @Test func nobodyListens() throws {
    let server = try TestSSHServer()
    let port = try freePort()
    let error = failure { _ = try attempt(settings(server, port: port)) }
    #expect(error?.code == .unreachable)
    #expect(error?.message.contains("127.0.0.1 port \(port)") == true)
    #expect(error?.isRetryable == true)
  }

  @Test func noSuchName() throws {
    let server = try TestSSHServer()
    try server.writeClientConfiguration(options: ["HostName no-such-host.invalid"])
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .unreachable || error?.code == .timeout)
    #expect(error?.message.contains("no-such-host.invalid") == true)
  }

  /// A full host ends connections before it says who it is.
  @Test func aFullHostIsTriedAgain() throws {
    let server = try TestSSHServer(options: ["MaxStartups 1"])
    // Somebody at the door, who says nothing.
    let first = Locked<Int32>(try waitingAtTheDoor(of: server))
    let patient = WorkerThread(name: "leaves") {
      while !server.log.contains("past MaxStartups") { usleep(10_000) }
      close(first.withLock { $0 })
    }
    let shell = try server.connect()
    patient?.join()
    #expect(try run(shell, "echo in").text == "in\n")
  }

  @Test func aHostThatStaysFullIsGivenUp() throws {
    let server = try TestSSHServer(options: ["MaxStartups 1"])
    let first = try waitingAtTheDoor(of: server)
    defer { close(first) }
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .broken)
    #expect(error?.message.contains("MaxStartups") == true)
    #expect(error?.isRetryable == true)
  }

  /// A connection that the server has let in, and that says nothing.
  private func waitingAtTheDoor(of server: TestSSHServer) throws -> Int32 {
    try eventually("a place at the door") {
      let descriptor = connected(to: server.port)
      var banner = [UInt8](repeating: 0, count: 4)
      if read(descriptor, &banner, 4) == 4, banner == Array("SSH-".utf8) { return descriptor }
      close(descriptor)
      return nil
    }
  }

  private static let short = Pump.Times(silence: .milliseconds(300), patience: .milliseconds(700))

  @Test func aSilentHostIsGivenUp() throws {
    let server = try TestSSHServer()
    let shell = try LibSSH2Shell(
      HostLogin(host: "testhost"), settings: server.settings, secrets: NoSecrets(), times: Self.short)
    let command = try shell.start("sleep 100")
    server.suspend(true)
    defer { server.suspend(false) }
    guard case .lost(let reason) = try finish(command, limit: .seconds(20)).exit else {
      Issue.record("not lost")
      return
    }
    #expect(reason.contains("silent"))
    #expect(failure { _ = try shell.start("true") }?.code == .timeout)
  }

  /// Hosts answer when they are asked, also those on the way, and commands start in between.
  @Test func aQuietCommandIsNotASilentHost() throws {
    let gate = try TestSSHServer(alias: "gate")
    let inner = try TestSSHServer(alias: "inner")
    let file = try gate.folder.write(
      "both", gate.clientSection() + inner.clientSection(options: ["ProxyJump gate"]))
    let shell = try LibSSH2Shell(
      HostLogin(host: "inner"), settings: ShellSettings(configurationFile: file), secrets: NoSecrets(),
      times: Self.short)
    let quiet = try shell.start("sleep 3; echo awake")
    for _ in 0..<20 {
      usleep(100_000)
      #expect(try run(shell, "true").exit == .exited(0))
    }
    usleep(1_500_000)
    #expect(try finish(quiet).text == "awake\n")
    #expect(try run(shell, "echo still").text == "still\n")
  }

  /// Without a command nothing is asked, and nothing is lost.
  @Test func anIdleConnectionStays() throws {
    let server = try TestSSHServer()
    let shell = try LibSSH2Shell(
      HostLogin(host: "testhost"), settings: server.settings, secrets: NoSecrets(), times: Self.short)
    #expect(try run(shell, "true").exit == .exited(0))
    usleep(1_500_000)
    #expect(try run(shell, "echo still").text == "still\n")
    server.stop()
    try eventually("the end of the connection") {
      failure { _ = try shell.start("true") }?.code == .broken
    }
  }
}

/// Connections to a server whose answers stop after some bytes.
private final class StallingProxy: @unchecked Sendable {
  // Sendable in truth: the limit is behind a lock, the rest does not change.
  let port: Int
  private let listener: Descriptor
  private let allowed = Locked(Int.max)

  var limit: Int {
    get { allowed.withLock { $0 } }
    set { allowed.withLock { $0 = newValue } }
  }

  init(to server: Int) throws {
    (listener, port) = try listen()
    let listener = listener
    Thread.detachNewThread { [allowed] in
      while true {
        let client = accept(listener.number, nil, nil)
        if client < 0 { return }
        let limit = allowed.withLock { $0 }
        let upstream = connected(to: server)
        Thread.detachNewThread {
          copy(client, upstream, .max)
          // The client has gone.
          shutdown(upstream, Int32(SHUT_RDWR))
          close(client)
        }
        Thread.detachNewThread {
          copy(upstream, client, limit)
          close(upstream)
        }
      }
    }
  }

  deinit { shutdown(listener.number, Int32(SHUT_RDWR)) }
}

/// A server that says the same to everybody.
final class Speaker: Sendable {
  let port: Int
  private let listener: Descriptor

  convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }

  init(_ bytes: [UInt8]) throws {
    (listener, port) = try listen()
    let listener = listener
    Thread.detachNewThread {
      while true {
        let client = accept(listener.number, nil, nil)
        if client < 0 { return }
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        usleep(3_000_000)
        close(client)
      }
    }
  }

  deinit { shutdown(listener.number, Int32(SHUT_RDWR)) }
}

func listen() throws -> (Descriptor, Int) {
  let port = try freePort()
  let listener = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
  guard withLoopback(port, { bind(listener.number, $0, $1) }) == 0, Glibc.listen(listener.number, 16) == 0 else {
    throw WaitedInVain(description: "cannot listen")
  }
  return (listener, port)
}

func connected(to port: Int) -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  _ = withLoopback(port) { connect(descriptor, $0, $1) }
  return descriptor
}

private func withLoopback(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_addr.s_addr = inet_addr("127.0.0.1")
  name.sin_port = UInt16(port).bigEndian
  return withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

/// Copies at most `limit` bytes, then reads on without passing anything on, until the end.
private func copy(_ from: Int32, _ to: Int32, _ limit: Int) {
  var left = limit
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = read(from, &buffer, buffer.count)
    if count <= 0 { return }
    let passed = min(count, left)
    left -= passed
    if passed > 0, send(to, buffer, passed, Int32(MSG_NOSIGNAL)) < 0 { return }
  }
}
