import CurveTables
import TestSupport
import Testing

@Suite("Orders of configurations")
struct OrderTests {
  private let folder = TemporaryFolder("orders")

  private func read(_ text: String, maxResource: Int = 2) throws -> TrialOrders {
    let table = try folder.write(
      "t.csv", "config_id,epoch_seconds,e1,e2\n0,1,1,2\n1,1,1\n2,1,1,nan\n3,-1,1,2\n8,1,1,2\n")
    return try TrialOrders.read(
      folder.write("orders.csv", text), table: CurveTables.read(table), maxResource: maxResource)
  }

  @Test("each seed has its order")
  func orders() throws {
    let orders = try read("3,8,0\n\n1,0,\n")
    #expect(orders.seeds == [1, 3])
    #expect(try orders.order(seed: 3) == [8, 0])
    #expect(try orders.order(seed: 1) == [0])
    #expect {
      try orders.order(seed: 2)
    } throws: {
      "\($0)".hasSuffix("orders.csv: has no order for seed 2; it has 2 seeds from 1 to 3")
    }
    #expect(try read("0,1,0", maxResource: 1).order(seed: 0) == [1, 0])
  }

  @Test(
    "a mistake has its line, column and a way out",
    arguments: [
      ("", "orders.csv: is empty; each line must be a seed and the configurations that it hands out"),
      ("seed,a\n", "orders.csv:1:1: the first cell must be a seed, a whole number from 0 on, not \"seed\""),
      ("-1,0\n", "orders.csv:1:1: the first cell must be a seed"),
      ("0,0\n0,8\n", "orders.csv:2:1: seed 0 stands here a second time"),
      ("0\n", "orders.csv:1:1: seed 0 has no configurations"),
      ("0,8,x\n", "orders.csv:1:5: a configuration must be a whole number, not \"x\""),
      ("0,8,,0\n", "orders.csv:1:5: a configuration must be a whole number, not \"\""),
      ("0,8,0,8\n", "orders.csv:1:7: configuration 8 stands twice in the order of seed 0"),
      ("0,8,44\n", "orders.csv:1:5: configuration 44 is not in "),
      ("0,1\n", "t.csv cannot be used: it has fewer than 2 values; choose a smaller max_t, or leave it out here"),
      ("0,2\n", "t.csv cannot be used: it has a value that is not finite"),
      ("0,3\n", "t.csv cannot be used: its times do not grow"),
    ])
  func mistakes(_ text: String, _ expected: String) {
    #expect {
      try read(text)
    } throws: {
      $0 is CurveTableError && "\($0)".contains(expected)
    }
  }
}
