import Coordination
import Presentation
import TuningModel

/// The best trial, and those behind it.
extension Story {
  /// Rows of the table of the best.
  static let bestRows = 10
  /// Rows of the table of all.
  static let allRows = 1000

  func winner() -> Document.Section {
    var blocks: [Document.Block] = []
    if let trial = state.result {
      let rows = trial.configuration.entries.map { entry in
        [
          Document.Cell(ReportText.plain(entry.name, limit: 80)),
          Document.Cell(ReportText.plain(entry.value.argumentText, limit: 400)),
        ]
      }
      blocks.append(.table(Document.Table(header: ["hyperparameter", "value of trial \(trial.id)"], rows: rows)))
      blocks.append(.paragraph(checkpoint(trial)))
    }
    if ranking.count > 1 {
      blocks.append(.paragraph("The best \(min(Self.bestRows, ranking.count)) of \(ReportText.whole(ranking.count)):"))
      blocks.append(.table(table(of: Array(ranking.prefix(Self.bestRows)))))
    }
    if blocks.isEmpty { blocks.append(.paragraph(Presentation.nothingReported(state) + ".")) }
    return Document.Section(title: "The winner", anchor: "winner", blocks: blocks)
  }

  private func checkpoint(_ trial: TrialState) -> String {
    guard let seal = trial.seals.last,
      let place = Presentation.checkpoint(of: trial, state, folder: options.folder)
    else { return "It has no checkpoint: \(Presentation.noCheckpoint(trial))." }
    let covered = seal.seal.coveredResource
    let covers = covered.map { " of \(resource) \($0)" } ?? ""
    var text =
      "Its checkpoint\(covers) (\(Presentation.bytes(seal.seal.bytes))) is at \(ReportText.plain(place, limit: 500))."
    if let covered, covered > trial.resource {
      text +=
        " It is of more than the \(amount(trial.resource)) that count: the script trained past its milestone, where the "
        + "trial was not told to go on, and what it reported from there was not ranked."
    }
    return text
  }

  /// All trials, best first, then those without a value.
  func all() -> Document.Section {
    let isRanked = Set(ranking)
    let trials = ranking + state.trials.indices.filter { !isRanked.contains($0) }
    let title =
      trials.count > Self.allRows
      ? "The best \(Self.allRows) of \(ReportText.whole(trials.count)) trials (export has all)"
      : "\(Presentation.count(trials.count, "trial")), best first"
    return Document.Section(
      title: "All trials", anchor: "trials",
      blocks: [.folded(title, [.table(table(of: Array(trials.prefix(Self.allRows))))])])
  }

  private func table(of trials: [Int]) -> Document.Table {
    let names = experiment.space.domains.map(\.name)
    let shown = Array(names.prefix(12))
    let header =
      ["trial", "status", metric, "at \(resource)", "trained to", "slot time"]
      + shown.map { ReportText.plain($0, limit: 24) } + (names.count > shown.count ? ["and more"] : [])
    var numeric: Set<Int> = [0, 2, 3, 4, 5]
    for (index, name) in shown.enumerated() {
      if case .domain(let domain)? = experiment.space[name], !domain.isCategorical { numeric.insert(6 + index) }
    }
    let rows = trials.map { index -> [Document.Cell] in
      let trial = state.trials[index]
      var row = [
        Document.Cell("\(index)", level: chronicle.level(of: index)), Document.Cell(trial.status.word),
        Document.Cell(number(trial.best?.value)),
        Document.Cell(trial.best.map { ReportText.whole($0.resource) } ?? "–"),
        Document.Cell(ReportText.whole(trial.resource)),
        Document.Cell(Presentation.duration(state.slotTime(of: trial))),
      ]
      row += shown.map { Document.Cell(parameter(trial.configuration[$0])) }
      if names.count > shown.count {
        let rest = Configuration(trial.configuration.entries.filter { names.dropFirst(12).contains($0.name) })
        row.append(Document.Cell(ReportText.plain(Presentation.configuration(rest), limit: 120)))
      }
      return row
    }
    return Document.Table(
      header: header, rows: rows, numeric: numeric,
      marked: state.result.flatMap { result in trials.firstIndex(of: result.id.rawValue) })
  }

  private func parameter(_ value: ParameterValue?) -> String {
    switch value {
    case .double(let value)?: Presentation.number(value)
    case let value?: ReportText.plain(value.argumentText, limit: 60)
    case nil: "–"
    }
  }
}
