import Chronicle
import Presentation
import TuningModel

/// The best value so far, and the learning curves.
extension Story {
  /// Dots of results, curves and their points, that a plot shows at most.
  static let mostDots = 500
  static let mostCurves = 80
  static let mostPoints = 80

  mutating func progress() -> Document.Section {
    let dots = chronicle.results(limit: Self.mostDots)
    let curves = curvePicture()
    return Document.Section(
      title: "How it went", anchor: "progress",
      blocks: [
        .figures([best(dots, isOverTime: true), best(dots, isOverTime: false)]), .figures([curves]),
      ])
  }

  // MARK: Best so far

  private func best(_ dots: [Int], isOverTime: Bool) -> Document.Figure {
    let unit = TimeUnit(seconds: end)
    func x(_ seconds: Double, _ spent: Int) -> Double { isOverTime ? seconds / unit.seconds : Double(spent) }
    let steps = chronicle.bestSteps(over: { isOverTime ? $0.seconds : Double($0.spent) }, limit: 400)
    let values = dots.compactMap { state.trials[$0].best?.value } + steps.map(\.value)
    let range = ShownRange(values, isBetterLower: isBetterLower)
    let last = x(end, state.totals.trained)
    let chart = Chart(
      x: .linear(isOverTime ? "time since the start, \(unit.name)" : "\(resources) of all trials", 0...max(last, 1e-9)),
      y: .linear(metric, range?.range ?? 0...1, steps: 8))
    let title = isOverTime ? "Best so far over time" : "Best so far over the \(resources) trained"
    let summary = self.summary(steps, isOverTime: isOverTime)
    let svg = chart.svg(title, summary) { writer in
      for trial in dots {
        guard let value = state.trials[trial].best?.value else { continue }
        let history = chronicle.trials[trial]
        writer.group(
          "circle",
          [
            "class": "f\(chronicle.level(of: trial))", "r": "3", "fill-opacity": "0.75",
            "cx": SVGWriter.number(chart.x(x(history.lastSeconds, history.spentThen))),
            "cy": SVGWriter.number(chart.y(value)),
          ]
        ) { $0.element("title", [:], text: "trial \(trial): \(number(value))") }
      }
      guard let first = steps.first else { return }
      var path = "M\(chart.point(x(first.seconds, first.spent), first.value))"
      for step in steps.dropFirst() {
        path += "H\(SVGWriter.number(chart.x(x(step.seconds, step.spent))))V\(SVGWriter.number(chart.y(step.value)))"
      }
      path += "H\(SVGWriter.number(chart.x(last)))"
      writer.element("path", ["class": "accent", "d": path])
    }
    return Document.Figure(
      title: title, summary: summary, svg: svg,
      legend: [Document.LegendEntry(mark: "accentmark", text: "best so far")] + rungLegend("a trial that reached "),
      note: beyond(range))
  }

  private func summary(_ steps: [BestStep], isOverTime: Bool) -> String {
    guard let first = steps.first, let last = steps.last else { return "No value was reported." }
    let when = { (step: BestStep) in isOverTime ? "after \(self.at(step.seconds))" : "after \(self.amount(step.spent))"
    }
    let total = Presentation.count(chronicle.steps.count, "step")
    return "From \(number(first.value)) \(when(first)) in \(total) to \(number(last.value)) \(when(last))."
  }

  func beyond(_ range: ShownRange?) -> String? {
    guard let range, range.beyond > 0 else { return nil }
    return
      "\(Presentation.count(range.beyond, "value")) lie beyond the plot, on the worse side; they stand at its edge."
  }

