import FarmSupport
import Testing
import TuningModel

extension FarmCheck {
  /// All that must hold of a run that ended; see `problems`.
  /// - Parameter overlapsUntil: attempts that nobody could end in time, and until when they may have shown life.
  func expectSound(
    incomplete: Set<TrialAttempt> = [], reruns: Set<TrialID> = [], overlapsUntil: [TrialAttempt: Double] = [:]
  ) throws {
    for problem in try problems(incomplete: incomplete, reruns: reruns, overlapsUntil: overlapsUntil) {
      Issue.record("\(problem)")
    }
  }
}
