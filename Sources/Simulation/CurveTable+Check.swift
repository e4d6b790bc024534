import TuningModel

extension CurveTable {
  /// Seconds that a row may take: 31 years.
  static let longest = 1e9

  /// Whether a run can be made of the table.
  func check() throws(SimulationError) {
    func refuse(_ message: String) -> SimulationError {
      SimulationError(code: .badTable, message: "\(name): \(message)")
    }
    if rows.isEmpty { throw refuse("there are no rows") }
    var ids: Set<Int> = []
    for row in rows {
      if !ids.insert(row.id).inserted { throw refuse("two rows have the number \(row.id)") }
      if row.values.isEmpty { throw refuse("row \(row.id) has no values") }
      if row.values.count != row.seconds.count {
        throw refuse("row \(row.id) has \(row.values.count) values and \(row.seconds.count) times")
      }
      var before = 0.0
      for (index, time) in row.seconds.enumerated() {
        guard time >= before, time <= Self.longest else {
          throw refuse(
            "row \(row.id), epoch \(index + 1): the time must be between \(before) s, that of the epoch before, and "
              + "\(Self.longest) s, not \(time)")
        }
        before = time
      }
    }
  }
}

extension SimulatedRow {
  /// The first epochs of a row whose times were checked, to the nanosecond.
  init(_ row: CurveTable.Row, epochs: Int) {
    id = row.id
    values = Array(row.values.prefix(epochs))
    times = row.seconds.prefix(epochs).map { Instant(nanoseconds: Int64(($0 * 1e9).rounded())) }
  }
}
