import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

/// Servers that speak SSH to do harm: broken packets before there is any key, and a real server whose answers are
/// damaged on the way, at every step. Nothing traps, nothing hangs, and no command is taken to have run.
@Suite(.serialized) struct HostileServerTests {
  init() { _ = ignoresBrokenPipes }

  private func settings(_ server: TestSSHServer, port: Int) throws -> ShellSettings {
    let key = server.knownHostsLines().split(separator: " ").dropFirst().joined(separator: " ")
    try server.folder.write("known_hosts", "behind \(key)")
    try server.writeClientConfiguration(options: ["HostKeyAlias behind", "Port \(port)"])
    return ShellSettings(configurationFile: server.clientConfiguration, stepLimit: .seconds(1))
  }

  private func attempt(_ settings: ShellSettings) throws -> Ran {
    let shell = try LibSSH2Shell(HostLogin(host: "testhost"), settings: settings, secrets: NoSecrets())
    return try run(shell, "echo through", limit: .seconds(2))
  }

  /// A packet before encryption (RFC 4253, section 6), its lengths as given.
  private func packet(_ payload: [UInt8], length: UInt32? = nil, padding: UInt8 = 8) -> [UInt8] {
    let body = [padding] + payload + [UInt8](repeating: 0, count: Int(padding))
    let count = length ?? UInt32(body.count)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + body
  }

  @Test func packetsThatLieAboutTheirLengthsAreAnError() throws {
    let server = try TestSSHServer()
    var generator = SeededGenerator(seed: 5)
    func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(generator.nextBelow(256)) } }
    let cookie = [20] + noise(16)
    var answers: [[UInt8]] = [
      packet(cookie, length: .max), packet(cookie, length: 0), packet(cookie, length: 1), packet(cookie, padding: 255),
      packet(cookie, length: 35_000) + noise(40_000), packet([20]), packet(cookie),
      // Names of methods whose lengths reach beyond the packet.
      packet(cookie + Array(repeating: [0xFF, 0xFF, 0xFF, 0xFF] as [UInt8], count: 10).joined()),
      packet(cookie + Array(repeating: [0, 0, 0x10, 0] as [UInt8], count: 10).joined() + noise(200)),
      packet([1, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x41]), packet([4, 1, 0xFF, 0xFF, 0xFF, 0xF0]),
    ]
    for _ in 0..<8 { answers.append(packet(cookie + noise(300))) }
    for answer in answers {
      let speaker = try Speaker(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8) + answer)
      let begun = HostClock.now
      let error = failure { _ = try attempt(settings(server, port: speaker.port)) }
      #expect(
        error.map { [.handshake, .broken, .timeout].contains($0.code) } == true,
        "\(answer.prefix(24)): \(String(describing: error))")
      #expect(HostClock.now - begun < .seconds(15))
    }
  }

  @Test func answersDamagedOnTheWayAreAnErrorOrHarmless() throws {
    let server = try TestSSHServer()
    let proxy = try DamagingProxy(to: server.port)
    let settings = try settings(server, port: proxy.port)
    var failures = 0
    // The banner and the server's keys in the clear, then its encrypted answers.
    for place in Array(stride(from: 0, to: 1600, by: 40)) + Array(stride(from: 1600, to: 3600, by: 80)) {
      proxy.place = place
      let begun = HostClock.now
      do {
        // The server's version may be another one, and the damage may come behind the last byte.
        let ran = try attempt(settings)
        if case .lost = ran.exit { failures += 1 } else { #expect(ran.text == "through\n", "at \(place): \(ran)") }
      } catch let error as SecureShellError {
        failures += 1
        #expect(error.code != .configuration && error.message.hasPrefix("testhost: "), "at \(place): \(error)")
      } catch let error as WaitedInVain {
        failures += 1
        #expect(place > 1600, "at \(place): \(error)")
      }
      #expect(HostClock.now - begun < .seconds(25), "at \(place)")
    }
    #expect(failures > 20)
  }

  /// The last words of a command and its end come in one piece with one byte of it damaged, each in turn: what libssh2 reads
  /// after a damaged packet must not say that the command has ended well, least of all after the end of its output, in the
  /// packet with its exit status, while the output waits to be taken.
  @Test func aCommandWhoseOutputWasDamagedHasNotEndedWell() throws {
    let server = try TestSSHServer()
    let proxy = try DamagingProxy(to: server.port)
    let settings = try settings(server, port: proxy.port)
    let whole = try lastWords(server, proxy, settings, .hold(damaging: nil, until: .max))
    #expect(whole.ran.text == "ready\nthrough\n" && whole.ran.exit == .exited(0), "\(whole.ran)")
    // Every packet has 32 bytes of authentication code at least.
    #expect(whole.bytes > 150)
    var losses = 0
    for place in stride(from: 20, to: whole.bytes, by: 20) {
      do {
        let damaged = try lastWords(server, proxy, settings, .hold(damaging: place, until: whole.bytes))
        if case .lost = damaged.ran.exit { losses += 1 } else { Issue.record("at \(place): \(damaged.ran)") }
      } catch is WaitedInVain {
        // A length that is another one: more is awaited than comes.
      }
    }
    #expect(losses > 4)
  }

  /// Runs a command whose last words are held back until all of them are there, and gives how many bytes that were.
  private func lastWords(
    _ server: TestSSHServer, _ proxy: DamagingProxy, _ settings: ShellSettings, _ hold: DamagingProxy.Hold
  ) throws -> (ran: Ran, bytes: Int) {
    let go = server.folder.file("go")
    try? FileManager.default.removeItem(atPath: go)
    let shell = try LibSSH2Shell(HostLogin(host: "testhost"), settings: settings, secrets: NoSecrets())
    // It closes its output before it ends: the server says that first, and the exit status after it.
    let words = "echo ready; while [ ! -e \(go) ]; do sleep 0.05; done; echo through; exec >&- 2>&-; sleep 0.4"
    let command = try shell.start(words)
    command.closeInput()
    var ready = [UInt8](repeating: 0, count: 6)
    for index in ready.indices { while read(command.output.number, &ready[index], 1) != 1 { usleep(1_000) } }
    // Everything before has passed: what comes now is what the command says last, and its end.
    proxy.hold = hold
    try server.folder.write("go", "")
    var ran = try finish(command, limit: .seconds(4))
    ran.output = ready + ran.output
    return (ran, proxy.heldBytes)
  }
}

