import Chronicle
import Coordination
import Presentation
import Scheduling
import TuningModel

/// The rungs, and how PASHA's maximum rose.
extension Story {
  /// Brackets with a picture of their own.
  static let mostLadders = 4

  func rungs() -> Document.Section? {
    let ladder = state.scheduler.ladder
    guard !ladder.isEmpty, ladder.contains(where: { !$0.rungs.isEmpty }) else { return nil }
    var figures: [Document.Figure] = []
    for system in ladder.indices.prefix(Self.mostLadders) { figures.append(ladderPicture(system, ladder)) }
    if scheduler.name == .pasha {
      for system in ladder.indices.prefix(Self.mostLadders) { figures.append(maximumPicture(system, ladder)) }
    }
    var blocks: [Document.Block] = [.figures(figures)]
    if ladder.count > Self.mostLadders {
      blocks.append(.paragraph("The first \(Self.mostLadders) of \(ladder.count) brackets are shown."))
    }
    if let rises = risesTable() { blocks += [.paragraph("Each rise, with the pair of trials that caused it:"), rises] }
    return Document.Section(
      title: scheduler.name == .pasha ? "The rungs, and how the maximum rose" : "The rungs", anchor: "rungs",
      blocks: blocks)
  }

  private func bracket(_ system: Int, _ ladder: [RungSystemView]) -> String {
    ladder.count > 1 ? ", bracket \(system)" : ""
  }

  // MARK: The ladder

  private struct Step {
    var level: Int
    var entries: Int
    var promoted: Int
  }

  private func ladderPicture(_ system: Int, _ ladder: [RungSystemView]) -> Document.Figure {
    var steps = ladder[system].rungs.map { Step(level: $0.level, entries: $0.entries, promoted: $0.promoted) }
    let atTop = state.trials.count { trial in
      trial.resource >= scheduler.maxResource && (ladder.count == 1 || trial.bracket == system)
    }
    steps.append(Step(level: scheduler.maxResource, entries: atTop, promoted: 0))
    let most = max(1, steps.map(\.entries).max() ?? 1)
    let row = 34.0
    let (left, width) = (92.0, 480.0)
    let height = 20 + row * Double(steps.count)
    let title = "Trials in each rung, and those promoted from it" + bracket(system, ladder)
    let summary =
      steps.map {
        "\(resource) \(ReportText.whole($0.level)): \(ReportText.whole($0.entries)) \($0.entries == 1 ? "trial" : "trials"), \($0.promoted) promoted"
      }
      .joined(separator: "; ") + "."
    let maximum = ladder[system].currentMaximum
    var writer = SVGWriter()
    writer.group("svg", ["viewBox": "0 0 \(SVGWriter.number(width)) \(SVGWriter.number(height))", "role": "img"]) {
      writer in
      writer.element("title", [:], text: title)
      writer.element("desc", [:], text: summary)
      for (index, step) in steps.enumerated() {
        // The highest rung stands on top.
        let y = 6 + row * Double(steps.count - 1 - index)
        let scale = (width - left - 150) / Double(most)
        writer.element(
          "text", ["x": SVGWriter.number(left - 10), "y": SVGWriter.number(y + 18), "text-anchor": "end"],
          text: "\(ReportText.plain(resource, limit: 7)) \(step.level)")
        let (all, promoted) = (Double(step.entries) * scale, Double(step.promoted) * scale)
        bar(&writer, "f\(index + 1)", left, y, all, "0.35")
        bar(&writer, "f\(index + 1)", left, y, promoted, "1")
        let text = step.promoted > 0 ? "\(step.entries), \(step.promoted) promoted" : "\(step.entries)"
        writer.element(
          "text", ["class": "strong", "x": SVGWriter.number(left + all + 7), "y": SVGWriter.number(y + 18)], text: text)
        if scheduler.name == .pasha, step.level == maximum {
          // What lies above the line was not needed.
          writer.element(
            "path",
            [
              "class": "axis", "stroke-dasharray": "5 3",
              "d": "M\(SVGWriter.number(left)) \(SVGWriter.number(y - 3.5))H\(SVGWriter.number(width - 4))",
            ])
        }
      }
      writer.element(
        "path", ["class": "axis", "d": "M\(SVGWriter.number(left)) 2V\(SVGWriter.number(height - 12))"])
    }
    return Document.Figure(
      title: title, summary: summary, svg: writer.document,
      note: scheduler.name == .pasha ? "The dashed line is the maximum that PASHA came to." : nil)
  }

