import Chronicle
import Coordination
import HostSystem
import Hummingbird
import Journal
import Presentation
import TuningModel
import Wire

/// The table of trials, and one of them.
extension Answers {
  func trials(_ parameters: inout QueryReader) async throws -> Response {
    var query = TrialQuery()
    query.offset = try parameters.whole("offset", 0...Int(Int32.max)) ?? 0
    query.limit = try parameters.whole("limit", 1...500) ?? 100
    let sort = try parameters.word("sort", Self.sorts) ?? "trial"
    let parameter = try parameters.text("parameter", lengths: 1...512)
    let order = try parameters.word("order", ["asc", "desc", "best"])
    let statuses = try parameters.list("status", atMost: 8)
    query.text = try parameters.text("text", lengths: 1...200)
    let filter = try parameters.text("filter", lengths: 1...Self.filterLimit)
    try parameters.finish()
    query.sort = try sortKey(sort, parameter)
    query.order = order == "desc" ? .descending : order == "best" ? .best : .ascending
    if let statuses {
      for word in statuses where !RunView.statusWords.contains(word) {
        throw APIError(.badRequest, "status has the words \(RunView.statusWords.joined(separator: ", "))")
      }
      query.statuses = Set(statuses)
      guard query.statuses.count == statuses.count else { throw APIError(.badRequest, "status names a word twice") }
    }
    if let filter { query.filter = try self.filter(filter) }
    let (asked, coordinator) = (query, coordinator)
    return try await look { chronicle, writer in
      let now = Self.now(chronicle, isRunning: coordinator.lastPresence.isThere)
      let (matched, rows) = chronicle.trials(asked, at: now.active.inSeconds)
      writer.object { writer in
        writer.member("total", chronicle.state.trials.count)
        writer.member("matched", matched)
        writer.member("offset", asked.offset)
        writer.array("rows") { writer in
          for trial in rows { writer.object { Self.row(trial, chronicle, now, &$0) } }
        }
      }
    }
  }

  static let filterLimit = 500

  private func filter(_ text: String) throws(APIError) -> TrialFilter {
    let specification = archive.look { $0.state.specification }
    do throws(TrialFilter.Problem) {
      return try TrialFilter(text, specification)
    } catch {
      throw APIError(.badRequest, Presentation.printable(error.message))
    }
  }

  private static let sorts = [
    "trial", "status", "value", "last_value", "resource", "slot_seconds", "started_at", "attempt", "restarts", "host",
    "parameter",
  ]

  private func sortKey(_ word: String, _ parameter: String?) throws(APIError) -> TrialQuery.Sort {
    guard (word == "parameter") == (parameter != nil) else {
      throw APIError(.badRequest, "parameter and sort=parameter go together")
    }
    switch word {
    case "status": return .status
    case "value": return .value
    case "last_value": return .lastValue
    case "resource": return .resource
    case "slot_seconds": return .slotSeconds
    case "started_at": return .startedAt
    case "attempt": return .attempt
    case "restarts": return .restarts
    case "host": return .host
    case "parameter":
      let name = parameter ?? ""
      guard archive.look({ $0.state.specification.experiment.space[name] }) != nil else {
        throw APIError(.badRequest, "there is no hyperparameter of this name")
      }
      return .parameter(name)
    default: return .trial
    }
  }

  static func row(_ index: Int, _ chronicle: Chronicle, _ now: Stamp, _ writer: inout JSONWriter) {
    let trial = chronicle.state.trials[index]
    writer.member("trial", index)
    writer.member("status", trial.status.word)
    writer.member("bracket", max(0, trial.bracket))
    writer.member("level", chronicle.level(of: index))
    writer.member("milestone", max(1, milestone(index, chronicle)))
    writer.member("resource", trial.resource)
    writer.maybe("value", trial.best?.value)
    writer.maybe("best_resource", trial.best.map { max(1, $0.resource) })
    writer.maybe("last_value", trial.lastValue)
    writer.member("attempt", trial.attempt?.rawValue ?? 0)
    writer.member("restarts", trial.restarts)
    writer.maybe("host", chronicle.host(of: index))
    writer.maybe("slot", trial.slot?.index)
    let started = chronicle.trials.indices.contains(index) ? chronicle.trials[index].firstAssignedWall : nil
    writer.maybe("started_at", started)
    writer.member("slot_seconds", max(0, chronicle.slotSeconds(of: index, at: now.active.inSeconds)))
    var failure: String?
    if case .failed = trial.status {
      failure = Presentation.printable(String((trial.failureMessage ?? "").suffix(4096)), keepsNewlines: true)
    }
    writer.maybe("failure", failure)
    writer.object("configuration") { writer in
      for entry in trial.configuration.entries {
        writer.key(entry.name)
        writer.value(entry.value)
      }
    }
  }

  // MARK: One trial

