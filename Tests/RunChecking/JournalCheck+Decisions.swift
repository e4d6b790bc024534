import Coordination
import Scheduling
import SchedulingReference
import TuningModel

extension JournalCheck {
  /// The journal's decisions that the reference would not take: it is fed with the journal's order of reports and takes
  /// each decision at its place.
  public func decisionProblems() -> [String] { Self.decisionProblems(of: facts, specification.scheduler) }

  /// The same of facts in memory.
  public static func decisionProblems(of facts: [Fact], _ options: SchedulerOptions) -> [String] {
    var comparison = Comparison(ReferenceScheduler(options))
    for fact in facts { comparison.take(fact) }
    comparison.expect(comparison.raises.isEmpty, "rises of the maximum that the journal lacks: \(comparison.raises)")
    comparison.expect(comparison.stops.isEmpty, "stops that the journal lacks: \(comparison.stops)")
    comparison.expect(comparison.thresholds.isEmpty, "thresholds that the journal lacks: \(comparison.thresholds)")
    return comparison.problems
  }

  private struct Comparison {
    var reference: ReferenceScheduler
    var raises: [String] = []
    var stops: [StopDecision] = []
    var thresholds: [ThresholdChange] = []
    var withheld: [TrialAttempt: [Int: (resource: Int, value: Double)]] = [:]
    var problems: [String] = []
    /// What follows the search decides nothing, and the scheduler is not told of it.
    var isTraining = false

    init(_ reference: ReferenceScheduler) { self.reference = reference }

    mutating func expect(_ holds: Bool, _ text: String) {
      if !holds { problems.append(text) }
    }

    mutating func rank(_ trial: TrialID, _ resource: Int, _ value: Double) {
      if isTraining { return }
      let due = reference.report(trial.rawValue, resource, value)
      if let raise = due.raise { raises.append("\(raise)") }
      if let threshold = due.threshold { thresholds.append(threshold) }
      if let stop = due.stop { stops.append(stop) }
    }

    mutating func take(_ fact: Fact) {
      switch fact {
      case .trainingBegan:
        expect(raises.isEmpty, "the search ended before the maximum rose: \(raises)")
        isTraining = true
      case .runExtended: isTraining = false
      case .trialCreated(let creation):
        expect(!isTraining, "trial \(creation.trial) after the search")
        // What an operator enqueues goes before what may be promoted.
        expect(
          creation.origin == .operator || reference.promotion(bracket: creation.bracket) == nil,
          "trial \(creation.trial) before a promotion")
        reference.add(creation.trial.rawValue, bracket: creation.bracket)
      case .reportReceived(let report):
        guard let resource = report.resource, let value = report.value else { return }
        if report.disposition == .ranked { rank(report.attempt.trial, resource, value) }
        if report.disposition == .withheld {
          withheld[report.attempt, default: [:]][report.sequence] = (resource, value)
        }
      case .withheldReportSettled(let attempt, let sequence, .ranked):
        guard let report = withheld[attempt]?[sequence] else {
          return problems.append("report \(sequence) of \(attempt) was never withheld")
        }
        rank(attempt.trial, report.resource, report.value)
      case .scheduling(let decision): take(decision)
      case .attemptEnded(let attempt, _, let consequence), .attemptRefused(let attempt, _, let consequence):
        switch consequence {
        case .completed, .stopped, .failed: reference.retire(attempt.trial.rawValue)
        case .paused, .pending: break
        }
      case .trialStopped(let trial): reference.retire(trial.rawValue)
      default: break
      }
    }

    private mutating func take(_ decision: SchedulingDecision) {
      expect(!isTraining, "\(decision) after the search")
      switch decision {
      case .promotion(let promotion):
        expect(raises.isEmpty, "the maximum should have risen: \(raises)")
        let proposal = reference.proposal(bracket: promotion.system)
        expect(proposal.thresholds.isEmpty, "thresholds are missing before \(promotion): \(proposal.thresholds)")
        let expected = proposal.promotion
        expect(
          expected?.isSame(as: promotion) ?? false, "\(promotion) in place of \(expected.map { "\($0)" } ?? "none")")
        reference.apply(promotion)
      case .maximumRaised(let raise):
        expect(raises.first == "\(raise)", "\(raise) in place of \(raises.first ?? "none")")
        raises = Array(raises.dropFirst())
      case .epsilonMeasured(let measurement):
        let expected = reference.systems[measurement.system].epsilon
        expect(expected == measurement.epsilon, "epsilon is \(measurement.epsilon), not \(expected)")
      case .stop(let stop):
        expect(stops.first.map { "\($0)" } == "\(stop)", "\(stop) in place of \(stops.first.map { "\($0)" } ?? "none")")
        stops = Array(stops.dropFirst())
        reference.apply(stop)
      case .thresholdSet(let change):
        // Those of a promotion are found by the search for it.
        if thresholds.first == change { thresholds.removeFirst() }
        reference.apply(change)
      }
    }
  }
}
