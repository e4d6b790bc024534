import Coordination
import Scheduling
import Simulation
import Testing
import TuningModel

@Suite("What a simulated run comes to, on tables worked out by hand")
struct DefinitionTests {
  private func run(_ table: CurveTable, _ settings: SimulationSettings) throws -> SimulationResult {
    try Simulation(table: table, settings: settings).run()
  }

  /// Rungs at 1 and 2. 10 to epoch 1 (1 s); 20 to 1 (3 s), better than the median of two, in place to 2 (5 s); 30 to 1
  /// (8 s), so that 10 is the median and goes on from its checkpoint to 2 (9 s); 20 beats it and goes on to 4 (13 s).
  @Test func asha() throws {
    let result = try run(Tables.three(), Tables.settings(Tables.scheduler(.asha), order: [10, 20, 30]))
    #expect(result.runtimeSeconds == 13)
    #expect(result.epochs == 7)
    #expect(result.maxResource == 4)
    #expect(result.trials == 3)
    #expect(result.chosen == 20)
    #expect(result.bestMetric == 40)
    #expect(result.secondsToTrainedBest == 13)
    #expect(result.raises == [])
    #expect(result.end == .trialsStarted)
    #expect(
      result.progress == [
        .init(seconds: 1, row: 10, value: 10), .init(seconds: 3, row: 20, value: 20),
        .init(seconds: 5, row: 20, value: 21), .init(seconds: 11, row: 20, value: 40),
      ])
    #expect(result.trialsCutShort == 0)
  }

  /// The same up to 9 s. Nothing is promoted from the second rung while the order is kept: 20 is chosen for its 21, is
  /// worth 40 on its whole curve, and needs two more epochs of 2 s.
  @Test func pasha() throws {
    let result = try run(Tables.three(), Tables.settings(Tables.scheduler(.pasha), order: [10, 20, 30]))
    #expect(result.runtimeSeconds == 9)
    #expect(result.epochs == 5)
    #expect(result.maxResource == 2)
    #expect(result.chosen == 20)
    #expect(result.bestMetric == 40)
    #expect(result.secondsToTrainedBest == 13)
    #expect(result.raises == [])
  }

  /// 10 overtakes 20 in the second rung: the maximum rises with the fifth report, and 10 goes on to the end.
  @Test func raise() throws {
    let result = try run(
      Tables.three(crosses: true), Tables.settings(Tables.scheduler(.pasha), order: [10, 20, 30]))
    #expect(result.raises == [.init(seconds: 9, epochs: 5, from: 2, to: 4)])
    #expect(result.runtimeSeconds == 11)
    #expect(result.maxResource == 4)
    #expect(result.chosen == 10)
    #expect(result.bestMetric == 30)
    #expect(result.secondsToTrainedBest == 11)
  }

  /// Two workers: 10 and 20 start at once; 30 follows 10 at 1 s.
  @Test func oneEpoch() throws {
    let result = try run(Tables.three(), Tables.settings(.oneEpoch, workers: 2, order: [10, 20, 30]))
    #expect(result.runtimeSeconds == 4)
    #expect(result.epochs == 3)
    #expect(result.maxResource == 1)
    #expect(result.trials == 3)
    #expect(result.chosen == 20)
    #expect(result.bestMetric == 40)
    #expect(result.secondsToTrainedBest == 10)
    #expect(result.trialsCutShort == 0)
  }

  @Test func random() throws {
    let result = try run(Tables.three(), Tables.settings(.random, order: [30, 20, 10]))
    #expect(result.runtimeSeconds == 0)
    #expect(result.epochs == 0)
    #expect(result.maxResource == 0)
    #expect(result.trials == 0)
    #expect(result.chosen == 30)
    #expect(result.bestMetric == 8)
    #expect(result.secondsToTrainedBest == 12)
    #expect(result.end == nil)
  }

  /// What is not reached within `max_t` counts for nothing.
  @Test func theCurveCountsUpToTheMaximum() throws {
    let result = try run(Tables.three(), Tables.settings(.random, max: 2, order: [20]))
    #expect(result.bestMetric == 21)
    #expect(result.secondsToTrainedBest == 4)
  }

  /// `finish_promotions` goes on after the third trial: 10 and 30 are not good enough, nothing else is left to promote.
  /// `finish_running` promotes nothing once the third trial runs and a fourth is asked for.
  @Test func theLimit() throws {
    let table = Tables.three()
    let settings = { Tables.settings(Tables.scheduler(.asha), workers: 3, atLimit: $0, order: [10, 20, 30]) }
    let promoting = try run(table, settings(.finishPromotions))
    #expect(promoting.maxResource == 4)
    #expect(promoting.end == .trialsStarted)
    let running = try run(table, settings(.finishRunning))
    // 10 reports at 1 s: with nothing to promote, the fourth trial is due.
    #expect(running.epochs == 3)
    #expect(running.runtimeSeconds == 3)
    let now = try run(table, settings(.now))
    #expect(now.epochs == 1)
    #expect(now.runtimeSeconds == 1)
    #expect(now.chosen == 10)
  }

  @Test func smallerIsBetter() throws {
    var settings = Tables.settings(.oneEpoch, order: [10, 20, 30])
    settings.mode = .min
    let result = try run(Tables.three(), settings)
    #expect(result.chosen == 30)
    #expect(result.bestMetric == 5)
  }

  /// Equal values: the trial that was started first is chosen.
  @Test func tiesGoToTheLowerTrial() throws {
    let table = CurveTable(name: "ties", rows: [Tables.row(1, [7], every: 5), Tables.row(2, [7], every: 1)])
    let result = try run(table, Tables.settings(.oneEpoch, max: 1, trials: 2, workers: 2, order: [1, 2]))
    #expect(result.chosen == 1)
    #expect(result.progress == [.init(seconds: 1, row: 2, value: 7)])
  }

  /// At the same instant the leg that began first reports first.
  @Test func theSameInstant() throws {
    let table = CurveTable(
      name: "ties",
      rows: [Tables.row(1, [1, 2], every: 1), Tables.row(2, [2, 3], every: 1), Tables.row(3, [0, 0], every: 9)])
    for (order, row) in [([1, 2, 3], 1), ([2, 1, 3], 2)] {
      let result = try run(table, Tables.settings(Tables.scheduler(.asha), max: 2, workers: 2, order: order))
      #expect(result.progress.first == .init(seconds: 1, row: row, value: Double(row)))
    }
  }
}
