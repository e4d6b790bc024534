import Chronicle
import Coordination
import Hummingbird
import Presentation
import Scheduling
import SearchSpace
import TuningModel

/// What the run is, and where it stands.
extension Answers {
  func run(_ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let presence = try await waits.run { [coordinator] in coordinator.presence() }
    let (name, version, takesCommands) = (source.name, source.version, takesCommands)
    return try await look { chronicle, writer in
      let view = RunView(
        chronicle: chronicle, presence: presence, now: Self.now(chronicle, isRunning: presence.isThere), name: name,
        version: version, takesCommands: takesCommands)
      writer.object { view.write(&$0) }
    }
  }
}

/// The answer of `/api/v1/run`.
struct RunView {
  private let chronicle: Chronicle
  private let state: RunState
  private let specification: RunSpecification
  private let presence: CoordinatorPresence
  private let now: Stamp
  private let name: String
  private let version: String
  private let takesCommands: Bool

  init(
    chronicle: Chronicle, presence: CoordinatorPresence, now: Stamp, name: String, version: String, takesCommands: Bool
  ) {
    self.chronicle = chronicle
    state = chronicle.state
    specification = chronicle.state.specification
    self.presence = presence
    self.now = now
    self.name = name
    self.version = version
    self.takesCommands = takesCommands
  }

  func write(_ writer: inout JSONWriter) {
    let experiment = specification.experiment
    writer.member("run", state.start?.run ?? name)
    writer.member("experiment", experiment.name)
    writer.member("version", version)
    writer.member("metric", experiment.metric)
    writer.member("mode", experiment.mode.rawValue)
    writer.member("resource_attr", experiment.resourceAttribute)
    writer.member("max_t", specification.scheduler.maxResource)
    scheduler(&writer)
    writer.array("brackets") { writer in
      guard !state.scheduler.levels.isEmpty else { return }
      for (bracket, levels) in chronicle.levels.enumerated() {
        writer.object { writer in
          writer.member("bracket", bracket)
          writer.array("levels") { writer in for level in levels { writer.value(level) } }
        }
      }
    }
    writer.member("status", Presentation.runStatus(state, service: presence))
    writer.member("reason", reason)
    writer.maybe("message", Presentation.endMessage(state).map(Self.shown))
    writer.member("coordinator", Self.word(presence))
    writer.maybe("started_at", state.startedAt?.wall.seconds)
    writer.maybe("ended_at", chronicle.endedAt?.wall.seconds)
    writer.member("now", now.wall.seconds)
    writer.member("active_seconds", now.active.inSeconds)
    writer.array("space") { writer in
      for entry in experiment.space.entries { SpaceEntry(entry).write(&writer) }
    }
    limits(&writer)
    estimate(&writer)
    totals(&writer)
    writer.key("best")
    if let trial = state.result, let best = trial.best {
      writer.object { writer in
        writer.member("trial", trial.id.rawValue)
        writer.member("value", best.value)
        writer.member("resource", max(1, best.resource))
      }
    } else {
      writer.null()
    }
    hosts(&writer)
    let refusal = Self.refusal(state, presence, takesCommands: takesCommands)
    writer.object("commands") { writer in
      writer.member("accepted", refusal == nil)
      writer.maybe("reason", refusal)
    }
    writer.member("sequence", chronicle.sequence)
  }

  static func word(_ presence: CoordinatorPresence) -> String {
    switch presence {
    case .running: "running"
    case .silent: "silent"
    case .none: "none"
    }
  }

  /// Why no command is taken; nil: they are.
  static func refusal(_ state: RunState, _ presence: CoordinatorPresence, takesCommands: Bool) -> String? {
    let name = state.start?.run ?? ""
    if state.end != nil {
      return "the run has ended; `pasha-coord extend \(name) --trials N`, or `--time T`, lets it go on"
    }
    if !takesCommands { return "this page only shows the run" }
    if state.isSuspended { return "the run is paused; `pasha-coord resume \(name)` goes on" }
    switch presence {
    case .running: return nil
    case .silent: return "the coordinator does not answer"
    case .none: return "no coordinator runs the run; `pasha-coord resume \(name)` goes on"
    }
  }

  /// The ends of what scripts print may be long.
  private static func shown(_ text: String) -> String {
    Presentation.printable(String(text.suffix(8192)), keepsNewlines: true)
  }

