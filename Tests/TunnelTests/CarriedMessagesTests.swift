import Glibc
import HostSystem
import Messaging
import SecureShell
import TestSupport
import Testing
import TuningModel

@testable import Tunnel

@Suite("ZeroMQ with CURVE through a tunnel")
struct CarriedMessagesTests {
  /// A coordinator's sockets and an agent of a tunnel's folder.
  private final class Farm {
    let listener: Listener
    let list = AdmissionList()
    let agent: AgentConnection
    let key: CurvePublicKey
    private let authenticator: Authenticator

    init(folder: String) throws {
      let keys = try CurveKeyPair.generate()
      let own = try CurveKeyPair.generate()
      key = own.publicKey
      list.admit(own.publicKey, as: .agent)
      authenticator = try Authenticator(MessagingContext(), list: list)
      listener = try Listener(authenticator, keys: keys, options: ListenerOptions(address: "127.0.0.1"))
      let address = CoordinatorAddress(host: "unix:" + folder, controlPort: 0, bulkPort: 0, key: keys.publicKey)
      agent = try AgentConnection(MessagingContext(), to: address, keys: own)
    }

    func tunnel(_ command: TunnelCommand) throws -> RunningTunnel {
      try RunningTunnel(command, control: listener.control.port, bulk: listener.bulk.port)
    }

    /// Asks both channels until one says what is wanted.
    func wait(_ what: String, _ channel: AgentChannel, for wanted: (AgentChannel.Event) -> Bool) throws {
      try eventually(what, within: .seconds(30)) {
        while let event = channel.receive() { if wanted(event) { return true } }
        return false
      }
    }

    func connect() throws {
      try wait("control to be connected", agent.control) { $0 == .connected }
      try wait("bulk to be connected", agent.bulk) { $0 == .connected }
    }

    /// A message up and its answer down, on both channels.
    func talk(_ text: String, bytes: Int = 1 << 20) throws {
      let bulk = [UInt8](repeating: 5, count: bytes)
      for (channel, socket, message) in [
        (agent.control, listener.control, Array(text.utf8)), (agent.bulk, listener.bulk, bulk),
      ] {
        try eventually("the message to be taken") { channel.send(message) == .sent }
        let peer = try eventually("the message up") { () -> Peer? in
          guard case .message(let peer, let received) = socket.receive(), received == message else { return nil }
          return peer
        }
        #expect(peer.key == key)
        try eventually("the answer to be taken") { socket.send(message, to: peer) == .sent }
        try wait("the answer down", channel) { $0 == .message(message) }
      }
    }
  }

  @Test("Messages flow; the tunnel is killed; a new one at the same folder, and they flow again")
  func reconnect() throws {
    let place = TemporaryFolder("tunnel")
    let folder = place.file("r")
    // The agent is there before its tunnel.
    let farm = try Farm(folder: folder)
    #expect(farm.agent.control.endpoint == "ipc://\(folder)/c" && farm.agent.bulk.endpoint == "ipc://\(folder)/b")
    for round in 0..<3 {
      let relay = try PipedCommand(relayAt: folder)
      let tunnel = try farm.tunnel(relay.command)
      try farm.connect()
      for number in 0..<5 { try farm.talk("round \(round) message \(number)") }
      kill(pid_t(relay.pid), SIGKILL)
      #expect(try tunnel.end().code == .closed)
      try farm.wait("the loss to be noticed", farm.agent.control) { $0 == .disconnected }
      try farm.wait("the loss to be noticed", farm.agent.bulk) { $0 == .disconnected }
    }
  }

  @Test("A key that is not admitted is refused through the tunnel too")
  func refused() throws {
    let place = TemporaryFolder("tunnel")
    let farm = try Farm(folder: place.file("r"))
    farm.list.remove(farm.key)
    let relay = try PipedCommand(relayAt: place.file("r"))
    let tunnel = try farm.tunnel(relay.command)
    try farm.wait("the refusal", farm.agent.control) { $0 == .refused }
    withExtendedLifetime(tunnel) {}
  }

  @Test("Over a real sshd: messages flow, the connection is cut, a new one carries on")
  func overSSH() throws {
    let place = TemporaryFolder("tunnel")
    let folder = place.file("r")
    let server = try TestSSHServer()
    let farm = try Farm(folder: folder)
    for round in 0..<2 {
      let ssh = try PipedCommand([
        "ssh", "-F", server.clientConfiguration, "-T", server.alias,
        "exec '\(product("pasha-agent"))' relay --dir '\(folder)'",
      ])
      let tunnel = try farm.tunnel(ssh.command)
      #expect(try tunnel.folder().path == folder)
      try farm.connect()
      for number in 0..<3 { try farm.talk("round \(round) message \(number)") }
      if round == 0 {
        // The connection's own processes on the host, as when the host's network goes.
        let listener = try #require(server.pid)
        for pid in server.connectionProcesses(of: listener) { kill(pid, SIGKILL) }
        #expect(try tunnel.end().code == .closed)
      } else {
        tunnel.stop()
        ssh.closeInput()
        #expect(try ssh.wait() == .exited(0))
        try eventually("the relay's end") { !Files.exists(folder + "/c") }
      }
    }
  }

  private struct NoSecrets: SecretSource {
    func passphrase(of keyFile: String, isRetry: Bool) -> String? { nil }
  }

  @Test("Over libssh2: messages flow, the host's sshd hangs up, a new connection carries on")
  func overLibSSH2() throws {
    let place = TemporaryFolder("tunnel")
    let folder = place.file("r")
    let server = try TestSSHServer()
    let farm = try Farm(folder: folder)
    for round in 0..<2 {
      let shell = try LibSSH2Shell(
        HostLogin(host: server.alias), settings: ShellSettings(configurationFile: server.clientConfiguration),
        secrets: NoSecrets())
      defer { shell.close() }
      let command = try shell.start("exec '\(product("pasha-agent"))' relay --dir '\(folder)'")
      let input = try #require(command.input)
      let tunnel = try farm.tunnel(
        TunnelCommand(input: input, output: command.output, errors: command.errors, ended: command.ended))
      #expect(try tunnel.folder().path == folder)
      try farm.connect()
      for number in 0..<3 { try farm.talk("round \(round) message \(number)") }
      guard round == 0 else { break }
      let listener = try #require(server.pid)
      for pid in server.connectionProcesses(of: listener) { kill(pid, SIGKILL) }
      #expect(try tunnel.end().isRetryable)
    }
  }

  @Test(
    "Folders that cannot be one are refused by name",
    arguments: ["unix:r", "unix:/" + String(repeating: "x", count: 105)])
  func folders(host: String) throws {
    let keys = try CurveKeyPair.generate()
    let address = CoordinatorAddress(host: host, controlPort: 1, bulkPort: 1, key: keys.publicKey)
    #expect(throws: MessagingError.self) { try AgentConnection(MessagingContext(), to: address, keys: keys) }
  }
}
