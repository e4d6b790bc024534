import GRDB
import Glibc
import HostSystem

/// The rows of a journal in SQLite, by one connection.
///
/// - One writer: it holds an exclusive lock on the file `lock` beside the journal for as long as it lives.
/// - Any number of readers, which never disturb the writer: SQLite's write-ahead log gives each read a snapshot.
/// - A commit returns when its rows are on the disk (`synchronous=FULL`: the log is synced at each commit).
///
/// The database file is opened by SQLite alone once a connection is there: closing any other descriptor of the file
/// would drop the POSIX locks of the whole process on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
final class JournalStore: Sendable {
  let path: String
  let connection: DatabaseQueue
  /// Held by a writer until it closes; nil for a reader.
  private let lock: Locked<FileLock?>
  /// Bytes at the end of the log that were dropped when it was opened: of a commit that did not return.
  let tornBytes: Int

  private init(path: String, connection: DatabaseQueue, lock: FileLock?, tornBytes: Int = 0) {
    self.path = path
    self.connection = connection
    self.lock = Locked(lock)
    self.tornBytes = tornBytes
  }

  /// Makes an empty journal. It appears under its name whole or not at all.
  static func create(at path: String, format: JournalFormat = JournalFormat()) throws(JournalError) -> JournalStore {
    let folder = Files.parent(of: path)
    try LocalDisk.require(folder, for: path)
    let lock = try acquireLock(for: path)
    guard !Files.exists(path) else { throw JournalError(.exists, path, "there is a journal already") }
    let temporary = path + ".new"
    do {
      for suffix in ["", "-journal"] { try Files.removeFile(temporary + suffix) }
      // Made here for its mode, which SQLite's own files take over.
      try Descriptor.open(temporary, O_CREAT | O_EXCL | O_WRONLY, mode: 0o600).sync()
      // Not in the log: the file's own header must name the format before the file has its name.
      let connection = try DatabaseQueue(path: temporary)
      try connection.write { database in
        try database.execute(sql: "PRAGMA application_id = \(JournalFormat.applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(format.current)")
        try database.execute(sql: JournalFormat.schema)
      }
      try connection.close()
      try Files.rename(temporary, to: path)
      try Files.syncFolder(folder)
    } catch let error as SystemError {
      throw JournalError(system: error, path)
    } catch {
      throw JournalError(database: error, path, "make the journal")
    }
    return try open(path, holding: lock, format)
  }

  /// Opens a journal to write to it.
  static func open(at path: String, format: JournalFormat = JournalFormat()) throws(JournalError) -> JournalStore {
    guard Files.exists(path) else { throw JournalError(.missing, path, "there is no journal here") }
    try LocalDisk.require(Files.parent(of: path), for: path)
    let lock = try acquireLock(for: path)
    let pageBytes = try format.checkHeader(of: path)
    let torn = try WriteAheadLogCheck.check(journal: path, pageBytes: pageBytes)
    return try open(path, holding: lock, format, tornBytes: torn)
  }

  /// Opens a journal to read from it, also while it is written to.
  static func openForReading(
    at path: String, format: JournalFormat = JournalFormat()
  ) throws(JournalError) -> JournalStore {
    try format.checkFile(path)
    var configuration = baseConfiguration
    configuration.readonly = true
    do {
      let connection = try DatabaseQueue(path: path, configuration: configuration)
      let pageBytes = try connection.read { database in
        try check(database, path, format)
        return try Int.fetchOne(database, sql: "PRAGMA page_size")
      }
      try checkLog(of: path, pageBytes: pageBytes ?? 4096)
      return JournalStore(path: path, connection: connection, lock: nil)
    } catch {
      throw JournalError(database: error, path, "open the journal")
    }
  }

  /// A damaged log ends in its middle for whoever reads it: it is refused for readers as for a writer. Where a writer is
  /// just beginning it anew, it may look damaged for a moment.
  private static func checkLog(of path: String, pageBytes: Int) throws(JournalError) {
    for _ in 0..<5 {
      do throws(JournalError) {
        _ = try WriteAheadLogCheck.check(journal: path, pageBytes: pageBytes)
        return
      } catch {
        guard error.code == .damaged else { throw error }
        usleep(40_000)
      }
    }
    _ = try WriteAheadLogCheck.check(journal: path, pageBytes: pageBytes)
  }

  private static func open(
    _ path: String, holding lock: FileLock, _ format: JournalFormat, tornBytes: Int = 0
  ) throws(JournalError) -> JournalStore {
    var configuration = baseConfiguration
    configuration.prepareDatabase { database in
      let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
      guard mode == "wal" else {
        throw JournalError(.failed, path, "the file system does not let SQLite use a write-ahead log")
      }
      try database.execute(sql: "PRAGMA synchronous = FULL")
    }
    do {
      let connection = try DatabaseQueue(path: path, configuration: configuration)
      try connection.read { database in
        try check(database, path, format)
        try checkStructure(database, path)
      }
      // From the first new fact on an older pasha could misread it.
      try connection.write { try $0.execute(sql: "PRAGMA user_version = \(format.current)") }
      return JournalStore(path: path, connection: connection, lock: lock, tornBytes: tornBytes)
    } catch {
      throw JournalError(database: error, path, "open the journal")
    }
  }

  /// Ends all use. A writer leaves one file and lets go of its lock.
  func close() throws(JournalError) {
    do {
      try connection.close()
    } catch {
      throw JournalError(database: error, path, "close the journal")
    }
    lock.withLock { $0 = nil }
  }

  private static var baseConfiguration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { database in
      // A journal made by someone else runs nothing of its own.
      try database.execute(sql: "PRAGMA trusted_schema = OFF")
      try database.execute(sql: "PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  private static func acquireLock(for path: String) throws(JournalError) -> FileLock {
    let folder = Files.parent(of: path)
    let lockPath = (folder == "/" ? "" : folder) + "/lock"
    let lock: FileLock?
    do throws(SystemError) {
      lock = try FileLock.tryAcquire(lockPath)
      if lock != nil { try Descriptor.open(lockPath, O_WRONLY | O_TRUNC).write("\(getpid())\n".utf8) }
    } catch {
      throw JournalError(system: error, path)
    }
    guard let lock else {
      let holder = (try? Files.readText(lockPath, limit: 32))?.prefix { $0.isASCII && $0.isNumber } ?? ""
      throw JournalError(
        .inUse, path,
        "another coordinator\(holder.isEmpty ? "" : ", process \(holder),") works on this run. "
          + "`pasha-coord attach` shows it, `pasha-coord pause` ends it")
    }
    return lock
  }

  private static func check(_ database: Database, _ path: String, _ format: JournalFormat) throws {
    try format.check(
      applicationID: try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
      version: try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0, path)
    let schema = try Row.fetchAll(database, sql: "SELECT name, sql FROM sqlite_master")
    guard schema.count == 1, schema[0] == ["name": "facts", "sql": JournalFormat.schema] else {
      throw JournalError(
        .damaged, path, "the database has other tables than a journal of pasha. Put it back from a copy")
    }
  }

  /// Looks at every page. What is in the rows is checked when they are read.
  private static func checkStructure(_ database: Database, _ path: String) throws {
    let problems = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
    guard problems != ["ok"] else { return }
    throw JournalError(
      .damaged, path,
      "the database is damaged: \(problems.joined(separator: "; ")). Put it back from a copy, or start a new run")
  }
}
