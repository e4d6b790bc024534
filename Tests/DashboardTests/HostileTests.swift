import Dashboard
import Foundation
import HostSystem
import Testing
import TuningModel

@Suite("Whoever talks to the page's server")
struct HostileTests {
  @Test("is turned away under another name than the server's own")
  func hosts() async throws {
    try await ServedRun.with { run in
      for host in [
        "evil.example", "evil.example:\(run.port)", "127.0.0.1", "127.0.0.1:1", "localhost.:\(run.port)",
        "127.0.0.1:\(run.port)@evil.example", "", "127.0.0.2:\(run.port)", "[::1]",
      ] {
        let answer = try run.request("GET", "/api/v1/run", host: host)
        #expect(answer.status == 421 || answer.status == 400, "\(host): \(answer.status)")
      }
      for host in ["127.0.0.1:\(run.port)", "localhost:\(run.port)", "LOCALHOST:\(run.port)", "[::1]:\(run.port)"] {
        #expect(try run.request("GET", "/api/v1/run", host: host).status == 200, "\(host)")
      }
      let twice = try run.request("GET", "/api/v1/run", ["Host: evil.example"])
      #expect(twice.status == 400 || twice.status == 421)
      let none = try RawClient(port: run.port)
      try none.send("GET /api/v1/run HTTP/1.0\r\nConnection: close\r\n\r\n")
      #expect(try Answer(none.readAll(within: .seconds(10))).status == 421)
    }
  }

  @Test("is turned away from another page")
  func origins() async throws {
    try await ServedRun.with { run in
      let headers = [
        "Content-Type: application/json", "Content-Length: 2", "Authorization: Bearer \(run.server.token)",
      ]
      let others = ["http://evil.example", "null", "https://127.0.0.1:\(run.port)", "http://127.0.0.1:1", ""]
      for origin in others {
        let posted = try run.request("POST", "/api/v1/commands", headers + ["Origin: \(origin)"], "{}")
        #expect(posted.status == 403 && posted.errorCode == "forbidden", "\(origin)")
        #expect(try run.get("/api/v1/run", ["Origin: \(origin)"]).status == 403)
      }
      let own = try run.request("POST", "/api/v1/commands", headers + ["Origin: http://localhost:\(run.port)"], "{}")
      #expect(own.status == 400, "the command is empty")
      let answer = try run.get("/api/v1/run", ["Origin: http://127.0.0.1:\(run.port)"])
      #expect(answer.status == 200 && answer.headers.keys.allSatisfy { !$0.hasPrefix("access-control") })
    }
  }

  @Test("reads no file but the page's own")
  func files() async throws {
    try await ServedRun.with { run in
      for path in [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/index.html/..",
        "/./",
        "/index.html%00.js", "/journal.sqlite", "/page.token", "/api/v1/trials/0/../../run", "/api/v1/trials/0/log/x",
        "/api/v1/trials/00000000000", "/api/v1/trials/-1", "/api/v1/trials/2147483648", "/api/v1/trials/",
        "/api/v2/run",
        "/INDEX.HTML", "/index.html/",
      ] {
        let answer = try run.get(path)
        #expect(answer.status == 404 && answer.errorCode == "not_found", "\(path): \(answer.status)")
      }
      for path in ["*", "api/v1/run"] {
        #expect([400, 404, 421].contains(try run.get(path).status), "\(path)")
      }
      let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Dashboard/Page")
      let files = try FileManager.default.contentsOfDirectory(atPath: page.path())
      #expect(files.contains("index.html"))
      for name in files {
        let answer = try run.get("/" + name)
        #expect(answer.status == 200)
        #expect(Array(answer.body.utf8) == [UInt8](try Data(contentsOf: page.appending(path: name))), "\(name)")
      }
      let index = try run.get("/")
      #expect(index.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
      #expect(index.headers["x-content-type-options"] == "nosniff")
      #expect(index.headers["referrer-policy"] == "no-referrer")
      #expect(try run.get("/", ["If-None-Match: \(index.headers["etag"] ?? "")"]).status == 304)
    }
  }

