import Coordination
import Scheduling
import Simulation
import Testing
import TuningModel

@Suite("Forecasts")
struct ForecastTests {
  private static func kind(_ hosts: Int, _ slots: Int, epoch: Double, start: Double = 0, bytes: Int = 0) -> HostKind {
    HostKind(
      hosts: hosts, slotsPerHost: slots,
      pace: TrialPace(epochSeconds: epoch, startSeconds: start, checkpointBytes: bytes))
  }

  @Test("kinds of hosts train as many epochs together as each does alone")
  func farm() throws {
    // 4 slots of 10 s and 2 of 40 s: 0.4 + 0.05 epochs in a second on 6 slots.
    let kinds = [
      Self.kind(2, 2, epoch: 10, start: 3, bytes: 100), Self.kind(1, 2, epoch: 40, start: 9, bytes: 700),
    ]
    let farm = try #require(FarmPace(kinds))
    #expect(farm.slots == 6)
    #expect(abs(farm.epochSeconds - 6 / 0.45) < 1e-9)
    #expect(abs(farm.startSeconds - 5) < 1e-9)
    #expect(farm.checkpointBytes == 700)
    #expect(FarmPace(kinds, maxWorkers: 4)?.slots == 4)
    #expect(FarmPace(kinds, maxWorkers: 40)?.slots == 6)
    #expect(FarmPace([]) == nil)
  }

  @Test("full training is arithmetic: rounds of as many trials as there are slots")
  func fullTraining() throws {
    let farm = try #require(FarmPace([Self.kind(1, 4, epoch: 10, start: 5)]))
    let full = Forecast(fullTraining: 10, maxResource: 20, on: farm)
    #expect(full.isExact)
    // Three rounds of 205 s.
    #expect(full.wallSeconds == Quartiles(exactly: 615))
    #expect(full.slotSeconds == Quartiles(exactly: 2050))
    #expect(full.epochs == Quartiles(exactly: 200))
    #expect(full.checkpoints == Quartiles(exactly: 10))
  }

  @Test("quartiles are interpolated, whatever the order of the values")
  func quartiles() {
    #expect(Quartiles([4, 1, 3, 2].map(Double.init)).map { [$0.lower, $0.median, $0.upper] } == [1.75, 2.5, 3.25])
    #expect(Quartiles([7]) == Quartiles(exactly: 7))
    #expect(Quartiles([]) == nil)
  }

  @Test("starts beside the first of a trial are added, and so is what slots write")
  func starts() throws {
    let farm = try #require(FarmPace([Self.kind(1, 2, epoch: 10, start: 4)]))
    var result = SimulationResult(
      label: "pasha", seed: 0, runtimeSeconds: 100, maxResource: 9, epochs: 15, trials: 5, secondsToTrainedBest: 130)
    result.starts = 8
    result.mostSeals = 6
    let forecast = try #require(Forecast([result], on: farm))
    // Three further starts of 4 s on two slots.
    #expect(forecast.wallSeconds == Quartiles(exactly: 106))
    #expect(forecast.trainedSeconds == Quartiles(exactly: 136))
    #expect(forecast.slotSeconds == Quartiles(exactly: 15 * 10 + 8 * 4))
    #expect(forecast.checkpoints == Quartiles(exactly: 8))
    #expect(Forecast([], on: farm) == nil)
  }

  @Test("synthetic curves differ by seed and configuration, fall, and are the same again")
  func synthetic() {
    let curves = SyntheticCurves(epochs: 81, seed: 3)
    let first = curves.values(of: 0)
    #expect(first.count == 81)
    #expect(first == SyntheticCurves(epochs: 81, seed: 3).values(of: 0))
    #expect(first != curves.values(of: 1))
    #expect(first != SyntheticCurves(epochs: 81, seed: 4).values(of: 0))
    for configuration in 0..<50 {
      let values = curves.values(of: configuration)
      #expect(values.allSatisfy { $0.isFinite })
      // Far more than the largest noise.
      #expect(values[80] < values[0])
    }
  }

  @Test("measured curves come again where there are fewer than trials; times are those of the farm")
  func measured() throws {
    let farm = try #require(FarmPace([Self.kind(1, 1, epoch: 2, start: 5)]))
    let table = CurveTable(
      name: "two",
      rows: [
        .init(id: 7, values: [3, 2, 1], seconds: [1, 2, 3]), .init(id: 9, values: [6, 5, 4], seconds: [1, 2, 3]),
      ])
    let curves = ForecastCurves(trials: 3, maxResource: 2, mode: .min, farm: farm, measured: table).table(seed: 0)
    #expect(curves.rows.map(\.id) == [0, 1, 2])
    #expect(curves.rows.map(\.values) == [[3, 2], [6, 5], [3, 2]])
    #expect(curves.rows.allSatisfy { $0.seconds == [7, 9] })
    let synthetic = ForecastCurves(trials: 1, maxResource: 9, mode: .max, farm: farm).table(seed: 1)
    #expect(synthetic.rows[0].values == SyntheticCurves(epochs: 9, seed: 1).values(of: 0).map { -$0 })
  }

  // MARK: Simulated searches

  private static func search(
    _ name: SchedulerOptions.Name, trials: Int = 20, workers: Int = 3, stop: StopCriterion = StopCriterion()
  ) throws -> SimulationResult {
    let farm = try #require(FarmPace([kind(1, workers, epoch: 10)]))
    let curves = ForecastCurves(trials: trials, maxResource: 27, mode: .min, farm: farm)
    var settings = SimulationSettings(
      method: .scheduler(SchedulerOptions(name: name, maxResource: 27)), label: name.rawValue, mode: .min,
      maxResource: 27, trials: trials, workers: workers)
    settings.stop = stop
    return try Simulation(table: curves.table(seed: 0), settings: settings).run()
  }

  @Test("a search in which nothing is promoted anew starts each trial once; full training agrees with the arithmetic")
  func simulatedFullTraining() throws {
    let result = try Self.search(.fifo)
    let farm = try #require(FarmPace([Self.kind(1, 3, epoch: 10)]))
    let full = Forecast(fullTraining: 20, maxResource: 27, on: farm)
    #expect(result.starts == 20)
    #expect(result.epochs == 540)
    #expect(result.runtimeSeconds == full.wallSeconds.median)
    #expect(result.mostSeals == 20)
  }

  @Test("promotions start processes, and leave up to two sealed checkpoints a trial")
  func simulatedPromotions() throws {
    let result = try Self.search(.asha)
    #expect(result.starts > 20)
    #expect((20...40).contains(result.mostSeals))
    #expect(result.epochs < 540)
  }

  @Test("a limit of time ends a simulated search, and its best trials are trained after it")
  func simulatedLimits() throws {
    var stop = StopCriterion(maxWallclockTime: .seconds(100))
    let short = try Self.search(.asha, stop: stop)
    #expect(short.end == .wallclockTime)
    #expect(short.runtimeSeconds <= 100)
    #expect(short.trials < 20)
    stop.trainBest = 2
    let trained = try Self.search(.asha, stop: stop)
    #expect(trained.maxResource == 27)
    #expect(trained.runtimeSeconds > 100)
  }
}
