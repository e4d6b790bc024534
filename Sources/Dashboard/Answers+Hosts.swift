import Chronicle
import Coordination
import HostSystem
import Hummingbird
import Presentation
import TuningModel

/// The hosts and their slots, and what happened.
extension Answers {
  func hosts(_ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let coordinator = self.coordinator
    let (presence, told) = try await waits.run { () -> (CoordinatorPresence, JSONValue?) in
      let presence = coordinator.presence()
      guard case .running = presence else { return (presence, nil) }
      // As the coordinator sees them, who knows what is being started and awaited.
      let text = coordinator.shared("hosts_json")?.text("text")
      return (presence, text.flatMap { try? JSONValue(parsing: $0) })
    }
    let takesCommands = self.takesCommands
    return try await look { chronicle, writer in
      let state = chronicle.state
      guard case .array(let hosts) = told ?? Presentation.hostsJSON(state) else {
        throw APIError(.unavailable, "the coordinator's answer cannot be read")
      }
      let isSteered = RunView.refusal(state, presence, takesCommands: takesCommands) == nil && state.closing == nil
      writer.object { writer in
        writer.array("hosts") { writer in
          for host in hosts { writer.object { Self.host(host, state, isSteered: isSteered, &$0) } }
        }
      }
    }
  }

  private static func host(_ host: JSONValue, _ state: RunState, isSteered: Bool, _ writer: inout JSONWriter) {
    let name = host.text("host") ?? ""
    let word = HostHealth.Word.allCases.first { $0.text == host.text("state") } ?? .ready
    let agent = host.whole("agent").flatMap { state[AgentID($0)] }
    writer.member("host", name)
    writer.member("state", word.text)
    writer.member("troubled", word.isTroubled)
    var since: Double?
    if case .double(let value)? = host.member("since") { since = value }
    writer.maybe("since", since)
    writer.member("reason", host.text("reason") ?? "")
    writer.member("next", host.text("next") ?? "")
    writer.maybe("note", host.text("note"))
    writer.maybe("agent", agent?.id.rawValue)
    writer.maybe("hostname", agent?.greeting?.hostname)
    writer.maybe("version", agent?.greeting?.version)
    writer.member("joined", agent?.origin == .joined)
    writer.array("slots") { writer in
      for slot in agent?.slots.indices ?? 0..<0 { writer.object { Self.slot(slot, agent, state, &$0) } }
    }
    let mark = state.mark(of: name)
    writer.array("can") { writer in
      guard isSteered else { return }
      if mark == .inUse, word != .lost { writer.value("drain_host") }
      if mark != .inUse || word == .cannotStart || word == .cannotRun || word == .lost { writer.value("add_host") }
    }
  }

  private static func slot(_ index: Int, _ agent: AgentState?, _ state: RunState, _ writer: inout JSONWriter) {
    guard let agent else { return }
    let trial = agent.slots[index].flatMap { state[$0] }
    let devices = agent.greeting?.devices ?? []
    writer.member("slot", index)
    writer.member("device", devices.indices.contains(index) ? devices[index] : "")
    writer.maybe("trial", trial?.id.rawValue)
    var phase: String?
    if let trial, case .active(let own) = trial.status {
      phase = trial.order != nil ? "ending" : own == .assigned && trial.source != nil ? "moving" : own.rawValue
    }
    writer.maybe("phase", phase)
    writer.maybe("unusable", agent.unusable[index])
  }

  // MARK: Events

  func events(_ parameters: inout QueryReader) async throws -> Response {
    let before = try parameters.whole("before", 1...9_007_199_254_740_991)
    let after = try parameters.whole("after", 0...9_007_199_254_740_991)
    let limit = try parameters.whole("limit", 1...500) ?? 100
    let trial = try parameters.whole("trial", 0...Int(Int32.max))
    let word = try parameters.word("severity", ["info", "notice", "warning", "error"]) ?? "info"
    try parameters.finish()
    guard before == nil || after == nil else { throw APIError(.badRequest, "before and after do not go together") }
    let severity: EventLog.Severity =
      switch word {
      case "notice": .notice
      case "warning": .warning
      case "error": .error
      default: .info
      }
    let range = before.map { EventLog.Range.before($0) } ?? after.map { .after($0) } ?? .newest
    return try await look { chronicle, writer in
      let events = chronicle.events.events(
        range, limit: limit, trial: trial.map { TrialID($0) }, severity: severity)
      writer.object { writer in
        writer.member("first", chronicle.events.first)
        writer.member("last", chronicle.events.last)
        writer.array("events") { writer in for event in events { writer.object { Self.write(event, &$0) } } }
      }
    }
  }

  static func write(_ event: EventLog.Event, _ writer: inout JSONWriter) {
    writer.member("sequence", event.sequence)
    writer.member("time", event.stamp.wall.seconds)
    writer.member("active_seconds", max(0, event.stamp.active.inSeconds))
    writer.member("kind", event.kind)
    let severity =
      switch event.severity {
      case .info: "info"
      case .notice: "notice"
      case .warning: "warning"
      case .error: "error"
      }
    writer.member("severity", severity)
    writer.member("text", event.text)
    writer.maybe("trial", event.trial?.rawValue)
    writer.maybe("host", event.host)
  }
}
