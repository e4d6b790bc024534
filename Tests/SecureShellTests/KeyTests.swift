import Foundation
import HostSystem
import TestSupport
import Testing

@testable import SecureShell

/// Logging in with every kind of key.
@Suite(.serialized) struct KeyTests {
  private let server: TestSSHServer
  private let keys = TemporaryFolder("keys")

  init() throws {
    _ = ignoresBrokenPipes
    server = try TestSSHServer(identity: false)
  }

  private func connect(
    _ file: String, secrets: any SecretSource = NoSecrets(), options: [String] = []
  ) throws -> LibSSH2Shell {
    let base = ["IdentityFile \(file)", "IdentitiesOnly yes"]
    try server.writeClientConfiguration(identity: false, options: options + base)
    return try server.connect(secrets: secrets)
  }

  private func worksWith(_ file: String, secrets: any SecretSource = NoSecrets()) throws {
    try server.authorize(file + ".pub")
    #expect(try run(connect(file, secrets: secrets), "echo in").text == "in\n")
  }

  @Test(
    arguments: [
      ("ed25519", nil, nil), ("ecdsa", 256, nil), ("ecdsa", 384, nil), ("ecdsa", 521, nil), ("rsa", 2048, nil),
      ("rsa", 3072, nil), ("rsa", 2048, "PEM"), ("rsa", 4096, "PKCS8"), ("ecdsa", 256, "PEM"), ("ecdsa", 256, "PKCS8"),
    ] as [(String, Int?, String?)])
  func keysWithoutPassphrase(kind: String, bits: Int?, format: String?) throws {
    let file = keys.file("key")
    try TestSSHKeys.make(kind, at: file, bits: bits, format: format)
    try worksWith(file)
  }

  @Test(
    arguments: [
      ("ed25519", nil, nil), ("ecdsa", 256, nil), ("rsa", 2048, "PEM"), ("rsa", 2048, "PKCS8"), ("ecdsa", 256, "PEM"),
    ] as [(String, Int?, String?)])
  func keysWithAPassphrase(kind: String, bits: Int?, format: String?) throws {
    let file = keys.file("key")
    try TestSSHKeys.make(kind, at: file, bits: bits, passphrase: "open sesame", format: format)
    let secrets = GivenSecrets(["wrong", "open sesame"])
    try worksWith(file, secrets: secrets)
    #expect(secrets.asked.map(\.isRetry) == [false, true])
    #expect(secrets.asked.allSatisfy { $0.file == file })
    // It is known from now on.
    #expect(try run(connect(file), "echo again").text == "again\n")
  }

  @Test func aWrongPassphraseIsSaid() throws {
    let file = keys.file("key")
    try TestSSHKeys.make("ed25519", at: file, passphrase: "right")
    try server.authorize(file + ".pub")
    let secrets = GivenSecrets(["a", "b", "c", "right"])
    let error = failure { _ = try connect(file, secrets: secrets) }
    #expect(error?.code == .identity)
    #expect(error?.message.contains(file) == true)
    #expect(secrets.asked.count == 3)
  }

  @Test func nobodyIsAskedForAKeyThatTheHostDoesNotTake() throws {
    let file = keys.file("key")
    try TestSSHKeys.make("ed25519", at: file, passphrase: "right")
    let secrets = GivenSecrets(["right"])
    let error = failure { _ = try connect(file, secrets: secrets) }
    #expect(error?.code == .authentication)
    #expect(secrets.asked.isEmpty)
  }

  /// The host has lost its patience meanwhile: a second connection needs nobody.
  @Test func whoTypesSlowlyIsNotAskedAgain() throws {
    final class Slow: SecretSource {
      private(set) var count = 0
      func passphrase(of keyFile: String, isRetry: Bool) -> String? {
        count += 1
        usleep(8_000_000)
        return "right"
      }
    }
    let hasty = try TestSSHServer(options: ["LoginGraceTime 4"], identity: false)
    let file = keys.file("key")
    try TestSSHKeys.make("ed25519", at: file, passphrase: "right")
    try hasty.authorize(file + ".pub")
    try hasty.writeClientConfiguration(identity: false, options: ["IdentityFile \(file)", "IdentitiesOnly yes"])
    let slow = Slow()
    #expect(try run(hasty.connect(secrets: slow), "echo in").text == "in\n")
    #expect(slow.count == 1)
  }

