import Chronicle
import Coordination
import HTTPTypes
import HostSystem
import Hummingbird
import NIOCore
import Presentation
import TuningModel

/// For whoever watches the server: whether it is well, and numbers.
extension Answers {
  /// What is open to whoever asks, and whether the token that comes along is the right one: so that it is known at once,
  /// and is sent only where it is needed.
  static func access(_ door: Doorkeeper, _ request: Request) -> Response {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("token", door.pass(request).rawValue)
      writer.member("reading_needs_token", door.guardsReading)
    }
    return json(writer)
  }

  func health() async throws -> Response {
    if let problem = follower.problem { throw APIError(.unavailable, problem) }
    let (archive, coordinator, name) = (archive, coordinator, source.name)
    return try await waits.run {
      let presence = coordinator.presence()
      let isAtRest = archive.look { $0.state.end != nil || $0.state.isSuspended }
      var isRunning = false
      if case .running = presence { isRunning = true }
      guard isRunning || isAtRest || !self.takesCommands else {
        throw APIError(
          .unavailable, presence == .none ? "no coordinator runs the run" : "the coordinator does not answer")
      }
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("status", "ok")
        writer.member("run", name)
        writer.member("coordinator", isRunning ? "running" : "none")
      }
      return Self.json(writer)
    }
  }

  func metrics(_ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let presence = try await waits.run { [coordinator] in coordinator.presence() }
    let (archive, meters, hub) = (archive, meters, hub)
    return try await looks.run {
      let text = meters.text { sheet in
        archive.look { chronicle in
          sheet.add(chronicle, now: Self.now(chronicle, isRunning: presence.isThere), presence)
        }
        sheet.set("page_streams", Double(hub.streams))
      }
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
  }
}
