import Coordination
import Presentation
import Scheduling
import TuningModel

/// What it takes to do the same again.
extension Story {
  func making() -> Document.Section {
    var rows: [[Document.Cell]] = []
    func add(_ name: Document.Cell, _ value: String) {
      rows.append([name, Document.Cell(ReportText.plain(value, limit: 500))])
    }
    let start = state.start
    add("experiment", experiment.name)
    add("command", experiment.entryPoint.joined(separator: " "))
    add("metric", "\(experiment.metric), \(experiment.mode.rawValue)")
    add("resource", "\(experiment.resourceAttribute), up to \(scheduler.maxResource)")
    add("scheduler", schedulerText())
    add("searcher", "\(state.specification.searcher.kind.rawValue), random seed \(start?.randomSeed ?? 0)")
    if let limits = limits() { add("ends after", limits) }
    if let hash = start?.codeHash { add("code", "tree \(hash)") }
    add("cluster file", "SHA-256 \(state.changedSpecificationHash ?? start?.specificationHash ?? "")")
    add("pasha", start?.version ?? "")
    for entry in experiment.metadata.prefix(30) {
      rows.append([
        Document.Cell(ReportText.plain(entry.key, limit: 60)),
        Document.Cell(ReportText.plain(Self.text(entry.value), limit: 500)),
      ])
    }
    return Document.Section(
      title: "How it was made", anchor: "making",
      blocks: [.table(Document.Table(header: ["what", "value"], rows: rows))])
  }

  private func schedulerText() -> String {
    var words = [scheduler.name.rawValue]
    let levels = chronicle.levels.first ?? []
    if !levels.isEmpty { words.append("rungs at \(levels.prefix(30).map(String.init).joined(separator: ", "))") }
    if scheduler.rungLevels == nil, scheduler.rungIncrement == nil {
      words.append("reduction factor \(Presentation.number(scheduler.reductionFactor))")
    }
    if scheduler.brackets > 1 { words.append("\(scheduler.brackets) brackets") }
    if scheduler.name == .pasha { words.append(scheduler.ranking.criterion.rawValue) }
    return words.joined(separator: "; ")
  }

  private func limits() -> String? {
    let stop = state.specification.stop
    var words: [String] = []
    if let trials = stop.maxTrialsStarted { words.append("\(Presentation.count(trials, "trial")) started") }
    if let time = stop.maxWallclockTime { words.append(Presentation.duration(time)) }
    if let count = stop.trainBest { words.append("then the best \(count) are trained in full") }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  private static func text(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return value.jsonText(.strict)
  }
}
