import Chronicle
import Coordination
import HTTPTypes
import HostSystem
import Hummingbird
import Journal
import NIOCore
import Presentation
import TuningModel

/// The answers of the API: each a look at the archive, or a question to somebody who knows more.
final class Answers: Sendable {
  let archive: Archive
  let source: RunSource
  let follower: Follower
  let hub: Hub
  let meters: RunMeters
  let coordinator: CoordinatorDesk
  /// Whether the run may be steered from here.
  let takesCommands: Bool
  /// Looks at the archive.
  let looks = WorkerPool(name: "pasha-look", threads: 2, bound: 256)
  /// What waits for the coordinator, an agent or a disk.
  let waits = WorkerPool(name: "pasha-wait", threads: 8, bound: 64)
  /// What takes long: one after the other.
  let analyses = WorkerPool(name: "pasha-analysis", threads: 1, bound: 16)
  /// Held while limits are changed.
  let extending = Locked(())
  let importance = Locked(ImportanceCache())
  let explanations = Locked(ExplanationCache())

  init(
    archive: Archive, source: RunSource, follower: Follower, hub: Hub, meters: RunMeters, takesCommands: Bool
  ) {
    self.archive = archive
    self.source = source
    self.follower = follower
    self.hub = hub
    self.meters = meters
    self.takesCommands = takesCommands
    coordinator = CoordinatorDesk(source: source)
  }

  func answer(_ route: Route, _ parameters: inout QueryReader) async throws -> Response {
    if route == .health {
      try parameters.finish()
      return try await health()
    }
    if let problem = follower.problem { throw APIError(.unavailable, problem) }
    guard follower.hasCaughtUp else { throw APIError(.unavailable, "the run's journal is still being read") }
    switch route {
    case .run: return try await run(&parameters)
    case .best: return try await best(&parameters)
    case .curves: return try await curves(&parameters)
    case .ladder: return try await ladder(&parameters)
    case .configurations: return try await configurations(&parameters)
    case .importance: return try await importance(&parameters)
    case .timeline: return try await timeline(&parameters)
    case .trials: return try await trials(&parameters)
    case .trial(let index): return try await trial(index, &parameters)
    case .curve(let index): return try await curve(index, &parameters)
    case .log(let index): return try await log(index, &parameters)
    case .explanation(let index): return try await explanation(index, &parameters)
    case .hosts: return try await hosts(&parameters)
    case .events: return try await events(&parameters)
    case .metrics: return try await metrics(&parameters)
    case .health, .stream, .commands, .access: throw APIError(.notFound, "there is nothing at this path")
    }
  }

  /// An answer that is a look at the archive.
  func look(_ body: @escaping @Sendable (inout Chronicle, inout JSONWriter) throws -> Void) async throws -> Response {
    let archive = self.archive
    return try await looks.run {
      var writer = JSONWriter()
      try archive.look { chronicle in try body(&chronicle, &writer) }
      return Self.json(writer)
    }
  }

  static func json(_ writer: JSONWriter) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
  }

  // MARK: Time

  /// The time of the run: it goes on while somebody runs it.
  static func now(_ chronicle: Chronicle, isRunning: Bool) -> Stamp {
    let wall = HostClock.wall
    guard let last = chronicle.state.lastStamp else { return Stamp(wall: wall, active: .zero) }
    guard isRunning, chronicle.state.end == nil, !chronicle.state.isSuspended else {
      return Stamp(wall: wall, active: last.active)
    }
    return Stamp(wall: wall, active: last.active + max(Duration.zero, wall - last.wall))
  }

  static func known(_ trial: Int, _ chronicle: Chronicle) throws(APIError) {
    guard chronicle.state.trials.indices.contains(trial) else {
      throw APIError(.notFound, "the run has no trial \(trial)")
    }
  }
}
