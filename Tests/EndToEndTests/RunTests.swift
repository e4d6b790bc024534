import Foundation
import TestSupport
import Testing

struct RunTests {
  /// The smallest example, from the command to the summary.
  @Test func theMinimalExampleRunsToItsEnd() throws {
    let place = RunPlace("minimal")
    let example = repositoryRoot().appendingPathComponent("Cluster/examples/minimal/cluster.yml").path
    let run = try place.coordinator([example])
    #expect(try run.wait() == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("best: trial"))
    let best = try #require(place.json(["best"]) as? [String: Any])
    #expect(best["metric"] as? String == "val_loss")
    let checkpoint = try #require(best["checkpoint"] as? [String: Any])
    #expect(FileManager.default.fileExists(atPath: try #require(checkpoint["path"] as? String)))
  }
}
