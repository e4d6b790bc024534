import Foundation
import TestSupport
import Testing

/// A host's key has a passphrase: the view asks for it, since its coordinator has no terminal.
@Suite struct PassphraseTests {
  @Test("the passphrase of a key is asked for in the view, and again after a wrong one")
  func passphrase() throws {
    let server = try TestSSHServer(alias: "gpu1")
    let run = try TerminalRun("locked")
    let key = run.place.folder.file("locked_key")
    try TestSSHKeys.make("ed25519", at: key, passphrase: "open sesame")
    let allowed = (server.folder.read("authorized_keys") ?? "") + (run.place.folder.read("locked_key.pub") ?? "")
    try server.folder.write("authorized_keys", allowed)
    let configuration = try run.place.folder.write(
      "ssh_config",
      """
      Host gpu1
        HostName \(server.address)
        Port \(server.port)
        User \(server.user)
        IdentityFile \(key)
        IdentitiesOnly yes
        UserKnownHostsFile \(server.knownHosts)
        GlobalKnownHostsFile /dev/null

      """)
    let text = try String(contentsOfFile: run.file, encoding: .utf8).replacing(
      "cluster: {", with: "cluster: {hosts: [gpu1], ssh_config: \(configuration), ")
    try run.place.folder.write("cluster.yml", text)
    let terminal = try run.terminal([run.file], environment: ["SSH_AUTH_SOCK": nil])
    try terminal.wait(for: "passphrase of \(key):", within: .seconds(120))
    terminal.type("wrong\r")
    try terminal.wait(for: "wrong passphrase; passphrase of", within: .seconds(60))
    terminal.type("open sesame")
    try terminal.wait { $0.text.contains("•••••••••••") }
    #expect(!terminal.text.contains("sesame"))
    terminal.type("\r")
    try terminal.wait(within: .seconds(180)) { $0.text.contains("gpu1  ready") || $0.text.contains("gpu1  preparing") }
    terminal.type("q")
    #expect(try terminal.waitForEnd() == 0)
    #expect(!terminal.written.contains(sequence: Array("sesame".utf8)))
    try run.stop()
  }
}

extension [UInt8] {
  fileprivate func contains(sequence: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: sequence) }
  }
}
