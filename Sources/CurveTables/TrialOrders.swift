import Simulation

/// For each seed, the configurations that it hands out, first to last.
public struct TrialOrders: Equatable, Sendable {
  let file: String
  private(set) var orders: [UInt64: [Int]] = [:]

  /// The seeds that have an order, ascending.
  public var seeds: [UInt64] { orders.keys.sorted() }

  /// The order of a seed.
  public func order(seed: UInt64) throws(CurveTableError) -> [Int] {
    if let order = orders[seed] { return order }
    let (first, last) = (seeds.first ?? 0, seeds.last ?? 0)
    let range = seeds.count == 1 ? "seed \(first)" : "\(seeds.count) seeds from \(first) to \(last)"
    throw CurveTableError(.missingSeed, file, "has no order for seed \(seed); it has \(range)")
  }

  /// Reads a file with a line for each seed: the seed, then ids of configurations. Each must be among the rows that a
  /// simulation of `table` up to `maxResource` can use.
  public static func read(
    _ path: String, table: MeasuredTable, maxResource: Int
  ) throws(CurveTableError) -> TrialOrders {
    var reader = CSVReader(file: path, bytes: try CurveTables.bytes(of: path))
    let faults = Dictionary(
      table.rows.map { ($0.id, MeasuredTable.fault($0, maxResource)) }, uniquingKeysWith: { first, _ in first })
    var result = TrialOrders(file: path)
    var fields: [CSVReader.Field] = []
    while try reader.next(&fields) {
      guard let seed = reader.whole(fields[0]).flatMap(UInt64.init(exactly:)) else {
        throw reader.mistake(fields[0], column: "the first cell", mustBe: "a seed, a whole number from 0 on")
      }
      guard result.orders[seed] == nil else {
        throw reader.mistake(.duplicate, fields[0], "seed \(seed) stands here a second time")
      }
      while fields.count > 1, let last = fields.last, reader.isEmpty(last) { fields.removeLast() }
      var order: [Int] = []
      var seen: Set<Int> = []
      for field in fields.dropFirst() {
        guard let id = reader.whole(field) else {
          throw reader.mistake(field, column: "a configuration", mustBe: "a whole number")
        }
        try check(id, faults, table, maxResource, field, reader)
        guard seen.insert(id).inserted else {
          throw reader.mistake(.duplicate, field, "configuration \(id) stands twice in the order of seed \(seed)")
        }
        order.append(id)
      }
      guard !order.isEmpty else {
        throw reader.mistake(
          .shape, fields[0], "seed \(seed) has no configurations; they follow it, separated by commas")
      }
      result.orders[seed] = order
    }
    guard !result.orders.isEmpty else {
      throw CurveTableError(.empty, path, "is empty; each line must be a seed and the configurations that it hands out")
    }
    return result
  }

  private static func check(
    _ id: Int, _ faults: [Int: MeasuredTable.Fault?], _ table: MeasuredTable, _ maxResource: Int,
    _ field: CSVReader.Field, _ reader: CSVReader
  ) throws(CurveTableError) {
    guard let fault = faults[id] else {
      throw reader.mistake(.unknownConfiguration, field, "configuration \(id) is not in \(table.file)")
    }
    let reason =
      switch fault {
      case nil: ""
      case .tooShort?: "it has fewer than \(maxResource) values; choose a smaller max_t, or leave it out here"
      case .notFinite?: "it has a value that is not finite; leave it out here"
      case .timesNotGrowing?: "its times do not grow; leave it out here"
      }
    guard reason.isEmpty else {
      throw reader.mistake(
        .unknownConfiguration, field, "configuration \(id) of \(table.file) cannot be used: \(reason)")
    }
  }
}
