import Simulation
import Testing

@Suite("Statistics over seeds")
struct SimulationStatisticsTests {
  @Test("mean, sample standard deviation and standard error by hand")
  func byHand() throws {
    // 2, 4, 4, 4, 5, 5, 7, 9: squares of distances from 5 sum to 32.
    let statistics = try #require(SampleStatistics([2, 4, 4, 4, 5, 5, 7, 9]))
    #expect(statistics.mean == 5)
    #expect(statistics.deviation == (32.0 / 7).squareRoot())
    #expect(statistics.standardError == (32.0 / 7 / 8).squareRoot())
    #expect(SampleStatistics([3])?.deviation == 0)
    #expect(SampleStatistics([]) == nil)
    // A sum of squares less the square of the sum gives 0 here.
    #expect(SampleStatistics([1e9 + 1, 1e9 + 2, 1e9 + 3])?.deviation == 1)
  }

  @Test("speed-up is the ratio of mean runtimes to the baseline's, and nothing for what trains nothing")
  func speedUp() {
    func run(_ label: String, _ seed: UInt64, _ seconds: Double, _ metric: Double?) -> SimulationResult {
      SimulationResult(
        label: label, seed: seed, bestMetric: metric, runtimeSeconds: seconds, maxResource: 3, epochs: 10, trials: 5,
        secondsToTrainedBest: metric == nil ? nil : seconds + 1)
    }
    let comparison = SimulationComparison([
      run("pasha", 0, 10, 0.5), run("asha", 0, 40, 0.75), run("pasha", 1, 30, nil), run("asha", 1, 60, 0.25),
      run("random", 0, 0, 0.125),
    ])
    #expect(comparison.methods.map(\.label) == ["pasha", "asha", "random"])
    #expect(comparison.methods.map(\.speedUp) == [2.5, 1, nil])
    #expect(comparison.baseline == "asha")
    #expect(comparison.methods[0].runs.map(\.seed) == [0, 1])
    #expect(comparison.methods[0].bestMetric == SampleStatistics([0.5]))
    #expect(comparison.methods[0].secondsToTrainedBest == SampleStatistics([11]))
    #expect(comparison.methods[1].bestMetric?.mean == 0.5)
    let alone = SimulationComparison([run("pasha", 0, 10, 0.5)])
    #expect(alone.baseline == nil)
    #expect(alone.methods[0].speedUp == nil)
  }
}
