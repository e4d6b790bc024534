import Coordination
import Foundation
import Journal
import Testing
import TuningModel

@testable import Results

/// The files are kept up to date while the journal grows.
@Suite struct ResultsWriterTests {
  /// The table in the folder, read by Python's zipfile.
  private func table(_ run: RecordedRun) throws -> [String] {
    let script =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; "
      + "sys.stdout.buffer.write(z.read('results.csv'))"
    let (status, output) = try ResultsTests.run("python3", ["-c", script, run.folder + "/results.csv.zip"])
    #expect(status == 0)
    return String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
  }

  /// What one reading from the beginning gives.
  private func whole(_ run: RecordedRun) throws -> [String] {
    try run.writer().update()
    return try table(run)
  }

  @Test func updatesAddUpToTheWholeTable() throws {
    let run = try RecordedRun()
    let writer = run.writer()
    try writer.update()
    for trial in 0..<20 {
      try run.start(trial, lr: Double(trial))
      for epoch in 1...3 { try run.report(trial, epoch: epoch, [.init("loss", .double(1 / Double(epoch + trial)))]) }
      try writer.update()
      #expect(try table(run).count == 1 + 3 * (trial + 1) + 1)
    }
    let found = try table(run)
    #expect(found.last == "")
    #expect(writer.rows == 60)
    // What waits for its trial to go on is no row yet.
    try run.report(0, epoch: 4, [.init("loss", .double(0))], .withheld)
    try writer.update()
    #expect(writer.rows == 60)
    #expect(try whole(run) == found)
  }

  @Test func aColumnThatComesLaterStandsInEveryRow() throws {
    let run = try RecordedRun()
    let writer = run.writer()
    try run.start(0, lr: 1)
    try run.report(0, epoch: 1, [.init("loss", .double(0.5))])
    try writer.update()
    try run.report(0, epoch: 2, [.init("loss", .double(0.25)), .init("late", .string("x"))])
    try writer.update()
    try run.report(0, epoch: 3, [.init("later", .int(1))])
    try writer.update()
    let lines = try table(run)
    #expect(lines[0].hasSuffix("st_tuner_time,late,later"))
    #expect(lines[1].hasSuffix("1.0,,"))
    #expect(lines[2].hasSuffix("1.25,x,"))
    #expect(lines[3].hasSuffix("1.5,,1"))
    #expect(writer.rows == 3)
    #expect(try whole(run) == lines)
  }

  @Test func nothingIsWrittenWhenNothingCame() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    try run.report(0, epoch: 1, [])
    let writer = run.writer()
    try writer.update()
    let path = run.folder + "/results.csv.zip"
    let number = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    try writer.update()
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == number)
    try run.report(0, epoch: 2, [])
    try writer.update()
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int != number)
    let names = try FileManager.default.contentsOfDirectory(atPath: run.folder).filter { $0.hasPrefix(".results") }
    #expect(names.isEmpty, "temporary files have no names")
  }

  @Test func aFailureLeavesTheOldFilesAndTheNextUpdateMends() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    try run.report(0, epoch: 1, [])
    let writer = run.writer()
    try writer.update()
    let before = try table(run)
    try run.report(0, epoch: 2, [])
    // A folder where a temporary file is to stand.
    let obstacle = run.folder + "/.results.csv.zip.new/x"
    try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
    #expect(throws: ResultsError.self) { try writer.update() }
    #expect(try table(run) == before)
    try FileManager.default.removeItem(atPath: run.folder + "/.results.csv.zip.new")
    try writer.update()
    #expect(try table(run).count == before.count + 1)
  }

  @Test func aMissingJournalIsAnError() {
    let writer = ResultsWriter(
      folder: "/tmp", journal: "/nowhere/journal.sqlite", specification: RecordedRun.specification)
    #expect(throws: ResultsError.self) { try writer.update() }
  }

  @Test func manyRowsAreWhole() throws {
    let run = try RecordedRun()
    try run.start(0, lr: 1)
    let facts = (1...20_000).map { number in
      StampedFact(
        stamp: Stamp(wall: Timestamp(microseconds: 0), active: .seconds(number)),
        fact: RecordedRun.report(0, epoch: number, [.init("loss", .double(1 / Double(number)))]))
    }
    try run.journal.append(facts)
    let lines = try whole(run)
    #expect(lines.count == 20_002)
    #expect(lines[20_000].hasPrefix("20000,5e-05,"))
  }
}
