import Foundation
import HostSystem
import TestSupport
import Testing

@testable import SecureShell

@Suite struct KnownHostsTests {
  /// Keys made once for all tests here.
  private static let keys: (first: String, second: String, ecdsa: String) = {
    let folder = TemporaryFolder("keys")
    func key(_ kind: String, _ name: String) -> String {
      do {
        try TestSSHKeys.make(kind, at: folder.file(name))
      } catch {
        Issue.record("\(error)")
      }
      return (folder.read(name + ".pub") ?? "").split(separator: " ").prefix(2).joined(separator: " ")
    }
    return (key("ed25519", "a"), key("ed25519", "b"), key("ecdsa", "c"))
  }()

  private func blob(_ key: String) throws -> [UInt8] {
    try #require(Base64.decode(key.split(separator: " ")[1]))
  }

  private func verdict(
    _ text: String, host: String = "gpu1", port: Int? = 22, key: String? = nil
  ) throws -> KnownHosts.Verdict {
    KnownHosts(text: text, file: "known").verdict(host: host, port: port, key: try blob(key ?? Self.keys.first))
  }

  @Test(arguments: [
    ("gpu1", "gpu1", 22, true), ("GPU1", "gpu1", 22, true), ("gpu1", "GPU1", 22, true), ("gpu1", "gpu10", 22, false),
    ("gpu*", "gpu17.lab", 22, true), ("gpu?", "gpu1", 22, true), ("gpu?", "gpu", 22, false), ("*", "any", 22, true),
    ("gpu*,!gpu2", "gpu2", 22, false), ("gpu*,!gpu2", "gpu1", 22, true), ("!gpu1,*", "gpu1", 22, false),
    ("a,b,gpu1", "gpu1", 22, true), ("[gpu1]:2222", "gpu1", 2222, true), ("[gpu1]:2222", "gpu1", 22, false),
    ("[gpu*]:22*", "gpu1", 2200, true), ("[10.0.0.1]:2222", "10.0.0.1", 2222, true), ("10.0.*", "10.0.3.4", 22, true),
    // OpenSSH takes a key that it finds under the name without its port.
    ("gpu1", "gpu1", 2222, true), ("fe80::1", "fe80::1", 22, true),
  ])
  func names(pattern: String, host: String, port: Int, isKnown: Bool) throws {
    #expect(try verdict("\(pattern) \(Self.keys.first)\n", host: host, port: port) == (isKnown ? .known : .unknown))
  }

  /// The real thing decides with us whether a name is in a file.
  @Test func hashedNamesAsSSHKeygenMakesThem() throws {
    let folder = TemporaryFolder("known")
    let text = "gpu1 \(Self.keys.first)\n[gpu2]:2222 \(Self.keys.second)\n"
    let path = try folder.write("known_hosts", text)
    #expect(try CommandProcess("/usr/bin/ssh-keygen", ["-H", "-f", path]).wait() == 0)
    let hashed = try #require(folder.read("known_hosts"))
    #expect(!hashed.contains("gpu"))
    #expect(try verdict(hashed) == .known)
    #expect(try verdict(hashed, host: "gpu2", port: 2222, key: Self.keys.second) == .known)
    #expect(try verdict(hashed, host: "gpu2", port: 22, key: Self.keys.second) == .unknown)
    #expect(try verdict(hashed, host: "gpu3") == .unknown)
    for (name, isThere) in [("gpu1", true), ("[gpu2]:2222", true), ("gpu2", false)] {
      #expect(try (CommandProcess("/usr/bin/ssh-keygen", ["-F", name, "-f", path]).wait() == 0) == isThere)
    }
  }

