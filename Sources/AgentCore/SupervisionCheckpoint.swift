import TuningModel

/// What the order of writes and reports tells of a trial's checkpoint.
///
/// Scripts save before they report, or after. Which of the two shows in the first report of a process: a script that
/// had written by then saves before. Where nothing was written by then, the checkpoint of a report comes after it.
struct SupervisionCheckpoint: Equatable, Sendable {
  enum Habit: Equatable, Sendable {
    /// No report yet.
    case unknown
    case savesBefore
    case savesAfter
  }

  struct Report: Equatable, Sendable {
    var sequence: Int
    var resource: Int?
  }

  private(set) var habit = Habit.unknown
  private(set) var lastWrite: Instant?
  /// The report that the newest write belongs to.
  private(set) var covered: Report?
  private(set) var lastReport: Report?
  private(set) var reports = 0
  /// Whether something was written since the last report.
  private(set) var isWrittenSinceReport = false
  /// Whether something was written between the last report and the one before.
  private(set) var wasWrittenBeforeReport = false
  /// The next report is the one that the newest write belongs to.
  private var isAwaitingReport = false

  mutating func noteWrite(at now: Instant) {
    lastWrite = now
    isWrittenSinceReport = true
    covered = lastReport
    isAwaitingReport = habit != .savesAfter
  }

  mutating func noteReport(sequence: Int, resource: Int?) {
    let report = Report(sequence: sequence, resource: resource)
    if habit == .unknown { habit = lastWrite == nil ? .savesAfter : .savesBefore }
    if isAwaitingReport {
      covered = report
      isAwaitingReport = false
    }
    lastReport = report
    reports += 1
    wasWrittenBeforeReport = isWrittenSinceReport
    isWrittenSinceReport = false
  }

  /// Whether the checkpoint of the last report has been written, as far as can be told.
  var holdsLastReport: Bool {
    switch habit {
    case .unknown: lastReport == nil
    case .savesBefore: wasWrittenBeforeReport || isWrittenSinceReport
    case .savesAfter: isWrittenSinceReport
    }
  }

  /// Whether ending the process now would lose a checkpoint that is about to be written: only a script that saves after
  /// its reports, and has done so, owes one. One that has not written in two reports is not expected to.
  var owesWrite: Bool {
    habit == .savesAfter && !isWrittenSinceReport && (lastWrite != nil || reports < 2)
  }

  /// Since when nothing has been written is known to be at least `quiet`; the instant from which that holds.
  func quietFrom(_ quiet: Duration) -> Instant? { lastWrite.map { $0 + quiet } }
}
