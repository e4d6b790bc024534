import Coordination
import Dispatch
import Foundation
import HostSystem
import Presentation
import Simulation
import TuningModel

/// What `simulate --faults` is asked for.
public struct FaultOptions: Sendable {
  /// One seed, told in full; nil: many.
  public var seed: UInt64?
  public var firstSeed: UInt64
  public var seeds: Int
  /// Seeds that are run at once; nil: as many as there are cores.
  public var jobs: Int?
  public var json: Bool

  public init(seed: UInt64? = nil, firstSeed: UInt64 = 0, seeds: Int = 100, jobs: Int? = nil, json: Bool = false) {
    self.seed = seed
    self.firstSeed = firstSeed
    self.seeds = seeds
    self.jobs = jobs
    self.json = json
  }
}

extension Commands {
  static let mostFaultSeeds = 10_000_000
  /// Lines of what happened last that are shown of a seed that fails.
  private static let shownLines = 60

  /// Runs under faults, in virtual time.
  public static func simulateFaults(_ options: FaultOptions) throws -> ExitCode {
    if let seed = options.seed {
      let explanation = FaultSimulation(seed: seed).explain()
      show(
        options.json
          ? Presentation.faultJSON(explanation.result).jsonText(.strict)
          : Presentation.faults(explanation, lines: nil))
      return explanation.result.violation == nil ? .success : .runFailed
    }
    guard (1...mostFaultSeeds).contains(options.seeds) else {
      throw ServiceError(.usage, "--seeds must be 1…\(mostFaultSeeds), not \(options.seeds)")
    }
    let begun = HostClock.now
    let tally = FaultTally()
    let jobs = max(1, options.jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    DispatchQueue.concurrentPerform(iterations: jobs) { job in
      for index in stride(from: job, to: options.seeds, by: jobs) {
        let result = FaultSimulation(seed: options.firstSeed &+ UInt64(index)).run()
        if options.json { show(Presentation.faultJSON(result).jsonText(.strict)) }
        tally.add(result)
      }
    }
    let failed = tally.failed.sorted()
    if !options.json {
      for seed in failed.prefix(3) {
        show(Presentation.faults(FaultSimulation(seed: seed).explain(), lines: shownLines))
      }
      show(tally.summary(failed: failed, in: HostClock.now - begun))
    }
    return failed.isEmpty ? .success : .runFailed
  }
}

/// Sums over seeds that are run side by side.
private final class FaultTally: @unchecked Sendable {
  // Sendable in truth: everything is behind the queue.
  private let queue = DispatchQueue(label: "faults")
  private var counts = FaultCounts()
  private var failures: [UInt64] = []

  func add(_ result: FaultSimulation.Result) {
    queue.sync {
      counts.add(result)
      if result.violation != nil { failures.append(result.seed) }
    }
  }

  var failed: [UInt64] { queue.sync { failures } }

  func summary(failed: [UInt64], in time: Duration) -> String {
    queue.sync { Presentation.faultSummary(counts, failed: failed, in: time) }
  }
}
