import Chronicle
import Coordination
import Foundation
import Glibc
import HostSystem
import Hummingbird
import Journal
import Presentation
import TuningModel
import Wire

/// What an attempt printed, and why decisions about a trial were taken.
extension Answers {
  /// What a log is asked for.
  private struct LogQuestion: Sendable {
    var attempt: TrialAttempt
    var stream: String
    var offset: Int
    var limit: Int
    /// Where it ran, and others that may have it.
    var agents: [AgentState]
    var hasEnded: Bool
  }

  private struct Piece {
    var offset: Int
    var size: Int
    var bytes: [UInt8]
  }

  func log(_ index: Int, _ parameters: inout QueryReader) async throws -> Response {
    let number = try parameters.whole("attempt", 1...Int(Int32.max))
    let stream = try parameters.word("stream", ["output", "error"]) ?? "output"
    let offset = try parameters.whole("offset", -65_536...9_007_199_254_740_991) ?? -65_536
    let limit = try parameters.whole("limit", 1...65_536) ?? 65_536
    try parameters.finish()
    let (archive, coordinator) = (archive, coordinator)
    return try await waits.run {
      let question = try archive.look { chronicle throws(APIError) -> LogQuestion? in
        try Self.known(index, chronicle)
        let newest = chronicle.state.trials[index].attempt?.rawValue ?? 0
        if let number, number > newest { throw APIError(.notFound, "trial \(index) has no attempt \(number)") }
        guard newest > 0 else { return nil }
        let attempt = number ?? newest
        let span = chronicle.trials[index].attempts.last { Int($0.attempt) == attempt }
        let own = span.map { Int($0.agent) }
        let agents = chronicle.state.agents.filter { $0.greeting != nil }
        return LogQuestion(
          attempt: TrialAttempt(TrialID(index), Attempt(attempt)), stream: stream, offset: offset, limit: limit,
          agents: agents.filter { $0.id.rawValue == own } + agents.filter { $0.id.rawValue != own },
          hasEnded: span?.ended != nil || attempt < newest)
      }
      var writer = JSONWriter()
      guard let question else {
        Self.write(nil, TrialAttempt(TrialID(index), Attempt(0)), stream, isOver: false, failure: nil, &writer)
        return Self.json(writer)
      }
      let (piece, failure) = Self.read(question, coordinator)
      Self.write(
        piece, question.attempt, stream, isOver: question.hasEnded, failure: piece == nil ? failure : nil, &writer)
      return Self.json(writer)
    }
  }

  private static func write(
    _ piece: Piece?, _ attempt: TrialAttempt, _ stream: String, isOver: Bool, failure: String?,
    _ writer: inout JSONWriter
  ) {
    let offset = piece?.offset ?? 0
    let size = piece?.size ?? 0
    let kept = LogText.whole(piece?.bytes ?? [], isEnd: isOver && offset + (piece?.bytes.count ?? 0) >= size)
    writer.object { writer in
      writer.member("trial", attempt.trial.rawValue)
      writer.member("attempt", attempt.attempt.rawValue)
      writer.member("stream", stream)
      writer.member("offset", offset)
      writer.member("next", offset + kept.count)
      writer.member("size", max(size, offset + kept.count))
      writer.member("ended", isOver && failure == nil && offset + kept.count >= size)
      writer.member("text", String(decoding: kept, as: UTF8.self))
      writer.maybe("failure", failure)
    }
  }

  /// From the file where it is on this machine, else through the coordinator from the agent that has it.
  private static func read(_ question: LogQuestion, _ coordinator: CoordinatorDesk) -> (Piece?, String) {
    let name = question.stream == "output" ? "std.out" : "std.err"
    for agent in question.agents where agent.greeting?.machineID == HostIdentity.machineID() {
      let home = agent.greeting?.home ?? ""
      let path = "\(home)/trials/\(question.attempt.trial)/attempts/\(question.attempt.attempt)/\(name)"
      guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
        let size = try? Files.status(path)?.size
      else { continue }
      let offset = start(question.offset, size)
      guard let bytes = try? file.read(at: offset, upTo: question.limit) else { continue }
      return (Piece(offset: offset, size: size, bytes: bytes), "")
    }
    var failure = "no agent has it"
    for agent in question.agents {
      var offset = max(0, question.offset)
      if question.offset < 0 {
        // How long it is must be known first.
        let asked = ask(question, agent, offset: 0, limit: 1, coordinator, &failure)
        guard case .piece(let first) = asked else { continue }
        offset = start(question.offset, first.size)
      }
      switch ask(question, agent, offset: offset, limit: question.limit, coordinator, &failure) {
      case .piece(let piece): return (piece, "")
      case .nobody: return (nil, failure)
      case .failed: continue
      }
    }
    return (nil, failure)
  }

