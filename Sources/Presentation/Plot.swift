import Foundation

/// Plots of two axes each, side by side, with one heading and one legend.
///
/// Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people see apart whatever their colour
/// vision; markers and dashes tell the same. The page's background shows through, and ink and colours follow the reader's
/// light or dark scheme.
struct Plot {
  /// One point, or where the mean lies: then with the spread to both sides.
  struct Point: Equatable {
    var x: Double
    var y: Double
    var xSpread: Double = 0
    var ySpread: Double = 0
  }

  struct Series: Equatable {
    /// The place in the legend: series of the same method share it, and with it colour, dash and marker.
    var key: Int
    var line: [Point] = []
    var markers: [Point] = []
    /// Drawn large, with bars.
    var means: [Point] = []
    /// Pixels by which the line is moved up, so that lines on each other can be told apart.
    var lift: Double = 0
  }

  struct Panel: Equatable {
    var title: String
    var x: PlotAxis
    var y: PlotAxis
    var series: [Series]
  }

  var title: String
  /// For readers who cannot see the picture.
  var summary: String
  var legend: [String]
  var panels: [Panel]

  /// Colours on light and dark ground: blue, vermilion, green, purple, sky or yellow, orange or vermilion.
  static let light = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
  static let dark = ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00"]
  private static let dashes = ["none", "7 3", "2 3", "9 3 2 3", "5 5"]

  // Pixels.
  private static let panelWidth = 360.0
  private static let panelHeight = 260.0
  private static let left = 76.0
  private static let gap = 30.0
  private static let legendColumns = 4

