import Chronicle
import Coordination
import Presentation
import TuningModel

/// What failed, and why.
extension Story {
  static let mostFailures = 30

  func failures() -> Document.Section? {
    var blocks: [Document.Block] = []
    let failed = state.trials.filter { trial in
      if case .failed = trial.status { return true }
      return false
    }
    if !failed.isEmpty { blocks += failedBlocks(failed) }
    let lost = lostRows()
    if !lost.isEmpty {
      blocks.append(
        .paragraph(
          "Attempts that were lost with their hosts or could not be started; their trials went on from their newest "
            + "checkpoints that were left:"))
      blocks.append(
        .table(
          Document.Table(
            header: ["after", "trial", "attempt", "host", "what"], rows: Array(lost.prefix(Self.mostFailures * 2)),
            numeric: [0, 1, 2])))
      if lost.count > Self.mostFailures * 2 {
        blocks.append(.paragraph("The first \(Self.mostFailures * 2) of \(lost.count) are shown."))
      }
    }
    let unusable = state.trials.reduce(0) { $0 + $1.rejectedReports }
    if unusable > 0 {
      blocks.append(
        .paragraph(
          "\(Presentation.count(unusable, "report")) could not be used: without the metric, or without a whole "
            + "\(resource) of at least 1."))
    }
    guard !blocks.isEmpty else { return nil }
    return Document.Section(title: "What failed, and why", anchor: "failures", blocks: blocks)
  }

  private func failedBlocks(_ failed: [TrialState]) -> [Document.Block] {
    var kinds: [String] = []
    var byKind: [String: [TrialState]] = [:]
    for trial in failed {
      guard case .failed(let kind) = trial.status else { continue }
      let word = Presentation.word(kind)
      if byKind[word] == nil { kinds.append(word) }
      byKind[word, default: []].append(trial)
    }
    var blocks: [Document.Block] = []
    for kind in kinds {
      let trials = byKind[kind] ?? []
      let names = ReportText.list(trials.map { "\($0.id)" }, limit: 20)
      blocks.append(
        .paragraph(
          "\(Presentation.count(trials.count, "trial")) failed by \(kind): \(trials.count == 1 ? "trial" : "trials") \(names)."
        ))
    }
    // What scripts print is often the same: one of each text.
    var seen: Set<String> = []
    for trial in failed {
      guard let message = trial.failureMessage, seen.count < 5, seen.insert(message).inserted else { continue }
      let at = trial.resource > 0 ? " after \(resource) \(trial.resource)" : ""
      blocks.append(.paragraph("Trial \(trial.id)\(at), \(values(trial.id.rawValue)):"))
      let lines = message.split(separator: "\n").joined(separator: "\n")
      blocks.append(.code(ReportText.plain(lines, limit: 3000, keepsNewlines: true)))
    }
    return blocks
  }

  private func lostRows() -> [[Document.Cell]] {
    var rows: [(seconds: Double, cells: [Document.Cell])] = []
    for (index, history) in chronicle.trials.enumerated() {
      for attempt in history.attempts {
        let what: String
        switch attempt.ending {
        case .lost?: what = "lost"
        case .refused?: what = "not started"
        default: continue
        }
        let host = state[AgentID(Int(attempt.agent))]?.name ?? "–"
        let seconds = attempt.ended ?? attempt.assigned
        rows.append(
          (
            seconds,
            [
              Document.Cell(at(seconds)), "\(index)", "\(attempt.attempt)",
              Document.Cell(ReportText.plain(host, limit: 60)), Document.Cell(what),
            ]
          ))
      }
    }
    return rows.sorted { $0.seconds < $1.seconds }.map(\.cells)
  }
}
