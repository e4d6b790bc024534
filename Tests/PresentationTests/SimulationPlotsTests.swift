import Foundation
import FoundationXML
import Simulation
import Testing

@testable import Presentation

@Suite("Plots of simulated runs")
struct SimulationPlotsTests {
  private func plot(_ runs: [SimulationResult] = SimulationTablesTests.runs) throws -> Picture {
    let comparison = SimulationComparison(runs)
    return try Picture(
      Presentation.simulationPlot(comparison, title: "A <b> & \"c\"", metric: "accuracy, %", mode: .max))
  }

  @Test("the picture is XML with a title, axes, a legend and a line for each run")
  func contents() throws {
    let picture = try plot()
    #expect(picture.root == "svg")
    #expect(picture.texts.first == "A <b> & \"c\"")
    for text in [
      "pasha", "asha", "random", "time, h", "runtime, h", "accuracy, % (higher is better)", "maximum resource, epochs",
    ] {
      #expect(picture.texts.contains(text), "\(text)")
    }
    // Rung levels that runs were at are ticks; 3 because the first run began there.
    for level in ["3", "9", "27", "200"] { #expect(picture.texts.contains(level), "\(level)") }
    #expect(picture.texts.contains { $0.contains("pasha: 90.5 in 0.75 h, maximum 18.") })
    // A line in the legend for each method, and one for each run that trained.
    #expect(picture.count("path", where: { $0["stroke-dasharray"] != nil }) == 3 + 4)
    // Legend, run ends on the left, runs on the right, means.
    #expect(picture.count("path", where: { $0["fill-opacity"] != nil }) == 3 + 4 + 4 + 2)
  }

  @Test("a maximum that grew is a step at the time when it grew")
  func step() throws {
    let picture = try plot([SimulationTablesTests.runs[0]])
    let line = try #require(picture.elements.last { $0["stroke-dasharray"] != nil }?["d"])
    // From (0, 3) to (600 s, 3), up to 9, to (1800 s, 9): four points, two heights, the same time at the step.
    let points = line.dropFirst().split(separator: "L").map { $0.split(separator: " ").compactMap { Double($0) } }
    #expect(points.count == 4)
    #expect(points[0][1] == points[1][1] && points[2][1] == points[3][1] && points[1][1] > points[2][1])
    #expect(points[0][0] == 0 && points[1][0] == points[2][0])
    #expect(abs(points[3][0] / points[2][0] - 3) < 0.01)
  }

  @Test("the same runs give the same bytes; both schemes have colours")
  func deterministic() throws {
    let picture = try plot()
    #expect(try plot().text == picture.text)
    let style = try #require(picture.texts.first { $0.contains("prefers-color-scheme:dark") })
    for colour in Plot.light + Plot.dark { #expect(style.contains(colour)) }
  }

  @Test("no runs, equal values and extreme ones make a picture without numbers that are none")
  func extremes() throws {
    let odd = [1e18, -1e18, 0, .leastNonzeroMagnitude].enumerated().map { index, value in
      SimulationTablesTests.run(
        "m\(index)", 0, metric: value, seconds: index == 0 ? 1e12 : 0, maximum: index, epochs: 0, trained: nil)
    }
    // Their sum and their difference are more than a number can be.
    let largest = [1.7e308, 1.7e308, -1.7e308].enumerated().map { seed, value in
      SimulationTablesTests.run("m", UInt64(seed), metric: value, seconds: 1, maximum: 1, epochs: 1, trained: nil)
    }
    for runs in [[], [odd[2]], odd, Array(repeating: odd[1], count: 9), largest, Array(largest.prefix(2))] {
      let picture = try plot(runs)
      for number in ["nan", "NaN", "inf"] {
        #expect(!picture.elements.contains { $0["d"]?.contains(number) == true }, "\(number)")
      }
      #expect(!picture.texts.contains("nan"))
    }
    let ranges: [ClosedRange<Double>] = [
      -1.7e308...1.7e308, 0...Double.leastNonzeroMagnitude, 1e308...1e308, 1...1.0.nextUp, -.infinity ... .infinity,
    ]
    for range in ranges {
      #expect(PlotAxis.linear("values", range).ticks.allSatisfy { $0.value.isFinite })
    }
  }

  @Test("ticks are round numbers within the axis")
  func ticks() {
    let axis = PlotAxis.linear("x", 0...9411)
    #expect(axis.ticks.map(\.label) == ["0", "2000", "4000", "6000", "8000"])
    #expect(PlotAxis.linear("x", 90.6...91.3).ticks.map(\.label) == ["90.6", "90.8", "91.0", "91.2"])
    #expect(PlotAxis.linear("x", 5...5).ticks.allSatisfy { (4.75...5.25).contains($0.value) })
    let levels = PlotAxis.logarithmic("y", levels: [1, 3, 9, 27, 81, 200, 0])
    #expect(levels.ticks.map(\.label) == ["1", "3", "9", "27", "81", "200"])
    #expect(levels.position(1) > 0 && levels.position(200) < 1)
    // Of levels that would stand on each other the largest is named.
    #expect(PlotAxis.logarithmic("y", levels: Array(1...200)).ticks.last?.label == "200")
    #expect(PlotAxis.logarithmic("y", levels: Array(1...200)).ticks.count < 20)
  }
}

/// An SVG picture as its parser gives it.
private final class Picture: NSObject, XMLParserDelegate {
  struct NotXML: Error { var text: String }

  let text: String
  private(set) var root = ""
  private(set) var names: [String] = []
  private(set) var elements: [[String: String]] = []
  private(set) var texts: [String] = []
  private var content = ""

  init(_ text: String) throws {
    self.text = text
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { throw NotXML(text: text) }
  }

  func count(_ name: String, where holds: ([String: String]) -> Bool) -> Int {
    zip(names, elements).count { $0 == name && holds($1) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if root.isEmpty { root = name }
    names.append(name)
    elements.append(attributes)
    content = ""
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { content += text }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if ["title", "desc", "style", "text"].contains(name) { texts.append(content) }
  }
}
