import Coordination
import Foundation
import RunChecking
import Scheduling
import Simulation
import TestSupport
import Testing
import TuningModel

/// What looks at runs under faults finds what is wrong with them, and so does the program that runs seed after seed.
struct SoakTests {
  @Test func aDefectEndsTheSoakWithItsSeed() throws {
    let seed = try #require(FaultCorpus.mutants[.maximumFalls])
    let soak = try CommandProcess(product("soak"), ["--first-seed", "\(seed)", "--mutant", "maximumFalls"])
    #expect(try soak.wait(limit: 60) == 1, "\(soak.errors)")
    #expect(soak.output.contains("again: pasha-coord simulate --faults --seed \(seed)"), "\(soak.output)")
    #expect(soak.output.contains(" seeds per minute; "))
  }

  @Test func withoutDefectItGoesOnUntilItIsStopped() throws {
    let soak = try CommandProcess(product("soak"), ["--first-seed", "100"])
    try eventually("the first line", within: .seconds(120)) { soak.output.contains("none failed") || soak.hasEnded }
    soak.send(SIGINT)
    #expect(try soak.wait(limit: 60) == 0, "\(soak.output)\(soak.errors)")
    #expect(soak.output.hasSuffix("none failed\nstopped\n"))
  }

  /// Runs with decisions, whose journals are then changed.
  private static func sound() throws -> [FaultSimulation.Result] {
    let results = FaultRuns.run((100..<140).map { $0 }).filter { $0.specification.scheduler.name != .syncHyperband }
    for result in results { #expect(result.problems == [], "seed \(result.seed)") }
    return results
  }

  @Test func aDecisionThatTheReferenceWouldNotTakeIsFound() throws {
    var changed = 0
    for result in try Self.sound() {
      var facts = result.facts
      let place = facts.firstIndex { if case .scheduling(.promotion) = $0.fact { true } else { false } }
      guard let place, case .scheduling(.promotion(var promotion)) = facts[place].fact else { continue }
      promotion.rank += 1
      facts[place].fact = .scheduling(.promotion(promotion))
      let problems = FaultSimulation.Result.journalProblems(of: facts, result.specification)
      #expect(problems.contains { $0.contains(" in place of ") }, "seed \(result.seed): \(problems)")
      changed += 1
    }
    #expect(changed > 5)
  }

  @Test func aTrialThatIsNotSettledIsFound() throws {
    var changed = 0
    for result in try Self.sound() {
      guard let place = result.facts.lastIndex(where: { if case .attemptEnded = $0.fact { true } else { false } }),
        case .attemptEnded(let attempt, _, .paused) = result.facts[place].fact
      else { continue }
      var facts = result.facts
      facts.remove(at: place)
      let problems = FaultSimulation.Result.journalProblems(of: facts, result.specification)
      #expect(
        problems.contains { $0.hasPrefix("trial \(attempt.trial) is ") && $0.hasSuffix("though the run ended") },
        "seed \(result.seed): \(problems)")
      changed += 1
    }
    #expect(changed > 5)
  }

  @Test func aRunThatDoesNotEndIsFound() throws {
    let result = try #require(Self.sound().first)
    let facts = result.facts.filter { if case .runFinished = $0.fact { false } else { true } }
    #expect(FaultSimulation.Result.journalProblems(of: facts, result.specification) == ["the run has not ended"])
  }
}
