import Dashboard
import Foundation
import HostSystem
import TestSupport
import Testing

/// An address that other machines reach, as far as the server knows; connections to 127.0.0.1 arrive there.
private let mapped = "::ffff:127.0.0.1"

@Suite("The page at another address than loopback")
struct EncryptionTests {
  private static let fixtures = repositoryRoot().appendingPathComponent("Tests/Fixtures/page-tls")

  /// A key as its owner keeps it: a checkout gives it to all.
  private static func encryption(_ folder: TemporaryFolder, key: String = "key.pem", mode: Int = 0o600) throws
    -> PageServer.Encryption
  {
    let path = folder.file(key)
    try FileManager.default.copyItem(at: fixtures.appendingPathComponent(key), to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return PageServer.Encryption(
      certificate: fixtures.appendingPathComponent("certificate.pem").path(percentEncoded: false), key: path)
  }

  private static func options(_ folder: TemporaryFolder) throws -> PageServer.Options {
    var options = PageServer.Options(address: mapped)
    options.encryption = try encryption(folder)
    options.hostNames = ["login.lab", "Other.Lab"]
    return options
  }

  /// What Python's own client, which checks the certificate for `login.lab`, gets: the status, or the error's kind.
  private static func ask(_ run: ServedRun, _ path: String, host: String? = nil, headers: [String: String] = [:]) throws
    -> String
  {
    let script = """
      import http.client, socket, ssl, sys
      port, path, host, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
      context = ssl.create_default_context(cafile=certificate)
      try:
          raw = socket.create_connection(("127.0.0.1", port), 20)
          connection = http.client.HTTPConnection("login.lab", port)
          connection.sock = context.wrap_socket(raw, server_hostname="login.lab")
          words = dict(word.split("=", 1) for word in sys.argv[5:])
          connection.request("GET", path, headers={"Host": host, **words})
          response = connection.getresponse()
          print(response.status, connection.sock.version(), response.getheader("www-authenticate"))
      except OSError as error:
          print(type(error).__name__)
      """
    let client = try CommandProcess(
      "/usr/bin/env",
      [
        "python3", "-c", script, "\(run.port)", path, host ?? "login.lab:\(run.port)",
        fixtures.appendingPathComponent("certificate.pem").path(percentEncoded: false),
      ] + headers.map { "\($0.key)=\($0.value)" })
    guard try client.wait() == 0 else { throw DashboardError(client.errors) }
    return client.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("is encrypted, and shows nothing without the token")
  func token() async throws {
    let folder = TemporaryFolder("tls")
    try await ServedRun.with(options: Self.options(folder), isReachable: Self.answers) { run in
      let token = ["Authorization": "Bearer \(run.server.token)"]
      #expect(try Self.ask(run, "/api/v1/run") == "401 TLSv1.3 Bearer")
      #expect(try Self.ask(run, "/metrics") == "401 TLSv1.3 Bearer")
      #expect(
        try Self.ask(run, "/api/v1/run", headers: ["Authorization": "Bearer \(run.server.token)0"])
          == "401 TLSv1.3 Bearer")
      #expect(try Self.ask(run, "/api/v1/run", headers: token) == "200 TLSv1.3 None")
      #expect(try Self.ask(run, "/").hasPrefix("200 "))
      // It says that reading needs the token, to whoever asks.
      #expect(try Self.ask(run, "/api/v1/access") == "200 TLSv1.3 None")
      for host in ["other.lab:\(run.port)", "[\(mapped)]:\(run.port)"] {
        #expect(try Self.ask(run, "/api/v1/run", host: host, headers: token).hasPrefix("200 "), "\(host)")
      }
      for host in ["evil.lab:\(run.port)", "login.lab", "localhost:\(run.port)"] {
        #expect(try Self.ask(run, "/api/v1/run", host: host, headers: token).hasPrefix("421 "), "\(host)")
      }
      for (origin, status) in [
        ("https://login.lab:\(run.port)", "200 "), ("http://login.lab:\(run.port)", "403 "),
        ("https://evil.lab", "403 "),
      ] {
        let answer = try Self.ask(run, "/api/v1/run", headers: token.merging(["Origin": origin]) { $1 })
        #expect(answer.hasPrefix(status), "\(origin): \(answer)")
      }
    }
  }

  @Test("says nothing to those who do not encrypt, and goes on")
  func plain() async throws {
    let folder = TemporaryFolder("tls")
    var options = try Self.options(folder)
    options.idleTimeout = .seconds(2)
    try await ServedRun.with(options: options, isReachable: Self.answers) { run in
      let plain = try RawClient(port: run.port)
      try plain.send("GET /api/v1/run HTTP/1.1\r\nHost: login.lab:\(run.port)\r\n\r\n")
      let answer = String(decoding: (try? plain.readAll(within: .seconds(10))) ?? [], as: UTF8.self)
      #expect(!answer.contains("HTTP/"), "\(answer)")
      // Those that never begin to are closed.
      let silent = try RawClient(port: run.port)
      #expect(try silent.readAll(within: .seconds(10)).isEmpty)
      #expect(try Self.ask(run, "/api/v1/run") == "401 TLSv1.3 Bearer")
    }
  }

  @Test("takes a certificate with its key, which is its owner's alone, and a name")
  func mistakes() async throws {
    let folder = TemporaryFolder("tls")
    let readable = try Self.encryption(folder, mode: 0o644)
    let other = try Self.encryption(folder, key: "other-key.pem")
    let good = PageServer.Encryption(certificate: readable.certificate, key: readable.key)
    func problem(_ address: String, _ encryption: PageServer.Encryption?, _ names: [String] = ["login.lab"]) async
      -> String
    {
      var options = PageServer.Options(address: address)
      options.encryption = encryption
      options.hostNames = names
      do {
        try await ServedRun.with(options: options) { _ in }
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(await problem(mapped, nil).contains("other addresses take --tls-certificate and --tls-key"))
    #expect(await problem(mapped, readable).contains("chmod 600"))
    #expect(await problem(mapped, other).contains("is not the one of the certificate"))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: good.key)
    #expect(await problem("0.0.0.0", good, []).contains("--host-name"))
    #expect(await problem("::", good, []).contains("--host-name"))
    #expect(await problem(mapped, good, ["a b"]).contains("a host name is"))
    #expect(await problem("login.lab", good).contains("in numbers"))
    let swapped = PageServer.Encryption(certificate: good.key, key: good.key)
    #expect(await problem(mapped, swapped).contains("no certificate in PEM format"))
    let missing = PageServer.Encryption(certificate: good.certificate, key: "/nowhere/key.pem")
    #expect(await problem(mapped, missing).contains("/nowhere/key.pem"))
  }

  private static let answers: @Sendable (ServedRun) -> Bool = { run in
    (try? ask(run, "/api/v1/run", headers: ["Authorization": "Bearer \(run.server.token)"]))?.hasPrefix("200 ") == true
  }
}
