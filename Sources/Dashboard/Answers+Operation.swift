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
    let (archive, counters, hub, name) = (archive, counters, hub, source.name)
    return try await looks.run {
      var text = MetricsText(run: name)
      archive.look { chronicle in
        text.add(chronicle, now: Self.now(chronicle, isRunning: presence.isThere), presence)
      }
      text.add(requests: counters.byClass, streams: hub.streams)
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }
  }
}

/// Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Names end in their
/// unit, and in `_total` where they only grow.
struct MetricsText {
  private(set) var text = ""
  private let run: String

  init(run: String) { self.run = Self.escaped(run) }

  private enum Kind: String { case gauge, counter }

  private mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP pasha_\(name) \(help)\n# TYPE pasha_\(name) \(kind.rawValue)\n"
  }

  private mutating func sample(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
    let all = ([("run", run)] + labels.map { ($0.0, Self.escaped($0.1)) }).map { "\($0.0)=\"\($0.1)\"" }
    text += "pasha_\(name){\(all.joined(separator: ","))} \(Self.shown(value))\n"
  }

  private static func shown(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
  }

  private mutating func single(_ name: String, _ kind: Kind, _ value: Double, _ help: String) {
    family(name, kind, help)
    sample(name, value)
  }

  private static func escaped(_ label: String) -> String {
    label.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
  }

  mutating func add(_ chronicle: Chronicle, now: Stamp, _ presence: CoordinatorPresence) {
    let state = chronicle.state
    var isRunning = false
    if case .running = presence { isRunning = true }
    single("coordinator_up", .gauge, isRunning ? 1 : 0, "Whether the run's coordinator answers.")
    single("active_seconds_total", .counter, now.active.inSeconds, "Time during which the run was up.")
    single("journal_facts_total", .counter, Double(chronicle.sequence), "Facts in the run's journal.")
    family("run_status", .gauge, "1 for the status of the run.")
    sample("run_status", 1, [("status", Presentation.runStatus(state))])
    trials(chronicle, now)
    hosts(state)
    family("maximum_resource", .gauge, "Resource up to which trials are promoted at present.")
    for (bracket, system) in state.scheduler.ladder.enumerated() {
      sample("maximum_resource", Double(system.currentMaximum), [("bracket", "\(bracket)")])
    }
    family("epsilon", .gauge, "PASHA's epsilon, in the unit of the metric.")
    for (bracket, system) in state.scheduler.ladder.enumerated() {
      if let epsilon = system.epsilon { sample("epsilon", epsilon, [("bracket", "\(bracket)")]) }
    }
    family("rung_trials", .gauge, "Trials that reached a rung.")
    for (bracket, system) in state.scheduler.ladder.enumerated() {
      for rung in system.rungs {
        sample("rung_trials", Double(rung.entries), [("bracket", "\(bracket)"), ("level", "\(rung.level)")])
      }
    }
  }

  private mutating func trials(_ chronicle: Chronicle, _ now: Stamp) {
    let state = chronicle.state
    var counts: [String: Int] = [:]
    var (restarts, moves, slotSeconds) = (0, 0, 0.0)
    for index in state.trials.indices {
      counts[state.trials[index].status.word, default: 0] += 1
      restarts += state.trials[index].restarts
      moves += state.trials[index].moves
      slotSeconds += chronicle.slotSeconds(of: index, at: now.active.inSeconds)
    }
    family("trials", .gauge, "Trials by status.")
    for word in RunView.statusWords { sample("trials", Double(counts[word] ?? 0), [("status", word)]) }
    single("waiting_trials", .gauge, Double(state.waiting.count), "Trials that wait for a slot.")
    single("reports_total", .counter, Double(state.totals.reports), "Reports received.")
    single("resource_total", .counter, Double(state.totals.resource), "Resource trained, over all trials.")
    single("slot_seconds_total", .counter, slotSeconds, "Time in slots, over all trials.")
    single("restarts_total", .counter, Double(restarts), "Starts after faults of hosts.")
    single("checkpoint_moves_total", .counter, Double(moves), "Checkpoints that went from one place to another.")
    single(
      "promotions_in_place_total", .counter, Double(state.totals.continuedInPlace), "Promotions without a restart.")
    if let best = state.bestSoFar { single("best_value", .gauge, best, "The best value of the metric so far.") }
    if state.specification.experiment.costAttribute != nil {
      single("cost_total", .counter, state.totals.cost, "Cost that trials have reported.")
    }
  }

  private mutating func hosts(_ state: RunState) {
    let hosts = HostHealth.all(state, live: nil).filter { $0.word != .removed }
    family("hosts", .gauge, "Hosts by state.")
    for word in HostHealth.Word.allCases where word != .removed {
      sample("hosts", Double(hosts.count { $0.word == word }), [("state", word.text)])
    }
    let agents = hosts.compactMap(\.agent).filter { $0.reachability != .lost }
    single("slots", .gauge, Double(agents.reduce(0) { $0 + $1.slots.count }), "Slots of hosts that are not lost.")
    single(
      "slots_busy", .gauge, Double(agents.reduce(0) { $0 + $1.slots.count { $0 != nil } }), "Slots with a trial.")
  }

  mutating func add(requests: [Int], streams: Int) {
    family("page_requests_total", .counter, "Requests answered by this server, by class of status.")
    for (digit, count) in requests.enumerated() where digit > 0 {
      sample("page_requests_total", Double(count), [("class", "\(digit)xx")])
    }
    single("page_streams", .gauge, Double(streams), "Streams of news that are open.")
  }
}
