import Simulation

/// A table as it stands in its files: every curve as long as it was measured.
public struct MeasuredTable: Sendable {
  public let name: String
  public let description: TableDescription
  /// All curves, in the order of the file. Values may be other than finite, times may not grow.
  public let rows: [CurveTable.Row]
  /// Whether times were measured; otherwise each epoch takes `CurveTables.assumedEpochSeconds`.
  public let hasTimes: Bool
  /// The names of the hyperparameters, and each row's in the order of `rows`; a row may have none.
  public let hyperparameterNames: [String]
  public let hyperparameters: [[String]]
  /// The file with the curves, for messages.
  let file: String

  init(name: String, description: TableDescription, rows curves: CurvesFile, file: String) {
    self.name = name
    self.description = description
    rows = curves.rows
    hasTimes = curves.times != .assumed
    hyperparameterNames = curves.hyperparameterNames
    hyperparameters = curves.hyperparameters
    self.file = file
  }

  /// How many values the longest curve has.
  public var longest: Int { rows.reduce(0) { max($0, $1.values.count) } }

  /// Why curves were left out, and how many for each reason; one that has several counts under the first.
  public struct LeftOut: Equatable, Sendable, CustomStringConvertible {
    public var tooShort = 0
    public var notFinite = 0
    public var timesNotGrowing = 0
    public var total: Int
    public var maxResource: Int

    /// `10 of 286 configurations are left out: 8 have fewer than 40 values, 2 a value that is not finite`.
    public var description: String {
      var reasons: [String] = []
      if tooShort > 0 {
        reasons.append("\(tooShort) with fewer than \(maxResource) value\(maxResource == 1 ? "" : "s")")
      }
      if notFinite > 0 { reasons.append("\(notFinite) with a value that is not finite") }
      if timesNotGrowing > 0 { reasons.append("\(timesNotGrowing) with times that do not grow") }
      return "\(count) of \(total) configurations are left out: \(reasons.joined(separator: ", "))"
    }

    public var count: Int { tooShort + notFinite + timesNotGrowing }
  }

  /// The curves up to `maxResource` that a simulation can use, in the order of the file, and what was left out.
  public func curves(upTo maxResource: Int) throws(CurveTableError) -> (table: CurveTable, leftOut: LeftOut) {
    var leftOut = LeftOut(total: rows.count, maxResource: maxResource)
    var kept: [CurveTable.Row] = []
    for row in rows {
      switch Self.fault(row, maxResource) {
      case .tooShort?: leftOut.tooShort += 1
      case .notFinite?: leftOut.notFinite += 1
      case .timesNotGrowing?: leftOut.timesNotGrowing += 1
      case nil:
        var row = row
        row.values.removeLast(row.values.count - maxResource)
        row.seconds.removeLast(row.seconds.count - maxResource)
        kept.append(row)
      }
    }
    guard !kept.isEmpty else {
      let way = leftOut.tooShort == rows.count ? "; the longest has \(longest): choose max_t accordingly" : ""
      throw CurveTableError(.empty, file, "no curve is left for max_t \(maxResource): \(leftOut)\(way)")
    }
    return (CurveTable(name: name, rows: kept), leftOut)
  }

  enum Fault { case tooShort, notFinite, timesNotGrowing }

  /// What keeps a curve out of simulations up to a maximum resource.
  static func fault(_ row: CurveTable.Row, _ maxResource: Int) -> Fault? {
    guard row.values.count >= maxResource else { return .tooShort }
    guard row.values.prefix(maxResource).allSatisfy(\.isFinite) else { return .notFinite }
    var last = 0.0
    for time in row.seconds.prefix(maxResource) {
      guard time > last, time.isFinite else { return .timesNotGrowing }
      last = time
    }
    return nil
  }
}
