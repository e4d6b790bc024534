import TestSupport
import Testing

/// `simulate --scheduler` with what stands behind a name.
struct SimulatedSchedulerTests {
  private func simulate(_ schedulers: String) throws -> (status: Int32, output: String, errors: String) {
    let folder = TemporaryFolder("criteria")
    // The two that lead at 1 change places at 3.
    try folder.write(
      "t.csv",
      "config_id,e1,e2,e3,e4,e5,e6,e7,e8,e9\n0,1,2,3,4,5,6,7,8,9\n1,2,2,2,2,2,2,2,2,2\n2,0,0,0,0,0,0,0,0,0\n"
        + "3,0.5,0,0,0,0,0,0,0,0\n4,0.6,0,0,0,0,0,0,0,0\n5,0.7,0,0,0,0,0,0,0,0\n")
    try folder.write("o.csv", "0,0,1,2,3,4,5\n")
    let process = try CommandProcess(
      "pasha-coord",
      [
        "simulate", "--table", folder.file("t.csv"), "--order", folder.file("o.csv"), "--mode", "max", "--workers", "1",
        "--max-t", "9", "--json", "--scheduler", schedulers,
      ], environment: ["PASHA_STATE": folder.path])
    return (try process.wait(), process.output, process.errors)
  }

  @Test("the criterion and its epsilon decide whether the maximum grows")
  func criteria() throws {
    let (status, output, errors) = try simulate("pasha:ranking,pasha:soft_ranking:5,pasha:soft_ranking:0.5")
    #expect(status == 0, "\(errors)")
    let maxima = output.split(separator: "\n").map { $0.contains(#""max_resource":9"#) }
    #expect(maxima == [true, false, true], "\(output)")
  }

  @Test("every scheduler runs to its end")
  func all() throws {
    let names = [
      "asha", "asha:stopping", "hyperband", "hyperband:stopping", "cost_promotion", "rush:promotion:2",
      "rush:stopping:2", "median_stopping", "percentile:50", "fifo", "sync_hyperband", "successive_halving",
      "one_epoch", "random",
    ]
    let (status, output, errors) = try simulate(names.joined(separator: ","))
    #expect(status == 0, "\(errors)")
    let lines = output.split(separator: "\n")
    #expect(lines.count == names.count)
    for (line, name) in zip(lines, names) { #expect(line.contains("\"scheduler\":\"\(name)\"")) }
    // Six configurations of nine epochs, all of them.
    #expect(lines[9].contains("\"epochs\":54") && lines[9].contains("\"best_metric\":9"))
  }

  @Test(
    "what is not right is named",
    arguments: [
      ("pasha:x", "pasha:x: there is no ranking criterion x: take one of soft_ranking_auto, "),
      ("asha:ranking", "asha:ranking: the type is promotion or stopping, not ranking"),
      ("asha:stopping:1", "asha:stopping:1: there is too much behind the name"),
      ("rush:stopping:x", "rush:stopping:x: the configurations that set thresholds are a number, not \"x\""),
      ("percentile:0", "percentile:0: behind percentile stands a number above 0, at most 100"),
      ("fifo:1", "fifo:1: nothing stands behind fifo"), ("external", "there is no scheduler external: take one of "),
      ("pasha:rbo:a", "pasha:rbo:a: epsilon must be a number, not \"a\""),
      ("pasha:rbo::b", "pasha:rbo::b: epsilon_scaling must be a number, not \"b\""),
      ("pasha:rbo:1:1:1", "pasha:rbo:1:1:1: behind pasha come a criterion, epsilon and epsilon_scaling, and no more"),
      ("pasha:soft_ranking", "pasha:soft_ranking: epsilon is needed"),
      ("", "there is no scheduler : take one of "),
    ])
  func mistakes(_ name: String, _ message: String) throws {
    let (status, _, errors) = try simulate(name)
    #expect(status == 64)
    #expect(errors.hasPrefix(message), "\(errors)")
  }
}