  @Test("is told which methods there are")
  func methods() async throws {
    try await ServedRun.with { run in
      for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        for path in ["/", "/api/v1/run", "/api/v1/stream", "/metrics"] {
          let answer = try run.request(method, path)
          #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD", "\(method) \(path): \(answer.status)")
        }
      }
      let answer = try run.get("/api/v1/commands")
      #expect(answer.status == 405 && answer.headers["allow"] == "POST")
      let head = try run.request("HEAD", "/api/v1/run")
      #expect(head.status == 200 && head.body.isEmpty && Int(head.headers["content-length"] ?? "") ?? 0 > 100)
    }
  }

  @Test("cannot send a gigabyte")
  func largeBodies() async throws {
    try await ServedRun.with { run in
      let head =
        "POST /api/v1/commands HTTP/1.1\r\nHost: 127.0.0.1:\(run.port)\r\nContent-Type: application/json\r\n"
        + "Authorization: Bearer \(run.server.token)\r\n"
      let announced = try RawClient(port: run.port)
      try announced.send(head + "Content-Length: 1073741824\r\n\r\n")
      #expect(try Answer(announced.readAll(within: .seconds(10))).status == 413)
      // In pieces, of which nobody said how many there are.
      let chunked = try RawClient(port: run.port)
      try chunked.send(head + "Transfer-Encoding: chunked\r\n\r\n")
      let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 0x20, count: 65_536) + Array("\r\n".utf8)
      var sent = 0
      do {
        while sent < 1 << 30 {
          try chunked.send(piece)
          sent += piece.count
        }
      } catch is SystemError {}
      #expect(sent < 64 << 20, "the connection ends long before a gigabyte was sent")
      #expect(try run.get("/api/v1/run").status == 200)
    }
  }

  @Test("cannot keep the server busy by being slow or silent")
  func slowClients() async throws {
    try await ServedRun.with(options: PageServer.Options(idleTimeout: .milliseconds(1500))) { run in
      // Says nothing; stops in the middle of its head; sends a byte now and then.
      let silent = try RawClient(port: run.port)
      let stuck = try RawClient(port: run.port)
      try stuck.send("GET /api/v1/run HTTP/1.1\r\nHost: 127")
      let body = try RawClient(port: run.port)
      try body.send(
        "POST /api/v1/commands HTTP/1.1\r\nHost: 127.0.0.1:\(run.port)\r\nContent-Type: application/json\r\n"
          + "Authorization: Bearer \(run.server.token)\r\nContent-Length: 1000\r\n\r\n{")
      let trickle = try RawClient(port: run.port)
      let begun = HostClock.now
      var isClosed = false
      for byte in "GET /api/v1/run HTTP/1.1\r\nX-Slow: \(String(repeating: "a", count: 200))".utf8 {
        guard HostClock.now - begun < .seconds(12) else { break }
        do { try trickle.send([byte]) } catch {
          isClosed = true
          break
        }
        usleep(100_000)
      }
      #expect(isClosed, "a byte every tenth of a second is not a request")
      for client in [silent, stuck, body] { _ = try client.readAll(within: .seconds(10)) }
      #expect(try run.get("/api/v1/run").status == 200)
    }
  }

  @Test("cannot flood it with headers or long addresses")
  func headers() async throws {
    try await ServedRun.with { run in
      let many = (0..<2000).map { "X-\($0): y" }
      #expect([0, 400, 431].contains(try run.get("/api/v1/run", many).status))
      let large = try? run.get("/api/v1/run", ["X-Large: " + String(repeating: "y", count: 1 << 20)])
      #expect([nil, 0, 400, 431].contains(large?.status))
      let long = try? run.get("/api/v1/run?" + String(repeating: "y", count: 12_000))
      #expect(long?.status == 400)
      for garbage in ["\0\0\0\0\0\0", "GET / HTTP/9.9\r\n", "GET  HTTP/1.1\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0"] {
        let client = try RawClient(port: run.port)
        try client.send(garbage + "\r\n\r\n")
        _ = try? client.readAll(within: .seconds(1))
      }
      #expect(try run.get("/api/v1/run").status == 200)
    }
  }

  @Test("is told what is wrong with what is no request, after the answers to those before it")
  func noRequests() async throws {
    try await ServedRun.with { run in
      let host = "Host: 127.0.0.1:\(run.port)\r\n"
      let get = "GET /api/v1/curves"
      for (text, words) in [
        (get + "?ids=" + String(repeating: "1", count: 17_000) + " HTTP/1.1\r\n\(host)\r\n", "at most 16 KiB"),
        (get + " HTTP/1.1\r\n" + host + String(repeating: "X: y\r\n", count: 101) + "\r\n", "100 fields"),
        (get + "?ids=1é HTTP/1.1\r\n\(host)\r\n", "percent-encoded"),
        ("FETCH /api/v1/curves HTTP/1.1\r\n\(host)\r\n", "method"), (get + " HTTP/9.9\r\n\r\n", "version"),
        (get + " HTTP/1.1\r\n\(host)X y: z\r\n\r\n", "header field"),
        (get + " HTTP/1.1\r\n\(host)Content-Length: x\r\n\r\n", "content length"),
      ] {
        let client = try RawClient(port: run.port)
        try client.send(text)
        let answer = try Answer(client.readAll(within: .seconds(10)))
        #expect(answer.status == 400 && answer.errorCode == "bad_request" && answer.body.contains(words), "\(answer)")
        #expect(answer.headers["content-type"] == "application/json" && answer.headers["x-frame-options"] == "DENY")
      }
      let client = try RawClient(port: run.port)
      let health = "GET /healthz HTTP/1.1\r\n\(host)\r\n"
      try client.send(health + health + "FETCH / HTTP/1.1\r\n\r\n")
      let answers = String(decoding: try client.readAll(within: .seconds(10)), as: UTF8.self)
      let statuses = answers.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
      #expect(statuses == ["200", "200", "400"], "\(answers)")
      let body = try RawClient(port: run.port)
      try body.send(
        "POST /api/v1/commands HTTP/1.1\r\n\(host)Content-Type: application/json\r\nConnection: close\r\n"
          + "Authorization: Bearer \(run.server.token)\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
      let broken = try Answer(body.readAll(within: .seconds(10)))
      #expect(broken.status == 400 && broken.body.contains("chunk"), "\(broken)")
    }
  }

  @Test("opens no more streams than there may be, and others take the places of those that have gone")
  func streams() async throws {
    try await ServedRun.with { run in
      var open: [RawClient] = []
      for _ in 0..<64 {
        let client = try RawClient(port: run.port)
        try client.send("GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:\(run.port)\r\n\r\n")
        _ = try client.read(upTo: "event: changed", within: .seconds(10))
        open.append(client)
      }
      let refused = try run.get("/api/v1/stream")
      #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
      open.removeAll()
      try eventually {
        let client = try RawClient(port: run.port)
        try client.send("GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:\(run.port)\r\n\r\n")
        return try client.read(upTo: "\r\n\r\n", within: .seconds(5)).contains(" 200 ")
      }
    }
  }

  @Test("waits when there are too many connections, and nobody else loses")
  func connections() async throws {
    try await ServedRun.with(options: PageServer.Options(idleTimeout: .milliseconds(1000), mostConnections: 20)) {
      run in
      let silent = try (0..<60).map { _ in try RawClient(port: run.port) }
      // Those that say nothing go after a second, and so there is room again.
      #expect(try run.get("/api/v1/run").status == 200)
      withExtendedLifetime(silent) {}
    }
  }

  @Test("reads nothing without the token where reading is guarded")
  func guarded() async throws {
    try await ServedRun.with(options: PageServer.Options(guardsReading: true)) { run in
      for path in ["/api/v1/run", "/api/v1/stream", "/metrics", "/api/v1/trials/0/log"] {
        let answer = try run.get(path)
        #expect(answer.status == 401 && answer.headers["www-authenticate"] == "Bearer", "\(path)")
        #expect(try run.get(path, ["Authorization: Bearer \(run.server.token)x"]).status == 401)
      }
      #expect(try run.get("/api/v1/run", ["Authorization: bearer \(run.server.token)"]).status == 200)
      #expect(try run.get("/").status == 200 && run.get("/healthz").status == 200)
    }
  }

  @Test("cannot be on another machine")
  func addresses() async throws {
    for address in ["0.0.0.0", "::", "192.168.0.1", "example.org", ""] {
      await #expect(throws: DashboardError.self) {
        try await ServedRun.with(options: PageServer.Options(address: address)) { _ in }
      }
    }
  }
}
