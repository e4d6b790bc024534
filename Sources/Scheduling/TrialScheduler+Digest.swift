import TuningModel

extension TrialScheduler {
  /// Adds the tuning state to a digest: what follows from observations and applied decisions, without what is only kept to
  /// decide faster.
  public func combine(into digest: inout StateDigest) {
    for system in systems {
      digest.combine(system.index)
      for runner in system.runners { runner.combine(into: &digest) }
      for rung in system.rungs {
        digest.combine(rung.level)
        digest.combine(rung.entries.count)
      }
      guard let maximum = system.maximum else { continue }
      digest.combine(maximum.current)
      digest.combine(maximum.top ?? -1)
      digest.combine(maximum.epsilon)
    }
    for member in halving?.members ?? [] { digest.combine("\(member)") }
    for member in external?.members ?? [] { digest.combine("\(member)") }
    for peer in peers?.peers ?? [] { digest.combine("\(peer)") }
  }
}

extension Runner {
  fileprivate func combine(into digest: inout StateDigest) {
    for number in [trial.rawValue, resource, milestone, firstRung, rung, sequence] { digest.combine(number) }
    digest.combine(value)
    for flag in [isPromoted, isRetired, isStopped] { digest.combine(flag) }
  }
}
