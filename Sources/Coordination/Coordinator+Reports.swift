import Scheduling
import TuningModel
import Wire

extension Coordinator {
  mutating func receive(_ reports: [TrialReport], of attempt: TrialAttempt, from agent: AgentID, _ turn: inout Turn) {
    for report in reports {
      guard isCurrent(attempt, on: agent) else { break }
      let lastSequence = state.trials[attempt.trial.rawValue].lastSequence
      if report.sequence <= lastSequence, !Mutant.noDuplicateCheck.isActive {
        counters.duplicateReports += 1
      } else if report.sequence > lastSequence + 1 {
        // Something between was lost on the way: the session begins anew, from the last report that is held here.
        counters.reportGaps += 1
        sessions[agent.rawValue].isGreeted = false
        send(.sayHello, to: agent, &turn)
        return
      } else {
        receive(report, of: attempt, &turn)
      }
    }
    let index = attempt.trial.rawValue
    if state.trials.indices.contains(index), state.trials[index].attempt == attempt.attempt {
      send(.acknowledgeReports(attempt, through: state.trials[index].lastSequence), to: agent, &turn)
    }
  }

  private mutating func receive(_ report: TrialReport, of attempt: TrialAttempt, _ turn: inout Turn) {
    let reading = read(report.fields)
    let index = attempt.trial.rawValue
    guard state.trials.indices.contains(index) else { return }
    if let resource = reading.resource, reading.rejection == nil, !state.trials[index].attemptReported,
      !state.trials[index].withheld.isEmpty
    {
      settleWithheld(of: state.trials[index], resumedAt: resource, by: attempt, &turn)
    }
    let disposition: ReportDisposition
    if let rejection = reading.rejection {
      disposition = .rejected(rejection)
    } else if let resource = reading.resource {
      disposition = self.disposition(of: resource, at: index)
    } else {
      disposition = .rejected(.resourceMissing)
    }
    record(
      .reportReceived(
        ReceivedReport(
          attempt: attempt, sequence: report.sequence, readAt: report.readAt, resource: reading.resource,
          value: reading.value, fields: report.fields, disposition: disposition)),
      &turn)
    switch disposition {
    case .ranked: review(attempt.trial, &turn)
    case .withheld:
      // With `max_resource_attr` the script was to end at the milestone by itself; this one goes on.
      if state.specification.experiment.maxResourceAttribute != nil, state.trials[index].order == nil {
        order(.pause, attempt, reason: .milestone, &turn)
      }
    case .recorded, .stale, .rejected: break
    }
  }

  /// What becomes of a value at this resource that the trial at a place of `state.trials` reports.
  private func disposition(of resource: Int, at index: Int) -> ReportDisposition {
    if state.scheduler.isStopped(state.trials[index].id) { return .stale }
    if resource <= state.trials[index].resource { return .recorded }
    if state.trials[index].withheld.contains(where: { $0.resource >= resource }) { return .recorded }
    if state.trials[index].reachedMilestone, !Mutant.withheldRankedEarly.isActive {
      let reached = max(state.trials[index].milestone, state.trials[index].resource)
      return reached >= state.specification.scheduler.maxResource ? .recorded : .withheld
    }
    return .ranked
  }

  /// Asks the scheduler what follows from a value that it was told, and what becomes of a trial at its milestone.
  mutating func review(_ id: TrialID, _ turn: inout Turn) {
    if state.training == nil {
      for decision in state.scheduler.review(after: id) { record(.scheduling(decision), &turn) }
    }
    stopWhatIsDecided(id, &turn)
    let index = id.rawValue
    guard state.trials.indices.contains(index), state.trials[index].reachedMilestone,
      state.trials[index].isActive, state.trials[index].order == nil,
      max(state.trials[index].milestone, state.trials[index].resource)
        >= state.specification.scheduler.maxResource,
      let current = state.trials[index].current
    else { return }
    order(.complete, current, reason: .maximumResource, &turn)
  }

  /// Ends a trial that the scheduler has stopped, wherever it is.
  mutating func stopWhatIsDecided(_ id: TrialID, _ turn: inout Turn) {
    guard state.scheduler.isStopped(id), let trial = state[id], !trial.status.isFinal else { return }
    if trial.isActive {
      if trial.order != .stop, let current = trial.current { order(.stop, current, reason: .schedulerDecided, &turn) }
    } else {
      record(.trialStopped(id), &turn)
    }
  }

  // MARK: Withheld reports

  /// A new attempt sent its first report: what an earlier one reported past its milestone counts as far as the
  /// checkpoint includes it, which is where the new attempt began.
  private mutating func settleWithheld(
    of trial: TrialState, resumedAt resource: Int, by attempt: TrialAttempt, _ turn: inout Turn
  ) {
    for report in trial.withheld where report.attempt.attempt < attempt.attempt {
      let isIncluded = report.resource < resource
      if !isIncluded {
        record(.withheldReportSettled(report.attempt, sequence: report.sequence, .stale), &turn)
        continue
      }
      guard let now = state[trial.id] else { return }
      // One past the new milestone stays withheld for the leg after it.
      if now.reachedMilestone { continue }
      settle(report, as: report.resource > now.resource ? .ranked : .recorded, &turn)
    }
  }

  /// The trial goes on in place, or ended by itself: its withheld reports count, up to the milestone.
  mutating func releaseWithheld(of id: TrialID, pastMilestone: Bool, _ turn: inout Turn) {
    for report in state[id]?.withheld ?? [] {
      guard let now = state[id] else { return }
      if now.reachedMilestone, !pastMilestone { return }
      settle(report, as: report.resource > now.resource ? .ranked : .recorded, &turn)
    }
  }

  private mutating func settle(
    _ report: TrialState.WithheldReport, as disposition: ReportDisposition, _ turn: inout Turn
  ) {
    record(.withheldReportSettled(report.attempt, sequence: report.sequence, disposition), &turn)
    if disposition == .ranked { review(report.attempt.trial, &turn) }
  }

  // MARK: Reading

  private struct Reading {
    var resource: Int?
    var value: Double?
    var rejection: ReportDisposition.RejectionReason?
  }

  private func read(_ fields: [JSONValue.Member]) -> Reading {
    var reading = Reading()
    let resource = fields.last { $0.key == state.specification.experiment.resourceAttribute }?.value
    let metric = fields.last { $0.key == state.specification.experiment.metric }?.value
    switch resource {
    case .int(let whole): reading.resource = whole
    case .double(let value):
      if value == value.rounded(), abs(value) < 9e15 { reading.resource = Int(value) }
    case .null, .bool, .string, .array, .object, nil: break
    }
    reading.value = metric?.number
    if resource == nil {
      reading.rejection = .resourceMissing
    } else if reading.resource == nil {
      reading.rejection = .resourceNotWhole
    } else if let whole = reading.resource, whole < 1 {
      reading.rejection = .resourceBelowOne
    } else if metric == nil {
      reading.rejection = .metricMissing
    } else if reading.value == nil {
      reading.rejection = .metricNotANumber
    }
    return reading
  }
}
