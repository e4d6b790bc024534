import Coordination
import Journal
import SearchSpace
import TuningModel
import Wire

/// The rows of `results.csv`, made of a journal's records in their order: one for each report that was ranked or
/// recorded, at the place where it was told to the scheduler.
///
/// Columns are Syne Tune's (0.13, `StoreResultsCallback`), in the order of their first appearance: the keys that the
/// script reported, `st_worker_timestamp`, `st_decision`, `st_status`, `trial_id`, `config_NAME`, `st_tuner_time`.
///
/// - `st_worker_timestamp` is the script's own; for a script that prints without Syne Tune's reporter, when the agent
///   read the line.
/// - `st_decision` is the scheduler's answer: `CONTINUE` below the trial's milestone, `PAUSE` at it, `STOP` at the
///   maximum resource. A trial that is promoted while it waits at its milestone goes on in place and has `PAUSE` too.
/// - `st_status` is `InProgress`, as Syne Tune has it for a report that arrives while the trial runs.
/// - `st_tuner_time` counts the time that the run was up, in seconds.
struct ResultsTable {
  /// Columns kept; keys that appear after so many are left out.
  static let maximumColumns = 4096

  private struct Trial {
    var configuration: Configuration
    var milestone = Int.max
  }

  /// Known so far, in order.
  private(set) var columns: [String]
  private var places: [String: Int]
  private var trials: [Int: Trial] = [:]
  /// Reports that wait for their turn, by what names them: their number in the journal.
  private var withheld: [Withheld: Int] = [:]

  private struct Withheld: Hashable {
    var attempt: TrialAttempt
    var sequence: Int
  }

  private let maximum: Int
  private let legAttribute: String?

  /// `columns` are those that a reading before this one has found.
  init(specification: RunSpecification, columns: [String] = []) {
    maximum = specification.scheduler.maxResource
    legAttribute = specification.experiment.maxResourceAttribute
    self.columns = columns
    places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
  }

  /// What a record adds to the table.
  enum Addition {
    case row(String)
    /// The report that this record of the journal holds, which now counts.
    case earlier(record: Int)
  }

  mutating func add(_ record: JournalRecord) -> Addition? {
    switch record.fact {
    case .trialCreated(let creation):
      trials[creation.trial.rawValue] = Trial(configuration: creation.configuration)
    case .attemptAssigned(let assignment): start(assignment.attempt, milestone: assignment.milestone)
    case .attemptProceeded(let attempt, let milestone): start(attempt, milestone: milestone)
    case .reportReceived(let report):
      switch report.disposition {
      case .ranked, .recorded: return .row(row(report, active: record.stamp.active))
      case .withheld: withheld[Withheld(attempt: report.attempt, sequence: report.sequence)] = record.sequence
      case .stale, .rejected: break
      }
    case .withheldReportSettled(let attempt, let sequence, let disposition):
      let number = withheld.removeValue(forKey: Withheld(attempt: attempt, sequence: sequence))
      if disposition == .ranked || disposition == .recorded { return number.map { .earlier(record: $0) } }
    default: break
    }
    return nil
  }

  private mutating func start(_ attempt: TrialAttempt, milestone: Int) {
    trials[attempt.trial.rawValue]?.milestone = milestone
  }

  /// The line of one report, without its newline; `active` is when it was told to the scheduler.
  mutating func row(_ report: ReceivedReport, active: Duration) -> String {
    var cells = [String?](repeating: nil, count: columns.count)
    let trial = trials[report.attempt.trial.rawValue]
    for field in report.fields where !Self.isReserved(field.key) {
      set(field.key, TableText.cell(field.value), in: &cells)
    }
    if !report.fields.contains(where: { $0.key == Self.timestamp }) {
      set(Self.timestamp, TableText.cell(report.readAt.seconds), in: &cells)
    }
    set("st_decision", decision(at: report.resource ?? 0, trial), in: &cells)
    set("st_status", "InProgress", in: &cells)
    set("trial_id", String(report.attempt.trial.rawValue), in: &cells)
    for entry in trial?.configuration.entries ?? [] {
      let isLeg = entry.name == legAttribute && trial?.milestone != .max
      let value = isLeg ? .int(trial?.milestone ?? 0) : entry.value.json
      set("config_" + entry.name, TableText.cell(value), in: &cells)
    }
    set("st_tuner_time", TableText.cell(active.inSeconds), in: &cells)
    return cells.map { $0 ?? "" }.joined(separator: ",")
  }

  /// The first line of the file, without its newline.
  var header: String { columns.map { TableText.cell($0) }.joined(separator: ",") }

  private static let timestamp = "st_worker_timestamp"

  /// Names that the table gives itself; a script that reports them does not get them through.
  private static func isReserved(_ key: String) -> Bool {
    ["st_decision", "st_status", "trial_id", "st_tuner_time"].contains(key) || key.hasPrefix("config_")
  }

  private func decision(at resource: Int, _ trial: Trial?) -> String {
    if resource >= maximum { return "STOP" }
    return resource >= trial?.milestone ?? .max ? "PAUSE" : "CONTINUE"
  }

  private mutating func set(_ column: String, _ cell: String, in cells: inout [String?]) {
    if let place = places[column] {
      cells[place] = cell
    } else if columns.count < Self.maximumColumns {
      places[column] = columns.count
      columns.append(column)
      cells.append(cell)
    }
  }
}
