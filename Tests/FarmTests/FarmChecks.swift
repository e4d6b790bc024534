import FarmSupport
import Testing
import TuningModel

extension FarmCheck {
  /// All that must hold of a run that ended; see `problems`.
  func expectSound(incomplete: Set<TrialAttempt> = [], reruns: Set<TrialID> = []) throws {
    for problem in try problems(incomplete: incomplete, reruns: reruns) { Issue.record("\(problem)") }
  }
}
