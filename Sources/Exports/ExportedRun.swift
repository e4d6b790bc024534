import Chronicle
import Coordination
import Scheduling
import TuningModel
import Wire

/// What must be known of a run before its first report can be written: how each trial ended, what became of reports that
/// waited, which names there are.
public struct ExportedRun: Sendable {
  struct ReportName: Hashable {
    var attempt: TrialAttempt
    var number: Int
  }

  public private(set) var chronicle: Chronicle
  /// When each trial was created.
  private(set) var created: [Stamp] = []
  /// What became of reports that waited for their trial to go on.
  private var settled: [ReportName: ReportDisposition] = [:]
  /// Names that trials reported, in the order of their first appearance.
  public private(set) var fieldNames: [String] = []
  private var knownNames: Set<String> = []
  /// Reports in all.
  public private(set) var reports = 0

  /// Throws when the scheduler's options make no sense together.
  public init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    chronicle = try Chronicle(specification: specification)
  }

  var state: RunState { chronicle.state }

  /// Takes the next fact of the journal.
  public mutating func take(_ stamped: StampedFact, sequence: Int) {
    chronicle.take(stamped, sequence: sequence)
    switch stamped.fact {
    case .trialCreated(let creation):
      if creation.trial.rawValue == created.count { created.append(stamped.stamp) }
    case .reportReceived(let report):
      reports += 1
      for field in report.fields where knownNames.insert(field.key).inserted { fieldNames.append(field.key) }
    case .withheldReportSettled(let attempt, let number, let disposition):
      settled[ReportName(attempt: attempt, number: number)] = disposition
    default: break
    }
  }

  /// What was made of a report in the end.
  func disposition(of report: ReceivedReport) -> ReportDisposition {
    guard report.disposition == .withheld else { return report.disposition }
    return settled[ReportName(attempt: report.attempt, number: report.sequence)] ?? .withheld
  }

  /// Where an attempt ran.
  func place(of attempt: TrialAttempt) -> (host: String, slot: Int)? {
    let index = attempt.trial.rawValue
    guard chronicle.trials.indices.contains(index),
      let span = chronicle.trials[index].attempts.last(where: { Int($0.attempt) == attempt.attempt.rawValue })
    else { return nil }
    return (state[AgentID(Int(span.agent))]?.name ?? "agent \(span.agent)", Int(span.slot))
  }
}
