import HostSystem
import Presentation
import Simulation

/// What seeds that are run side by side came to.
final class Tally: Sendable {
  typealias Failure = (result: FaultSimulation.Result, problems: [String])

  private struct Content: Sendable {
    var counts = FaultCounts()
    var failures: [Failure] = []
  }

  private let begun = ContinuousClock.now
  private let limit: Duration?
  private let content = Locked(Content())

  /// - Parameter limit: when no further seed is begun; nil: never.
  init(limit: Duration?) { self.limit = limit }

  /// Whether no further seed is to be begun.
  var isOver: Bool {
    let isLate = limit.map { ContinuousClock.now - begun >= $0 } ?? false
    return isLate || content.withLock { !$0.failures.isEmpty }
  }

  func add(_ result: FaultSimulation.Result, _ problems: [String]) {
    content.withLock { content in
      content.counts.add(result)
      if !problems.isEmpty { content.failures.append((result, problems)) }
    }
  }

  /// The failed seed that comes first.
  var failure: Failure? {
    content.withLock { $0.failures.min { $0.result.seed < $1.result.seed } }
  }

  /// All so far, in a line.
  var summary: String {
    content.withLock { content in
      let failed = content.failures.map(\.result.seed).sorted()
      return Presentation.faultSummary(content.counts, failed: failed, in: ContinuousClock.now - begun)
    }
  }
}
