import Coordination
import Scheduling
import Simulation
import TuningModel

/// Small tables whose runs can be worked out by hand.
enum Tables {
  /// Three configurations, larger is better; epochs of 1, 2 and 3 s. The first overtakes the second at epoch 2 where
  /// `crosses` is set.
  static func three(crosses: Bool = false) -> CurveTable {
    CurveTable(
      name: "three",
      rows: [
        row(10, [10, crosses ? 25 : 11, 12, 30], every: 1), row(20, [20, 21, 40, 23], every: 2),
        row(30, [5, 6, 7, 8], every: 3),
      ])
  }

  static func row(_ id: Int, _ values: [Double], every seconds: Double) -> CurveTable.Row {
    CurveTable.Row(id: id, values: values, seconds: values.indices.map { Double($0 + 1) * seconds })
  }

  /// Curves that rise at different rates and cross, with noise; seconds differ from row to row.
  static func many(_ count: Int, epochs: Int, seed: UInt64 = 1) -> CurveTable {
    CurveTable(
      name: "many",
      rows: (0..<count).map { id in
        var generator = SeededGenerator(seed: seed, stream: UInt64(id))
        let (height, rate) = (generator.nextUnit(), 0.1 + generator.nextUnit())
        return row(
          id,
          (1...epochs).map { epoch in
            height * (1 - Mathematics.exp(-rate * Double(epoch))) + 0.05 * generator.nextUnit()
          }, every: 1 + generator.nextUnit())
      })
  }

  static func settings(
    _ method: SimulatedMethod, max: Int = 4, trials: Int = 3, workers: Int = 1,
    atLimit: StopCriterion.AtLimit = .now, seed: UInt64 = 0, order: [Int]? = nil
  ) -> SimulationSettings {
    SimulationSettings(
      method: method, label: "test", mode: .max, maxResource: max, trials: trials, workers: workers,
      atLimit: atLimit, seed: seed, order: order)
  }

  static func scheduler(_ name: SchedulerOptions.Name, eta: Double = 2) -> SimulatedMethod {
    .scheduler(SchedulerOptions(name: name, maxResource: 4, reductionFactor: eta))
  }
}
