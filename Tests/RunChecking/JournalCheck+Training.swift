import Coordination
import TuningModel

extension JournalCheck {
  /// What is wrong with the training after the search, if there was one: the best trials of the search, found here from
  /// the reports alone, are trained to the maximum resource (by scripts that train that far), and no other trial is
  /// started.
  public func trainingProblems() -> [String] {
    guard
      let place = facts.firstIndex(where: { fact in if case .trainingBegan = fact { true } else { false } }),
      case .trainingBegan(let training) = facts[place]
    else { return specification.stop.trainBest == nil || state.end == nil ? [] : ["no training followed the search"] }
    var problems: [String] = []
    let maximum = specification.scheduler.maxResource
    let best = bestTrials(before: place, count: specification.stop.trainBest ?? 0)
    if training.trials != best { problems.append("trials \(training.trials) are trained in place of \(best)") }
    for case .attemptAssigned(let assignment) in facts[place...] {
      let trial = assignment.attempt.trial
      if !best.contains(trial) { problems.append("trial \(trial) was started after the search") }
      if assignment.milestone != maximum { problems.append("trial \(trial) was started to \(assignment.milestone)") }
    }
    guard let end = state.end, end.reason == training.end.reason else { return problems }
    for trial in best.compactMap({ state[$0] }) {
      switch trial.status {
      case .completed, .failed, .stopped: break
      case .pending, .active, .paused: problems.append("trial \(trial.id) is \(trial.status.word) after its training")
      }
      if trial.status == .completed, trial.resource < maximum {
        problems.append("trial \(trial.id) was trained to \(trial.resource) alone")
      }
    }
    return problems
  }

  private func bestTrials(before place: Int, count: Int) -> [TrialID] {
    let sign = specification.experiment.mode == .max ? -1.0 : 1.0
    var losses: [TrialID: Double] = [:]
    var withheld: [TrialAttempt: [Int: Double]] = [:]
    func take(_ trial: TrialID, _ value: Double) {
      if value.isFinite { losses[trial] = min(losses[trial] ?? .infinity, sign * value) }
    }
    for fact in facts[..<place] {
      switch fact {
      case .reportReceived(let report):
        guard report.resource != nil, let value = report.value else { continue }
        if report.disposition == .ranked { take(report.attempt.trial, value) }
        if report.disposition == .withheld { withheld[report.attempt, default: [:]][report.sequence] = value }
      case .withheldReportSettled(let attempt, let sequence, .ranked):
        if let value = withheld[attempt]?[sequence] { take(attempt.trial, value) }
      case .attemptEnded(let attempt, _, .failed), .attemptEnded(let attempt, _, .stopped),
        .attemptRefused(let attempt, _, .failed), .attemptRefused(let attempt, _, .stopped):
        losses[attempt.trial] = nil
      case .trialStopped(let trial): losses[trial] = nil
      default: break
      }
    }
    return losses.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(count).map(\.key)
  }
}
