import Coordination
import Dashboard
import Foundation
import HostSystem
import Journal
import Presentation
import Simulation
import TestSupport
import TuningModel

/// The page of a run under faults, served on loopback from a journal on disk, with a coordinator that is made up.
final class ServedRun: Sendable {
  let folder: TemporaryFolder
  let journal: Journal
  let facts: [StampedFact]
  let port: Int
  let server: PageServer
  private let task: Task<Void, any Error>
  private let made: Locked<Made>

  /// What the coordinator is to say, and was asked.
  struct Made: Sendable {
    var presence = CoordinatorPresence.running(pid: 1)
    var answers: [String: JSONValue] = [:]
    var questions: [JSONValue] = []
  }

  /// Serves a run while the body, on a thread of its own, asks: it may wait, which the threads of tasks may not.
  /// - Parameter share: how much of the run has happened.
  static func with(
    seed: UInt64 = 5, share: Double = 0.6, options: PageServer.Options = PageServer.Options(),
    isReachable: @escaping @Sendable (ServedRun) -> Bool = { run in
      (try? run.get("/api/v1/run", ["Authorization: Bearer \(run.server.token)"]).status) == 200
    },
    _ body: @escaping @Sendable (ServedRun) throws -> Void
  ) async throws {
    let run = try await ServedRun(seed: seed, share: share, options: options)
    let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
      let thread = WorkerThread(name: "test") {
        continuation.resume(
          returning: Result {
            try eventually { isReachable(run) }
            // SwiftNIO traps where a server is cancelled while connections wait to be taken in: none does once
            // requests are answered again. `pasha-page` ends its process instead.
            defer { for _ in 0..<3 { try? eventually { isReachable(run) } } }
            try body(run)
          })
      }
      precondition(thread != nil, "no room for one more thread")
    }
    await run.stop()
    try result.get()
  }

  private init(seed: UInt64, share: Double, options: PageServer.Options) async throws {
    let result = FaultSimulation(seed: seed).run()
    facts = result.facts
    let folder = TemporaryFolder("page")
    self.folder = folder
    journal = try Journal.create(at: folder.path + "/journal.sqlite")
    try journal.append(Array(facts.prefix(Int(Double(facts.count) * share))))
    let made = Locked(Made())
    self.made = made
    let specification = result.specification
    let source = RunSource(
      name: "run", folder: folder.path, journal: folder.path + "/journal.sqlite", version: "0",
      specification: { specification }, service: { made.withLock { $0.presence } },
      ask: { question in
        made.withLock { made in
          made.questions.append(question)
          return made.answers[question.text("op") ?? ""]
        }
      })
    let server = try PageServer(source, options)
    self.server = server
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    task = Task.detached {
      defer { continuation.finish() }
      try await server.run { _, port in continuation.yield(port) }
    }
    var found: Int?
    for await port in ports {
      found = port
      break
    }
    guard let found else {
      try await task.value
      throw DashboardError("the server has ended")
    }
    port = found
  }

  func change(_ body: (inout Made) -> Void) { made.withLock { body(&$0) } }
  var questions: [JSONValue] { made.withLock { $0.questions } }

  /// Of what stands in the journal now.
  var lastStamp: Stamp? { journal.lastSequence > 0 ? facts[journal.lastSequence - 1].stamp : nil }

  func append(_ count: Int) throws {
    let known = journal.lastSequence
    try journal.append(Array(facts[known..<min(facts.count, known + count)]))
  }

  private func stop() async {
    server.finish()
    task.cancel()
    _ = await task.result
  }

  // MARK: Requests

  func get(_ path: String, _ headers: [String] = []) throws -> Answer {
    try request("GET", path, headers)
  }

  func post(_ body: String, token: String? = nil, _ headers: [String] = ["Content-Type: application/json"]) throws
    -> Answer
  {
    try request(
      "POST", "/api/v1/commands",
      headers + ["Content-Length: \(body.utf8.count)", "Authorization: Bearer \(token ?? server.token)"], body)
  }

  func request(
    _ method: String, _ path: String, _ headers: [String] = [], _ body: String = "", host: String? = nil
  ) throws -> Answer {
    let client = try RawClient(port: port)
    let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"] + headers
    try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    return try Answer(client.readAll(within: .seconds(20)))
  }
}

/// Waits until something is so.
func eventually(_ isSo: () throws -> Bool) throws {
  let deadline = HostClock.now + .seconds(30)
  while try !isSo() {
    guard HostClock.now < deadline else { throw DashboardError("it did not come to be") }
    usleep(20_000)
  }
}

/// A response, taken apart.
struct Answer {
  var status = 0
  var headers: [String: String] = [:]
  var body = ""

  init(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    body = String(text[end.upperBound...])
  }

  /// Read by Foundation, which is no friend of what is nearly JSON.
  func json() throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] else {
      throw DashboardError("no object: \(body.prefix(200))")
    }
    return object
  }

  var errorCode: String? { ((try? json())?["error"] as? [String: Any])?["code"] as? String }
}
