import Coordination
import Simulation
import Testing
import TuningModel
import Wire

@Suite("The curves of a run")
struct RecordedCurvesTests {
  @Test func aCurveHasWhatWasReported() {
    var run = RecordedRun(trials: 3)
    run.start(0, at: 10)
    run.report(0, 1, 0.5, at: 13, read: 100)
    run.report(0, 2, 0.4, at: 15, read: 102.5)
    // Held from 15 to 40, then two more epochs; the second came late over the network.
    run.proceed(0, at: 40)
    run.report(0, 3, 0.3, at: 43, read: 130)
    run.report(0, 4, 0.2, at: 90, read: 133)
    // Began again after its checkpoint was lost: what was reported before stays as it was.
    run.start(1, at: 20)
    run.report(1, 1, 0.9, at: 22, read: 200)
    run.start(1, attempt: 2, at: 50)
    run.report(1, 1, 0.8, at: 53, read: 300, attempt: 2, as: .recorded)
    run.report(1, 2, 0.7, at: 54, read: 301.5, attempt: 2)
    #expect(run.curves.trialCount == 3)
    #expect(run.curves.valuesLeftOut == 0)
    #expect(
      run.curves.table(name: "run")
        == CurveTable(
          name: "run",
          rows: [
            .init(id: 0, values: [0.5, 0.4, 0.3, 0.2], seconds: [3, 5.5, 8.5, 11.5]),
            .init(id: 1, values: [0.9, 0.7], seconds: [2, 3.5]),
          ]))
  }

  /// Nothing is made up for epochs that were not reported.
  @Test func aCurveEndsBeforeAGap() {
    var run = RecordedRun(trials: 2)
    run.start(0, at: 0)
    run.report(0, 1, 1, at: 1, read: 1)
    run.report(0, 3, 3, at: 3, read: 3)
    run.start(1, at: 0)
    run.report(1, 5, 5, at: 5, read: 5)
    #expect(run.curves.table(name: "run").rows == [.init(id: 0, values: [1], seconds: [1])])
    #expect(run.curves.valuesLeftOut == 2)
  }

  @Test func whatCountedComesBeforeWhatWasWithheld() {
    var run = RecordedRun(trials: 1)
    run.start(0, at: 0)
    run.report(0, 1, 1, at: 1, read: 1)
    run.report(0, 2, 2, at: 2, read: 2, as: .withheld)
    run.start(0, attempt: 2, at: 10)
    run.report(0, 2, 2.5, at: 14, read: 14, attempt: 2)
    run.report(0, 3, .nan, at: 15, read: 15, attempt: 2, as: .rejected(.metricNotANumber))
    #expect(run.curves.table(name: "run").rows == [.init(id: 0, values: [1, 2.5], seconds: [1, 5])])
  }

  /// A journal that somebody else wrote.
  @Test func factsThatDoNotFit() {
    var run = RecordedRun(trials: 0)
    run.start(7, at: 1)
    run.report(7, 1, 1, at: 2, read: 2)
    run.report(-1, 1, 1, at: 2, read: 2)
    #expect(run.curves.trialCount == 0)
    #expect(run.curves.table(name: "run").rows.isEmpty)
  }
}

/// A run's facts, as far as curves depend on them. Times are seconds: of the run at the coordinator, and of the agent.
struct RecordedRun {
  var curves = RecordedCurves()
  private(set) var facts: [StampedFact] = []
  private var sequence = 0

  init(trials: Int) {
    for id in 0..<trials {
      note(
        .trialCreated(
          TrialCreation(trial: TrialID(id), configuration: Configuration(), bracket: 0, origin: .point(id))),
        0)
    }
  }

  mutating func start(_ trial: Int, attempt: Int = 1, at seconds: Double) {
    let name = TrialAttempt(TrialID(trial), Attempt(attempt))
    note(
      .attemptAssigned(
        AttemptAssignment(
          attempt: name, slot: SlotID(agent: AgentID(0), index: 0), milestone: 9, resumeFrom: nil, reason: .created)),
      seconds)
    note(.attemptStarted(name, pid: 1), seconds)
  }

  mutating func proceed(_ trial: Int, at seconds: Double) {
    note(.attemptProceeded(TrialAttempt(TrialID(trial), .first), milestone: 9), seconds)
  }

  mutating func report(
    _ trial: Int, _ epoch: Int, _ value: Double, at seconds: Double, read: Double, attempt: Int = 1,
    as disposition: ReportDisposition = .ranked
  ) {
    sequence += 1
    var isUsable = true
    if case .rejected = disposition { isUsable = false }
    note(
      .reportReceived(
        ReceivedReport(
          attempt: TrialAttempt(TrialID(trial), Attempt(attempt)), sequence: sequence,
          readAt: Timestamp(microseconds: Int64(read * 1e6)), resource: epoch, value: isUsable ? value : nil,
          fields: [],
          disposition: disposition)), seconds)
  }

  private mutating func note(_ fact: Fact, _ seconds: Double) {
    let stamp = Stamp(wall: Timestamp(microseconds: 0), active: .nanoseconds(Int64(seconds * 1e9)))
    facts.append(StampedFact(stamp: stamp, fact: fact))
    curves.note(StampedFact(stamp: stamp, fact: fact))
  }
}
