import CurveTables
import Foundation
import Testing

@Suite("The table in the repository")
struct DistilledTableTests {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Cluster/tables/nb201-cifar10").path

  @Test("it holds 200 whole curves with their times, and 15 orders of all of them")
  func contents() throws {
    let table = try CurveTables.read(Self.folder)
    #expect(table.description.mode == .max)
    #expect(table.description.maxResource == 200)
    #expect(table.hyperparameterNames == (0...5).map { "hp_x\($0)" })
    let (curves, leftOut) = try table.curves(upTo: 200)
    #expect(leftOut.count == 0)
    #expect(curves.rows.map(\.id) == Array(0..<200))
    #expect(curves.rows.compactMap { $0.values.max() }.max() == 91.365)
    let orders = try TrialOrders.read(Self.folder + "/orders.csv", table: table, maxResource: 200)
    #expect(orders.seeds == Array(0..<15))
    for seed in orders.seeds { #expect(try orders.order(seed: seed).sorted() == curves.rows.map(\.id)) }
  }
}
