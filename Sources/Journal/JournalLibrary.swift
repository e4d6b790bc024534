import GRDB

/// What SQLite is on this machine.
public enum JournalLibrary {
  /// `3.40.1`; nil when it cannot even be asked.
  public static var version: String? {
    try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }
  }
}
