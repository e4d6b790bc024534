import Glibc
import HostSystem

/// What makes a file a journal: an SQLite database with this application's number, a version and one table.
///
/// The version changes when an older pasha could misread a newer journal: a new kind of fact, a changed meaning. An
/// older journal is read for as long as `oldest` stays below its version.
struct JournalFormat: Sendable {
  /// "PASH", where SQLite keeps the number of the application that owns a file.
  static let applicationID: Int64 = 0x5041_5348
  static let schema =
    "CREATE TABLE facts(seq INTEGER PRIMARY KEY, wall_us INTEGER NOT NULL, active_ns INTEGER NOT NULL, "
    + "kind TEXT NOT NULL, payload BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
  /// Bytes of one fact; more is a damaged or a hostile file.
  static let maximumPayload = 16 << 20

  /// 2: hosts, slots of agents, checkpoints that move. 3: the training after the search, decisions of every scheduler and of a
  /// program in place of one. 4: runs that are extended, trials that an operator enqueues, pauses and resumes.
  var current: Int64 = 4
  var oldest: Int64 = 1

  /// Looks at the file's own header, before SQLite could write anything to a file that is not ours, and gives the bytes
  /// of a page.
  func checkHeader(of path: String) throws(JournalError) -> Int {
    let status = try checkFile(path)
    guard status.user == geteuid() else {
      throw JournalError(
        .denied, path,
        "the journal belongs to another user (\(status.user)). Its owner alone goes on with the run; anybody who may read "
          + "it can look at it")
    }
    let header: [UInt8]
    do throws(SystemError) {
      header = try Descriptor.open(path, 0).read(at: 0, upTo: 100)
    } catch {
      throw JournalError(system: error, path)
    }
    guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
      throw JournalError(
        .foreign, path,
        "this is not a journal of pasha, or its beginning is destroyed: it is no SQLite database. Name another run")
    }
    try check(applicationID: header.bigEndian(at: 68), version: header.bigEndian(at: 60), path)
    let pageBytes = Int(header[16]) << 8 | Int(header[17])
    // 65536 does not fit and is written as 1 (https://www.sqlite.org/fileformat.html, section 1.3.2).
    return pageBytes == 1 ? 65536 : max(512, pageBytes)
  }

  func check(applicationID: Int64, version: Int64, _ path: String) throws(JournalError) {
    guard applicationID == Self.applicationID else {
      throw JournalError(
        .foreign, path,
        "this SQLite database is not a journal of pasha (application_id \(applicationID)). Name another run")
    }
    guard version <= current else {
      throw JournalError(
        .newerVersion, path,
        "the journal has version \(version), written by a newer pasha; this one reads up to \(current). Use the newer one"
      )
    }
    guard version >= oldest else {
      throw JournalError(
        .olderVersion, path,
        "the journal has version \(version), written by an older pasha; this one reads from \(oldest) on. "
          + "Use the older one to go on with this run")
    }
  }

  /// Looks at what stands at the path, without opening it: opening a FIFO would wait for ever, and closing any descriptor
  /// of a journal that this process writes would drop its locks.
  @discardableResult
  func checkFile(_ path: String) throws(JournalError) -> FileStatus {
    guard let status = try status(path) else {
      throw JournalError(.missing, path, "there is no journal here")
    }
    switch status.kind {
    case .file: return status
    case .link:
      // The lock stands beside the link: two runs with links to one journal would both write to it.
      throw JournalError(.foreign, path, "this is a symbolic link. A journal is a file in the run's own folder")
    case .folder, .special: throw JournalError(.foreign, path, "this is not a file")
    }
  }

  private func status(_ path: String) throws(JournalError) -> FileStatus? {
    do throws(SystemError) {
      return try Files.status(path)
    } catch {
      throw JournalError(system: error, path)
    }
  }
}

extension [UInt8] {
  fileprivate func bigEndian(at index: Int) -> Int64 {
    // With a sign, as SQLite takes them.
    Int64(Int32(bitPattern: self[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
  }
}
