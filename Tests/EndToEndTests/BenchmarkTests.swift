import Foundation
import Glibc
import TestSupport
import Testing

/// `benchmark` with real processes on this machine.
struct BenchmarkTests {
  private func names(_ run: WatchedRun) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: run.place.folder.file("state/runs")).sorted()
  }

  private func lines(_ command: CommandProcess) throws -> [[String: Any]] {
    try command.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  @Test func schedulersAndSeedsAreRunOnce() throws {
    let run = try WatchedRun("bench", sleep: 0.01, trials: 5, stop: "{max_num_trials_started: 5, train_best: 1}")
    let first = try run.command(["benchmark", run.file, "--seeds", "2", "--scheduler", "pasha,asha"])
    #expect(first.output.contains("speed-up over asha"), "\(first.output)")
    #expect(first.output.contains("\npasha ") && first.output.contains("\nasha "))
    let made = try names(run)
    #expect(made.count == 4)
    #expect(made.contains { $0.hasPrefix("bench-asha-s1-") })
    // The same again finds them, as does a command on one of them.
    let second = try run.command(["benchmark", run.file, "--seeds", "2", "--scheduler", "pasha,asha", "--json"])
    #expect(try names(run) == made)
    let results = try lines(second)
    #expect(results.map { $0["scheduler"] as? String } == ["pasha", "asha", "pasha", "asha"])
    #expect(results.map { $0["seed"] as? Int } == [0, 0, 1, 1])
    for result in results {
      let name = try #require(result["run"] as? String)
      #expect(made.contains(name))
      let summary = try run.object(["status", name])["summary"] as? [String: Any]
      let best = try #require(summary?["best"] as? [String: Any])
      #expect(best["value"] as? Double == result["best_metric"] as? Double)
      #expect(result["trials"] as? Int == 5)
      let runtime = try #require(result["runtime_seconds"] as? Double)
      let trained = try #require(result["seconds_to_trained_best"] as? Double)
      #expect(runtime > 0 && trained >= runtime)
      #expect(result["failure"] is NSNull)
    }
    // One more seed adds what is missing, and changed limits are another benchmark.
    let more = try run.command(["benchmark", run.file, "--seeds", "3", "--scheduler", "asha", "--json"])
    #expect(try lines(more).count == 3)
    #expect(try names(run).count == 5)
    try run.command(["benchmark", run.file, "--seeds", "1", "--scheduler", "asha", "--at-limit", "now"])
    #expect(try names(run).count == 6)
    try run.expectNothingLeft()
  }

  @Test func anInterruptedBenchmarkGoesOn() throws {
    let run = try WatchedRun("bench-pause", sleep: 0.2, trials: 4)
    let arguments = ["benchmark", run.file, "--seeds", "1", "--scheduler", "asha"]
    let first = try run.place.coordinator(arguments)
    try run.awaitStarts(2)
    first.send(SIGINT)
    #expect(try first.wait() == 75, "\(first.output)\(first.errors)")
    #expect(first.errors.contains("1 of 1 runs are left"), "\(first.errors)")
    let made = try names(run)
    #expect(made.count == 1)
    try run.command(arguments)
    #expect(try names(run) == made)
    try run.expectNothingLeft()
  }

  @Test func aRunThatFailsIsNamedAndTheNextIsMade() throws {
    let run = try WatchedRun("bench-fails")
    let text = try #require(run.place.folder.read("cluster.yml"))
    try run.place.folder.write("cluster.yml", text.replacing("keeps_watch.py", with: "dies_at_once.py"))
    let benchmark = try run.command(["benchmark", run.file, "--seeds", "1"], expecting: 1)
    #expect(benchmark.output.contains("pasha, seed 0 (bench-fails-pasha-s0-"), "\(benchmark.output)")
    #expect(benchmark.output.contains("asha, seed 0 (bench-fails-asha-s0-"))
    #expect(benchmark.output.contains("no such data set"))
    try run.command(["benchmark", run.file, "--scheduler", "best"], expecting: 64)
    try run.command(["benchmark", run.file, "--seeds", "0"], expecting: 64)
  }
}
