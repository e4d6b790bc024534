import Coordination
import Foundation
import HostSystem
import Presentation
import TuningModel
import Wire

extension Commands {
  /// Prints the log of a trial's attempts, in order: from the files when they are on this machine, else through the
  /// coordinator from the agent that has them.
  public static func logs(
    run: String?, trial: Int, attempt: Int?, error: Bool, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let state = try folder.state()
    guard let known = state[TrialID(trial)] else {
      throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)")
    }
    guard let last = known.attempt?.rawValue else {
      throw ServiceError(.notFound, "trial \(trial) was not started yet")
    }
    if let attempt, !(1...last).contains(attempt) {
      throw ServiceError(.notFound, "trial \(trial) has attempts 1…\(last), not \(attempt)")
    }
    var texts: [JSONValue] = []
    for number in attempt.map({ $0...$0 }) ?? 1...last {
      let source = LogSource(
        folder: folder, state: state, attempt: TrialAttempt(TrialID(trial), Attempt(number)),
        stream: error ? .error : .output)
      var text: [UInt8] = []
      try source.read { piece in
        if json { text += piece } else { writeAll(STDOUT_FILENO, piece) }
      }
      texts.append(
        .object([.init("attempt", .int(number)), .init("text", .string(String(decoding: text, as: UTF8.self)))]))
    }
    if json { show(JSONValue.array(texts).jsonText(.strict)) }
    return .success
  }
}

/// One log of one attempt, wherever it is.
private struct LogSource {
  let folder: RunFolder
  let state: RunState
  let attempt: TrialAttempt
  let stream: LogRequest.Stream

  func read(_ body: ([UInt8]) -> Void) throws {
    let name = stream == .output ? "std.out" : "std.err"
    for agent in state.agents {
      guard let greeting = agent.greeting, greeting.machineID == HostIdentity.machineID() else { continue }
      let path = "\(greeting.home)/trials/\(attempt.trial)/attempts/\(attempt.attempt)/\(name)"
      guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) else { continue }
      var offset = 0
      while true {
        let piece = try file.read(at: offset, upTo: 1 << 16)
        if piece.isEmpty { return }
        body(piece)
        offset += piece.count
      }
    }
    try readFromAgents(body)
  }

  private func readFromAgents(_ body: ([UInt8]) -> Void) throws {
    var reasons: [String] = []
    for agent in state.agents where agent.greeting != nil {
      var offset = 0
      while true {
        let request: [JSONValue.Member] = [
          .init("op", .string("log")), .init("agent_key", .string(agent.publicKey)),
          .init("trial", .int(attempt.trial.rawValue)), .init("attempt", .int(attempt.attempt.rawValue)),
          .init("stream", .string(stream.rawValue)), .init("offset", .int(offset)), .init("limit", .int(1 << 16)),
        ]
        guard let answer = ControlSocket.ask(.object(request), at: folder.controlSocket) else {
          throw ServiceError(
            .notRunning,
            "the log of trial \(attempt.trial) is on another machine, and no coordinator runs to ask for it")
        }
        if let error = answer.text("error") {
          reasons.append("agent \(agent.id): \(error)")
          break
        }
        let bytes = answer.text("bytes").flatMap { Data(base64Encoded: $0) } ?? Data()
        if bytes.isEmpty { return }
        body([UInt8](bytes))
        offset += bytes.count
      }
    }
    throw ServiceError(.notFound, "no agent has the log of trial \(attempt.trial): \(reasons.joined(separator: "; "))")
  }
}
