/// What the columns of a file are.
struct Heading {
  /// The column of `config_id`.
  let id: Int
  /// The column of the first value, and how many columns there are in all.
  let firstValue: Int
  let width: Int
  /// What the names of the values' columns begin with: `p` or `e`.
  let prefix: String
  let epochSeconds: Int?
  /// All other columns: hyperparameters.
  let others: [(name: String, index: Int)]

  /// The most columns that a file may have.
  static let widthLimit = 1_000_000

  /// Reads the first record.
  init(_ reader: inout CSVReader, needsValues: Bool) throws(CurveTableError) {
    var fields: [CSVReader.Field] = []
    let form = needsValues ? "config_id,p1,p2,…" : "config_id and a column for each hyperparameter"
    guard try reader.next(&fields) else {
      throw CurveTableError(.heading, reader.file, "is empty; the first line must be the heading \(form)")
    }
    guard fields.count <= Self.widthLimit else {
      throw CurveTableError(.tooLarge, reader.file, line: 1, "more than \(Self.widthLimit) columns")
    }
    let names = fields.map(reader.text)
    var seen: Set<String> = []
    for (name, field) in zip(names, fields) where !seen.insert(name).inserted {
      throw reader.mistake(.heading, field, "the column \"\(name)\" stands here a second time")
    }
    guard let id = names.firstIndex(of: "config_id") else {
      throw reader.mistake(.heading, fields[0], "the first line must be the heading \(form); it has no config_id")
    }
    let first = needsValues ? names.firstIndex { $0 == "p1" || $0 == "e1" } : nil
    guard !needsValues || first != nil else {
      throw reader.mistake(.heading, fields[0], "the heading has no values: columns p1, p2, … or e1, e2, …")
    }
    self.id = id
    firstValue = first ?? fields.count
    width = fields.count
    prefix = String(first.map { names[$0].prefix(1) } ?? "")
    for index in firstValue..<width where names[index] != "\(prefix)\(index - firstValue + 1)" {
      throw reader.mistake(
        .heading, fields[index],
        "behind \(names[index - 1]) must come \(prefix)\(index - firstValue + 1), not \"\(names[index])\"; "
          + "other columns stand before the values")
    }
    guard id < firstValue else {
      throw reader.mistake(.heading, fields[id], "config_id must stand before the values")
    }
    let seconds = needsValues ? names.firstIndex(of: "epoch_seconds") : nil
    epochSeconds = seconds
    others = (0..<firstValue).filter { $0 != id && $0 != seconds }.map { (names[$0], $0) }
  }

  /// The configuration that a row is about.
  func id(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(CurveTableError) -> Int {
    guard id < fields.count else {
      throw reader.mistake(.shape, fields[0], "the row ends before config_id")
    }
    guard let value = reader.whole(fields[id]), value >= 0 else {
      throw reader.mistake(fields[id], column: "config_id", mustBe: "a whole number from 0 on")
    }
    return value
  }

  /// A row may end early; it must not be longer than the heading.
  func checkWidth(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(CurveTableError) {
    guard fields.count > width else { return }
    throw reader.mistake(
      .shape, fields[width], "the row has \(fields.count) cells, and the heading \(width); a comma within needs quotes")
  }
}