  private enum Asked {
    case piece(Piece)
    case failed
    case nobody
  }

  private static func ask(
    _ question: LogQuestion, _ agent: AgentState, offset: Int, limit: Int, _ coordinator: CoordinatorDesk,
    _ failure: inout String
  ) -> Asked {
    let members: [JSONValue.Member] = [
      .init("op", .string("log")), .init("agent_key", .string(agent.publicKey)),
      .init("trial", .int(question.attempt.trial.rawValue)), .init("attempt", .int(question.attempt.attempt.rawValue)),
      .init("stream", .string(question.stream)), .init("offset", .int(offset)), .init("limit", .int(limit)),
    ]
    guard let answer = coordinator.ask(.object(members)) else {
      failure = "the log is on another machine, and no coordinator runs to ask for it"
      return .nobody
    }
    if let error = answer.text("error") {
      failure = Presentation.printable(error)
      return .failed
    }
    let bytes = answer.text("bytes").flatMap { Data(base64Encoded: $0) } ?? Data()
    let size = answer.whole("size") ?? 0
    return .piece(Piece(offset: bytes.isEmpty ? min(offset, size) : offset, size: size, bytes: [UInt8](bytes)))
  }

  private static func start(_ offset: Int, _ size: Int) -> Int {
    offset < 0 ? max(0, size + offset) : min(offset, size)
  }

  // MARK: Explanations

  func explanation(_ index: Int, _ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let (archive, source, cache) = (archive, source, explanations)
    let (sequence, specification) = try await looks.run {
      try archive.look { chronicle throws(APIError) in
        try Self.known(index, chronicle)
        return (chronicle.sequence, chronicle.state.specification)
      }
    }
    let presence = try await waits.run { [coordinator] in coordinator.presence() }
    let key = ExplanationCache.Key(trial: index, sequence: sequence, isServed: presence.isThere)
    if let known = cache.withLock({ $0.answer(to: key) }) { return Self.json(known) }
    return try await analyses.run {
      if let known = cache.withLock({ $0.answer(to: key) }) { return Self.json(known) }
      var explanation = try TrialExplanation(trial: TrialID(index), specification: specification)
      let reader = try JournalReader(at: source.journal)
      defer { try? reader.close() }
      try reader.replay { record in
        if record.sequence <= sequence { explanation.take(StampedFact(stamp: record.stamp, fact: record.fact)) }
      }
      explanation.finish()
      var writer = JSONWriter()
      Self.write(explanation, isServed: presence.isThere, &writer)
      cache.withLock { $0.keep(writer, for: key) }
      return Self.json(writer)
    }
  }

  private static func write(_ explanation: TrialExplanation, isServed: Bool, _ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("trial", explanation.trial.rawValue)
      writer.member("total", explanation.steps.count)
      writer.array("steps") { writer in
        for step in explanation.steps.suffix(500) {
          writer.object { writer in
            writer.member("time", step.stamp.wall.seconds)
            writer.member("active_seconds", max(0, step.stamp.active.inSeconds))
            writer.member("kind", step.kind)
            writer.member("text", step.text)
          }
        }
      }
      writer.member("now", "it " + explanation.standing(isServed: isServed))
    }
  }
}

/// The explanations that were asked for last.
struct ExplanationCache: Sendable {
  struct Key: Hashable, Sendable {
    var trial: Int
    var sequence: Int
    var isServed: Bool
  }

  private static let most = 8
  private var kept: [(key: Key, answer: JSONWriter)] = []

  func answer(to key: Key) -> JSONWriter? { kept.first { $0.key == key }?.answer }

  mutating func keep(_ answer: JSONWriter, for key: Key) {
    kept.append((key, answer))
    if kept.count > Self.most { kept.removeFirst() }
  }
}

/// Pieces of text that end between characters.
enum LogText {
  /// The bytes without a character that is cut off at their end. A piece that is nothing else stays, so that whoever reads
  /// on from its end comes to one.
  static func whole(_ bytes: [UInt8], isEnd: Bool) -> [UInt8] {
    guard !isEnd, let last = bytes.last, last >= 0x80 else { return bytes }
    var start = bytes.count - 1
    while start > 0, bytes.count - start < 4, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    let length = bytes[start] >= 0xF0 ? 4 : bytes[start] >= 0xE0 ? 3 : bytes[start] >= 0xC0 ? 2 : 1
    guard bytes.count - start < length, start > 0 else { return bytes }
    return Array(bytes[..<start])
  }
}
