import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

@Suite(.serialized) struct JumpTests {
  init() { _ = ignoresBrokenPipes }

  private let folder = TemporaryFolder("jump")

  private func settings(_ text: String) throws -> ShellSettings {
    ShellSettings(configurationFile: try folder.write("config", text), stepLimit: .seconds(10))
  }

  private func connect(_ text: String, _ host: String) throws -> LibSSH2Shell {
    try LibSSH2Shell(HostLogin(host: host), settings: try settings(text), secrets: NoSecrets())
  }

  @Test func throughTwoJumpHostsWithKeysOfTheirOwn() throws {
    let gate = try TestSSHServer(alias: "gate")
    let middle = try TestSSHServer(alias: "middle", address: "127.0.0.2")
    let inner = try TestSSHServer(alias: "inner", address: "127.0.0.3")
    let text =
      gate.clientSection() + middle.clientSection() + inner.clientSection(options: ["ProxyJump gate,middle"])
    let shell = try connect(text, "inner")
    #expect(try run(shell, "echo $SSH_CONNECTION").text.hasPrefix("127.0.0.1 "))
    #expect(try run(shell, "echo $SSH_CONNECTION").text.contains("127.0.0.3 \(inner.port)"))
    let bytes = noise(20_000_000)
    let start = HostClock.now
    let ran = try run(shell, "cat", input: bytes)
    print("both ways through two jumps: \(Int(20 / (HostClock.now - start).inSeconds)) MB/s each")
    #expect(ran.output == bytes)
    #expect(gate.log.contains("direct-tcpip"))
    #expect(middle.log.contains("direct-tcpip"))
    shell.close()
    // Nothing is left on the way.
    try eventually("the end of the connections") {
      [gate, middle, inner].allSatisfy { server in server.connectionProcesses(of: server.pid ?? 0).isEmpty }
    }
  }

  @Test func aJumpHostMayHaveAJumpHost() throws {
    let gate = try TestSSHServer(alias: "gate")
    let middle = try TestSSHServer(alias: "middle", address: "127.0.0.2")
    let inner = try TestSSHServer(alias: "inner", address: "127.0.0.3")
    let text =
      gate.clientSection() + middle.clientSection(options: ["ProxyJump gate"])
      + inner.clientSection(options: ["ProxyJump middle"])
    #expect(try run(connect(text, "inner"), "echo in").text == "in\n")
    #expect(gate.log.contains("direct-tcpip"))
  }

  @Test func everyHopIsChecked() throws {
    let gate = try TestSSHServer(alias: "gate", isKnown: false)
    let inner = try TestSSHServer(alias: "inner")
    let text = gate.clientSection() + inner.clientSection(options: ["ProxyJump gate"])
    let error = failure { _ = try connect(text, "inner") }
    #expect(error?.code == .hostKeyUnknown)
    #expect(error?.message.hasPrefix("gate: ") == true)
    try gate.folder.write("known_hosts", gate.knownHostsLines())
    try inner.folder.write("known_hosts", "")
    #expect(failure { _ = try connect(text, "inner") }?.message.hasPrefix("inner: ") == true)
  }

  @Test func aJumpHostThatLetsNothingThrough() throws {
    let gate = try TestSSHServer(alias: "gate", options: ["AllowTcpForwarding no"])
    let inner = try TestSSHServer(alias: "inner")
    let text = gate.clientSection() + inner.clientSection(options: ["ProxyJump gate"])
    let error = failure { _ = try connect(text, "inner") }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("AllowTcpForwarding") == true)
  }

  @Test func behindTheJumpHostNobodyListens() throws {
    let gate = try TestSSHServer(alias: "gate")
    let inner = try TestSSHServer(alias: "inner")
    inner.stop()
    let text = gate.clientSection() + inner.clientSection(options: ["ProxyJump gate"])
    let error = failure { _ = try connect(text, "inner") }
    #expect(error?.code == .unreachable)
    #expect(error?.message.contains("gate") == true)
    #expect(error?.message.contains("\(inner.port)") == true)
  }

  @Test func aLoopIsSeen() throws {
    let gate = try TestSSHServer(alias: "gate")
    let error = failure { _ = try connect("Host *\n  ProxyJump gate\n" + gate.clientSection(), "gate") }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("ProxyJump") == true)
  }

  @Test func aJumpHostThatDiesTakesTheConnectionWithIt() throws {
    let gate = try TestSSHServer(alias: "gate")
    let inner = try TestSSHServer(alias: "inner")
    let text = gate.clientSection() + inner.clientSection(options: ["ProxyJump gate"])
    let shell = try connect(text, "inner")
    let command = try shell.start("sleep 100")
    gate.stop()
    guard case .lost = try finish(command).exit else {
      Issue.record("not lost")
      return
    }
  }
}
