import Scheduling
import TuningModel
import Wire

extension RunState {
  mutating func apply(_ report: ReceivedReport) {
    guard let trial = self[report.attempt.trial], trial.attempt == report.attempt.attempt else { return }
    totals.reports += 1
    let cost = specification.experiment.costAttribute.flatMap { name in
      report.fields.last { $0.key == name }?.value.number
    }
    change(report.attempt.trial) { trial in
      trial.lastSequence = max(trial.lastSequence, report.sequence)
      if case .rejected = report.disposition {
        trial.rejectedReports += 1
      } else {
        trial.attemptReported = true
        trial.usableReports += 1
      }
      if let cost, cost.isFinite { trial.cost = cost }
    }
    if let cost, cost.isFinite { totals.cost += cost - trial.cost }
    guard let resource = report.resource, let value = report.value else { return }
    switch report.disposition {
    case .ranked: rank(report.attempt.trial, resource: resource, value: value)
    case .withheld:
      change(report.attempt.trial) { trial in
        trial.withheld.append(
          TrialState.WithheldReport(
            attempt: report.attempt, sequence: report.sequence, resource: resource, value: value))
      }
    case .recorded, .stale, .rejected: break
    }
  }

  mutating func settleWithheld(_ attempt: TrialAttempt, sequence: Int, as disposition: ReportDisposition) {
    guard let trial = self[attempt.trial],
      let index = trial.withheld.firstIndex(where: { $0.attempt == attempt && $0.sequence == sequence })
    else { return }
    let report = trial.withheld[index]
    change(attempt.trial) { $0.withheld.remove(at: index) }
    if disposition == .ranked { rank(attempt.trial, resource: report.resource, value: report.value) }
  }

  /// Tells the scheduler a value and keeps what the coordinator itself needs of it. After the search the scheduler is told
  /// nothing: its rungs stay as the search left them.
  private mutating func rank(_ id: TrialID, resource: Int, value: Double) {
    guard let trial = self[id] else { return }
    if training == nil { _ = scheduler.record(id, resource: resource, value: value, cost: trial.costSoFar) }
    // A script may report any whole number: the sum stops at the largest one.
    let (sum, isTooLarge) = totals.resource.addingReportingOverflow(max(0, resource - trial.resource))
    totals.resource = isTooLarge ? .max : sum
    let mode = specification.experiment.mode
    change(id) { trial in
      trial.resource = max(trial.resource, resource)
      trial.lastValue = value
      if trial.best.map({ mode.isBetter(value, than: $0.value) }) ?? value.isFinite {
        trial.best = TrialState.Best(value: value, resource: resource)
      }
      if resource >= trial.milestone {
        trial.reachedMilestone = true
        trial.costAtMilestone = trial.costSoFar
      }
    }
    guard let trial = self[id] else { return }
    if let best = trial.best, best.value == value,
      totals.bestTrial.flatMap({ self[$0]?.best }).map({ mode.isBetter(best.value, than: $0.value) }) ?? true
    {
      totals.bestTrial = id
    }
    noteAwaiting(id)
  }

  /// Puts an active trial that reached its milestone and has no order among those that wait for an answer.
  mutating func noteAwaiting(_ id: TrialID) {
    guard let trial = self[id], trial.reachedMilestone, trial.isActive, trial.order == nil else { return }
    if !awaiting.contains(id) { awaiting.append(id) }
  }
}

extension JSONValue {
  /// The number, if it is one.
  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }
}
