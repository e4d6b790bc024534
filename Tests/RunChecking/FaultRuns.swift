import Coordination
import Foundation
import HostSystem
import Scheduling
import Simulation
import TuningModel

extension FaultSimulation.Result {
  /// What is wrong with the run: an invariant that did not hold while it went on; where all did, decisions that the slow
  /// reference would not take on the same reports, and trials that are not settled though the run ended.
  public var problems: [String] {
    if let violation { return [violation] }
    return Self.journalProblems(of: facts, specification)
  }

  /// The same of a journal alone.
  public static func journalProblems(of facts: [StampedFact], _ specification: RunSpecification) -> [String] {
    var problems: [String] = []
    // The reference knows those that promote or stop trials by rungs without waiting for all of a rung.
    if specification.scheduler.name != .syncHyperband {
      problems += JournalCheck.decisionProblems(of: facts.map(\.fact), specification.scheduler)
    }
    guard let state = try? RunState(specification: specification) else { return problems + ["the run cannot begin"] }
    return problems + unsettled(facts, state)
  }

  /// Trials that are not settled though the run ended: those that occupy a slot of an agent that was in touch, and those
  /// that waited when the run began to end, where it was to let them run before. What an operator paused stays so.
  private static func unsettled(_ facts: [StampedFact], _ beginning: RunState) -> [String] {
    var state = beginning
    var waiting: Set<TrialID> = []
    for fact in facts {
      if case .runClosing(let end, suspend: false) = fact.fact, end.reason == .trialsStarted,
        state.specification.stop.atLimit != .now
      {
        waiting = Set(state.trials.filter(\.isWaiting).map(\.id))
      }
      state.apply(fact)
    }
    guard state.end != nil else { return ["the run has not ended"] }
    return state.trials.compactMap { trial in
      switch trial.status {
      case .paused, .completed, .stopped, .failed: return nil
      case .pending: if !trial.isWaiting || !waiting.contains(trial.id) { return nil }
      case .active:
        let agent = trial.slot.flatMap { state[$0.agent] }
        if let agent, agent.reachability != .reachable, agent.reachability != .suspect { return nil }
      }
      return "trial \(trial.id) is \(trial.status.word) though the run ended"
    }
  }
}

extension TrialState {
  fileprivate var isWaiting: Bool { if case .pending = status { !isPausedByOperator } else { false } }
}

/// Seeds of the fault simulation side by side on all cores.
public enum FaultRuns {
  /// The results in the order of the seeds; none after `isEnough` has said so.
  public static func run(
    _ seeds: [UInt64], with mutant: Mutant? = nil,
    until isEnough: @escaping @Sendable (FaultSimulation.Result) -> Bool = { _ in false }
  ) -> [FaultSimulation.Result] {
    let shared = Locked(Shared())
    DispatchQueue.concurrentPerform(iterations: min(seeds.count, ProcessInfo.processInfo.activeProcessorCount)) { _ in
      while let index = shared.withLock({ $0.next(of: seeds.count) }) {
        let result = simulate(seeds[index], mutant)
        let isLast = isEnough(result)
        shared.withLock { shared in
          shared.found.append((index, result))
          if isLast { shared.isOver = true }
        }
      }
    }
    return shared.withLock { $0.found.sorted { $0.index < $1.index }.map(\.result) }
  }

  private static func simulate(_ seed: UInt64, _ mutant: Mutant?) -> FaultSimulation.Result {
    #if PASHA_MUTANTS
      return Mutant.$current.withValue(mutant) { FaultSimulation(seed: seed).run() }
    #else
      precondition(mutant == nil, "a release build has no defects to put in")
      return FaultSimulation(seed: seed).run()
    #endif
  }

  private struct Shared: Sendable {
    var taken = 0
    var isOver = false
    var found: [(index: Int, result: FaultSimulation.Result)] = []

    mutating func next(of count: Int) -> Int? {
      guard taken < count, !isOver else { return nil }
      taken += 1
      return taken - 1
    }
  }
}
