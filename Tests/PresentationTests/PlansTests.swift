import Presentation
import Simulation
import Testing
import TuningModel

@Suite("Plans")
struct PlansTests {
  private static func plan() -> Presentation.Plan {
    var plan = Presentation.Plan()
    let pace = TrialPace(
      epochSeconds: 60, startSeconds: 30, steps: 2, checkpointBytes: 1 << 20, preparationSeconds: 45)
    plan.kinds = [
      .init(hosts: ["gpu1", "gpu2"], devices: "2 × A100", slots: 2, pace: pace, freeBytes: 1 << 40),
      .init(hosts: ["old"], devices: "1 × K80", failure: "python3: no such\u{1B} module"),
    ]
    plan.curves = "synthetic learning curves"
    plan.seeds = 2
    plan.gpusPerSlot = 2
    plan.farm = FarmPace(plan.measured)
    var results = [600.0, 1800].map {
      SimulationResult(
        label: "pasha", seed: 0, runtimeSeconds: $0, maxResource: 9, epochs: 40, trials: 8, secondsToTrainedBest: 9000)
    }
    for index in results.indices {
      results[index].starts = 8
      results[index].mostSeals = 8
    }
    if let farm = plan.farm {
      plan.forecasts = [Forecast(results, on: farm), Forecast(fullTraining: 8, maxResource: 81, on: farm)]
        .compactMap { $0 }
    }
    plan.notes = ["a note"]
    return plan
  }

  @Test("the tables name kinds, failures, units and ranges")
  func table() {
    // 4 slots; full training: two rounds of 81 min 30 s, eight of them on 2 GPUs each.
    #expect(
      Presentation.plan(Self.plan()) == """
        kind of host    hosts  slots each  epoch takes  start   checkpoint  preparation
        gpu1: 2 × A100      2           2  1 min 00 s   30.0 s  1.0 MiB     45.0 s
        old: 1 × K80        1  -           -            -       -           -
        old: python3: no such\u{FFFD} module

        estimate for 4 slots; synthetic learning curves, 2 seeds: the median (and the middle half), but for full training, which is arithmetic
        approach       trials  up to epoch  epochs  time, h           until the best is trained, h  GPU time, h  checkpoints in all  on one host
        pasha               8            9      40  0.33 (0.25…0.42)                          2.50         1.47  12.0 MiB            6.0 MiB
        full training       8           81     648              2.72                          2.72        21.73  8.0 MiB             4.0 MiB
        a note
        """)
  }

  @Test("without a measure there is no forecast, and the reason stands")
  func nothing() {
    var plan = Self.plan()
    plan.kinds.removeFirst()
    plan.farm = nil
    plan.forecasts = []
    let text = Presentation.plan(plan)
    #expect(text.contains("old: python3"))
    #expect(!text.contains("estimate"))
    #expect(Presentation.planJSON(plan).jsonText(.strict).contains(#""slots":null"#))
  }

  @Test("JSON has quartiles and bytes")
  func json() throws {
    let value = try JSONValue(parsing: Presentation.planJSON(Self.plan()).jsonText(.strict))
    guard case .array(let forecasts)? = value.member("forecasts"), case .array(let kinds)? = value.member("kinds")
    else {
      Issue.record("lists are missing")
      return
    }
    #expect(forecasts.count == 2 && kinds.count == 2)
    #expect(forecasts[0].member("wall_seconds")?.member("median") == .double(1200))
    #expect(forecasts[0].member("exact") == .bool(false))
    #expect(forecasts[0].member("checkpoint_bytes") == .int(12 << 20))
    #expect(forecasts[1].member("checkpoint_bytes_on_one_host") == .int(4 << 20))
    #expect(kinds[1].member("failure") == .string("python3: no such\u{1B} module"))
  }

  @Test("a benchmark's table has trials and seeds beside the columns of a simulation")
  func benchmark() {
    let comparison = SimulationComparison(Array(SimulationTablesTests.runs.prefix(4)))
    #expect(
      Presentation.benchmark(comparison, metric: "accuracy, %") == """
        approach  accuracy, %   runtime        speed-up over asha  max resources  until trained  epochs      trials     seeds
        pasha     90.50 ± 0.71  0.75 ± 0.35 h  3.0×                 18.0 ± 12.7   1.25 ± 0.35 h   200 ± 141  9.0 ± 0.0  0,1
        asha      91.75 ± 0.35  2.25 ± 0.35 h  1.0×                200.0 ±  0.0   2.25 ± 0.35 h  1100 ± 141  9.0 ± 0.0  0,1
        """)
  }
}
