import Foundation
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

@Suite struct ConfigurationTests {
  private let folder = TemporaryFolder("ssh-config")

  private func read(_ text: String, _ login: HostLogin = HostLogin(host: "gpu1")) throws -> SSHConfiguration {
    try SSHConfiguration.read(login, file: try folder.write("config", text))
  }

  @Test func whatTheUserWroteComesOut() throws {
    let found = try read(
      """
      Host gpu1
        HostName 10.0.0.5
        User bob
        Port 2222
        IdentityFile /keys/one
        IdentityFile ~/two-%h-%r
        IdentitiesOnly yes
        UserKnownHostsFile /known/one /known/two
        GlobalKnownHostsFile /known/global
        HostKeyAlias farm
        StrictHostKeyChecking accept-new
        ConnectTimeout 7
        IdentityAgent /agent/socket
        AddressFamily inet
        ProxyJump alice@gate:2200,inner
      """)
    #expect(found.hostName == "10.0.0.5")
    #expect(found.user == "bob")
    #expect(found.port == 2222)
    #expect(found.identityFiles == ["/keys/one", "\(UserPaths.home)/two-10.0.0.5-bob"])
    #expect(found.identitiesOnly)
    #expect(found.knownHostsFiles == ["/known/one", "/known/two", "/known/global"])
    #expect(found.hostKeyAlias == "farm")
    #expect(found.keyName.host == "farm")
    #expect(found.keyName.port == nil)
    #expect(found.strictHostKeyChecking == "accept-new")
    #expect(found.connectTimeout == .seconds(7))
    #expect(found.identityAgent == "/agent/socket")
    #expect(found.addressFamily == "inet")
    #expect(found.jumps == ["alice@gate:2200", "inner"])
  }

  @Test func theLoginGoesBeforeTheConfiguration() throws {
    let login = HostLogin(host: "gpu1", user: "eve", port: 99, identityFile: "/keys/mine")
    let found = try read("Host gpu1\n  User bob\n  Port 2222\n  IdentityFile /keys/one\n", login)
    #expect(found.user == "eve")
    #expect(found.port == 99)
    #expect(found.identityFiles.first == "/keys/mine")
    #expect(found.identitiesOnly)
  }

  @Test func noneIsNone() throws {
    let found = try read("Host gpu1\n  IdentityAgent none\n  ProxyJump none\n  ProxyCommand none\n")
    #expect(found.identityAgent == nil)
    #expect(found.jumps.isEmpty)
    #expect(found.hostName == "gpu1")
  }

  @Test func aProxyCommandNeedsTheOtherClient() throws {
    let error = failure { _ = try read("Host gpu1\n  ProxyCommand nc %h %p\n") }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("ssh_client: openssh") == true)
  }

  @Test func aMistakeInTheFileIsShown() throws {
    let error = failure { _ = try read("Host gpu1\n  NoSuchThing yes\n") }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("gpu1") == true)
    #expect(error?.message.lowercased().contains("nosuchthing") == true || error?.message.contains("config") == true)
  }

  @Test func withoutSSHItsDefaultsHold() throws {
    let found = try SSHConfiguration.read(HostLogin(host: "gpu1", port: 77), file: nil, program: "/nowhere/ssh")
    #expect(found.hostName == "gpu1")
    #expect(found.port == 77)
    #expect(found.user == UserPaths.name)
    #expect(found.warnings.count == 1)
    let error = failure {
      _ = try SSHConfiguration.read(HostLogin(host: "gpu1"), file: "/some/config", program: "/nowhere/ssh")
    }
    #expect(error?.code == .configuration)
  }

  @Test(arguments: ["", "-oProxyCommand=touch /tmp/x", "gpu\n1"]) func namesThatAreNone(host: String) {
    #expect(failure { _ = try SSHConfiguration.read(HostLogin(host: host), file: nil) }?.code == .configuration)
  }

  @Test(arguments: [
    ("gate", HostLogin(host: "gate")), ("bob@gate", HostLogin(host: "gate", user: "bob")),
    ("bob@gate:22", HostLogin(host: "gate", user: "bob", port: 22)),
    ("[fe80::1]:22", HostLogin(host: "fe80::1", port: 22)),
    ("fe80::1", HostLogin(host: "fe80::1")), ("ssh://bob@gate:22", HostLogin(host: "gate", user: "bob", port: 22)),
    ("a@b@gate", HostLogin(host: "gate", user: "a@b")),
  ])
  func jumps(text: String, login: HostLogin) { #expect(HostLogin(jump: text) == login) }

  @Test(arguments: ["", "@gate", "gate:", "gate:x", "gate:0", "gate:70000", "[fe80::1]x", "bob@"])
  func noJumps(text: String) { #expect(HostLogin(jump: text) == nil) }
}