  private var reason: String {
    if let end = state.end { return Presentation.reason(end.reason, state) }
    if state.isSuspended { return "all trials are paused and sealed; `pasha-coord resume` goes on" }
    if presence == .none { return "no coordinator runs the run; `pasha-coord resume` goes on" }
    let active = state.activeTrials.count
    if let closing = state.closing {
      return "\(Presentation.reason(closing.end.reason, state)); "
        + "\(Presentation.count(active, "trial")) \(active == 1 ? "is" : "are") being paused and sealed"
    }
    if let training = state.training {
      return "the search is over (\(Presentation.reason(training.end.reason, state))); its best "
        + "\(Presentation.count(training.trials.count, "trial")) \(training.trials.count == 1 ? "is" : "are") trained in full"
    }
    if let drain = state.drain {
      let rest =
        specification.scheduler.isStopping
        ? "those that run go on" : drain.promotesStill ? "promotions go on" : "running trials go to their milestones"
      return "\(Presentation.reason(drain.reason, state)); \(rest)"
    }
    let waiting = state.waiting.count
    return (active == 1 ? "1 trial is in a slot" : "\(active) trials are in slots")
      + ", \(waiting == 1 ? "1 waits" : "\(waiting) wait") for one"
  }

  private func scheduler(_ writer: inout JSONWriter) {
    let options = specification.scheduler
    writer.object("scheduler") { writer in
      writer.member("name", specification.program == nil ? options.name.rawValue : "command")
      writer.member("title", Self.title(options.name))
      writer.array("options") { writer in
        for (name, value) in Self.options(options, specification.program) {
          writer.object { writer in
            writer.member("name", name)
            writer.member("value", value)
          }
        }
      }
    }
  }

  static func title(_ name: SchedulerOptions.Name) -> String {
    switch name {
    case .pasha: "PASHA"
    case .asha: "ASHA"
    case .hyperband: "Hyperband"
    case .costPromotion: "Cost-aware promotion"
    case .rush: "RUSH"
    case .medianStopping: "Median stopping"
    case .percentile: "Percentile stopping"
    case .fifo: "Every trial in full"
    case .syncHyperband: "Synchronous Hyperband"
    case .successiveHalving: "Successive halving"
    case .external: "A program"
    }
  }

  /// Those that count for the scheduler, by their names in the cluster file.
  static func options(_ options: SchedulerOptions, _ program: SchedulerProgram?) -> [(String, String)] {
    var found: [(String, String)] = []
    if let program { found.append(("command", program.command.joined(separator: " "))) }
    switch options.name {
    case .medianStopping:
      found.append(("rank_cutoff", Presentation.number(options.median.rankCutoff)))
      found.append(("grace_time", "\(options.median.graceTime)"))
      found.append(("grace_population", "\(options.median.gracePopulation)"))
      return found
    case .percentile: return [("percentile", Presentation.number(options.percentile))]
    case .fifo, .external: return found
    case .pasha, .asha, .hyperband, .costPromotion, .rush, .syncHyperband, .successiveHalving: break
    }
    if let levels = options.rungLevels {
      found.append(("rung_levels", levels.map { "\($0)" }.joined(separator: ", ")))
    } else {
      found.append(("grace_period", "\(options.gracePeriod)"))
      if let increment = options.rungIncrement {
        found.append(("rung_increment", "\(increment)"))
      } else {
        found.append(("reduction_factor", Presentation.number(options.reductionFactor)))
      }
    }
    if options.brackets > 1 { found.append(("brackets", "\(options.brackets)")) }
    if options.name == .pasha {
      found.append(("ranking_criterion", options.ranking.criterion.rawValue))
      if let epsilon = options.ranking.epsilon { found.append(("epsilon", Presentation.number(epsilon))) }
    }
    if options.name == .asha || options.name == .hyperband || options.name == .rush {
      found.append(("type", options.type.rawValue))
    }
    return found
  }

  private func limits(_ writer: inout JSONWriter) {
    let stop = specification.stop
    let totals = state.totals
    let best = chronicle.state.bestSoFar
    var found: [(String, Double, Double?)] = []
    func add(_ name: String, _ limit: Double?, _ used: Double?) { if let limit { found.append((name, limit, used)) } }
    add("max_num_trials_started", stop.maxTrialsStarted.map(Double.init), Double(state.trials.count))
    add("max_num_trials_completed", stop.maxTrialsCompleted.map(Double.init), Double(totals.completed))
    add(
      "max_num_trials_finished", stop.maxTrialsFinished.map(Double.init),
      Double(totals.completed + totals.stopped + totals.failed))
    add("max_num_evaluations", stop.maxEvaluations.map(Double.init), Double(totals.reports))
    add("max_wallclock_time", stop.maxWallclockTime?.inSeconds, now.active.inSeconds)
    add("max_cost", stop.maxCost, totals.cost)
    add("max_metric_value", stop.maxMetricValue, best)
    add("min_metric_value", stop.minMetricValue, best)
    writer.array("limits") { writer in
      for (name, limit, used) in found {
        writer.object { writer in
          writer.member("name", name)
          writer.member("limit", limit)
          writer.maybe("used", used)
        }
      }
    }
  }

