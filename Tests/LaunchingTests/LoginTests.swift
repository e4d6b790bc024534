import Foundation
import HostSystem
import Launching
import TestSupport
import Testing
import TuningModel

extension LaunchingOverSSH {
  /// How hosts refuse, by either way of speaking SSH: the same codes, and a message that names host and way out.
  @Suite struct LoginTests {
    static let clients = ["openssh", "libssh2"]

    /// A task that needs nothing but the login.
    func task(_ server: TestSSHServer, _ client: String, hostKeys: String = "strict", known: String? = nil) -> HostTask
    {
      HostTask(
        .inspect, name: server.alias, login: .init(host: server.alias),
        ssh: .init(
          client: client, hostKeys: hostKeys, ownKnownHosts: known, configurationFile: server.clientConfiguration,
          stepLimit: .seconds(5)), program: .installed(path: server.folder.file("tool")), run: "r")
    }

    func server(_ options: [String] = [], isKnown: Bool = true, clientOptions: [String] = []) throws -> TestSSHServer {
      let server = try TestSSHServer(options: options, isKnown: isKnown, clientOptions: clientOptions)
      try server.folder.write("tool", "#!/bin/sh\necho '{}'\n", mode: 0o700)
      return server
    }

    func isLetIn(_ task: HostTask) throws -> Bool {
      let launch = try DrivenLaunch(task)
      let last = try launch.last()
      guard case .inspected = last else { throw WaitedInVain(description: "\(launch.events)") }
      return true
    }

    @Test(arguments: clients) func anUnknownHostIsRefusedUnlessNewOnesAreTaken(_ client: String) throws {
      let server = try server(isKnown: false)
      let own = server.folder.file("own_known_hosts")
      let failure = try DrivenLaunch(task(server, client, known: own)).failure()
      #expect(failure.code == "host_key_unknown" && !failure.isRetryable, "\(failure)")
      #expect(failure.message.contains(server.alias) && failure.message.contains("accept-new"), "\(failure)")
      #expect(try isLetIn(task(server, client, hostKeys: "accept-new", known: own)))
      // Kept in pasha's own file, not in the user's; it counts from then on.
      #expect(server.folder.read("own_known_hosts")?.contains("ssh-ed25519") == true)
      #expect(server.folder.read("known_hosts") == "")
      #expect(try isLetIn(task(server, client, known: own)))
      // A key that changes is refused whatever the way.
      server.stop()
      try server.makeHostKey("ed25519")
      try server.start()
      let changed = try DrivenLaunch(task(server, client, hostKeys: "accept-new", known: own)).failure()
      #expect(changed.code == "host_key_changed" && !changed.isRetryable, "\(changed)")
    }

    @Test(arguments: clients) func aRevokedKeyIsRefused(_ client: String) throws {
      let server = try server()
      let line = try #require(server.folder.read("known_hosts"))
      let key = line.split(separator: " ").dropFirst().joined(separator: " ")
      try server.folder.write("known_hosts", line + "@revoked * \(key)")
      let failure = try DrivenLaunch(task(server, client)).failure()
      #expect(failure.code == "host_key_revoked", "\(failure)")
    }

    @Test(arguments: clients) func aKeyThatIsNotLetInIsNamed(_ client: String) throws {
      let server = try server()
      try server.folder.write("authorized_keys", "")
      let failure = try DrivenLaunch(task(server, client)).failure()
      #expect(failure.code == "authentication" && failure.message.contains(server.alias), "\(failure)")
    }

    @Test(arguments: clients) func aHostThatIsNotThereIsTriedAgain(_ client: String) throws {
      let server = try server()
      server.stop()
      let failure = try DrivenLaunch(task(server, client)).failure()
      #expect(failure.code == "unreachable" && failure.isRetryable, "\(failure)")
      var nowhere = task(server, client)
      nowhere.login.host = "no-such-host.invalid"
      #expect(try DrivenLaunch(nowhere).failure().code == "unreachable")
    }

    @Test(arguments: clients) func aBadConfigurationIsNamed(_ client: String) throws {
      let server = try server(clientOptions: ["NoSuchOption yes"])
      let failure = try DrivenLaunch(task(server, client)).failure()
      #expect(failure.code == "configuration" && !failure.isRetryable, "\(failure)")
      #expect(failure.message.contains(server.clientConfiguration), "\(failure)")
      if client == "openssh" { #expect(failure.message.lowercased().contains("nosuchoption"), "\(failure)") }
    }

    @Test(arguments: clients) func whatLooksLikeAnOptionIsNoHost(_ client: String) throws {
      let server = try server()
      var task = task(server, client)
      task.login.host = "-oProxyCommand=touch \(server.folder.file("pwned"))"
      #expect(try DrivenLaunch(task).failure().code == "configuration")
      #expect(server.folder.read("pwned") == nil)
    }

    @Test func aPassphraseIsAskedForUntilItFits() throws {
      let server = try server()
      let key = server.folder.file("locked")
      try TestSSHKeys.make("ed25519", at: key, passphrase: "open sesame")
      try server.folder.write("authorized_keys", try String(contentsOfFile: "\(key).pub", encoding: .utf8))
      var task = task(server, "libssh2")
      task.login.identityFile = key
      let launch = try DrivenLaunch(task)
      func asked() throws -> Bool {
        try launch.until("the question") { event in
          if case .ask(let file, let isRetry) = event, file == key { isRetry } else { nil }
        }
      }
      #expect(try asked() == false)
      launch.launch.answer(secret: "wrong")
      #expect(try asked() == true)
      launch.launch.answer(secret: "open sesame")
      guard case .inspected = try launch.last() else { throw WaitedInVain(description: "\(launch.events)") }

      let other = try DrivenLaunch(task)
      try other.until("the question") { event in if case .ask = event { () } else { nil } }
      other.launch.answer(secret: nil)
      let failure = try other.failure()
      #expect(
        ["authentication", "identity"].contains(failure.code) && failure.message.contains("locked"), "\(failure)")
    }
  }
}
