/// Tables of learning curves, read from files: what a simulation trains in place of a script.
///
/// Words: a *table* holds one *curve* for each configuration, which is the values of the metric that a whole training
/// reported, and when it reported them; an *order* names the configurations that one seed hands out, first to last.
///
/// Two forms are read, both CSV (RFC 4180) with a heading:
/// - a folder with `curves.csv` (`config_id,p1,p2,…`; rows may end early), and where there are times `elapsed.csv` of
///   the same shape with seconds since the start, and where there are hyperparameters `configs.csv`; `table.json` may
///   say what is measured (`TableDescription`);
/// - one file that has all in one row: `config_id`, hyperparameters, `epoch_seconds`, `e1,e2,…`. A folder's `curves.csv`
///   may have this form too.
///
/// Files are read whole and checked whole: whatever is wrong has a file, a line, a column and a way out. Curves that are
/// too short or broken for a simulation are no mistake of the file: they are left out, and counted (`LeftOut`).
public enum CurveTables {
  /// The largest file that is read, in bytes.
  static let fileLimit = 256 << 20
  /// The most rows that a table may have.
  static let rowLimit = 1_000_000
  /// Seconds of an epoch in a table without times.
  public static let assumedEpochSeconds = 60.0

  /// Reads the table in a folder or a file.
  public static func read(_ path: String) throws(CurveTableError) -> MeasuredTable {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard try kind(of: path) == .folder else {
      return MeasuredTable(
        name: stem(of: path), description: TableDescription(), rows: try CurvesFile.read(path), file: path)
    }
    let description = try TableDescription.read("\(path)/table.json")
    guard try kind(of: "\(path)/curves.csv", missing: "a table's folder holds curves.csv at least") == .file else {
      throw CurveTableError(.unreadable, "\(path)/curves.csv", "is no regular file")
    }
    var curves = try CurvesFile.read("\(path)/curves.csv")
    if try exists("\(path)/elapsed.csv") { try curves.addTimes("\(path)/elapsed.csv") }
    if try exists("\(path)/configs.csv") { try curves.addHyperparameters("\(path)/configs.csv") }
    return MeasuredTable(
      name: description.name ?? stem(of: path), description: description, rows: curves, file: "\(path)/curves.csv")
  }
}
