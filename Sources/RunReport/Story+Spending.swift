import Presentation
import Simulation

/// What the run saved.
extension Story {
  func spending() -> Document.Section {
    var blocks: [Document.Block] = []
    if let savings {
      blocks.append(.table(table(savings)))
      for text in explanations(savings) { blocks.append(.paragraph(text)) }
    } else {
      blocks.append(.paragraph("Nothing was trained yet."))
    }
    let title = scheduler.name == .pasha ? "What PASHA saved" : "What it took, and what others would have taken"
    return Document.Section(title: title, anchor: "savings", blocks: blocks)
  }

  private func table(_ savings: Savings) -> Document.Table {
    let (own, again) = (savings.run, savings.again)
    var rows = [row("this run, as it was", own, savings)]
    if let again { rows.append(row("\(name(again)), simulated on the run's curves", again, savings)) }
    if let other = savings.other { rows.append(row("\(name(other)), simulated on the run's curves", other, savings)) }
    rows.append(row("full training of every configuration", savings.full, savings))
    return Document.Table(
      header: [
        "way", resources, "… of them assumed", "as many", "up to \(resource)", "training time",
        "on \(Presentation.count(savings.slots, "slot")), without starts", "best \(metric)",
      ], rows: rows, numeric: [1, 2, 3, 4, 5, 6, 7], marked: 0)
  }

  private func row(_ title: String, _ way: Savings.Way, _ savings: Savings) -> [Document.Cell] {
    let isRun = way == savings.run
    let isFull = way.label == savings.full.label && !isRun
    let about = way.assumedEpochs > 0 ? "≈ " : ""
    let ratio = isRun || savings.run.epochs == 0 ? "–" : about + Story.times(way.epochs, savings.run.epochs)
    let best = way.best.map { (way.assumedEpochs > 0 ? "\(number($0)) or better" : number($0)) }
    return [
      Document.Cell(title), Document.Cell(about + ReportText.whole(way.epochs)),
      Document.Cell(way.assumedEpochs > 0 ? ReportText.whole(way.assumedEpochs) : "–"), Document.Cell(ratio),
      Document.Cell(ReportText.whole(way.maxResource)),
      Document.Cell(way.seconds.map { about + at($0) } ?? "–"),
      Document.Cell(
        way.wallSeconds.map { (isFull ? "at least " : about) + at($0) + (isRun ? ", starts included" : "") } ?? "–"),
      Document.Cell(best ?? "not known"),
    ]
  }

  private func name(_ way: Savings.Way) -> String { way.label == "full training" ? way.label : way.label.uppercased() }

  private func explanations(_ savings: Savings) -> [String] {
    var texts: [String] = []
    let others = [savings.again, savings.other].compactMap { $0 }
    if !others.isEmpty {
      texts.append(
        "The simulated rows are the real schedulers, given the run's configurations in the order in which it started them, "
          + "the values that its trials reported, and its slots; starting and moving trials takes no time there"
          + again(savings))
    }
    texts.append(
      "This run's row counts all that its attempts trained, by their reports, each from where it began"
        + (savings.run.extraEpochs > 0
          ? ": \(amount(savings.run.extraEpochs)) of it brought no trial further, trained again since no checkpoint covered "
            + "\(savings.run.extraEpochs == 1 ? "it" : "them"), or past a milestone at which the script did not wait."
          : ".")
        + " The other rows train each \(resource) of a trial once.")
    if savings.full.assumedEpochs > 0 || others.contains(where: { $0.assumedEpochs > 0 }) {
      texts.append(
        "Assumed \(resources) lie beyond where the run stopped a trial, so nobody knows their values. Each is taken to last "
          + "as long as the trial's own \(resources) did, in the median (where it trained fewer than three: as those of the "
          + "other trials), and to leave the metric as it was. How many trials a scheduler promotes follows from how many "
          + "there are in a rung; which ones, from the values: so the number of \(resources) is an estimate, and what longer "
          + "training would have found is not known.")
    }
    texts.append(
      "Full training: each of the \(ReportText.whole(savings.full.trials)) configurations that were started up to "
        + "\(amount(scheduler.maxResource)), those that failed as far as they came; on slots that are never idle.")
    if state.training != nil {
      texts.append("The training of the best trials after the search is left out of all rows.")
    }
    if !isOver {
      texts.append("The run is not over: what it has spent so far is compared with the whole of the others.")
    }
    for note in savings.notes { texts.append(words(note)) }
    return texts
  }

  /// What the second row is good for. A simulation ends by the number of trials alone, as the run's `at_limit` says.
  private func again(_ savings: Savings) -> String {
    guard savings.again != nil, let end = state.end else { return "." }
    switch state.training?.end.reason ?? end.reason {
    case .trialsStarted, .spaceExhausted, .schedulerFinished:
      return ", and the second row shows how near such a simulation comes to what was."
    default:
      return
        ". The run ended before it had done all that its scheduler wanted (\(Presentation.reason(end.reason, state))); the "
        + "simulation trains on what was broken off, so that the second row may tell of more \(resources) and a higher "
        + "maximum than the run had."
    }
  }

  private func words(_ note: Savings.Note) -> String {
    switch note {
    case .gaps(let values):
      "The trials do not report each \(resource) (\(ReportText.whole(values)) values stand behind one without a value): "
        + "there are no whole curves to simulate on, and no times per \(resource)."
    case .withoutCurve(let trials):
      "\(Presentation.count(trials, "trial")) ended before the first \(resource), or \(trials == 1 ? "has" : "have") not come to it yet."
    case .tooLarge: "The run's curves are too long to simulate others on."
    case .notComparable(let reason): "Another scheduler cannot be simulated: \(ReportText.plain(reason))."
    }
  }
}
