import Simulation

/// The rows of `curves.csv`, or of a table in one file.
struct CurvesFile {
  /// Where times come from.
  enum Times { case assumed, epochSeconds, elapsed }

  var rows: [CurveTable.Row] = []
  var times = Times.assumed
  /// The columns that are hyperparameters, and each row's cells in them.
  var hyperparameterNames: [String] = []
  var hyperparameters: [[String]] = []
  private var places: [Int: Int] = [:]

  /// Reads a file of curves with the times that it has, or those that are assumed.
  static func read(_ path: String) throws(CurveTableError) -> CurvesFile {
    var reader = try ValueReader(path)
    var curves = CurvesFile()
    curves.hyperparameterNames = reader.heading.others.map(\.name)
    curves.times = reader.heading.epochSeconds == nil ? .assumed : .epochSeconds
    while let row = try reader.next() {
      let epoch = row.epochSeconds ?? CurveTables.assumedEpochSeconds
      let seconds = row.values.indices.map { Double($0 + 1) * epoch }
      curves.places[row.id] = curves.rows.count
      curves.rows.append(.init(id: row.id, values: row.values, seconds: seconds))
      curves.hyperparameters.append(row.others)
    }
    guard !curves.rows.isEmpty else {
      throw CurveTableError(.empty, path, "has a heading and no rows; each configuration must have one")
    }
    return curves
  }

  /// Takes the times from `elapsed.csv`, which must have the same configurations with as many cells each.
  mutating func addTimes(_ path: String) throws(CurveTableError) {
    guard times == .assumed else {
      throw CurveTableError(
        .shape, path, "curves.csv has times of its own in epoch_seconds; remove one of the two")
    }
    times = .elapsed
    var reader = try ValueReader(path)
    var seen = 0
    while let row = try reader.next() {
      guard let place = places[row.id] else {
        throw reader.mistake(.unknownConfiguration, "configuration \(row.id) is not in curves.csv")
      }
      let expected = rows[place].values.count
      guard row.values.count == expected else {
        throw reader.mistake(
          .shape,
          "configuration \(row.id) has \(row.values.count) times, and \(expected) values in curves.csv; it must have "
            + "as many")
      }
      rows[place].seconds = row.values
      seen += 1
    }
    if seen < rows.count {
      let missing = reader.missing(among: rows.map(\.id))
      throw CurveTableError(.shape, path, "has no row for configuration \(missing) of curves.csv; each must have one")
    }
  }

  /// Takes hyperparameters from `configs.csv`. It may have more configurations than there are curves, and fewer.
  mutating func addHyperparameters(_ path: String) throws(CurveTableError) {
    var reader = CSVReader(file: path, bytes: try CurveTables.bytes(of: path))
    var fields: [CSVReader.Field] = []
    let heading = try Heading(&reader, needsValues: false)
    var table = [[String]](repeating: [], count: rows.count)
    var seen: Set<Int> = []
    while try reader.next(&fields) {
      let id = try heading.id(fields, reader)
      guard seen.insert(id).inserted else {
        throw reader.mistake(.duplicate, fields[heading.id], "configuration \(id) stands here a second time")
      }
      try heading.checkWidth(fields, reader)
      guard let place = places[id] else { continue }
      table[place] = heading.others.map { $0.index < fields.count ? reader.text(fields[$0.index]) : "" }
    }
    hyperparameterNames = heading.others.map(\.name)
    hyperparameters = table
  }
}

/// Reads rows of values one by one.
struct ValueReader {
  struct Row {
    var id: Int
    var values: [Double]
    var epochSeconds: Double?
    var others: [String]
  }

  let heading: Heading
  private var reader: CSVReader
  private var fields: [CSVReader.Field] = []
  private var seen: Set<Int> = []

  init(_ path: String) throws(CurveTableError) {
    reader = CSVReader(file: path, bytes: try CurveTables.bytes(of: path))
    heading = try Heading(&reader, needsValues: true)
  }

  mutating func next() throws(CurveTableError) -> Row? {
    guard try reader.next(&fields) else { return nil }
    guard seen.count < CurveTables.rowLimit else {
      throw mistake(.tooLarge, "more than \(CurveTables.rowLimit) configurations; leave out what is not needed")
    }
    let id = try heading.id(fields, reader)
    guard seen.insert(id).inserted else {
      throw mistake(.duplicate, "configuration \(id) stands here a second time; a configuration has one curve")
    }
    try heading.checkWidth(fields, reader)
    var end = fields.count
    while end > heading.firstValue, reader.isEmpty(fields[end - 1]) { end -= 1 }
    var values: [Double] = []
    values.reserveCapacity(max(0, end - heading.firstValue))
    for index in heading.firstValue..<max(heading.firstValue, end) {
      guard let value = reader.number(fields[index]) else {
        let column = "\(heading.prefix)\(index - heading.firstValue + 1)"
        if reader.isEmpty(fields[index]) {
          throw reader.mistake(
            .notANumber, fields[index], "\(column) is empty; a row may end early, but must not have gaps")
        }
        throw reader.mistake(fields[index], column: column, mustBe: "a number")
      }
      values.append(value)
    }
    return Row(
      id: id, values: values, epochSeconds: try epochSeconds(),
      others: heading.others.map { $0.index < fields.count ? reader.text(fields[$0.index]) : "" })
  }

  /// A mistake of the row read last.
  func mistake(_ code: CurveTableError.Code, _ message: String) -> CurveTableError {
    reader.mistake(code, fields[min(heading.id, fields.count - 1)], message)
  }

  /// The first of these configurations that no row had.
  func missing(among ids: [Int]) -> Int { ids.first { !seen.contains($0) } ?? ids[0] }

  private func epochSeconds() throws(CurveTableError) -> Double? {
    guard let index = heading.epochSeconds else { return nil }
    guard index < fields.count else { throw mistake(.shape, "the row ends before epoch_seconds") }
    guard let seconds = reader.number(fields[index]) else {
      throw reader.mistake(fields[index], column: "epoch_seconds", mustBe: "a number of seconds")
    }
    return seconds
  }
}
