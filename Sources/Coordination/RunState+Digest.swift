import Scheduling
import TuningModel
import Wire

extension RunState {
  /// The same for the same state in every process, and for hardly any other one: for comparing a state with the replay of
  /// its facts. What is only kept to decide faster is left out.
  public var digest: UInt64 {
    var digest = StateDigest()
    digest.combine("\(start.map { $0.run } ?? "") \(String(describing: drain)) \(String(describing: closing))")
    digest.combine("\(String(describing: training)) \(String(describing: end)) \(isSuspended)")
    for agent in agents {
      digest.combine("\(agent.id) \(agent.publicKey) \(agent.isPrepared) \(agent.reachability) \(agent.slots)")
      digest.combine(agent.greeting.map { "\($0)" } ?? "")
      for (slot, reason) in agent.unusable.sorted(by: { $0.key < $1.key }) { digest.combine("\(slot) \(reason)") }
    }
    for (host, mark) in hostMarks.sorted(by: { $0.key < $1.key }) { digest.combine("\(host) \(mark)") }
    for trial in trials { trial.combine(into: &digest) }
    digest.combine("\(waiting) \(awaiting) \(joinTokens)")
    digest.combine("\(totals)")
    scheduler.combine(into: &digest)
    return digest.value
  }
}

extension TrialState {
  fileprivate func combine(into digest: inout StateDigest) {
    digest.combine(id.rawValue)
    digest.combine("\(status) \(String(describing: attempt)) \(String(describing: slot)) \(milestone)")
    digest.combine(promotedTo ?? -1)
    for flag in [reachedMilestone, attemptReported, everEnded, isPausedByOperator] { digest.combine(flag) }
    for count in [lastSequence, attemptResource, resource, usableReports, rejectedReports, lastGeneration] {
      digest.combine(count)
    }
    digest.combine(lastValue ?? 0)
    digest.combine(best?.value ?? 0)
    digest.combine("\(withheld) \(String(describing: order)) \(seals) \(leftAt)")
    for count in [resumeFrom ?? -1, moves, restarts] { digest.combine(count) }
    digest.combine(cost)
    digest.combine(UInt64(bitPattern: slotTime.wholeNanoseconds))
    digest.combine(failureMessage ?? "")
  }
}
