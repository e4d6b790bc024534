import Coordination
import Glibc
import GRDB
import HostSystem
import TuningModel

extension RunExporter {
  /// A database with the tables `run`, `trials`, `parameters`, `reports` and `fields`, and the view `curves`. Names of
  /// hyperparameters and metrics are values, not columns: SQLite takes `Loss` and `loss` for the same column.
  public func writeDatabase(to path: String, replacing: Bool) throws {
    if !replacing, try Files.status(path) != nil { throw ExportOutput.exists(path) }
    let temporary = "\(path).new.\(getpid())"
    do {
      try Files.removeFile(temporary)
      do {
        let database = try DatabaseQueue(path: temporary)
        try database.write { try fill($0) }
        try database.close()
      }
      try Files.rename(temporary, to: path)
    } catch {
      try? Files.removeFile(temporary)
      try? Files.removeFile(temporary + "-journal")
      throw error
    }
  }

  private func fill(_ database: Database) throws {
    let trialColumns = Self.trialColumns.map { $0 == "trial" ? "trial INTEGER PRIMARY KEY" : $0 }
    let reportColumns = Self.reportColumns.map { $0 == "sequence" ? "sequence INTEGER PRIMARY KEY" : $0 }
    try database.execute(
      sql: """
        CREATE TABLE run (name TEXT PRIMARY KEY, type TEXT NOT NULL, value) WITHOUT ROWID;
        CREATE TABLE trials (\(trialColumns.joined(separator: ", ")));
        CREATE TABLE parameters (trial INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value,
          PRIMARY KEY (trial, name)) WITHOUT ROWID;
        CREATE TABLE reports (\(reportColumns.joined(separator: ", ")));
        CREATE TABLE fields (sequence INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value,
          PRIMARY KEY (sequence, name)) WITHOUT ROWID;
        CREATE VIEW curves AS
          SELECT trial, resource, value, time FROM reports WHERE disposition = 'ranked' ORDER BY trial, resource;
        PRAGMA user_version = \(Exports.format);
        """)
    guard case .object(let members) = run.runRecord else { return }
    let named = try database.makeStatement(sql: "INSERT INTO run VALUES (?, ?, ?)")
    for member in members where member.key != "kind" {
      try named.execute(arguments: [member.key, SQLiteValue.type(member.value), SQLiteValue.value(member.value)])
    }
    try fillTrials(database)
    let row = try database.makeStatement(sql: "INSERT INTO reports VALUES (\(Self.marks(Self.reportColumns.count)))")
    let field = try database.makeStatement(sql: "INSERT OR REPLACE INTO fields VALUES (?, ?, ?, ?)")
    try eachReport { report, stamp, sequence in
      let members = run.reportMembers(report, stamp, sequence: sequence).filter { $0.key != "kind" }
      try row.execute(arguments: StatementArguments(members.map { SQLiteValue.value($0.value) }))
      for member in report.fields {
        try field.execute(
          arguments: [sequence, member.key, SQLiteValue.type(member.value), SQLiteValue.value(member.value)])
      }
    }
  }

  private func fillTrials(_ database: Database) throws {
    let row = try database.makeStatement(sql: "INSERT INTO trials VALUES (\(Self.marks(Self.trialColumns.count)))")
    let parameter = try database.makeStatement(sql: "INSERT INTO parameters VALUES (?, ?, ?, ?)")
    for index in run.state.trials.indices {
      let members = run.trialMembers(index).filter { $0.key != "kind" }
      try row.execute(arguments: StatementArguments(members.map { SQLiteValue.value($0.value) }))
      for entry in run.state.trials[index].configuration.entries {
        let value = entry.value.json
        try parameter.execute(arguments: [index, entry.name, SQLiteValue.type(value), SQLiteValue.value(value)])
      }
    }
  }

  private static func marks(_ count: Int) -> String { [String](repeating: "?", count: count).joined(separator: ", ") }
}

/// Values as SQLite holds them. NaN would become NULL there: it is the text `NaN` of the type `real`.
enum SQLiteValue {
  static func type(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "bool"
    case .int: "integer"
    case .double: "real"
    case .string: "text"
    case .array, .object: "json"
    }
  }

  static func value(_ value: JSONValue) -> DatabaseValue {
    switch value {
    case .null: .null
    case .bool(let value): (value ? 1 : 0).databaseValue
    case .int(let value): value.databaseValue
    case .double(let value): value.isNaN ? "NaN".databaseValue : value.databaseValue
    case .string(let text): text.databaseValue
    case .array, .object: value.jsonText(.compact).databaseValue
    }
  }
}
