import Dispatch
import Foundation
import HostSystem

/// Reading a whole journal. Rows come from the file one after the other; making facts of them takes most of the time, and
/// is done by all cores.
extension JournalStore {
  /// The number of the last record given, or `sequence` when there was none. The records come in order, on the caller's
  /// thread.
  func replay(after sequence: Int, _ body: (JournalRecord) throws -> Void) throws -> Int {
    var last = max(0, sequence)
    while true {
      let rows = try rows(after: last, limit: Self.rowsAtOnce)
      guard !rows.isEmpty else { return last }
      for part in records(of: rows) {
        for record in part.records { try body(record) }
        if let failure = part.failure { throw failure }
      }
      last += rows.count
    }
  }

  private static let rowsAtOnce = 8192
  /// Fewer rows are not worth another core.
  private static let rowsOfAPart = 512
  private static let mostParts = 16

  private struct Part: Sendable {
    var records: [JournalRecord] = []
    /// Why the records end before the rows do.
    var failure: JournalError?
  }

  private func records(of rows: [JournalRow]) -> [Part] {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let count = max(1, min(cores, Self.mostParts, rows.count / Self.rowsOfAPart))
    let parts = Locked([Part](repeating: Part(), count: count))
    let path = path
    DispatchQueue.concurrentPerform(iterations: count) { index in
      var part = Part()
      let range = rows.count * index / count..<rows.count * (index + 1) / count
      part.records.reserveCapacity(range.count)
      do throws(JournalError) {
        for row in rows[range] { part.records.append(try JournalRecord(row, path: path)) }
      } catch {
        part.failure = error
      }
      let done = part
      parts.withLock { $0[index] = done }
    }
    return parts.withLock { $0 }
  }
}
