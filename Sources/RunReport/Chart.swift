import Presentation

/// A plot with two axes. Sizes are pixels of its own, which the page scales.
struct Chart {
  var width = 480.0
  var height = 300.0
  var x: PlotAxis
  var y: PlotAxis
  /// Lines across at these values of x, such as the levels of rungs.
  var verticals: [Double] = []

  private static let top = 10.0
  private static let bottom = 46.0
  private static let right = 14.0

  /// Room for the longest label, and for the axis's name.
  var left: Double { 30 + 7.4 * Double(min(12, max(3, y.ticks.map(\.label.count).max() ?? 0))) }
  var innerWidth: Double { width - left - Self.right }
  var innerHeight: Double { height - Self.top - Self.bottom }

  func x(_ value: Double) -> Double { left + min(max(x.position(value), 0), 1) * innerWidth }
  func y(_ value: Double) -> Double { Self.top + innerHeight * (1 - min(max(y.position(value), 0), 1)) }

  func point(_ x: Double, _ y: Double) -> String { "\(SVGWriter.number(self.x(x))) \(SVGWriter.number(self.y(y)))" }

  /// The plot with what `body` draws in it.
  func svg(_ title: String, _ summary: String, _ body: (inout SVGWriter) -> Void) -> String {
    var writer = SVGWriter()
    writer.group(
      "svg", ["viewBox": "0 0 \(SVGWriter.number(width)) \(SVGWriter.number(height))", "role": "img"]
    ) { writer in
      writer.element("title", [:], text: title)
      writer.element("desc", [:], text: summary)
      frame(&writer)
      body(&writer)
    }
    return writer.document
  }

  private func frame(_ writer: inout SVGWriter) {
    let (bottom, right) = (Self.top + innerHeight, left + innerWidth)
    for tick in y.ticks {
      let place = y(tick.value)
      writer.element(
        "path",
        ["class": "grid", "d": "M\(SVGWriter.number(left)) \(SVGWriter.number(place))H\(SVGWriter.number(right))"])
      writer.element(
        "text", ["x": SVGWriter.number(left - 7), "y": SVGWriter.number(place + 4.5), "text-anchor": "end"],
        text: ReportText.plain(tick.label, limit: 12))
    }
    for value in verticals where (0...1).contains(x.position(value)) {
      writer.element(
        "path",
        [
          "class": "level",
          "d": "M\(SVGWriter.number(x(value))) \(SVGWriter.number(Self.top))V\(SVGWriter.number(bottom))",
        ])
    }
    for tick in x.ticks {
      writer.element(
        "text",
        ["x": SVGWriter.number(x(tick.value)), "y": SVGWriter.number(bottom + 18), "text-anchor": "middle"],
        text: ReportText.plain(tick.label, limit: 12))
    }
    writer.element(
      "path",
      ["class": "axis", "d": "M\(SVGWriter.number(left)) \(SVGWriter.number(bottom))H\(SVGWriter.number(right))"])
    writer.element(
      "text",
      [
        "x": SVGWriter.number(left + innerWidth / 2), "y": SVGWriter.number(height - 6), "text-anchor": "middle",
      ], text: ReportText.plain(x.label, limit: 60))
    writer.element(
      "text",
      [
        "x": SVGWriter.number(-Self.top - innerHeight / 2), "y": "14", "text-anchor": "middle",
        "transform": "rotate(-90)",
      ], text: ReportText.plain(y.label, limit: 38))
  }
}

/// What of many values is drawn: a few diverged ones would leave no room for the others.
struct ShownRange: Equatable {
  var range: ClosedRange<Double>
  /// Values that lie beyond.
  var beyond: Int

  /// - Parameter isBetterLower: whether low values are good; the good end is always shown.
  init?(_ values: [Double], isBetterLower: Bool) {
    let sorted = values.filter(\.isFinite).map(PlotAxis.shown).sorted()
    guard let low = sorted.first, let high = sorted.last else { return nil }
    range = low...high
    beyond = 0
    guard sorted.count >= 8 else { return }
    if isBetterLower {
      let limit = low + 1.3 * (sorted[sorted.count * 9 / 10] - low)
      if high - low > 2 * (limit - low), limit > low { range = low...limit }
    } else {
      let limit = high - 1.3 * (high - sorted[sorted.count / 10])
      if high - low > 2 * (high - limit), limit < high { range = limit...high }
    }
    let shown = range
    beyond = sorted.count { !shown.contains($0) }
  }
}