  func trial(_ index: Int, _ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let ends = try await endings(index)
    let presence = try await waits.run { [coordinator] in coordinator.presence() }
    let takesCommands = self.takesCommands
    return try await look { chronicle, writer in
      try Self.known(index, chronicle)
      let rank = chronicle.ranking().firstIndex(of: index).map { $0 + 1 }
      let now = Self.now(chronicle, isRunning: presence.isThere)
      let trial = chronicle.state.trials[index]
      writer.object { writer in
        Self.row(index, chronicle, now, &writer)
        writer.member(
          "status_text", Presentation.standing(of: trial.id, in: chronicle.state, isServed: presence.isThere))
        writer.member("origin", Presentation.origin(trial.origin))
        writer.maybe("rank", rank)
        writer.member("reports", trial.usableReports)
        writer.member("rejected_reports", trial.rejectedReports)
        writer.member("moves", trial.moves)
        writer.maybe("cost", chronicle.state.specification.experiment.costAttribute == nil ? nil : trial.cost)
        Self.attempts(index, chronicle, ends, &writer)
        Self.checkpoints(trial, chronicle, &writer)
        let refusal = RunView.refusal(chronicle.state, presence, takesCommands: takesCommands)
        let canStop = refusal == nil && !trial.status.isFinal && chronicle.state.closing == nil && trial.order != .stop
        writer.array("can") { writer in
          if canStop { writer.value("stop_trial") }
          if canStop { writer.value(trial.isPausedByOperator ? "resume_trial" : "pause_trial") }
        }
      }
    }
  }

  /// How its attempts ended: these facts stand in the journal alone.
  private func endings(_ index: Int) async throws -> [UInt32: Fact] {
    let archive = self.archive
    let journal = source.journal
    return try await waits.run {
      let sequences = try archive.look { chronicle in
        try Self.known(index, chronicle)
        let attempts = chronicle.trials.indices.contains(index) ? chronicle.trials[index].attempts.suffix(200) : []
        return attempts.map(\.endSequence).filter { $0 > 0 }
      }
      guard !sequences.isEmpty else { return [:] }
      let reader = try JournalReader(at: journal)
      defer { try? reader.close() }
      var found: [UInt32: Fact] = [:]
      for sequence in sequences {
        found[sequence] = try reader.tail(after: Int(sequence) - 1, limit: 1).first?.fact
      }
      return found
    }
  }

  private static func attempts(
    _ index: Int, _ chronicle: Chronicle, _ ends: [UInt32: Fact], _ writer: inout JSONWriter
  ) {
    let attempts = chronicle.trials.indices.contains(index) ? chronicle.trials[index].attempts.suffix(200) : []
    writer.array("attempts") { writer in
      for attempt in attempts {
        writer.object { writer in
          writer.member("attempt", max(1, Int(attempt.attempt)))
          writer.member("host", host(attempt, chronicle))
          writer.member("slot", max(0, Int(attempt.slot)))
          writer.member("reason", attempt.reason.rawValue)
          writer.member("from_resource", max(0, Int(attempt.from)))
          writer.member("milestone", max(1, Int(attempt.milestone)))
          writer.member("assigned_at", attempt.assignedWall)
          writer.maybe("started_at", attempt.startedWall)
          writer.maybe("ended_at", attempt.endedWall)
          writer.maybe("ended", attempt.ending.map(word))
          let end = attempt.ending == nil ? nil : ends[attempt.endSequence]
          writer.member("text", end.map { Presentation.ending($0, in: chronicle.state) } ?? "")
        }
      }
    }
  }

  static func host(_ attempt: AttemptSpan, _ chronicle: Chronicle) -> String {
    chronicle.state[AgentID(Int(attempt.agent))]?.name ?? "agent \(attempt.agent)"
  }

  private static func word(_ ending: AttemptSpan.Ending) -> String {
    switch ending {
    case .paused: "paused"
    case .completed: "completed"
    case .stopped: "stopped"
    case .failed: "failed"
    case .lost: "lost"
    case .refused: "refused"
    }
  }

  private static func checkpoints(_ trial: TrialState, _ chronicle: Chronicle, _ writer: inout JSONWriter) {
    writer.array("checkpoints") { writer in
      for checkpoint in trial.seals {
        writer.object { writer in
          let seal = checkpoint.seal
          writer.member("generation", max(1, seal.generation))
          writer.member("attempt", max(1, seal.attempt.rawValue))
          writer.member("resource", max(0, seal.coveredResource ?? 0))
          writer.member("bytes", max(0, seal.bytes))
          writer.array("holders") { writer in
            for holder in checkpoint.holders {
              let (host, path) = place(holder, seal, trial.id, chronicle.state)
              writer.object { writer in
                writer.member("host", host)
                writer.member("path", path)
              }
            }
          }
        }
      }
    }
  }

  private static func place(
    _ holder: TrialState.Holder, _ seal: Seal, _ trial: TrialID, _ state: RunState
  ) -> (host: String, path: String) {
    let run = state.start?.run ?? ""
    switch holder {
    case .place(let place):
      let name = state.agents.first { $0.place == place }?.name ?? place.name
      return (name, "\(place.folder)/trials/\(trial)/seals/\(seal.generation)")
    case .coordinator: return ("coordinator", "checkpoints/\(trial)/\(seal.generation)")
    case .store:
      if case .shared(let folder) = state.specification.checkpoints.store {
        return ("store", "\(folder)/\(run)/trials/\(trial)/seals/\(seal.generation)")
      }
      return ("store", "\(run)/\(trial)/\(seal.generation)")
    }
  }
}
