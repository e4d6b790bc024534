import Glibc
import HostSystem
import TrialSandbox
import Wire

/// Answers a question for a piece of a trial's log.
enum LogReader {
  static func answer(_ request: LogRequest, in home: AgentHome) -> LogChunk {
    let folder = home.trial(request.attempt.trial).attempt(request.attempt.attempt)
    let path = request.stream == .output ? folder.output : folder.error
    do throws(SystemError) {
      let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
      let status = try file.status()
      guard status.kind == .file else { throw SystemError(.unsuitable, message: "\(path) is not a regular file") }
      let start = request.offset < 0 ? max(0, status.size + request.offset) : min(request.offset, status.size)
      let limit = min(max(0, request.limit), WireLimits.maximumChunkBytes)
      let bytes = try file.read(at: start, upTo: min(limit, status.size - start))
      return LogChunk(offset: start, bytes: bytes, size: status.size)
    } catch {
      return LogChunk(offset: 0, bytes: [], size: 0, failure: error.message)
    }
  }
}
