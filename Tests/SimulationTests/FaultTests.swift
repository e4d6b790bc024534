import Coordination
import Foundation
import RunChecking
import Simulation
import TestSupport
import Testing
import TuningModel

/// Runs under faults in virtual time.
@Suite(.serialized) struct FaultTests {
  @Test func theCorpusHolds() {
    for result in FaultRuns.run(FaultCorpus.all) { expectSound(result) }
  }

  /// Other seeds each time: the first is printed with what fails.
  @Test func freshSeedsHold() {
    let first = UInt64.random(in: 1...(1 << 40))
    let results = FaultRuns.run((0..<2_000).map { first + $0 })
    #expect(results.count == 2_000)
    for result in results { expectSound(result) }
    let faults = results.reduce(0) { $0 + $1.faults }
    #expect(faults > 4_000, "seeds from \(first) break hardly anything: \(faults)")
    #expect(results.count { $0.restarts > 0 } > 200)
  }

  private func expectSound(_ result: FaultSimulation.Result) {
    if let problem = result.problems.first {
      Issue.record("seed \(result.seed): \(problem); again: pasha-coord simulate --faults --seed \(result.seed)")
    }
  }

  /// Each defect is found by a seed of the corpus that has none without it.
  @Test(arguments: Mutant.allCases) func aDefectIsFound(_ mutant: Mutant) throws {
    let seed = FaultCorpus.mutants[mutant]
    if let seed, FaultRuns.run([seed], with: mutant).first?.violation != nil { return }
    // For the corpus, after a change of what seeds mean.
    let found = FaultRuns.run(Array(0..<6_000), with: mutant) { $0.violation != nil }.first { $0.violation != nil }
    Issue.record(
      "seed \(seed.map(String.init) ?? "none") does not find \(mutant); the first that does: \(String(describing: found.map { "\($0.seed): \($0.violation ?? "")" }))"
    )
  }

  /// The order of sets and dictionaries, which is another one in each process, shows nowhere.
  @Test func twoProcessesGiveTheSameDigests() throws {
    let arguments = ["simulate", "--faults", "--seeds", "60", "--first-seed", "7000", "--json"]
    let first = try digests(arguments)
    let second = try digests(arguments)
    #expect(first.count == 60)
    #expect(first == second)
    let here = FaultRuns.run((0..<60).map { 7_000 + $0 }).map {
      "\($0.seed) \(String(repeating: "0", count: 16 - String($0.digest, radix: 16).count))\(String($0.digest, radix: 16))"
    }
    #expect(Set(here) == Set(first))
  }

  private func digests(_ arguments: [String]) throws -> [String] {
    let command = try CommandProcess(product("pasha-coord"), arguments)
    #expect(try command.wait(limit: 120) == 0, "\(command.errors)")
    return try command.output.split(separator: "\n").map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      return "\(object["seed"] as? String ?? "") \(object["digest"] as? String ?? "")"
    }.sorted()
  }

  @Test func aFailingSeedIsShortenedAndTold() throws {
    let seed = try #require(FaultCorpus.mutants[.lateGrace])
    let explanation = Mutant.$current.withValue(.lateGrace) { FaultSimulation(seed: seed).explain() }
    #expect(explanation.result.violation?.contains("runs twice at once") == true)
    // A host that slept is enough.
    #expect((1...3).contains(explanation.faults.count), "\(explanation.faults)")
    #expect(explanation.trace.last?.contains("VIOLATION") == true)
  }

  @Test func theCommandReplaysASeed() throws {
    let command = try CommandProcess(product("pasha-coord"), ["simulate", "--faults", "--seed", "3"])
    #expect(try command.wait(limit: 60) == 0, "\(command.errors)")
    #expect(command.output.hasPrefix("seed 3: "))
    #expect(command.output.contains("coordinator starts, 0 facts"))
  }

  @Test(arguments: [
    (["--faults", "--table", "x"], "--table does not go with --faults"),
    (["--faults", "--seed", "1", "--seeds", "2"], "--seed is one seed"),
    (["--table", "x", "--seed", "1"], "--seed goes with --faults alone"),
    (["--faults", "--seeds", "0"], "--seeds must be 1"),
  ])
  func whatDoesNotGoTogetherIsAUsageError(arguments: [String], words: String) throws {
    let command = try CommandProcess(product("pasha-coord"), ["simulate"] + arguments)
    #expect(try command.wait(limit: 60) == 64)
    #expect(command.errors.contains(words), "\(command.errors)")
  }

  /// All orders of a few steps from each state of a small run; the depth is what a minute is enough for.
  @Test func allOrdersOfAFewStepsHold() throws {
    let outcome = try SmallScope.search(depth: 4, stride: 1, limit: 1_000_000)
    #expect(outcome.violation == nil, "\(outcome.path)")
    #expect(outcome.isComplete)
    #expect(outcome.states > 100_000)
    print("exhaustive: \(outcome.states) states, \(outcome.steps) steps")
  }

  @Test(arguments: [
    Mutant.noDuplicateCheck, .acknowledgesBeforeCommit, .schedulesBeforeReattach, .pauseDropsCheckpoint,
  ])
  func theSearchFindsDefects(_ mutant: Mutant) throws {
    let outcome = try Mutant.$current.withValue(mutant) { try SmallScope.search(depth: 4, stride: 2, limit: 400_000) }
    #expect(outcome.violation != nil, "\(mutant) survives \(outcome.states) states")
  }
}
