import Coordination
import Foundation
import Glibc
import RunChecking
import TestSupport
import Testing

/// Agents that join by hand, and those that do not get in.
struct JoinTests {
  private func agent(_ run: WatchedRun, _ arguments: [String], input: String? = nil) throws -> CommandProcess {
    try CommandProcess(
      "pasha-agent", ["--connect", "127.0.0.1", "--slots", "2"] + arguments, environment: run.place.environment,
      directory: run.place.folder.path, input: input)
  }

  @Test func agentsJoinWithATokenAndStrangersDisturbNothing() throws {
    let run = try WatchedRun("join", sleep: 0.15, trials: 2000, slots: 1)
    let coordinator = try run.start()
    try run.awaitStarts(1)
    let text = try run.command(["invite"]).output
    let other = try #require(try run.object(["invite"])["token"] as? String)
    #expect(text.hasPrefix("pasha1:"))

    let first = try agent(run, ["--name", "second"], input: text)
    let file = try run.place.folder.write("token", other + "\n")
    let second = try agent(run, ["--name", "third", "--token-file", file])
    try eventually("three agents", within: .seconds(30)) {
      (try run.object(["status"])["agents"] as? [[String: Any]])?.count == 3
    }

    // The same token again, for an agent of another folder; one that is damaged; none.
    let again = try agent(run, ["--work-dir", run.place.folder.file("elsewhere")], input: text)
    #expect(try again.wait(limit: 40) == 65, "\(again.output)\(again.errors)")
    let damaged = try agent(run, [], input: String(text.dropLast(9)) + "\n")
    #expect(try damaged.wait(limit: 40) == 65, "\(damaged.output)\(damaged.errors)")
    let foreign = try agent(run, [], input: "not a token\n")
    #expect(try foreign.wait(limit: 40) == 65, "\(foreign.output)\(foreign.errors)")

    // Bytes that are no ZeroMQ, on both ports.
    let address = try #require(
      JournalCheck(run).facts.compactMap { fact -> (Int, Int)? in
        if case .addressChosen(let control, let bulk) = fact { (control, bulk) } else { nil }
      }.last)
    var halfOpen: [Int32] = []
    defer { for socket in halfOpen { close(socket) } }
    for port in [address.0, address.1] {
      // Connections that say nothing, and stay.
      for _ in 0..<500 { halfOpen.append(try #require(Self.connection(to: port))) }
      for bytes in [Data("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), Data((0..<5000).map { UInt8($0 % 251) }), Data()] {
        #expect(Self.throwAt(port, bytes))
      }
    }
    // However slow the machine is, all of it happens in mid-run: the run ends when it is told to.
    try eventually("trials on three agents", within: .seconds(60)) {
      let facts = try JournalCheck(run).facts
      return Set(facts.compactMap { Self.agent(of: $0) }).count == 3
    }
    try run.command(["stop"])
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(try first.wait(limit: 40) == 0, "\(first.output)\(first.errors)")
    #expect(try second.wait(limit: 40) == 0, "\(second.output)\(second.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    try check.expectSound(run)
  }

  /// The agent that a fact gives a trial to.
  private static func agent(of fact: Fact) -> String? {
    if case .attemptAssigned(let assignment) = fact { "\(assignment.slot.agent)" } else { nil }
  }

  /// Sends bytes to a port of this machine and leaves.
  private static func throwAt(_ port: Int, _ bytes: Data) -> Bool {
    guard let socket = connection(to: port) else { return false }
    defer { close(socket) }
    return bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } == bytes.count
  }

  private static func connection(to port: Int) -> Int32? {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if connected == 0 { return socket }
    close(socket)
    return nil
  }
}
