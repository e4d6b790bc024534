import Coordination
import Foundation
import Simulation
import Testing
import TuningModel

/// Runs under faults in virtual time: a corpus of seeds, and fresh ones.
@Suite struct FaultTests {
  /// Runs seeds on all cores; the results in the order of the seeds.
  static func run(
    _ seeds: [UInt64], with mutant: Mutant? = nil,
    until isEnough: @escaping @Sendable (FaultSimulation.Result) -> Bool = { _ in false }
  ) -> [FaultSimulation.Result] {
    let shared = Shared()
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
      Mutant.$current.withValue(mutant) {
        while let index = shared.next(of: seeds.count) {
          let result = FaultSimulation(seed: seeds[index]).run()
          shared.add(index, result, isLast: isEnough(result))
        }
      }
    }
    return shared.results
  }

  private final class Shared: @unchecked Sendable {
    // Sendable in truth: everything is behind the lock.
    private let lock = NSLock()
    private var taken = 0
    private var isOver = false
    private var found: [(Int, FaultSimulation.Result)] = []

    func next(of count: Int) -> Int? {
      lock.withLock {
        guard taken < count, !isOver else { return nil }
        taken += 1
        return taken - 1
      }
    }

    func add(_ index: Int, _ result: FaultSimulation.Result, isLast: Bool) {
      lock.withLock {
        found.append((index, result))
        if isLast { isOver = true }
      }
    }

    var results: [FaultSimulation.Result] { lock.withLock { found.sorted { $0.0 < $1.0 }.map(\.1) } }
  }

  @Test(arguments: Mutant.allCases) func aMutantIsCaught(_ mutant: Mutant) throws {
    let results = Self.run(Array(0..<2_000), with: mutant) { $0.violation != nil }
    let caught = try #require(results.first { $0.violation != nil }, "\(mutant) survives")
    print("\(mutant): \(results.count) seeds, \(caught.seed): \(caught.violation ?? "")")
  }
}
