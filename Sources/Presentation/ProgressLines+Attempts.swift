import Coordination
import TuningModel
import Wire

/// Lines about starts of trials: where, from what, and why from that.
extension Presentation {
  static func assigned(_ assignment: AttemptAssignment, _ state: RunState) -> String {
    let trial = assignment.attempt.trial
    let goal = "slot \(assignment.slot), to \(resource(assignment.milestone, state))"
    switch assignment.reason {
    case .created:
      return "trial \(trial) starts on \(goal)  \(state[trial].map { configuration($0.configuration) } ?? "")"
    case .promoted:
      guard assignment.resumeFrom != nil else {
        return "trial \(trial) begins again (\(noCheckpoint(assignment, state))) on \(goal)"
      }
      return "trial \(trial) goes on from \(start(assignment, state)) on \(goal)"
    case .restarted: return "trial \(trial) starts again from \(start(assignment, state)) on \(goal)"
    case .resumed:
      let older = older(assignment, state) == nil ? "" : " from \(start(assignment, state))"
      return "trial \(trial) resumes\(older) on \(goal)"
    case .training: return "trial \(trial) is trained on from \(start(assignment, state)) on \(goal)"
    }
  }

  /// What an attempt goes on from; where that is not the newest checkpoint, why.
  private static func start(_ assignment: AttemptAssignment, _ state: RunState) -> String {
    guard assignment.resumeFrom != nil else { return "the start (\(noCheckpoint(assignment, state)))" }
    guard let why = older(assignment, state) else { return "its checkpoint" }
    let trial = state[assignment.attempt.trial]
    let covered = trial?.seals.last { $0.seal.generation == assignment.resumeFrom }?.seal.coveredResource
    let covers = covered.map { ", \(resource($0, state))" } ?? ""
    return "an older checkpoint (generation \(assignment.resumeFrom ?? 0)\(covers); \(why))"
  }

  /// Why an attempt does not go on from the newest checkpoint; nil: it does.
  private static func older(_ assignment: AttemptAssignment, _ state: RunState) -> String? {
    guard let trial = state[assignment.attempt.trial], trial.lastGeneration > assignment.resumeFrom ?? 0 else {
      return nil
    }
    guard let newest = trial.seals.last, newest.seal.generation > assignment.resumeFrom ?? 0 else {
      return "generation \(trial.lastGeneration) is missing or damaged"
    }
    let places = newest.holders.map { holder in
      guard case .place(let place) = holder else { return "the store" }
      return state.agents.last { $0.place == place }.map { printable($0.name) } ?? "a host that is gone"
    }
    return "generation \(newest.seal.generation) is on \(places.joined(separator: ", ")) alone, which is not there"
  }

  private static func noCheckpoint(_ assignment: AttemptAssignment, _ state: RunState) -> String {
    older(assignment, state) ?? "there is no checkpoint of it"
  }

  /// `: it starts again, restart 1 of 3`.
  static func restart(_ trial: TrialID, _ consequence: EndConsequence, _ state: RunState) -> String {
    guard consequence == .pending(.restarted), let trial = state[trial] else { return "" }
    let limit = state.specification.failures.maxRestarts
    let left = trial.restarts <= limit ? "restart \(trial.restarts) of \(limit)" : "restart \(trial.restarts)"
    return ": it starts again from \(origin(of: trial, state)), \(left)"
  }

  /// A checkpoint that goes to another host.
  static func moves(_ assignment: AttemptAssignment, _ state: RunState) -> [String] {
    guard let source = assignment.source, let trial = state[assignment.attempt.trial],
      let seal = trial.seals.last(where: { $0.seal.generation == assignment.resumeFrom })?.seal
    else { return [] }
    let goal = host(assignment.slot.agent, state)
    let covers = seal.coveredResource.map { "\(resource($0, state)), " } ?? ""
    return [
      "trial \(trial.id)'s checkpoint moves from \(holder(source, state)) to \(goal) (\(covers)\(bytes(seal.bytes)))"
    ]
  }
}