  private func bar(
    _ writer: inout SVGWriter, _ name: String, _ x: Double, _ y: Double, _ width: Double, _ opacity: String
  ) {
    guard width > 0 else { return }
    writer.element(
      "rect",
      [
        "class": name, "x": SVGWriter.number(x), "y": SVGWriter.number(y), "width": SVGWriter.number(max(1, width)),
        "height": "26", "fill-opacity": opacity,
      ])
  }

  // MARK: The maximum

  private func maximumPicture(_ system: Int, _ ladder: [RungSystemView]) -> Document.Figure {
    let rises = chronicle.rises.filter { $0.raise.system == system }
    let first = rises.first?.raise.from ?? ladder[system].currentMaximum
    let last = ladder[system].currentMaximum
    let unit = TimeUnit(seconds: end)
    let chart = Chart(
      x: .linear("time since the start, \(unit.name)", 0...max(end / unit.seconds, 1e-9)),
      y: .logarithmic("maximum, \(resources)", levels: [first, last, scheduler.maxResource] + rises.map(\.raise.to)))
    let title = "The maximum resource over time" + bracket(system, ladder)
    let moments = rises.map { "to \(ReportText.whole($0.raise.to)) after \(at($0.seconds))" }
    let summary =
      "It began at \(amount(first))"
      + (moments.isEmpty ? " and stayed there." : " and rose \(ReportText.list(moments)).")
    let svg = chart.svg(title, summary) { writer in
      writer.element(
        "path",
        [
          "class": "axis", "stroke-dasharray": "2 3",
          "d": "M\(chart.point(0, Double(scheduler.maxResource)))H\(SVGWriter.number(chart.x(end / unit.seconds)))",
        ])
      var path = "M\(chart.point(0, Double(max(1, first))))"
      for rise in rises {
        let x = SVGWriter.number(chart.x(rise.seconds / unit.seconds))
        path += "H\(x)V\(SVGWriter.number(chart.y(Double(max(1, rise.raise.to)))))"
      }
      path += "H\(SVGWriter.number(chart.x(end / unit.seconds)))"
      writer.element("path", ["class": "accent", "d": path])
      for rise in rises {
        writer.group(
          "circle",
          [
            "class": "accentfill", "r": "4", "cx": SVGWriter.number(chart.x(rise.seconds / unit.seconds)),
            "cy": SVGWriter.number(chart.y(Double(max(1, rise.raise.to)))),
          ]
        ) {
          $0.element(
            "title", [:], text: "trials \(rise.raise.trial) and \(rise.raise.holder), after \(at(rise.seconds))")
        }
      }
    }
    return Document.Figure(
      title: title, summary: summary, svg: svg,
      note: "The dotted line is the maximum resource that is allowed, \(amount(scheduler.maxResource)).")
  }

  private func risesTable() -> Document.Block? {
    guard !chronicle.rises.isEmpty else { return nil }
    let rows = chronicle.rises.prefix(50).map { rise -> [Document.Cell] in
      let pair = "\(rise.raise.trial) and \(rise.raise.holder)"
      let sentence = Presentation.rise(rise.raise, in: state)
      let why = sentence.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? sentence
      return [
        Document.Cell(at(rise.seconds)), "\(rise.raise.from) → \(rise.raise.to)", Document.Cell(pair),
        Document.Cell(ReportText.plain(why, limit: 600)),
      ]
    }
    return .table(
      Document.Table(header: ["after", "maximum", "trials", "why"], rows: Array(rows), numeric: [0]))
  }
}
