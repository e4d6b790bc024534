import Coordination
import Scheduling
import Simulation
import Testing
import TuningModel

@Suite("Tables and settings of all kinds")
struct HostileTests {
  private func code(_ table: CurveTable, _ settings: SimulationSettings) -> SimulationError.Code? {
    do throws(SimulationError) {
      _ = try Simulation(table: table, settings: settings).run()
      return nil
    } catch {
      return error.code
    }
  }

  @Test func tablesThatCannotBeUsed() {
    let settings = Tables.settings(Tables.scheduler(.asha), trials: 1)
    let good = Tables.row(1, [1], every: 1)
    func code(_ rows: [CurveTable.Row]) -> SimulationError.Code? {
      self.code(CurveTable(name: "t", rows: rows), settings)
    }
    #expect(code([good]) == nil)
    #expect(code([]) == .badTable)
    #expect(code([good, good]) == .badTable)
    #expect(code([.init(id: 1, values: [], seconds: [])]) == .badTable)
    #expect(code([.init(id: 1, values: [1, 2], seconds: [1])]) == .badTable)
    for times in [[-1, 2], [2, 1], [.nan, 1], [1, .infinity], [1, 1e300]] as [[Double]] {
      #expect(code([.init(id: 1, values: [1, 2], seconds: times)]) == .badTable)
    }
    // An epoch that takes no time is one that took less than was measured.
    #expect(code([.init(id: 1, values: [1, 2], seconds: [0, 0])]) == nil)
  }

  @Test func settingsThatMakeNoSense() {
    let table = Tables.three()
    func code(_ change: (inout SimulationSettings) -> Void) -> SimulationError.Code? {
      var settings = Tables.settings(Tables.scheduler(.asha))
      change(&settings)
      return self.code(table, settings)
    }
    #expect(code { $0.trials = 0 } == .badSetting)
    #expect(code { $0.workers = 0 } == .badSetting)
    #expect(code { $0.workers = 1_000_000_000 } == .badSetting)
    #expect(code { $0.maxResource = 1 } == .badSetting)
    #expect(code { $0.maxResource = -5 } == .badSetting)
    #expect(code { $0.method = Tables.scheduler(.asha, eta: .nan) } == .badSetting)
    #expect(code { $0.order = [] } == .badOrder)
    #expect(code { $0.order = [10, 10] } == .badOrder)
    #expect(code { $0.order = [10, 11] } == .badOrder)
    #expect(
      code {
        $0.maxResource = 1
        $0.method = .oneEpoch
      } == nil)
    #expect(code { $0.maxResource = .max } == nil)
    #expect(code { $0.trials = .max } == nil)
    #expect(code { $0.seed = .max } == nil)
  }

  /// All combinations end, and their counts fit together.
  @Test(arguments: SchedulerOptions.Name.allCases.filter { $0 != .external }, [1, 64])
  func everyRunEnds(name: SchedulerOptions.Name, workers: Int) throws {
    var table = Tables.many(25, epochs: 20)
    // Some curves are short, some go astray, and all of one kind take the same time.
    for index in table.rows.indices where index % 5 == 0 {
      table.rows[index].values.removeLast(index % 20)
      table.rows[index].seconds.removeLast(index % 20)
    }
    for index in table.rows.indices where index % 7 == 0 { table.rows[index].values[0] = .nan }
    for index in table.rows.indices where index % 7 == 3 { table.rows[index].values[0] = -.infinity }
    for index in table.rows.indices where index % 3 == 0 {
      table.rows[index].seconds = table.rows[index].values.indices.map { Double($0 + 1) }
    }
    for limit in StopCriterion.AtLimit.allCases {
      for trials in [1, 24, 1000] {
        for max in [2, 50] {
          let settings = Tables.settings(
            Tables.scheduler(name, eta: 3), max: max, trials: trials, workers: workers, atLimit: limit)
          let result = try Simulation(table: table, settings: settings).run()
          #expect(result.trials <= min(trials, 25))
          #expect(result.epochs >= result.maxResource)
          #expect(result.maxResource <= min(max, 20))
          #expect(result.end == (trials > 25 ? .spaceExhausted : .trialsStarted))
          if limit == .finishPromotions { #expect(result.trials == min(trials, 25)) }
          // The shortest curve has five epochs.
          #expect(max > 2 || result.trialsCutShort == 0)
        }
      }
    }
  }

  /// A trial whose curve ends counts with what it reported, and what it lacks is said.
  @Test func aCurveThatEnds() throws {
    var table = Tables.three()
    table.rows[1] = Tables.row(20, [20, 21, 40], every: 2)
    let result = try Simulation(
      table: table, settings: Tables.settings(Tables.scheduler(.asha), order: [10, 20, 30])
    ).run()
    #expect(result.trialsCutShort == 1)
    #expect(result.epochsMissing == 1)
    #expect(result.chosen == 20)
    #expect(result.bestMetric == 40)
    #expect(result.runtimeSeconds == 11)
    #expect(result.secondsToTrainedBest == 11)
  }

  /// Where no trial reports a finite number, nothing is chosen.
  @Test func nothingToChoose() throws {
    let rows = (0..<5).map { Tables.row($0, [.nan, .infinity, .nan, .nan], every: 1) }
    let result = try Simulation(
      table: CurveTable(name: "nan", rows: rows), settings: Tables.settings(Tables.scheduler(.pasha), trials: 5)
    ).run()
    #expect(result.chosen == nil)
    #expect(result.bestMetric == nil)
    #expect(result.secondsToTrainedBest == nil)
    #expect(result.trials == 5)
  }
}
