import Coordination
import Glibc
import HostSystem
import Journal
import TuningModel

/// Keeps `results.csv.zip` and `metadata.json` in a run's folder, as `syne_tune.experiments.load_experiment` reads them.
///
/// It reads the journal as any other reader does, and only what came since the last time: what was written before stays
/// compressed in a temporary file, and each update puts a new header before it and an end behind it. A new column makes
/// it read the journal once more from the beginning. Memory grows with the number of trials, not of reports.
///
/// To be used by one thread at a time.
public final class ResultsWriter {
  private let folder: String
  private let journal: String
  private let specification: RunSpecification

  private var reader: JournalReader?
  private var table: ResultsTable
  private var body: (file: Descriptor, deflater: Deflater)?
  /// Last record that the table has seen.
  private var lastSequence = 0
  private var writtenSequence = 0
  private var metadata: [UInt8] = []
  private var start: (start: RunStart, at: Timestamp)?
  private var training: ResultsMetadata.Training?
  /// Rows of the table: reports that count, or repeat what counts.
  public private(set) var rows = 0

  /// - Parameters:
  ///   - folder: the run's folder, where the files go.
  ///   - journal: the path of the run's journal.
  public init(folder: String, journal: String, specification: RunSpecification) {
    self.folder = folder
    self.journal = journal
    self.specification = specification
    table = ResultsTable(specification: specification)
  }

  /// Brings the files up to date; does nothing when nothing came. Each file is replaced by one rename. There is no table
  /// before the first report.
  ///
  /// Errors: the files are as they were, and the next call tries again.
  public func update() throws(ResultsError) {
    do throws(ResultsError) {
      try readNew()
      guard lastSequence > writtenSequence else { return }
      if let body, body.deflater.inputBytes > 0 { try writeTable(body) }
      writtenSequence = lastSequence
    } catch {
      // What the temporary file holds is not known any more.
      restart()
      writtenSequence = 0
      throw error.code == .output ? ResultsError(.output, "\(folder): \(error.message)") : error
    }
  }

  // MARK: Reading

  private func readNew() throws(ResultsError) {
    guard try readOn() else { return }
    // Rows that were made before a column was known lack it.
    restart()
    _ = try readOn()
  }

  private func restart() {
    table = ResultsTable(specification: specification, columns: table.columns)
    body = nil
    lastSequence = 0
    rows = 0
  }

  /// Reads to the end of the journal; true when a column appeared behind the first row that was made.
  private func readOn() throws(ResultsError) -> Bool {
    do {
      let reader = try self.reader ?? JournalReader(at: journal)
      self.reader = reader
      let body = try self.body ?? makeBody()
      self.body = body
      var hasLaterColumns = false
      while true {
        let records = try reader.tail(after: lastSequence, limit: 2048)
        guard !records.isEmpty else { break }
        var lines: [UInt8] = []
        for record in records {
          lastSequence = record.sequence
          try note(record, reader)
          let isFirstRow = lines.isEmpty && body.deflater.inputBytes == 0
          let known = table.columns.count
          guard let line = try line(of: record, reader) else { continue }
          if !isFirstRow, table.columns.count > known { hasLaterColumns = true }
          rows += 1
          lines += line.utf8
          lines.append(UInt8(ascii: "\n"))
        }
        try body.deflater.write(lines)
      }
      try body.deflater.flush()
      return hasLaterColumns
    } catch let error as ResultsError {
      throw error
    } catch let error as JournalError {
      throw ResultsError(error)
    } catch let error as SystemError {
      throw ResultsError(error)
    } catch {
      throw ResultsError(.output, "\(error)")
    }
  }

  private func line(of record: JournalRecord, _ reader: JournalReader) throws(JournalError) -> String? {
    switch table.add(record) {
    case .row(let line): return line
    case .earlier(let number):
      guard case .reportReceived(let report) = try reader.tail(after: number - 1, limit: 1).first?.fact else {
        return nil
      }
      return table.row(report, active: record.stamp.active)
    case nil: return nil
    }
  }

  // MARK: Writing

  private func makeBody() throws(ResultsError) -> (file: Descriptor, deflater: Deflater) {
    let file = try temporaryFile("rows")
    guard let deflater = Deflater(to: file) else { throw ResultsError(.output, "no memory is left to compress with") }
    return (file, deflater)
  }

  /// A file without a name.
  private func temporaryFile(_ purpose: String) throws(ResultsError) -> Descriptor {
    let path = "\(folder)/.results.\(purpose)"
    do throws(SystemError) {
      try Files.removeFile(path)
      let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
      try Files.removeFile(path)
      return file
    } catch {
      throw ResultsError(error)
    }
  }

  private func writeTable(_ body: (file: Descriptor, deflater: Deflater)) throws(ResultsError) {
    let headerFile = try temporaryFile("header")
    guard let header = Deflater(to: headerFile) else {
      throw ResultsError(.output, "no memory is left to compress with")
    }
    let temporary = "\(folder)/.results.csv.zip.new"
    do {
      try header.write(Array((table.header + "\n").utf8))
      try header.flush()
      try Files.removeFile(temporary)
      let output = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      try ZipFile(member: "results.csv").write([(headerFile, header), body], to: output)
      try output.sync()
      try Files.rename(temporary, to: "\(folder)/results.csv.zip")
    } catch let error as ResultsError {
      throw error
    } catch let error as SystemError {
      throw ResultsError(error)
    } catch {
      throw ResultsError(.output, "\(error)")
    }
  }

  /// Facts that `metadata.json` tells of.
  private func note(_ record: JournalRecord, _ reader: JournalReader) throws {
    switch record.fact {
    case .runStarted(let start): self.start = (start, record.stamp.wall)
    case .trainingBegan:
      if training == nil { training = ResultsMetadata.Training(searchTime: record.stamp.active) }
    case .runFinished where training != nil && training?.trained == nil:
      var state = try RunState(specification: specification)
      try reader.replay { state.apply(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
      training?.trained = state.trained.map(\.id)
    default: return
    }
    try writeMetadata()
  }

  private func writeMetadata() throws(SystemError) {
    guard let start else { return }
    let bytes = ResultsMetadata(
      specification: specification, start: start.start, startedAt: start.at, training: training
    ).bytes
    guard bytes != metadata else { return }
    try Files.writeDurably("\(folder)/metadata.json", bytes)
    metadata = bytes
  }
}
