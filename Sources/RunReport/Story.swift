import Chronicle
import Coordination
import Presentation
import Scheduling
import SearchSpace
import Simulation
import TuningModel

/// Makes the document of a run's history.
struct Story {
  typealias Document = ReportDocument

  var chronicle: Chronicle
  let savings: Savings?
  let importance: Importance
  let options: RunReport.Options
  /// Trials with a value, best first.
  let ranking: [Int]

  init(report: RunReport) {
    chronicle = report.chronicle
    savings = report.savings
    importance = report.importance
    options = report.options
    ranking = chronicle.ranking()
  }

  var state: RunState { chronicle.state }
  var experiment: Experiment { state.specification.experiment }
  var scheduler: SchedulerOptions { state.specification.scheduler }
  /// The metric's name, as it stands in sentences and on axes.
  var metric: String { ReportText.plain(experiment.metric, limit: 48) }
  var resource: String { ReportText.plain(experiment.resourceAttribute, limit: 32) }
  /// More than one of it.
  var resources: String { resource.hasSuffix("s") ? resource : resource + "s" }
  var isBetterLower: Bool { experiment.mode == .min }
  /// Rungs, and the maximum resource.
  var levelCount: Int { (chronicle.levels.first?.count ?? 0) + 1 }
  var isOver: Bool { state.end != nil }
  var end: Double { (state.lastStamp?.active ?? .zero).inSeconds }

  mutating func document() -> Document {
    var sections = [outcome(), winner()]
    if !ranking.isEmpty { sections.append(progress()) }
    if let rungs = rungs() { sections.append(rungs) }
    if let parameters = parameters() { sections.append(parameters) }
    sections.append(spending())
    if let hosts = hosts() { sections.append(hosts) }
    if let steering = steering() { sections.append(steering) }
    if let failures = failures() { sections.append(failures) }
    sections += [making(), all()]
    return Document(
      title: ReportText.plain(state.start?.run ?? "run", limit: 80), subtitle: subtitle(), tiles: tiles(),
      sections: sections, levels: levelCount,
      foot: "Made by pasha \(ReportText.plain(state.start?.version ?? "")) on \(Presentation.date(options.now)) from "
        + "the \(ReportText.whole(chronicle.sequence)) facts of the run's journal.")
  }

  // MARK: Words

  static func duration(_ seconds: Double) -> String {
    Presentation.duration(.milliseconds(Int64((min(max(seconds, 0), 1e12) * 1000).rounded())))
  }

  func at(_ seconds: Double) -> String { Self.duration(seconds) }

  func number(_ value: Double?) -> String { value.map(Presentation.number) ?? "–" }

  /// `27 epochs`, `1 epoch`.
  func amount(_ count: Int) -> String { "\(ReportText.whole(count)) \(count == 1 ? resource : resources)" }

  func values(_ trial: Int, limit: Int = 300) -> String {
    let constants = Set(
      experiment.space.entries.compactMap { entry -> String? in
        if case .constant = entry.content { return entry.name }
        return nil
      })
    let shown = state.trials[trial].configuration.entries.filter { !constants.contains($0.name) }
    return ReportText.plain(Presentation.configuration(Configuration(shown)), limit: limit)
  }

  var methodName: String {
    switch scheduler.name {
    case .pasha: "PASHA"
    case .asha: scheduler.type == .stopping ? "ASHA (stopping)" : "ASHA"
    case .hyperband: "Hyperband"
    case .costPromotion: "cost-aware ASHA"
    case .rush: "RUSH"
    case .medianStopping: "the median rule"
    case .percentile: "the percentile rule"
    case .fifo: "full training of every trial"
    case .syncHyperband: "synchronous Hyperband"
    case .successiveHalving: "successive halving"
    case .external: "a program of one's own"
    }
  }

  // MARK: The head

  private func subtitle() -> String {
    let status: String
    if let end = state.end {
      status =
        "\(Presentation.runStatus(state)): \(Presentation.reason(end.reason, state))"
        + (state.totals.bestTrial == nil ? "; " + Presentation.nothingReported(state) : "")
    } else if state.isSuspended {
      status = "paused"
    } else if options.isRunning {
      status = "goes on; this is how it stood on \(Presentation.date(options.now))"
    } else {
      status = "interrupted: nobody runs it"
    }
    guard let began = state.startedAt else { return status }
    return "begun \(Presentation.date(began.wall)), " + status
  }

  private func tiles() -> [Document.Tile] {
    let best = state.result?.best
    let slots = slotCount
    let maximum = state.scheduler.ladder.map(\.currentMaximum).max()
    var tiles = [
      Document.Tile(
        title: "best \(metric)", value: number(best?.value),
        note: isBetterLower ? "lower is better" : "higher is better"),
      Document.Tile(
        title: "trials", value: ReportText.whole(state.trials.count),
        note: state.totals.failed > 0 ? "\(state.totals.failed) failed" : ""),
      Document.Tile(title: "\(resources) trained", value: ReportText.whole(state.totals.trained)),
    ]
    if let maximum {
      tiles.append(
        Document.Tile(
          title: scheduler.name == .pasha ? "maximum reached" : "maximum resource", value: ReportText.whole(maximum),
          note: "of \(amount(scheduler.maxResource))"))
    }
    tiles += [
      Document.Tile(title: "time", value: at(end)),
      Document.Tile(
        title: "slot time", value: Presentation.duration(state.totals.slotTime),
        note: slots > 0 ? Presentation.count(slots, "slot") : ""),
    ]
    return tiles
  }

  /// Slots that the run had, those of lost hosts included.
  var slotCount: Int {
    min(chronicle.timeline.lanes.count, state.specification.cluster.maxWorkers ?? .max)
  }
}
