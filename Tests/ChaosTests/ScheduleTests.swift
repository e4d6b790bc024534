import FarmSupport
import Testing

struct ScheduleTests {
  @Test func theSeedAndTheNumberOfARunSayAllThatHappens() {
    for seed in UInt64(1)...5 {
      for run in 1...6 { #expect(FaultSchedule(seed: seed, run: run) == FaultSchedule(seed: seed, run: run)) }
      #expect(FaultSchedule(seed: seed, run: 1) != FaultSchedule(seed: seed, run: 2))
      #expect(FaultSchedule(seed: seed, run: 1) != FaultSchedule(seed: seed + 1, run: 1))
    }
  }

  @Test func fourRunsOfAnySeedHaveAllKindsAndBothSidesOfTheLease() {
    for seed in UInt64(1)...200 {
      for first in [1, 5] {
        let schedules = (first..<first + FaultSchedule.runsForAllKinds).map { FaultSchedule(seed: seed, run: $0) }
        let faults = schedules.flatMap(\.faults)
        #expect(Set(faults.map(\.kind)) == Set(FaultKind.allCases), "seed \(seed)")
        #expect(Set(schedules.map(\.store)) == Set(FaultSchedule.Store.allCases))
        #expect(faults.contains { $0.lasts > FaultSchedule.lease })
      }
    }
  }

  @Test func aWholeChaosThatNeverDrewAKindIsFound() {
    var coverage = FaultCoverage()
    for run in 1...3 { coverage.add(FaultSchedule(seed: 1, run: run), effects: [.linkCut: 2]) }
    #expect(coverage.problem(minutes: 8) == nil, "three runs need not have all")
    var partial = FaultCoverage()
    for run in 1...4 { partial.add(FaultSchedule(seed: 1, run: run, only: [.linkCut, .narrow]), effects: [:]) }
    let problem = partial.problem(minutes: 8) ?? ""
    #expect(problem.hasPrefix("in 4 runs these kinds were never drawn: coordinator killed, "), "\(problem)")
    #expect(partial.problem(minutes: 7) == nil)
    coverage.add(FaultSchedule(seed: 1, run: 4), effects: [.linkCut: 1])
    #expect(coverage.problem(minutes: 8) == nil)
    #expect(coverage.effects == [.linkCut: 7])
    #expect(coverage.missing.count == FaultKind.allCases.count - 1)
  }

  @Test func nothingHappensTwiceAtOnceToOneThing() {
    for seed in UInt64(1)...50 {
      let faults = FaultSchedule(seed: seed, run: 1).faults
      for (index, fault) in faults.enumerated() {
        for other in faults[(index + 1)...] where other.kind == fault.kind && other.host == fault.host {
          #expect(other.at >= fault.ends, "seed \(seed): \(fault), \(other)")
        }
        // A host without power suffers from nothing else.
        guard fault.kind == .hostKilled else { continue }
        for other in faults[(index + 1)...] where other.host == fault.host { #expect(other.at >= fault.ends) }
      }
    }
  }
}