  @Test func noPassphraseGiven() throws {
    let file = keys.file("key")
    try TestSSHKeys.make("ed25519", at: file, passphrase: "right")
    try server.authorize(file + ".pub")
    let error = failure { _ = try connect(file) }
    #expect(error?.code == .identity)
    #expect(error?.message.contains("ssh-add") == true)
  }

  @Test func anEncryptedRSAKeyNeedsTheAgent() throws {
    let file = keys.file("key")
    try TestSSHKeys.make("rsa", at: file, bits: 2048, passphrase: "right")
    try server.authorize(file + ".pub")
    let error = failure { _ = try connect(file, secrets: GivenSecrets(["right"])) }
    #expect(error?.code == .identity)
    #expect(error?.message.contains("ssh-add \(file)") == true)
  }

  @Test(arguments: ["ed25519", "ecdsa", "rsa"]) func theAgentSigns(kind: String) throws {
    let agent = try TestSSHAgent()
    let file = keys.file("key")
    try TestSSHKeys.make(kind, at: file)
    try server.authorize(file + ".pub")
    try agent.add(file)
    try FileManager.default.removeItem(atPath: file)
    try server.writeClientConfiguration(identity: false, options: ["IdentityAgent \(agent.socket)"])
    #expect(try run(server.connect(), "echo in").text == "in\n")
  }

  @Test func aPublicKeyFilePicksTheKeyOfTheAgent() throws {
    let agent = try TestSSHAgent()
    for name in ["a", "b", "c", "d", "e", "f", "g", "right"] {
      try TestSSHKeys.make("ed25519", at: keys.file(name))
      try agent.add(keys.file(name))
    }
    try server.authorize(keys.file("right.pub"))
    // Too many keys for the host when all of the agent's are tried.
    try server.writeClientConfiguration(identity: false, options: ["IdentityAgent \(agent.socket)"])
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .authentication)
    #expect(error?.message.contains("IdentitiesOnly") == true, "\(String(describing: error))")
    let options = ["IdentityAgent \(agent.socket)"]
    try FileManager.default.removeItem(atPath: keys.file("right"))
    #expect(try run(connect(keys.file("right.pub"), options: options), "echo in").text == "in\n")
  }

  @Test func anAgentThatIsNotThereIsToldOf() throws {
    let missing = keys.file("no-agent")
    try server.writeClientConfiguration(
      identity: false, options: ["IdentityAgent \(missing)", "IdentityFile \(keys.file("none"))"])
    let error = failure { _ = try server.connect() }
    #expect(error?.code == .identity)
    #expect(error?.message.contains(missing) == true)
  }

  @Test func noKeyAccepted() throws {
    let file = keys.file("key")
    try TestSSHKeys.make("ed25519", at: file)
    let error = failure { _ = try connect(file) }
    #expect(error?.code == .authentication)
    #expect(error?.message.contains(file) == true)
    #expect(error?.message.contains("publickey") == true)
    #expect(error?.message.contains("ssh-copy-id testhost") == true)
  }

  @Test func keysThatCannotBeRead() throws {
    let file = keys.file("key")
    try keys.write("key", "no key at all\n")
    #expect(failure { _ = try connect(file) }?.message.contains("no private key") == true)
    let missing = failure {
      _ = try LibSSH2Shell(
        HostLogin(host: "testhost", identityFile: keys.file("missing")), settings: server.settings, secrets: NoSecrets()
      )
    }
    #expect(missing?.code == .identity)
    #expect(missing?.message.contains("missing") == true)
    try FileManager.default.removeItem(atPath: file)
    try TestSSHKeys.make("ed25519", at: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    #expect(failure { _ = try connect(file) }?.message.contains("chmod 600 \(file)") == true)
    let whole = try #require(keys.read("key"))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    for count in stride(from: 60, to: whole.utf8.count - 40, by: 40) {
      try keys.write("key", String(whole.prefix(count)) + "\n-----END OPENSSH PRIVATE KEY-----\n")
      #expect(failure { _ = try connect(file) } != nil)
    }
  }

  @Test func aHostThatTakesPasswordsAlone() throws {
    let strict = try TestSSHServer(options: ["PubkeyAuthentication no", "PasswordAuthentication yes"])
    let error = failure { _ = try strict.connect() }
    #expect(error?.code == .authentication)
    #expect(error?.message.contains("password") == true)
  }
}
