import Foundation
import Glibc
import TestSupport
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The page of a run that goes on, served beside the real coordinator.
@Suite(.serialized) struct PageTests {
  private static let served = ["PASHA_NO_PAGE": ""]

  private func start(_ run: RealRun, _ arguments: [String] = [], _ environment: [String: String] = served) throws
    -> CommandProcess
  {
    try run.place.coordinator([run.file] + arguments, environment: environment)
  }

  /// The page's address in what a coordinator prints.
  private func address(in text: String) -> String? {
    text.firstMatch(of: #/the page of the run: (http://[0-9.:]+/)\n/#).map { String($0.1) }
  }

  private func body(_ address: String, _ path: String) -> String? {
    URL(string: address + path).flatMap { try? String(contentsOf: $0, encoding: .utf8) }
  }

  @Test func theCoordinatorHasItsPageServedAgainAndEndsIt() throws {
    let run = try RealRun("seen", sleep: "0.3", trials: 40, slots: 2)
    let coordinator = try start(run)
    let url = try eventually("the page's address") { address(in: coordinator.output) }
    #expect(!coordinator.output.contains("token="), "only a terminal gets the token")
    #expect(body(url, "api/v1/run")?.contains("\"commands\":{\"accepted\":true") == true)
    let folder = try run.place.runFolder()
    let token = try String(contentsOfFile: folder + "/page.token", encoding: .utf8)
    let status = try run.place.coordinator(["status"], environment: ["SSH_CONNECTION": "10.9.8.7 5 10.9.8.1 22"])
    #expect(try status.wait() == 0)
    #expect(status.output.contains("the page of the run: \(url)\n"), "\(status.output)")
    let port = try #require(URL(string: url)?.port)
    #expect(status.output.contains("-L \(port):127.0.0.1:\(port) ") && status.output.contains("10.9.8.1"))
    #expect((try run.place.json(["status"]) as? [String: Any])?["page"] as? String == url)
    let attached = try run.place.coordinator(["attach"])
    try eventually("attach to name the page") { attached.output.contains(url) }
    attached.send(SIGINT)

    kill9(run.processes("pasha-page"))
    try eventually("the page to be served again") { coordinator.output.contains("the page is served again") }
    #expect(coordinator.output.contains("the page is not served: pasha-page was ended by signal 9; tried again in 1 s"))
    #expect(body(url, "healthz")?.contains("\"status\":\"ok\"") == true)
    #expect(try String(contentsOfFile: folder + "/page.token", encoding: .utf8) == token, "open pages go on")

    coordinator.send(SIGINT)
    #expect(try coordinator.wait() == 75)
    #expect(run.processes("pasha-page").isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder + "/page.json"))
    let quiet = try run.place.coordinator(["status"])
    #expect(try quiet.wait() == 0)
    #expect(!quiet.output.contains("http"))

    // A coordinator that is killed takes it along.
    let resumed = try run.place.coordinator(["resume"], environment: Self.served)
    try eventually("the page's address after the resume") { address(in: resumed.output) }
    kill9([resumed.pid])
    try eventually("the page to end with its coordinator") { run.processes("pasha-page").isEmpty }
    let last = try run.place.coordinator(["resume"])
    try eventually("the last coordinator") { last.output.contains("goes on") }
    last.send(SIGINT)
    #expect(try last.wait() == 75)
  }

  @Test func whoWantsNoPageGetsNone() throws {
    for (name, arguments, extra, environment) in [
      ("option", ["--no-page"], [], Self.served), ("key", [], ["page: off"], Self.served), ("variable", [], [], [:]),
    ] {
      let run = try RealRun("unseen-\(name)", trials: 3, extra: extra)
      let coordinator = try start(run, arguments, environment)
      #expect(try coordinator.wait() == 0, "\(coordinator.errors)")
      #expect(!coordinator.output.contains("the page"), "\(name): \(coordinator.output)")
      #expect(!FileManager.default.fileExists(atPath: try run.place.runFolder() + "/page.token"))
    }
  }

  @Test func anAddressThatOthersReachTakesACertificate() throws {
    let run = try RealRun("open", trials: 3)
    #expect(try run.start().wait() == 0)
    for arguments in [
      ["--listen", "0.0.0.0"], ["--listen", "nowhere"],
      ["--listen", "0.0.0.0", "--tls-certificate", run.file, "--tls-key", run.file],
    ] {
      let page = try run.place.coordinator(["page"] + arguments)
      #expect(try page.wait() == 64, "\(arguments): \(page.errors)")
    }
  }

  @Test func aRunGoesOnWhateverItsPageDoes() throws {
    let missing = try RealRun("missing", trials: 3)
    let first = try start(missing, [], ["PASHA_NO_PAGE": "", "PASHA_PAGE": "/nowhere/pasha-page"])
    #expect(try first.wait() == 0, "\(first.errors)")
    #expect(first.output.contains("the page is not served: PASHA_PAGE names /nowhere/pasha-page"), "\(first.output)")
    // One that only dies.
    let dying = try RealRun("dying", sleep: "0.3", trials: 6)
    let second = try start(dying, [], ["PASHA_NO_PAGE": "", "PASHA_PAGE": "/bin/false"])
    #expect(try second.wait() == 0, "\(second.errors)")
    #expect(second.output.contains("the page is not served: pasha-page ended with exit code 1; tried again in 1 s"))
    #expect(second.output.components(separatedBy: "tried again in").count > 2, "\(second.output)")
  }

  @Test func anotherPortIsTakenWhereTheFirstIsInUse() throws {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(number) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 && getsockname(number, $0, &size) == 0
      }
    }
    #expect(bound && listen(number, 1) == 0)
    let taken = Int(in_port_t(bigEndian: name.sin_port))
    let run = try RealRun("busy-port", sleep: "0.1", trials: 12, extra: ["page: \(taken)"])
    let coordinator = try start(run)
    let url = try eventually("the page's address") { address(in: coordinator.output) }
    #expect(URL(string: url)?.port != taken && body(url, "healthz") != nil)
    coordinator.send(SIGINT)
    _ = try coordinator.wait()
  }
}
