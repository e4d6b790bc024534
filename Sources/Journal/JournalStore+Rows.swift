import Foundation
import GRDB

extension JournalStore {
  /// Commits all rows or none. On return they are on the disk.
  func append(_ rows: [JournalRow]) throws(JournalError) {
    do {
      try connection.writeWithoutTransaction { database in
        try database.inTransaction(.immediate) {
          let insert = try database.cachedStatement(
            sql: "INSERT INTO facts(seq, wall_us, active_ns, kind, payload, crc) VALUES(?, ?, ?, ?, ?, ?)")
          for row in rows {
            try insert.execute(arguments: [
              row.sequence, row.wallMicroseconds, row.activeNanoseconds, row.kind, Data(row.payload),
              Int64(row.checksum),
            ])
          }
          return .commit
        }
      }
    } catch {
      throw JournalError(database: error, path, "commit \(rows.count) facts")
    }
  }

  /// The next rows after a sequence: at most `limit`, and no more after `bytes` of payload. Empty at the end. Each row
  /// is checked; a gap and a wrong checksum are damage.
  func rows(after sequence: Int, limit: Int, bytes: Int = 4 << 20) throws(JournalError) -> [JournalRow] {
    do {
      return try connection.read { database in
        let select = try database.cachedStatement(
          sql: """
            SELECT seq, wall_us, active_ns, kind, crc, length(payload),
              CASE WHEN length(payload) <= \(JournalFormat.maximumPayload) THEN payload END
            FROM facts WHERE seq > ? ORDER BY seq LIMIT ?
            """)
        let cursor = try Row.fetchCursor(select, arguments: [sequence, limit])
        var rows: [JournalRow] = []
        var size = 0
        while size < bytes, let row = try cursor.next() {
          let read = try read(row, after: sequence + rows.count)
          size += read.payload.count
          rows.append(read)
        }
        return rows
      }
    } catch {
      throw JournalError(database: error, path, "read the facts after number \(sequence)")
    }
  }

  /// The number of the last row; 0 when there is none.
  func lastSequence() throws(JournalError) -> Int {
    do {
      return try connection.read { Int(try Int64.fetchOne($0, sql: "SELECT max(seq) FROM facts") ?? 0) }
    } catch {
      throw JournalError(database: error, path, "read the last fact")
    }
  }

  private func read(_ row: Row, after previous: Int) throws -> JournalRow {
    // Optionals of 64 bits, text and bytes decode from whatever a damaged row holds; others could trap.
    let sequence = row[0] as Int64? ?? 0
    guard sequence == previous + 1 else {
      throw damage("fact \(previous + 1) is missing: number \(sequence) follows number \(previous)")
    }
    let payload = try row.withUnsafeData(atIndex: 6) { $0.map { [UInt8]($0) } }
    guard let payload else {
      throw damage("fact \(sequence) has \(row[5] as Int64? ?? 0) bytes, more than any fact has")
    }
    let read = JournalRow(
      sequence: Int(sequence), wallMicroseconds: row[1] as Int64? ?? 0, activeNanoseconds: row[2] as Int64? ?? 0,
      kind: row[3] as String? ?? "", payload: payload)
    guard Int64(read.checksum) == row[4] as Int64? else {
      throw damage("fact \(sequence) (\(read.kind.prefix(40))) is not as it was written: its checksum differs")
    }
    return read
  }

  private func damage(_ what: String) -> JournalError {
    JournalError(.damaged, path, "\(what). Put the file back from a copy, or start a new run")
  }
}
