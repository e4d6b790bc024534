import Presentation
import Simulation
import Testing
import TuningModel

@Suite("Tables of simulated runs")
struct SimulationTablesTests {
  static func run(
    _ label: String, _ seed: UInt64, metric: Double?, seconds: Double, maximum: Int, epochs: Int, trained: Double?,
    raises: [SimulationResult.Raise] = []
  ) -> SimulationResult {
    SimulationResult(
      label: label, seed: seed, bestMetric: metric, runtimeSeconds: seconds, maxResource: maximum, epochs: epochs,
      trials: 9, chosen: metric == nil ? nil : 4, secondsToTrainedBest: trained, raises: raises)
  }

  static let runs = [
    run(
      "pasha", 0, metric: 91, seconds: 1800, maximum: 9, epochs: 100, trained: 3600,
      raises: [.init(seconds: 600, epochs: 20, from: 3, to: 9)]),
    run("pasha", 1, metric: 90, seconds: 3600, maximum: 27, epochs: 300, trained: 5400),
    run("asha", 0, metric: 91.5, seconds: 7200, maximum: 200, epochs: 1000, trained: 7200),
    run("asha", 1, metric: 92, seconds: 9000, maximum: 200, epochs: 1200, trained: 9000),
    run("random", 0, metric: nil, seconds: 0, maximum: 0, epochs: 0, trained: nil),
  ]

  @Test("means, deviations, units and speed-ups stand as the paper prints them")
  func table() {
    // Deviation of two values: their distance divided by √2.
    #expect(
      Presentation.simulation(SimulationComparison(Self.runs), metric: "accuracy, %") == """
        approach  accuracy, %   runtime        speed-up over asha  max resources  until trained  epochs
        pasha     90.50 ± 0.71  0.75 ± 0.35 h  3.0×                 18.0 ± 12.7   1.25 ± 0.35 h   200 ± 141
        asha      91.75 ± 0.35  2.25 ± 0.35 h  1.0×                200.0 ±  0.0   2.25 ± 0.35 h  1100 ± 141
        random    –             0.00 h         –                     0.0          –                 0
        """)
  }

  @Test("the Markdown table has the same cells")
  func markdown() {
    let lines = Presentation.simulationMarkdown(SimulationComparison(Self.runs), metric: "a|b").split(separator: "\n")
    #expect(
      lines[0]
        == "| approach | a\\|b | runtime | speed-up over asha | max resources | until trained | epochs |")
    #expect(lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    #expect(
      lines[2] == "| pasha | 90.50 ± 0.71 | 0.75 ± 0.35 h | 3.0× | 18.0 ± 12.7 | 1.25 ± 0.35 h | 200 ± 141 |")
    #expect(lines.count == 5)
  }

  @Test("a single seed stands without a deviation, and short runs in seconds")
  func singleSeed() {
    let runs = [Self.run("pasha", 3, metric: 0.123456, seconds: 119, maximum: 9, epochs: 7, trained: 121)]
    #expect(
      Presentation.simulation(SimulationComparison(runs)) == """
        approach  best metric  runtime  speed-up  max resources  until trained  epochs
        pasha          0.1235  119.0 s  –                     9  2.0 min             7
        """)
  }

  @Test("--json prints these keys in this order")
  func json() {
    #expect(
      Presentation.simulationJSON(Self.runs[0]).jsonText(.strict)
        == #"{"scheduler":"pasha","seed":0,"best_metric":91.0,"runtime_seconds":1800.0,"max_resource":9,"#
        + #""epochs":100,"trials":9}"#)
    #expect(Presentation.simulationJSON(Self.runs[4]).jsonText(.strict).contains(#""best_metric":null"#))
  }
}