/// Connections to a server, one byte of whose answers is another one.
private final class DamagingProxy: Sendable {
  let port: Int
  private let listener: Descriptor
  private let damaged = Locked(Int.max)
  private let holding = Locked((hold: Hold.nothing, bytes: 0))

  /// What comes from the server from now on is held back until so many bytes are there, or nothing more comes for a second;
  /// one of them is another one then.
  enum Hold: Equatable { case nothing, hold(damaging: Int?, until: Int) }

  var hold: Hold {
    get { holding.withLock { $0.hold } }
    set { holding.withLock { $0 = (newValue, 0) } }
  }

  /// How many bytes were held back.
  var heldBytes: Int { holding.withLock { $0.bytes } }

  var place: Int {
    get { damaged.withLock { $0 } }
    set { damaged.withLock { $0 = newValue } }
  }

  init(to server: Int) throws {
    (listener, port) = try listen()
    let listener = listener
    Thread.detachNewThread { [damaged, holding] in
      while true {
        let client = accept(listener.number, nil, nil)
        if client < 0 { return }
        let place = damaged.withLock { $0 }
        let upstream = connected(to: server)
        Thread.detachNewThread {
          Self.copy(client, upstream, damaging: .max)
          shutdown(upstream, Int32(SHUT_RDWR))
          close(client)
        }
        Thread.detachNewThread {
          Self.copy(upstream, client, damaging: place, holding)
          shutdown(client, Int32(SHUT_WR))
          close(upstream)
        }
      }
    }
  }

  deinit { shutdown(listener.number, Int32(SHUT_RDWR)) }

  private static func copy(
    _ from: Int32, _ to: Int32, damaging place: Int, _ holding: Locked<(hold: Hold, bytes: Int)>? = nil
  ) {
    var passed = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(from, &buffer, buffer.count)
      if count <= 0 { return }
      var bytes = Array(buffer[..<count])
      if case .hold(let place, let until)? = holding?.withLock({ $0.hold }) {
        var item = pollfd(fd: from, events: Int16(POLLIN), revents: 0)
        while bytes.count < until, poll(&item, 1, 1_000) > 0 {
          let more = read(from, &buffer, buffer.count)
          if more <= 0 { break }
          bytes += buffer[..<more]
        }
        if let place { bytes[place] ^= 0x41 }
        holding?.withLock { $0 = (.nothing, bytes.count) }
      }
      if passed <= place, place < passed + count {
        bytes[place - passed] ^= 0x41
        // What follows comes with it: packets that are whole must not make up for the one that is not.
        usleep(100_000)
        let more = recv(from, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if more > 0 { bytes += buffer[..<more] }
      }
      passed += bytes.count
      if send(to, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 { return }
    }
  }
}
