import Foundation
import HostSystem
import TestSupport
import Testing

@testable import SecureShell

/// Who the host is, found out before anything is said to it.
@Suite(.serialized) struct HostKeyTests {
  init() { _ = ignoresBrokenPipes }

  @Test func anUnknownHostIsRefusedWithTheWayOut() throws {
    let server = try TestSSHServer(isKnown: false)
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .hostKeyUnknown)
    let fingerprint = try self.fingerprint(server, "ed25519")
    for part in [fingerprint, "[127.0.0.1]:\(server.port)", "accept-new", "ssh-keyscan -p \(server.port)"] {
      #expect(error?.message.contains(part) == true, "\(part): \(error?.message ?? "")")
    }
    // Nothing of authentication was sent.
    #expect(!server.log.contains("userauth-request for user"))
  }

  @Test func acceptNewNotesTheKeyAndHoldsToIt() throws {
    let server = try TestSSHServer(isKnown: false)
    let own = server.folder.file("own/known_hosts")
    let settings = server.settings(.acceptNew, own: own)
    let login = HostLogin(host: server.alias)
    _ = try LibSSH2Shell(login, settings: settings, secrets: NoSecrets())
    #expect(server.folder.read("own/known_hosts") == server.knownHostsLines())
    #expect(server.folder.read("known_hosts")?.isEmpty == true)
    // What is noted counts where it is strict, too.
    _ = try LibSSH2Shell(login, settings: server.settings(.strict, own: own), secrets: NoSecrets())
    server.stop()
    try server.makeHostKey("ed25519")
    try server.start()
    let error = failure { _ = try LibSSH2Shell(login, settings: settings, secrets: NoSecrets()) }
    #expect(error?.code == .hostKeyChanged)
    #expect(error?.message.contains("\(own):1") == true)
  }

  @Test func aChangedKeySaysWhereTheOldOneStands() throws {
    let server = try TestSSHServer()
    server.stop()
    try server.makeHostKey("ed25519")
    try server.start()
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .hostKeyChanged)
    #expect(error?.message.contains("\(server.knownHosts):1") == true)
    #expect(error?.message.contains("ssh-keygen -f \(server.knownHosts) -R '[127.0.0.1]:\(server.port)'") == true)
    #expect(error?.message.split(separator: "SHA256:").count == 3)
    #expect(error?.isRetryable == false)
  }

  @Test func aRevokedKey() throws {
    let server = try TestSSHServer()
    let key = server.knownHostsLines().split(separator: " ").dropFirst().joined(separator: " ")
    try server.folder.write("known_hosts", server.knownHostsLines() + "@revoked * " + key)
    #expect(failure { _ = try server.connect() }?.code == .hostKeyRevoked)
  }

  /// libssh2 would ask for ECDSA first and see a key that nobody knows.
  @Test(arguments: ["ed25519", "ecdsa"]) func theKnownKindOfKeyIsAskedFor(kind: String) throws {
    let server = try TestSSHServer(hostKeys: ["ecdsa", "ed25519", "rsa"])
    try server.folder.write("known_hosts", server.knownHostsLines([kind]))
    let shell = try server.connect()
    #expect(try shell.connection.hostKey == fingerprint(server, kind))
  }

  /// As `ssh-keygen` says it.
  private func fingerprint(_ server: TestSSHServer, _ kind: String) throws -> String {
    let command = try CommandProcess("/usr/bin/ssh-keygen", ["-l", "-f", server.folder.file("host_\(kind).pub")])
    try command.wait(limit: 20)
    return try #require(command.output.split(separator: " ").dropFirst().first.map(String.init))
  }

  @Test func aHostKnownByAnotherKindOfKeyAlone() throws {
    let server = try TestSSHServer(hostKeys: ["ed25519", "rsa"])
    try server.folder.write("known_hosts", server.knownHostsLines(["rsa"]))
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .hostKeyChanged)
    #expect(error?.message.contains("ssh-rsa") == true)
    #expect(error?.message.contains("ssh-keyscan -t ed25519") == true)
  }

  @Test func aHostWithAnRSAKeyAloneNeedsTheOtherClient() throws {
    let server = try TestSSHServer(hostKeys: ["rsa"])
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .handshake)
    #expect(error?.message.contains("ssh_client: openssh") == true)
  }

  @Test func hashedNamesAndWildcards() throws {
    let server = try TestSSHServer()
    let path = server.knownHosts
    #expect(try CommandProcess("/usr/bin/ssh-keygen", ["-H", "-f", path]).wait() == 0)
    #expect(server.folder.read("known_hosts")?.hasPrefix("|1|") == true)
    _ = try server.connect()
    let key = server.knownHostsLines().split(separator: " ").dropFirst().joined(separator: " ")
    try server.folder.write("known_hosts", "[127.0.0.*]:* \(key)")
    _ = try server.connect()
    try server.folder.write("known_hosts", "[127.0.0.*]:*,![127.0.0.1]:\(server.port) \(key)")
    #expect(failure { _ = try server.connect() }?.code == .hostKeyUnknown)
  }

  @Test func anAliasIsWhatTheKeyStandsUnder() throws {
    let server = try TestSSHServer(clientOptions: ["HostKeyAlias farm"])
    #expect(failure { _ = try server.connect() }?.code == .hostKeyUnknown)
    let key = server.knownHostsLines().split(separator: " ").dropFirst().joined(separator: " ")
    try server.folder.write("known_hosts", "farm \(key)")
    _ = try server.connect()
  }

  @Test func brokenLinesAreToldOf() throws {
    let server = try TestSSHServer()
    try server.folder.write("known_hosts", "host future-alg AAAA\n" + server.knownHostsLines())
    let shell = try server.connect()
    #expect(shell.connection.warnings.count == 1)
    #expect(shell.connection.warnings.first?.contains("\(server.knownHosts):1") == true)
  }
}