  private func estimate(_ writer: inout JSONWriter) {
    var reason: String?
    var known: TimeLeft.Estimate?
    switch chronicle.timeLeft(at: now.active.inSeconds) {
    case .unknown(.over): reason = TimeLeft.Reason.over.text
    case _ where !presence.isThere: reason = TimeLeft.Reason.unattended.text
    case .unknown(let why): reason = why.text
    case .estimate(let left) where left.seconds.isFinite && left.low.isFinite && left.high.isFinite: known = left
    case .estimate: reason = "it ends later than can be told"
    }
    writer.key("estimate")
    if let left = known {
      writer.object { writer in
        writer.member("seconds", left.seconds)
        writer.member("low", left.low)
        writer.member("high", left.high)
        let sooner = left.mayEndSooner ? "; a value of the metric may end it before" : ""
        writer.member("basis", "the run ends when \(left.basis.text)\(sooner)")
      }
    } else {
      writer.null()
    }
    writer.maybe("no_estimate", reason)
  }

  private func totals(_ writer: inout JSONWriter) {
    var counts: [String: Int] = [:]
    var (restarts, moves, slotSeconds) = (0, 0, 0.0)
    for index in state.trials.indices {
      counts[state.trials[index].status.word, default: 0] += 1
      restarts += state.trials[index].restarts
      moves += state.trials[index].moves
      slotSeconds += chronicle.slotSeconds(of: index, at: now.active.inSeconds)
    }
    writer.object("totals") { writer in
      writer.member("trials", state.trials.count)
      writer.object("by_status") { writer in
        for word in Self.statusWords { writer.member(word, counts[word] ?? 0) }
      }
      writer.member("reports", state.totals.reports)
      writer.member("resource", state.totals.trained)
      writer.member("slot_seconds", max(0, slotSeconds))
      writer.maybe("cost", specification.experiment.costAttribute == nil ? nil : state.totals.cost)
      writer.member("restarts", restarts)
      writer.member("moves", moves)
      writer.member("continued_in_place", state.totals.continuedInPlace)
    }
  }

  static let statusWords = ["pending", "assigned", "running", "held", "paused", "completed", "stopped", "failed"]

  private func hosts(_ writer: inout JSONWriter) {
    let hosts = HostHealth.all(state, live: nil).filter { $0.word != .removed }
    // The agents of a run that nobody runs any more have ended.
    let there = state.end != nil || state.isSuspended ? [] : hosts
    let agents = there.compactMap(\.agent).filter { $0.reachability != .lost }
    writer.object("hosts") { writer in
      writer.member("total", hosts.count)
      writer.member("ready", there.count { $0.word == .ready })
      writer.member("troubled", there.count { $0.word.isTroubled })
      writer.member("slots", agents.reduce(0) { $0 + $1.slots.count })
      writer.member("busy", agents.reduce(0) { $0 + $1.slots.count { $0 != nil } })
    }
  }
}

/// An entry of the configuration space, as the page draws its axis.
struct SpaceEntry {
  private let entry: ConfigurationSpace.Entry

  init(_ entry: ConfigurationSpace.Entry) { self.entry = entry }

  func write(_ writer: inout JSONWriter) {
    var type = "constant"
    var scale = "none"
    var isWhole = false
    var bounds: (Double, Double)?
    var values: [ParameterValue]?
    var constant: ParameterValue?
    switch entry.content {
    case .constant(let value):
      constant = value
      if case .int = value { isWhole = true }
    case .domain(.real(let range)):
      bounds = (range.lower, range.upper)
      switch range.scale {
      case .linear: (type, scale) = ("uniform", "linear")
      case .log: (type, scale) = ("loguniform", "log")
      case .reverseLog: (type, scale) = ("reverseloguniform", "reverse_log")
      }
    case .domain(.integer(let range)):
      isWhole = true
      bounds = (Double(range.lower), Double(range.upper))
      (type, scale) = range.isLogarithmic ? ("lograndint", "log") : ("randint", "linear")
    case .domain(.choice(let all)):
      type = "choice"
      values = all
    case .domain(.ordinal(let ordinal)):
      type = ordinal.kind == .nearestInLog ? "logordinal" : "ordinal"
      values = ordinal.values
      if ordinal.kind != .equal { scale = ordinal.kind == .nearestInLog ? "log" : "linear" }
    case .domain(.finite(let range)):
      isWhole = range.isWhole
      bounds = (range.lower, range.upper)
      values = range.values
      (type, scale) = range.isLogarithmic ? ("logfinrange", "log") : ("finrange", "linear")
    }
    writer.object { writer in
      writer.member("name", entry.name)
      writer.member("type", type)
      writer.member("scale", scale)
      writer.member("whole", isWhole)
      writer.maybe("lower", bounds?.0)
      writer.maybe("upper", bounds?.1)
      writer.key("values")
      if let values {
        writer.array { writer in for value in values.prefix(1000) { writer.value(value) } }
      } else {
        writer.null()
      }
      writer.key("constant")
      if let constant { writer.value(constant) } else { writer.null() }
    }
  }
}
