import Coordination
import Foundation
import Journal
import Scheduling
import Testing
import TuningModel

@testable import Results

/// The rows and columns of results.csv.
@Suite struct ResultsTableTests {
  private func lines(_ run: RecordedRun, _ specification: RunSpecification = RecordedRun.specification) throws
    -> [String]
  {
    var table = ResultsTable(specification: specification)
    var rows: [String] = []
    var reports: [Int: ReceivedReport] = [:]
    try run.journal.replay { record in
      if case .reportReceived(let report) = record.fact { reports[record.sequence] = report }
      switch table.add(record) {
      case .row(let row): rows.append(row)
      case .earlier(let number): rows.append(table.row(try #require(reports[number]), active: record.stamp.active))
      case nil: break
      }
    }
    return [table.header] + rows
  }

  @Test func aReportBecomesARow() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 0.003162277660168382, activation: "tanh, scaled")
    try run.report(
      0, epoch: 1, [.init("loss", .double(0.5)), .init("st_worker_timestamp", .double(1795455629.7575648))])
    #expect(
      try lines(run) == [
        "epoch,loss,st_worker_timestamp,st_decision,st_status,trial_id,config_lr,config_hidden,config_activation,"
          + "config_bias,config_epochs,st_tuner_time",
        "1,0.5,1795455629.7575648,CONTINUE,InProgress,0,0.003162277660168382,8,\"tanh, scaled\",True,9,1.0",
      ])
  }

  @Test func aScriptThatPrintsWithoutTimesGetsTheTimeOfReading() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    try run.report(0, epoch: 1, [])
    let lines = try lines(run)
    #expect(lines[0].hasPrefix("epoch,st_worker_timestamp,st_decision"))
    #expect(lines[1].hasPrefix("1,1795455630.500001,CONTINUE"))
  }

  @Test func theDecisionFollowsTheMilestones() throws {
    let run = try RecordedRun()
    let attempt = TrialAttempt(TrialID(0), .first)
    try run.start(0, lr: 1, milestone: 2)
    for epoch in 1...2 { try run.report(0, epoch: epoch, []) }
    try run.add(.attemptProceeded(attempt, milestone: 4))
    for epoch in 3...4 { try run.report(0, epoch: epoch, []) }
    try run.add(.attemptProceeded(attempt, milestone: 9))
    for epoch in [5, 9] { try run.report(0, epoch: epoch, []) }
    let decisions = try lines(run).dropFirst().map { $0.split(separator: ",")[2] }
    #expect(decisions == ["CONTINUE", "PAUSE", "CONTINUE", "PAUSE", "CONTINUE", "STOP"])
  }

  @Test func onlyWhatTheSchedulerWasToldIsARowAndWhereItWasTold() throws {
    let run = try RecordedRun()
    let attempt = TrialAttempt(TrialID(0), .first)
    try run.start(0, lr: 1)
    try run.report(0, epoch: 3, [])
    try run.report(0, epoch: 4, [], .withheld)
    try run.report(0, epoch: 5, [], .withheld)
    try run.report(0, epoch: 6, [], .withheld)
    try run.report(0, epoch: 7, [], .rejected(.metricMissing))
    try run.report(0, epoch: 2, [], .recorded)
    try run.add(.attemptProceeded(attempt, milestone: 9))
    try run.add(
      .withheldReportSettled(attempt, sequence: 4, .ranked), .withheldReportSettled(attempt, sequence: 6, .stale),
      .withheldReportSettled(attempt, sequence: 5, .recorded))
    let rows = try lines(run).dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(rows.map { $0[0] } == ["3", "2", "4", "5"])
    #expect(rows.map { $0[2] } == ["PAUSE", "CONTINUE", "CONTINUE", "CONTINUE"])
    #expect(rows.map { $0[10] } == ["1.0", "2.25", "2.75", "3.25"], "the time when it was told")
  }

  @Test func theLegsMilestoneStandsInItsAttribute() throws {
    var specification = RecordedRun.specification
    specification.experiment.maxResourceAttribute = "epochs"
    let run = try RecordedRun()
    try run.start(0, lr: 1, milestone: 3)
    try run.report(0, epoch: 3, [])
    let lines = try lines(run, specification)
    #expect(lines[0].hasSuffix("config_epochs,st_tuner_time"))
    #expect(lines[1].hasSuffix(",3,1.0"))
  }

  @Test func ourColumnsAreNotOverwrittenByAScript() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    try run.report(
      0, epoch: 1,
      [.init("trial_id", .int(77)), .init("config_lr", .string("x")), .init("st_decision", .string("STOP"))])
    #expect(try lines(run)[1] == "1,1795455630.500001,CONTINUE,InProgress,0,1.0,8,relu,True,9,1.0")
  }

  @Test func aFloodOfKeysIsBounded() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    for epoch in 1...30 {
      try run.report(0, epoch: epoch, (0..<200).map { .init("key \(epoch) \($0)", .int($0)) })
    }
    var table = ResultsTable(specification: RecordedRun.specification)
    try run.journal.replay { record in _ = table.add(record) }
    #expect(table.columns.count == ResultsTable.maximumColumns)
  }

  @Test func cellsAreWrittenAsPandasWritesThem() {
    let cells: [(JSONValue, String)] = [
      (.null, ""), (.bool(true), "True"), (.int(-3), "-3"), (.double(1), "1.0"), (.double(1e-7), "1e-07"),
      (.double(.nan), ""), (.double(.infinity), "inf"), (.double(-.infinity), "-inf"), (.string("plain"), "plain"),
      (.string("a,b"), "\"a,b\""), (.string("say \"hi\""), "\"say \"\"hi\"\"\""), (.string("a\nb"), "\"a\nb\""),
      (.string("a\r\nb"), "\"a\r\nb\""), (.string("nul\0"), "nul\u{FFFD}"), (.string("é"), "é"),
      (.array([.int(1), .double(.nan), .bool(false), .null]), "\"[1, nan, False, None]\""),
      (.object([.init("it's", .string("a\"b'c\\\u{1F}\u{AD}"))]), "\"{\"\"it's\"\": 'a\"\"b\\'c\\\\\\x1f\\xad'}\""),
    ]
    for (value, text) in cells { #expect(TableText.cell(value) == text) }
  }
}
