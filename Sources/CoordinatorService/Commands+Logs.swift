import Coordination
import Foundation
import HostSystem
import Journal
import Presentation
import TuningModel
import Wire

extension Commands {
  /// Which of a trial's two streams are printed. Of both, each goes where it went for the trial: what it wrote on its
  /// standard error to this command's.
  public enum LogStreams: Sendable {
    case output, error, both

    fileprivate var all: [LogRequest.Stream] {
      switch self {
      case .output: [.output]
      case .error: [.error]
      case .both: [.output, .error]
      }
    }

    fileprivate var name: String {
      switch self {
      case .output: "standard output"
      case .error: "standard error"
      case .both: "standard output and standard error"
      }
    }
  }

  /// Prints the log of a trial's attempts, in order: from the files when they are on this machine, else through the
  /// coordinator from the agent that has them.
  public static func logs(
    run: String?, trial: Int, attempt: Int?, streams: LogStreams, json: Bool, home: String = RunFolder.home
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
    var isEmpty = true
    for number in attempt.map({ $0...$0 }) ?? 1...last {
      var members = [JSONValue.Member("attempt", .int(number))]
      for stream in streams.all {
        let source = LogSource(
          folder: folder, state: state, attempt: TrialAttempt(TrialID(trial), Attempt(number)), stream: stream)
        var text: [UInt8] = []
        let output = LogOutput(of: stream, in: streams)
        try source.read { piece in
          isEmpty = isEmpty && piece.isEmpty
          if json { text += piece } else { output.write(piece) }
        }
        output.finish()
        let key = streams == .both && stream == .error ? "error_text" : "text"
        members.append(.init(key, .string(String(decoding: text, as: UTF8.self))))
      }
      texts.append(.object(members))
    }
    if json { show(JSONValue.array(texts).jsonText(.strict)) }
    if isEmpty, !json, isatty(STDERR_FILENO) == 1 {
      complain(
        "trial \(trial) wrote nothing on \(streams.name)"
          + (streams == .output ? "; `pasha-coord logs \(trial) --error` shows its standard error" : ""))
    }
    return .success
  }
}

extension Commands {
  /// Prints a trial's log as it is written, attempt by attempt, until the trial is over, or no coordinator runs its run.
  public static func followLogs(
    run: String?, trial: Int, attempt: Int?, streams: LogStreams, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    var state = try RunState(specification: folder.specification())
    let reader = try JournalReader(at: folder.journal)
    let watcher = try FileWatcher()
    _ = try watcher.add(folder.path, FileWatcher.writes | FileWatcher.creation | FileWatcher.removal)
    var last = 0
    func catchUp() throws {
      try reader.replay(from: last + 1) { record in
        state.apply(StampedFact(stamp: record.stamp, fact: record.fact))
        last = record.sequence
      }
    }
    try catchUp()
    guard state[TrialID(trial)] != nil else {
      throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)")
    }
    var number = attempt ?? 1
    var logs = streams.all.map { FollowedLog(stream: $0, output: LogOutput(of: $0, in: streams)) }
    defer { for log in logs { log.output.finish() } }
    while true {
      // What the journal says is read first: an attempt that has ended by now has written all that it will.
      try catchUp()
      guard let known = state[TrialID(trial)] else { return .success }
      let newest = known.attempt?.rawValue ?? 0
      let isOver = newest > number || (newest == number && !known.isActive)
      if newest >= number {
        for index in logs.indices {
          let source = LogSource(
            folder: folder, state: state, attempt: TrialAttempt(TrialID(trial), Attempt(number)),
            stream: logs[index].stream)
          if !logs[index].isWatched, let path = source.localPath {
            _ = try? watcher.add(path, FileWatcher.writes)
            logs[index].isWatched = true
          }
          // A host that is away for a moment is asked again.
          do {
            logs[index].offset = try source.read(from: logs[index].offset) { logs[index].output.write($0) }
          } catch  where !isOver {}
        }
      }
      if isOver, newest > number, attempt == nil {
        number += 1
        for index in logs.indices { logs[index].beginAnew() }
        continue
      }
      if isOver && attempt != nil || known.status.isFinal || state.end != nil || state.isSuspended { return .success }
      // Nobody tells when a log on another machine grows.
      let isWatched = logs.allSatisfy(\.isWatched)
      let pause: Duration = !isWatched && newest >= number && !isOver ? .seconds(1) : .seconds(5)
      if !waitReadable(watcher.descriptor.number, for: pause), pause > .seconds(1), !folder.service.isThere {
        throw ServiceError(
          .notRunning, "no coordinator runs \(folder.name); `pasha-coord resume \(folder.name)` goes on")
      }
      while !watcher.events().isEmpty {}
    }
  }
}

/// One of the logs that are followed, and how far it was printed.
private struct FollowedLog {
  let stream: LogRequest.Stream
  let output: LogOutput
  var offset = 0
  var isWatched = false

  /// The next attempt has a log of its own.
  mutating func beginAnew() {
    offset = 0
    isWatched = false
  }
}

/// Where a log is printed: a terminal is given nothing that steers it, all else the bytes as they are.
private final class LogOutput {
  private let descriptor: Int32
  private var terminal: TerminalLog?

  init(of stream: LogRequest.Stream, in streams: Commands.LogStreams) {
    descriptor = streams == .both && stream == .error ? STDERR_FILENO : STDOUT_FILENO
    terminal = isatty(descriptor) == 1 ? TerminalLog() : nil
  }

  func write(_ piece: [UInt8]) { writeAll(descriptor, terminal?.shown(piece) ?? piece) }

  func finish() {
    if let rest = terminal?.finish() { writeAll(descriptor, rest) }
  }
}

/// One log of one attempt, wherever it is.
private struct LogSource {
  let folder: RunFolder
  let state: RunState
  let attempt: TrialAttempt
  let stream: LogRequest.Stream

  func read(_ body: ([UInt8]) -> Void) throws { _ = try read(from: 0, body) }

  /// The log's file, where it is on this machine.
  var localPath: String? { localFile?.path }

  private var localFile: (path: String, file: Descriptor)? {
    let name = stream == .output ? "std.out" : "std.err"
    for agent in state.agents {
      guard let greeting = agent.greeting, greeting.machineID == HostIdentity.machineID() else { continue }
      let path = "\(greeting.home)/trials/\(attempt.trial)/attempts/\(attempt.attempt)/\(name)"
      if let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) { return (path, file) }
    }
    return nil
  }

  /// Gives what stands behind so many bytes.
  /// - Returns: how many bytes there were in all.
  func read(from start: Int, _ body: ([UInt8]) -> Void) throws -> Int {
    guard let (_, file) = localFile else { return try readFromAgents(from: start, body) }
    var offset = start
    while true {
      let piece = try file.read(at: offset, upTo: 1 << 16)
      if piece.isEmpty { return offset }
      body(piece)
      offset += piece.count
    }
  }

  private func readFromAgents(from start: Int, _ body: ([UInt8]) -> Void) throws -> Int {
    var reasons: [String] = []
    for agent in state.agents where agent.greeting != nil {
      var offset = start
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
        if bytes.isEmpty { return offset }
        body([UInt8](bytes))
        offset += bytes.count
      }
    }
    throw ServiceError(.notFound, "no agent has the log of trial \(attempt.trial): \(reasons.joined(separator: "; "))")
  }
}