  @Test func anotherKeyIsAChangeAndSaysWhere() throws {
    let text = "# comment\nother \(Self.keys.first)\ngpu1 \(Self.keys.second)\n"
    let second = try #require(PublicKey(try blob(Self.keys.second)))
    #expect(
      try verdict(text) == .changed(place: "known:3", type: "ssh-ed25519", fingerprint: second.fingerprint))
  }

  @Test func anotherKindOfKeyIsAChangeToo() throws {
    guard case .changed(let place, let type, _) = try verdict("gpu1 \(Self.keys.ecdsa)\n") else {
      Issue.record("not a change")
      return
    }
    #expect(place == "known:1")
    #expect(type == "ecdsa-sha2-nistp256")
  }

  @Test func twoKeysOfAHostAreBothGood() throws {
    let text = "gpu1 \(Self.keys.second)\ngpu1 \(Self.keys.first)\n"
    #expect(try verdict(text) == .known)
    #expect(try verdict(text, key: Self.keys.second) == .known)
  }

  @Test func aRevokedKeyIsRevokedWhateverElseIsSaid() throws {
    let text = "gpu1 \(Self.keys.first)\n@revoked * \(Self.keys.first)\n"
    #expect(try verdict(text) == .revoked(place: "known:2"))
    #expect(try verdict("@revoked other \(Self.keys.first)\ngpu1 \(Self.keys.first)\n") == .known)
    // A revoked line alone makes no other key known or changed.
    #expect(try verdict("@revoked gpu1 \(Self.keys.second)\n") == .unknown)
  }

  @Test(arguments: [
    "gpu1 ssh-ed25519", "gpu1 ssh-ed25519 notbase64", "gpu1 future-alg AAAA", "gpu1 1024 35 1234567", "@odd gpu1 a b",
    "|1|broken ssh-ed25519 AAAA", "stray",
  ])
  func aBrokenLineIsSkippedWithItsPlace(line: String) throws {
    let known = KnownHosts(text: "\n\(line)\ngpu1 \(Self.keys.first)\n", file: "known")
    #expect(known.verdict(host: "gpu1", port: 22, key: try blob(Self.keys.first)) == .known)
    #expect(known.warnings.count == 1)
    #expect(known.warnings.first?.hasPrefix("known:2: ") == true)
  }

  @Test func authoritiesAreNotedAndNotUsed() throws {
    let known = KnownHosts(text: "@cert-authority * \(Self.keys.first)\n", file: "known")
    #expect(known.verdict(host: "gpu1", port: 22, key: try blob(Self.keys.first)) == .unknown)
    #expect(known.warnings.count == 1)
  }

  @Test func theKindsOfKeyThatAreKnown() throws {
    let known = KnownHosts(
      text: "gpu1 \(Self.keys.ecdsa)\ngpu1 \(Self.keys.first)\n[gpu2]:2222 \(Self.keys.first)\n"
        + "@revoked gpu3 \(Self.keys.first)\n", file: "known")
    #expect(known.keyTypes(host: "GPU1", port: 22) == ["ecdsa-sha2-nistp256", "ssh-ed25519"])
    #expect(known.keyTypes(host: "gpu2", port: 2222) == ["ssh-ed25519"])
    #expect(known.keyTypes(host: "gpu2", port: 22) == [])
    #expect(known.keyTypes(host: "gpu3", port: 22) == [])
  }

  @Test func severalFilesCountTogetherAndMissingOnesAreEmpty() throws {
    let folder = TemporaryFolder("known")
    let first = try folder.write("first", "other \(Self.keys.first)\n")
    let second = try folder.write("second", "gpu1 \(Self.keys.first)\n")
    let known = KnownHosts(files: [first, folder.file("none"), second, "/dev/null"])
    #expect(known.verdict(host: "gpu1", port: 22, key: try blob(Self.keys.first)) == .known)
    #expect(known.warnings.isEmpty)
  }

  @Test func addingKeepsWhatIsThereAndNeverContradictsIt() throws {
    let folder = TemporaryFolder("known")
    let path = folder.file("new/folder/known_hosts")
    let first = try blob(Self.keys.first)
    #expect(try KnownHosts.add(to: path, host: "GPU1", port: 2222, key: first) == .known)
    #expect(try KnownHosts.add(to: path, host: "gpu1", port: 2222, key: first) == .known)
    #expect(folder.read("new/folder/known_hosts") == "[gpu1]:2222 \(Self.keys.first)\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    guard case .changed = try KnownHosts.add(to: path, host: "gpu1", port: 2222, key: try blob(Self.keys.second)) else {
      Issue.record("a second key was added")
      return
    }
    try folder.write("new/folder/known_hosts", "open \(Self.keys.first)")
    #expect(try KnownHosts.add(to: path, host: "gpu2", port: 22, key: first) == .known)
    #expect(folder.read("new/folder/known_hosts") == "open \(Self.keys.first)\ngpu2 \(Self.keys.first)\n")
  }

  @Test func aPatternFullOfStarsTakesNoTime() throws {
    let pattern = Array(String(repeating: "*a", count: 200).utf8)
    #expect(!HostPatterns.wildcard(pattern, Array(String(repeating: "a", count: 199).utf8)))
  }
}
