import Coordination
import HostSystem
import Journal
import TuningModel

/// Reads a run's journal twice: for what must be known before, and then report by report.
public struct RunExporter {
  public let journal: String
  public let run: ExportedRun
  /// Facts that came later are left out.
  private let last: Int

  public init(journal: String, specification: RunSpecification) throws {
    self.journal = journal
    var run = try ExportedRun(specification: specification)
    var last = 0
    try JournalReader(at: journal).replay { record in
      run.take(StampedFact(stamp: record.stamp, fact: record.fact), sequence: record.sequence)
      last = record.sequence
    }
    self.run = run
    self.last = last
  }

  /// Gives every report, in the order of the journal.
  func eachReport(_ body: (ReceivedReport, Stamp, Int) throws -> Void) throws {
    try JournalReader(at: journal).replay { record in
      guard record.sequence <= last, case .reportReceived(let report) = record.fact else { return }
      try body(report, record.stamp, record.sequence)
    }
  }

  // MARK: JSON lines

  /// A line for each record: the run, then its trials, then the reports.
  /// - Parameter style: whether numbers that are not finite stand by name, as Python prints and reads them, or as null.
  public func writeLines(
    to path: String, replacing: Bool, only table: ExportTable? = nil, style: JSONStyle = .compact
  ) throws {
    try Self.writing(to: try ExportOutput(file: path, replacing: replacing)) { try lines($0, table, style) }
  }

  public func writeLines(
    to descriptor: Descriptor, only table: ExportTable? = nil, style: JSONStyle = .compact
  ) throws {
    try Self.writing(to: ExportOutput(descriptor)) { try lines($0, table, style) }
  }

  private func lines(_ output: ExportOutput, _ table: ExportTable?, _ style: JSONStyle) throws {
    func write(_ record: JSONValue) throws { try output.write(record.jsonBytes(style) + [UInt8(ascii: "\n")]) }
    if table == nil { try write(run.runRecord) }
    if table != .reports { for index in run.state.trials.indices { try write(run.trialRecord(index)) } }
    if table != .trials {
      try eachReport { report, stamp, sequence in try write(run.reportRecord(report, stamp, sequence: sequence)) }
    }
  }

  static func writing(to output: ExportOutput, _ body: (ExportOutput) throws -> Void) throws {
    do {
      try body(output)
      try output.finish()
    } catch {
      output.abandon()
      throw error
    }
  }
}

/// A part of a run that is a table of its own.
public enum ExportTable: String, Sendable, CaseIterable {
  case trials, reports
}
