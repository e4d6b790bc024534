import Foundation
import Glibc
import HostSystem
import Messaging
import TuningModel
import Wire

/// Many agents of one run, on a few threads, each of which owns its agents and their sockets.
final class Crowd {
  private let lots: [CrowdLot]
  private let threads: [WorkerThread]
  private let agents: Int
  private let rate: Double

  /// Each agent has two channels, and each channel three sockets; a context has 1,023.
  private static let agentsOfAThread = 125

  /// Gets a token for each agent; then all of them join at the same moment.
  init(control: String, agents: Int, rate: Double, seconds: Double) throws {
    Self.raiseFileLimit()
    var tokens: [JoinToken] = []
    for _ in 0..<agents { tokens.append(try Self.invite(control)) }
    self.agents = agents
    self.rate = rate
    let count = (agents + Self.agentsOfAThread - 1) / Self.agentsOfAThread
    let start = HostClock.now + .milliseconds(200)
    lots = try (0..<count).map { lot in
      try CrowdLot(
        (lot..<agents).filter { $0 % count == lot }.map { ($0, tokens[$0]) }, start: start,
        rate: rate / Double(agents), seconds: seconds)
    }
    threads = lots.enumerated().compactMap { index, lot in WorkerThread(name: "crowd-\(index)") { lot.run() } }
  }

  private static func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private static func invite(_ control: String) throws -> JoinToken {
    let socket = try UnixSocket.connect(control)
    try UnixSocket.makeBlocking(socket)
    _ = try UnixSocket.send(socket, JSONValue.object([.init("op", .string("invite"))]).jsonBytes())
    guard case .packet(let bytes) = UnixSocket.receive(socket, limit: 1 << 16),
      case .object(let members) = try JSONValue(parsing: bytes),
      case .string(let text)? = members.first(where: { $0.key == "token" })?.value
    else { throw CrowdProblem(description: "the coordinator at \(control) gave no token") }
    return try JoinToken(parsing: text)
  }

  /// Waits until all have reported and were answered, and tells what came of it.
  func measure() -> [JSONValue.Member] {
    while !lots.allSatisfy(\.isDone) { usleep(20_000) }
    let results = lots.map(\.result)
    let waits = results.flatMap(\.waits).sorted()
    func quantile(_ share: Double) -> Double {
      waits.isEmpty ? 0 : 1e3 * waits[min(waits.count - 1, Int(share * Double(waits.count)))]
    }
    let first = results.map(\.reportingBegan).min() ?? .zero
    let last = results.map(\.lastAcknowledged).max() ?? .zero
    let acknowledged = results.map(\.acknowledged).reduce(0, +)
    return [
      ScaleBenchmark.figure("agents", agents),
      ScaleBenchmark.figure("welcome", results.map(\.welcome).reduce(0, +)),
      ScaleBenchmark.figure("all_welcome_s", results.map(\.allWelcome).max() ?? 0),
      ScaleBenchmark.figure("asked_rate", rate),
      ScaleBenchmark.figure("reports", results.map(\.reports).reduce(0, +)),
      ScaleBenchmark.figure("acknowledged", acknowledged),
      ScaleBenchmark.figure("acknowledged_per_s", Double(acknowledged) / max(0.001, (last - first).inSeconds)),
      ScaleBenchmark.figure("ack_p50_ms", quantile(0.5)),
      ScaleBenchmark.figure("ack_p99_ms", quantile(0.99)),
      ScaleBenchmark.figure("ack_max_ms", 1e3 * (waits.last ?? 0)),
      ScaleBenchmark.figure("repeated_hellos", results.map(\.repeatedHellos).reduce(0, +)),
      ScaleBenchmark.figure("connections_lost", results.map(\.connectionsLost).reduce(0, +)),
    ]
  }

  func stayUntilDismissed() {
    for thread in threads { thread.join() }
  }
}

struct CrowdProblem: Error, CustomStringConvertible {
  let description: String
}
