import Foundation
import Presentation
import Simulation

/// What seeds that are run side by side came to.
final class Tally: @unchecked Sendable {
  // Sendable in truth: everything is behind the lock.
  private let lock = NSLock()
  private let begun = ContinuousClock.now
  private let limit: Duration?
  private var counts = FaultCounts()
  private var failures: [(result: FaultSimulation.Result, problems: [String])] = []

  /// - Parameter limit: when no further seed is begun; nil: never.
  init(limit: Duration?) { self.limit = limit }

  /// Whether no further seed is to be begun.
  var isOver: Bool {
    let isLate = limit.map { ContinuousClock.now - begun >= $0 } ?? false
    return isLate || lock.withLock { !failures.isEmpty }
  }

  func add(_ result: FaultSimulation.Result, _ problems: [String]) {
    lock.withLock {
      counts.add(result)
      if !problems.isEmpty { failures.append((result, problems)) }
    }
  }

  /// The failed seed that comes first.
  var failure: (result: FaultSimulation.Result, problems: [String])? {
    lock.withLock { failures.min { $0.result.seed < $1.result.seed } }
  }

  /// All so far, in a line.
  var summary: String {
    lock.withLock {
      Presentation.faultSummary(counts, failed: failures.map(\.result.seed).sorted(), in: ContinuousClock.now - begun)
    }
  }
}
