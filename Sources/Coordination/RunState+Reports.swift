import Scheduling
import TuningModel
import Wire

extension RunState {
  mutating func apply(_ report: ReceivedReport) {
    let index = report.attempt.trial.rawValue
    guard trials.indices.contains(index), trials[index].attempt == report.attempt.attempt else { return }
    totals.reports += 1
    trials[index].lastSequence = max(trials[index].lastSequence, report.sequence)
    if case .rejected = report.disposition {
      trials[index].rejectedReports += 1
    } else {
      noteBeginning(index, report)
      noteTraining(index, report)
      trials[index].attemptReported = true
      trials[index].attemptResource = max(trials[index].attemptResource, report.resource ?? 0)
      trials[index].usableReports += 1
    }
    if let name = specification.experiment.costAttribute,
      let cost = report.fields.last(where: { $0.key == name })?.value.number, cost.isFinite
    {
      totals.cost += cost - trials[index].cost
      trials[index].cost = cost
    }
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

  /// The first usable report of an attempt tells where it began.
  private mutating func noteBeginning(_ index: Int, _ report: ReceivedReport) {
    guard !trials[index].attemptReported, trials[index].setback == nil, let resource = report.resource,
      let from = trials[index].resumeFrom,
      let covered = trials[index].seals.last(where: { $0.seal.generation == from })?.seal.coveredResource,
      resource <= covered
    else { return }
    trials[index].setback = TrialState.Setback(
      attempt: report.attempt, sequence: report.sequence, covered: covered)
  }

  /// Whatever becomes of a report, what it names was trained.
  private mutating func noteTraining(_ index: Int, _ report: ReceivedReport) {
    guard let resource = report.resource, resource >= 1 else { return }
    // The first report tells of one step at least: an attempt that reports what its checkpoint covers went on before that.
    let from =
      trials[index].attemptReported
      ? trials[index].attemptTrainedTo : min(trials[index].attemptTrainedTo, resource - 1)
    trials[index].attemptTrainedTo = max(from, resource)
    trials[index].trained = trials[index].trained.addingOrMost(max(0, resource - from))
    totals.trained = totals.trained.addingOrMost(max(0, resource - from))
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
    let index = id.rawValue
    guard trials.indices.contains(index) else { return }
    if training == nil { _ = scheduler.record(id, resource: resource, value: value, cost: trials[index].costSoFar) }
    totals.resource = totals.resource.addingOrMost(max(0, resource - trials[index].resource))
    let mode = specification.experiment.mode
    trials[index].resource = max(trials[index].resource, resource)
    trials[index].lastValue = value
    if trials[index].best.map({ mode.isBetter(value, than: $0.value) }) ?? value.isFinite {
      trials[index].best = TrialState.Best(value: value, resource: resource)
    }
    if resource >= trials[index].milestone {
      trials[index].reachedMilestone = true
      trials[index].costAtMilestone = trials[index].costSoFar
    }
    if let best = trials[index].best, best.value == value,
      bestValue.map({ mode.isBetter(best.value, than: $0) }) ?? true
    {
      totals.bestTrial = id
    }
    noteAwaiting(id)
  }

  /// Puts an active trial that reached its milestone and has no order among those that wait for an answer.
  mutating func noteAwaiting(_ id: TrialID) {
    let index = id.rawValue
    guard trials.indices.contains(index), trials[index].reachedMilestone, trials[index].isActive,
      trials[index].order == nil
    else { return }
    if !awaiting.contains(id) { awaiting.append(id) }
  }
}

extension Int {
  /// The sum, for numbers from 0 on. A script may report any whole number: the sum stops at the largest one.
  fileprivate func addingOrMost(_ other: Int) -> Int {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
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
