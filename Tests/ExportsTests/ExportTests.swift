import Coordination
import Foundation
import GRDB
import HostSystem
import Journal
import Scheduling
import SearchSpace
import TestSupport
import Testing
import TuningModel
import Wire

@testable import Exports

@Suite("Exports of a run")
struct ExportTests {
  /// A journal with what formats lose: numbers that are not finite, large ones, text of all kinds, names that clash.
  private final class Run {
    let folder = TemporaryFolder("exports")
    let specification: RunSpecification
    let reports: [(fields: [JSONValue.Member], disposition: ReportDisposition)]

    static let metric = "loss \"a\",\r\n<b>"

    init() throws {
      let space = ConfigurationSpace([
        .init("lr", .loguniform(lower: 1e-5, upper: 1)), .init("kind,\"x\"", .choice([.string("a,\n"), .string("")])),
        .init("big", constant: .int(.max)),
      ])
      specification = RunSpecification(
        experiment: Experiment(name: "e", entryPoint: ["true"], space: space, metric: Self.metric),
        scheduler: SchedulerOptions(name: .pasha, maxResource: 9))
      reports = [
        ([.init(Self.metric, .double(.nan)), .init("n", .int(.max)), .init("flag", .bool(true))], .ranked),
        ([.init(Self.metric, .double(-.infinity)), .init("N", .double(0.1)), .init("n", .string("1"))], .withheld),
        ([.init(Self.metric, .double(1e300)), .init("trial", .string("")), .init("config_lr", .null)], .withheld),
        (
          [
            .init("nested", .object([.init("é\u{0}", .array([.int(1), .double(.nan)]))])),
            .init("time", .double(.leastNonzeroMagnitude)),
          ], .stale
        ),
        ([.init(Self.metric, .string("no number"))], .rejected(.metricNotANumber)),
      ]
      let journal = try Journal.create(at: folder.file("journal.sqlite"))
      let attempt = TrialAttempt(TrialID(0), .first)
      var facts: [Fact] = [
        .runStarted(RunStart(run: "e-1", version: "1", specificationHash: "ab", codeHash: nil, randomSeed: .max)),
        .agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: "h\"1", origin: .launched)),
        .trialCreated(
          TrialCreation(
            trial: attempt.trial,
            configuration: Configuration([
              .init("lr", .double(0.1)), .init("kind,\"x\"", .string("a,\n")), .init("big", .int(.max)),
            ]), bracket: 0, origin: .point(0))),
        .attemptAssigned(
          AttemptAssignment(
            attempt: attempt, slot: SlotID(agent: AgentID(0), index: 3), milestone: 1, resumeFrom: nil, reason: .created
          )),
      ]
      for (index, report) in reports.enumerated() {
        var value: Double?
        if case .double(let number)? = report.fields.first?.value, report.disposition != .stale { value = number }
        facts.append(
          .reportReceived(
            ReceivedReport(
              attempt: attempt, sequence: index + 1, readAt: Timestamp(microseconds: Int64(index)),
              resource: index + 1, value: value, fields: report.fields, disposition: report.disposition)))
      }
      facts.append(.withheldReportSettled(attempt, sequence: 2, .ranked))
      try journal.append(
        facts.enumerated().map { index, fact in
          StampedFact(
            stamp: Stamp(wall: Timestamp(microseconds: Int64(index) * 1_000_000), active: .seconds(index)), fact: fact)
        })
      try journal.close()
    }

    func exporter() throws -> RunExporter {
      try RunExporter(journal: folder.file("journal.sqlite"), specification: specification)
    }
  }

  private static let dispositions = ["ranked", "ranked", "withheld", "stale", "rejected"]

  @Test("JSON lines hold every report as it was, with what became of it in the end")
  func lines() throws {
    let run = try Run()
    let path = run.folder.file("x.jsonl")
    try run.exporter().writeLines(to: path, replacing: false)
    let lines = try Files.readText(path, limit: 1 << 20).split(separator: "\n")
    let records = try lines.map { try JSONValue(parsing: String($0)) }
    #expect(records.map { $0.text("kind") } == ["run", "trial"] + [String](repeating: "report", count: 5))
    #expect(records[0].text("random_seed") == "18446744073709551615")
    #expect(records[1].member("config")?.member("big") == .int(.max))
    for (index, report) in run.reports.enumerated() {
      let record = records[index + 2]
      #expect(record.text("disposition") == Self.dispositions[index])
      #expect(record.text("host") == "h\"1" && record.whole("slot") == 3 && record.whole("number") == index + 1)
      guard case .object(let members)? = record.member("report") else {
        Issue.record("no report")
        continue
      }
      // NaN is no more equal to itself than anything else.
      #expect(members.map(\.key) == report.fields.map(\.key))
      #expect("\(members.map(\.value))" == "\(report.fields.map(\.value))")
    }
    #expect(records[6].text("problem") == "metricNotANumber")
  }

  @Test("with --strict every line is JSON, and what is not finite is null")
  func strict() throws {
    let run = try Run()
    let path = run.folder.file("x.jsonl")
    try run.exporter().writeLines(to: path, replacing: false, only: .reports, style: .strict)
    let lines = try Files.readText(path, limit: 1 << 20).split(separator: "\n")
    #expect(lines.count == 5)
    for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    #expect(lines[0].contains("\"value\":null"))
  }

  @Test("a file that is there stays as it is unless it may be replaced; what fails leaves nothing behind")
  func existing() throws {
    let run = try Run()
    let path = try run.folder.write("x.jsonl", "mine")
    #expect(throws: SystemError.self) { try run.exporter().writeLines(to: path, replacing: false) }
    #expect(throws: SystemError.self) { try run.exporter().writeDatabase(to: path, replacing: false) }
    #expect(try Files.readText(path, limit: 100) == "mine")
    try run.exporter().writeLines(to: path, replacing: true)
    #expect(try Files.readText(path, limit: 1 << 20).hasPrefix("{"))
    #expect(throws: SystemError.self) { try run.exporter().writeLines(to: path + "/no", replacing: false) }
    #expect(try Folders.list(run.folder.path).allSatisfy { !$0.name.contains(".new.") })
  }

  // MARK: CSV

  /// RFC 4180, to the letter.
  private func parsed(_ text: String) -> [[String]] {
    var rows: [[String]] = [[""]]
    var isQuoted = false
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      if isQuoted {
        if scalar != "\"" {
          rows[rows.count - 1][rows[rows.count - 1].count - 1].unicodeScalars.append(scalar)
        } else if scalars.first == "\"" {
          _ = scalars.popFirst()
          rows[rows.count - 1][rows[rows.count - 1].count - 1].append("\"")
        } else {
          isQuoted = false
        }
      } else if scalar == "\"" {
        isQuoted = true
      } else if scalar == "," {
        rows[rows.count - 1].append("")
      } else if scalar == "\r", scalars.first == "\n" {
        _ = scalars.popFirst()
        rows.append([""])
      } else {
        rows[rows.count - 1][rows[rows.count - 1].count - 1].unicodeScalars.append(scalar)
      }
    }
    return rows.dropLast()
  }

  @Test("tables hold every report; names that clash are told apart")
  func tables() throws {
    let run = try Run()
    try run.exporter().writeTables(to: run.folder.file("csv"), replacing: false)
    let rows = parsed(try Files.readText(run.folder.file("csv/reports.csv"), limit: 1 << 20))
    let own = 12
    #expect(
      rows[0].dropFirst(own) == [
        "config_lr", "config_kind,\"x\"", "config_big", Run.metric, "n", "flag", "N", "report_trial",
        "report_config_lr", "nested", "report_time",
      ])
    #expect(rows.count == 6 && rows.allSatisfy { $0.count == rows[0].count })
    #expect(rows.dropFirst().map { $0[4] } == Self.dispositions)
    #expect(
      rows[1].dropFirst(own) == [
        "0.1", "a,\n", "9223372036854775807", "NaN", "9223372036854775807", "True", "", "", "", "", "",
      ])
    #expect(rows[2][own + 3] == "-inf" && rows[2][own + 4] == "1" && rows[2][own + 6] == "0.1")
    #expect(rows[4][own + 9] == "{\"é\\u0000\":[1,NaN]}" && rows[4][own + 10] == "5e-324")
    let trials = parsed(try Files.readText(run.folder.file("csv/trials.csv"), limit: 1 << 20))
    #expect(trials.count == 2 && trials[0].count == trials[1].count)
    #expect(trials[0].prefix(2) == ["trial", "status"] && trials[1].suffix(2) == ["a,\n", "9223372036854775807"])
    // An empty text is told from a missing one.
    #expect(CSVText.cell("") == "\"\"" && CSVText.cell(nil as JSONValue?).isEmpty)
  }

  @Test("columns of own records and their names stand in the same order")
  func columns() throws {
    let run = try Run().exporter().run
    #expect(run.trialMembers(0).map(\.key) == ["kind"] + RunExporter.trialColumns)
    let report = ReceivedReport(
      attempt: TrialAttempt(TrialID(0), .first), sequence: 1, readAt: Timestamp(microseconds: 0), resource: 1, value: 1,
      fields: [], disposition: .ranked)
    let stamp = Stamp(wall: Timestamp(microseconds: 0), active: .zero)
    #expect(run.reportMembers(report, stamp, sequence: 1).map(\.key) == ["kind"] + RunExporter.reportColumns)
    let columns = TableColumns(own: ["a"], configuration: ["x"], fields: ["a", "report_a", "config_x", "b"])
    #expect(columns.all == ["a", "config_x", "report_a", "report_report_a", "report_config_x", "b"])
  }

  // MARK: SQLite

  @Test("the database holds every value with its kind")
  func database() throws {
    let run = try Run()
    let path = run.folder.file("x.sqlite")
    try run.exporter().writeDatabase(to: path, replacing: false)
    let database = try DatabaseQueue(path: path)
    try database.read { (database: Database) throws in
      #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM reports") == 5)
      #expect(
        try String.fetchAll(database, sql: "SELECT disposition FROM reports ORDER BY sequence") == Self.dispositions)
      #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM curves") == 2)
      func field(_ name: String, _ number: Int) throws -> Row? {
        try Row.fetchOne(
          database,
          sql: "SELECT type, fields.value FROM fields JOIN reports USING (sequence) WHERE name = ? AND number = ?",
          arguments: [name, number])
      }
      #expect(try field(Run.metric, 1) == ["type": "real", "value": "NaN"])
      #expect(try field("n", 1) == ["type": "integer", "value": Int.max])
      #expect(try field("n", 2) == ["type": "text", "value": "1"])
      #expect(try field("N", 2) == ["type": "real", "value": 0.1])
      #expect(try field(Run.metric, 2) == ["type": "real", "value": -Double.infinity])
      #expect(try field("config_lr", 3) == ["type": "null", "value": nil])
      #expect(try field("flag", 1) == ["type": "bool", "value": 1])
      #expect(try field("nested", 4)?["value"] as String? == "{\"é\\u0000\":[1,NaN]}")
      #expect(
        try String.fetchAll(database, sql: "SELECT name FROM parameters ORDER BY name") == ["big", "kind,\"x\"", "lr"])
      #expect(try String.fetchOne(database, sql: "SELECT value FROM run WHERE name = 'metric'") == Run.metric)
    }
  }

  // MARK: Python

  @Test("the program for Python's packages is the same file for pasha-coord and for readers")
  func embedded() throws {
    let root = repositoryRoot().path
    let text = try Files.readText("\(root)/Cluster/python/pasha_export.py", limit: 1 << 20)
    if ProcessInfo.processInfo.environment["PASHA_UPDATE"] != nil {
      let path = "\(root)/Sources/Exports/PythonExporter.swift"
      let swift = try Files.readText(path, limit: 1 << 20)
      let head = try #require(swift.range(of: "#\"\"\"\n"))
      let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
      try Files.writeAtomically(
        path, (swift[..<head.upperBound] + body.joined(separator: "\n") + "\n    \"\"\"#\n}\n").utf8, mode: 0o644)
    }
    #expect(PythonExporter.source == text, "run the tests with PASHA_UPDATE=1 to write PythonExporter.swift anew")
    // One argument of a program holds 128 KiB.
    #expect(text.utf8.count < 100_000)
  }
}