  /// The picture as SVG.
  var svg: String {
    let legendRows = (legend.count + Self.legendColumns - 1) / Self.legendColumns
    let top = 68 + 22 * Double(legendRows)
    let width = Double(panels.count) * (Self.left + Self.panelWidth + Self.gap)
    let height = top + Self.panelHeight + 58
    var writer = SVGWriter()
    writer.group(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(SVGWriter.number(width)) \(SVGWriter.number(height))",
        "width": SVGWriter.number(width), "height": SVGWriter.number(height), "role": "img",
        "font-family": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif", "font-size": "13",
      ]
    ) { writer in
      writer.element("title", [:], text: title)
      writer.element("desc", [:], text: summary)
      writer.element("style", [:], text: style)
      writer.element(
        "text", ["class": "ink", "x": SVGWriter.number(Self.left), "y": "24", "font-size": "16", "font-weight": "600"],
        text: title)
      drawLegend(&writer, width: width)
      for (index, panel) in panels.enumerated() {
        let x = Self.left + Double(index) * (Self.left + Self.panelWidth + Self.gap)
        writer.group("g", ["transform": "translate(\(SVGWriter.number(x)) \(SVGWriter.number(top)))"]) {
          draw(panel, &$0)
        }
      }
    }
    return writer.document
  }

  private var style: String {
    func rules(_ ink: String, _ grid: String, _ colours: [String]) -> String {
      ".ink{fill:\(ink)}.axis{stroke:\(ink)}.grid{stroke:\(grid)}"
        + colours.enumerated().map { ".s\($0){stroke:\($1)}.f\($0){fill:\($1)}" }.joined()
    }
    return rules("#1F2328", "#D1D9E0", Self.light)
      + "@media (prefers-color-scheme:dark){\(rules("#E6EDF3", "#3D444D", Self.dark))}"
  }

  private func drawLegend(_ writer: inout SVGWriter, width: Double) {
    let cell = (width - Self.left - Self.gap) / Double(Self.legendColumns)
    for (key, name) in legend.enumerated() {
      let x = Self.left + Double(key % Self.legendColumns) * cell
      let y = 46 + 22 * Double(key / Self.legendColumns)
      drawLine(&writer, key, "M\(SVGWriter.number(x)) \(SVGWriter.number(y))h30", opacity: "1")
      drawMarker(&writer, key, x: x + 15, y: y, size: 5)
      writer.element(
        "text", ["class": "ink", "x": SVGWriter.number(x + 38), "y": SVGWriter.number(y + 4.5)], text: name)
    }
  }

  private func draw(_ panel: Panel, _ writer: inout SVGWriter) {
    let (width, height) = (Self.panelWidth, Self.panelHeight)
    func x(_ value: Double) -> Double { min(max(panel.x.position(value), -0.02), 1.02) * width }
    func y(_ value: Double) -> Double { height - min(max(panel.y.position(value), -0.02), 1.02) * height }
    writer.element(
      "text", ["class": "ink", "x": "0", "y": "-12", "font-weight": "600"], text: panel.title)
    for tick in panel.y.ticks {
      let place = SVGWriter.number(y(tick.value))
      writer.element("path", ["class": "grid", "d": "M0 \(place)h\(SVGWriter.number(width))"])
      writer.element(
        "text", ["class": "ink", "x": "-8", "y": SVGWriter.number(y(tick.value) + 4.5), "text-anchor": "end"],
        text: tick.label)
    }
    for tick in panel.x.ticks {
      let place = SVGWriter.number(x(tick.value))
      writer.element("path", ["class": "axis", "d": "M\(place) \(SVGWriter.number(height))v5"])
      writer.element(
        "text", ["class": "ink", "x": place, "y": SVGWriter.number(height + 20), "text-anchor": "middle"],
        text: tick.label)
    }
    let bottom = SVGWriter.number(height)
    writer.element("path", ["class": "axis", "fill": "none", "d": "M0 0V\(bottom)H\(SVGWriter.number(width))"])
    writer.element(
      "text",
      ["class": "ink", "x": SVGWriter.number(width / 2), "y": SVGWriter.number(height + 42), "text-anchor": "middle"],
      text: panel.x.label)
    writer.element(
      "text",
      [
        "class": "ink", "x": SVGWriter.number(-height / 2), "y": "-56", "text-anchor": "middle",
        "transform": "rotate(-90)",
      ], text: panel.y.label)
    for series in panel.series where series.line.count > 1 {
      let path = series.line.enumerated().map { index, point in
        (index == 0 ? "M" : "L")
          + "\(SVGWriter.number(x(point.x))) \(SVGWriter.number(y(point.y) - series.lift))"
      }
      drawLine(&writer, series.key, path.joined(), opacity: "0.7")
    }
    for series in panel.series {
      for point in series.markers {
        drawMarker(&writer, series.key, x: x(point.x), y: y(point.y) - series.lift, size: 3, opacity: "0.75")
      }
    }
    for series in panel.series {
      for mean in series.means {
        let (left, right) = (SVGWriter.number(x(mean.x - mean.xSpread)), SVGWriter.number(x(mean.x + mean.xSpread)))
        let (low, high) = (SVGWriter.number(y(mean.y - mean.ySpread)), SVGWriter.number(y(mean.y + mean.ySpread)))
        let (middleX, middleY) = (SVGWriter.number(x(mean.x)), SVGWriter.number(y(mean.y)))
        writer.element(
          "path",
          [
            "class": "s\(series.key % Self.light.count)", "stroke-width": "1.5",
            "d": "M\(left) \(middleY)H\(right)M\(middleX) \(low)V\(high)",
          ])
        drawMarker(&writer, series.key, x: x(mean.x), y: y(mean.y), size: 7)
      }
    }
  }

  private func drawLine(_ writer: inout SVGWriter, _ key: Int, _ path: String, opacity: String) {
    writer.element(
      "path",
      [
        "class": "s\(key % Self.light.count)", "d": path, "fill": "none", "stroke-width": "1.5",
        "stroke-dasharray": Self.dashes[key % Self.dashes.count], "stroke-opacity": opacity,
        "stroke-linejoin": "round",
      ])
  }

  /// A disc, a square, a triangle or a diamond of about the same area.
  private func drawMarker(
    _ writer: inout SVGWriter, _ key: Int, x: Double, y: Double, size: Double, opacity: String = "1"
  ) {
    func corner(_ dx: Double, _ dy: Double) -> String {
      "\(SVGWriter.number(x + dx * size)) \(SVGWriter.number(y + dy * size))"
    }
    let path =
      switch key % 4 {
      case 0:
        "M\(corner(-1, 0))a\(SVGWriter.number(size)) \(SVGWriter.number(size)) 0 1 0 \(SVGWriter.number(2 * size)) 0a"
          + "\(SVGWriter.number(size)) \(SVGWriter.number(size)) 0 1 0 \(SVGWriter.number(-2 * size)) 0Z"
      case 1: "M\(corner(-0.9, -0.9))L\(corner(0.9, -0.9))L\(corner(0.9, 0.9))L\(corner(-0.9, 0.9))Z"
      case 2: "M\(corner(0, -1.3))L\(corner(1.2, 0.8))L\(corner(-1.2, 0.8))Z"
      default: "M\(corner(0, -1.3))L\(corner(1.3, 0))L\(corner(0, 1.3))L\(corner(-1.3, 0))Z"
      }
    writer.element("path", ["class": "f\(key % Self.light.count)", "d": path, "fill-opacity": opacity])
  }
}
