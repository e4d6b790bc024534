import Chronicle
import Coordination
import Presentation
import TuningModel

/// What was done to the run by hand, and when it was interrupted.
extension Story {
  static let mostInterventions = 60

  func steering() -> Document.Section? {
    let all = chronicle.interventions
    guard all.count > 0 else { return nil }
    let rows = all.kept.prefix(Self.mostInterventions).map { intervention -> [Document.Cell] in
      [Document.Cell(at(intervention.seconds)), Document.Cell(text(of: intervention.kind))]
    }
    var blocks: [Document.Block] = [
      .table(Document.Table(header: ["after", "what"], rows: Array(rows), numeric: [0]))
    ]
    if all.count > rows.count {
      blocks.append(.paragraph("The first \(rows.count) of \(ReportText.whole(all.count)) are shown."))
    }
    return Document.Section(title: "Done by hand, and interruptions", anchor: "steering", blocks: blocks)
  }

  private func text(of kind: Intervention.Kind) -> String {
    func host(_ name: String) -> String { ReportText.plain(name, limit: 60) }
    switch kind {
    case .command(.pauseRun): return "the run was paused"
    case .command(.stopRun): return "the run was ended"
    case .command(.stopTrial(let trial)): return "trial \(trial) was stopped"
    case .command(.pauseTrial(let trial)): return "trial \(trial) was paused"
    case .command(.resumeTrial(let trial)): return "trial \(trial) was let go on"
    case .enqueued(let trial):
      return "trial \(trial) was brought in" + (state[trial] == nil ? "" : ": \(values(trial.rawValue, limit: 160))")
    case .hostAdded(let name): return "host \(host(name)) came in"
    case .hostMarked(let name, .inUse): return "host \(host(name)) was taken into use again"
    case .hostMarked(let name, .draining): return "host \(host(name)) was drained"
    case .hostMarked(let name, .leaving): return "host \(host(name)) was taken out of the run"
    case .hostMarked(let name, .removed): return "host \(host(name)) had left"
    case .fileChanged: return "a changed cluster file was taken over"
    case .extended: return "the run was extended"
    case .resumed(nil): return "the run was resumed"
    case .resumed(let silence?):
      return
        "a coordinator took the run up again; the one before had not ended it, and last wrote \(at(silence)) before"
    }
  }
}
