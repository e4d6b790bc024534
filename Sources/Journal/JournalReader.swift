import Coordination

/// A look into a journal that may be written to at the same time, by this process or another one. Reading takes no lock
/// that the writer waits for: each call sees what was committed when it began.
public final class JournalReader: Sendable {
  public var path: String { store.path }
  private let store: JournalStore

  /// Errors: `missing`, `foreign`, `newerVersion`, `olderVersion`, `damaged`, `denied`.
  public init(at path: String) throws(JournalError) { store = try JournalStore.openForReading(at: path) }

  /// The number of the last committed fact; 0 for an empty journal.
  public func lastSequence() throws(JournalError) -> Int { try store.lastSequence() }

  /// The next records after a number: at most `limit`, fewer when they are large, none at the end. To follow a journal,
  /// call it again with the number of the last record.
  public func tail(after sequence: Int, limit: Int = 1000) throws(JournalError) -> [JournalRecord] {
    let rows = try store.rows(after: max(0, sequence), limit: max(1, limit))
    var records: [JournalRecord] = []
    records.reserveCapacity(rows.count)
    for row in rows { records.append(try JournalRecord(row, path: path)) }
    return records
  }

  /// Gives every record from number `first` on, in order, in bounded memory, until it has caught up with the writer.
  public func replay(from first: Int = 1, _ body: (JournalRecord) throws -> Void) throws {
    _ = try store.replay(after: first - 1, body)
  }

  public func close() throws(JournalError) { try store.close() }
}
