import Scheduling
import SchedulingReference
import Testing
import TuningModel

/// Rungs of thousands of entries, where entries stand in many blocks, against plain arrays.
@Suite struct LargeRungTests {
  @Test(arguments: [MetricMode.min, .max], [3, 100_000_000])
  func orderCutOffAndRankAreThoseOfASortedArray(_ mode: MetricMode, _ values: Int) throws {
    let options = SchedulerOptions(name: .asha, mode: mode, maxResource: 9)
    var scheduler = try TrialScheduler(options)
    var reference = ReferenceScheduler(options)
    var generator = SeededGenerator(seed: UInt64(values))
    for trial in 0..<3_000 {
      scheduler.add(TrialID(trial))
      reference.add(trial, bracket: 0)
      let value = Double(generator.nextBelow(UInt64(values)))
      _ = scheduler.record(TrialID(trial), resource: 1, value: value)
      _ = reference.report(trial, 1, value)
      if trial % 17 == 0 {
        scheduler.retire(TrialID(trial / 2))
        reference.retire(trial / 2)
      }
      guard generator.nextUnit() < 0.5 else { continue }
      let promotion = reference.promotion(bracket: 0)
      #expect(scheduler.proposePromotion() == promotion)
      guard let promotion else { continue }
      scheduler.apply(.promotion(promotion))
      reference.apply(promotion)
    }
    let entries = scheduler.entries(system: 0, level: 1)
    #expect(entries.map(\.trial.rawValue) == reference.systems[0].rungs[0].map(\.trial))
    #expect(entries.map(\.isPromoted) == reference.systems[0].rungs[0].map(\.isPromoted))
  }
}
