import Scheduling
import Simulation
import Testing
import TuningModel

@Suite("A simulated run is a function of its table and settings")
struct DeterminismTests {
  private static func settings(_ seed: UInt64, _ name: SchedulerOptions.Name = .pasha) -> SimulationSettings {
    Tables.settings(Tables.scheduler(name, eta: 3), max: 27, trials: 40, workers: 4, seed: seed)
  }

  /// Run one after the other, the other way round, and all at once.
  @Test func seedsDoNotKnowOfEachOther() async throws {
    let simulations = try (0..<12).map {
      try Simulation(table: Tables.many(60, epochs: 27), settings: Self.settings($0))
    }
    let results = try simulations.map { try $0.run() }
    #expect(try simulations.reversed().map { try $0.run() } == results.reversed())
    let together = try await withThrowingTaskGroup(of: (Int, SimulationResult).self) { group in
      for (index, simulation) in simulations.enumerated() { group.addTask { (index, try simulation.run()) } }
      var results: [Int: SimulationResult] = [:]
      for try await (index, result) in group { results[index] = result }
      return results.sorted { $0.key < $1.key }.map(\.value)
    }
    #expect(together == results)
    #expect(Set(results.map(\.runtimeSeconds)).count > 1)
    #expect(results.contains { !$0.raises.isEmpty })
  }

  /// The order drawn from a seed is that of every method, and a permutation of the table.
  @Test func ordersAreTheSeeds() throws {
    let table = Tables.many(60, epochs: 3)
    func first(_ seed: UInt64) throws -> Int? {
      try Simulation(table: table, settings: Tables.settings(.random, seed: seed)).run().chosen
    }
    let drawn = try (0..<400).map { try #require(try first($0)) }
    #expect(drawn == (try (0..<400).map { try #require(try first($0)) }))
    // 60 rows, each drawn first with probability 1/60: all but certainly most of them come in 400 seeds.
    #expect(Set(drawn).count > 50)
  }

  /// An order that is given stands for the one that is drawn.
  @Test func rowsAreHandedOutInOrder() throws {
    let table = Tables.many(10, epochs: 3)
    let order = [7, 3, 9]
    let result = try Simulation(
      table: table, settings: Tables.settings(Tables.scheduler(.asha), max: 3, trials: 10, order: order)
    ).run()
    #expect(result.trials == 3)
    #expect(result.end == .spaceExhausted)
    #expect(result.progress.allSatisfy { order.contains($0.row) })
    #expect(result.progress.first?.row == 7)
  }
}