  /// The colours of the rungs.
  func rungLegend(_ prefix: String) -> [Document.LegendEntry] {
    var entries: [Document.LegendEntry] = []
    let all = (chronicle.levels.first ?? []) + [scheduler.maxResource]
    for (index, level) in all.enumerated() {
      guard state.trials.indices.contains(where: { chronicle.level(of: $0) == index + 1 }) else { continue }
      let text = entries.isEmpty ? "\(prefix)\(resource) \(ReportText.whole(level))" : ReportText.whole(level)
      entries.append(Document.LegendEntry(mark: "b\(index + 1)", text: text))
    }
    return entries
  }

  // MARK: Curves

  private mutating func curvePicture() -> Document.Figure {
    let (total, best) = chronicle.chosen(.best, limit: Self.mostCurves / 2)
    let spread = chronicle.chosen(.spread, limit: Self.mostCurves - best.count).trials
    let known = Set(best)
    // The best are drawn last, over the others.
    let trials = (spread.filter { !known.contains($0) } + best.reversed())
    let curves = trials.map { trial in
      chronicle.curve(of: trial, points: Self.mostPoints).map { chronicle.trials[trial].reports.reports[$0] }
    }
    let range = ShownRange(curves.flatMap { $0.map(\.value) }, isBetterLower: isBetterLower)
    let longest = curves.compactMap { $0.map { Int($0.resource) }.max() }.max() ?? 1
    let levels = chronicle.allMilestones.filter { $0 <= longest }
    let chart = Chart(
      width: 960, height: 380,
      x: .logarithmic("\(resource) (logarithmic; lines stand at the rungs)", levels: [1] + levels + [longest]),
      y: .linear(metric, range?.range ?? 0...1, steps: 8), verticals: levels.map(Double.init))
    let shown =
      trials.count < total
      ? "\(trials.count) of \(ReportText.whole(total)), the best and an even choice of the others" : "all \(total)"
    let summary =
      "Learning curves of \(shown): \(metric) over \(resource). The longest goes to \(resource) \(longest)."
    let winner = state.result?.id.rawValue
    let svg = chart.svg("Learning curves", summary) { writer in
      for (trial, points) in zip(trials, curves) { draw(trial, points, winner, chart, &writer) }
    }
    var legend = rungLegend("trained to ")
    if winner != nil { legend.insert(Document.LegendEntry(mark: "bestmark", text: "the winner"), at: 0) }
    return Document.Figure(
      title: "Learning curves (\(shown)), coloured by the rung that a trial reached", summary: summary, svg: svg,
      legend: legend, note: beyond(range), isWide: true)
  }

  private func draw(
    _ trial: Int, _ points: [ReportColumns.Report], _ winner: Int?, _ chart: Chart, _ writer: inout SVGWriter
  ) {
    let level = chronicle.level(of: trial)
    let finite = points.filter { $0.value.isFinite && $0.resource > 0 }
    guard let last = finite.last else { return }
    let isWinner = trial == winner
    var path = ""
    for point in finite {
      path += (path.isEmpty ? "M" : "L") + chart.point(Double(point.resource), point.value)
    }
    let title = "trial \(trial): \(number(last.value)) at \(resource) \(last.resource)"
    writer.group("g", [:]) { writer in
      writer.element("title", [:], text: title)
      if finite.count > 1 {
        writer.element(
          "path",
          [
            "class": isWinner ? "line best" : "line s\(level)", "d": path, "stroke-width": isWinner ? "2.6" : "1.3",
            "stroke-opacity": isWinner ? "1" : "0.8",
          ])
      }
      writer.element(
        "circle",
        [
          "class": isWinner ? "bestfill" : "f\(level)", "r": isWinner ? "4.5" : "2.6",
          "cx": SVGWriter.number(chart.x(Double(last.resource))), "cy": SVGWriter.number(chart.y(last.value)),
        ])
    }
  }
}

/// The unit in which an axis of time is read best.
struct TimeUnit {
  let name: String
  let seconds: Double

  init(seconds: Double) {
    (name, self.seconds) = seconds < 180 ? ("s", 1) : seconds < 3 * 3600 ? ("min", 60) : ("h", 3600)
  }
}
