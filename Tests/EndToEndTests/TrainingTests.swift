import Coordination
import Foundation
import RunChecking
import TestSupport
import Testing

/// A run whose best trials are trained after the search, paused in the middle of that.
struct TrainingTests {
  @Test func theBestTrialsAreTrainedToTheMaximum() throws {
    // The time is up long before a trial of 27 epochs would be, for the search.
    let run = try WatchedRun(
      "train", sleep: 0.1, epochs: 27, scheduler: "{name: pasha, max_t: 27, random_seed: 5}",
      stop: "{max_wallclock_time: 3s, train_best: 2}", checkpoints: "{settle: 100ms, grace: 1s, keep_best: 1}")
    let first = try run.start()
    try eventually("the training", within: .seconds(60)) {
      (try? run.object(["status"]))?["status"] as? String == "training"
    }
    let during = try run.object(["status"])
    let training = try #require((during["summary"] as? [String: Any])?["training"] as? [String: Any])
    #expect((training["trials"] as? [Int])?.count == 2)
    #expect(training["reason"] as? String == "wallclockTime")
    try run.command(["pause"])
    #expect(try first.wait() == 75, "\(first.output)\(first.errors)")
    let second = try run.place.coordinator(["resume"])
    #expect(try second.wait() == 0, "\(second.output)\(second.errors)")
    try run.expectNothingLeft()

    let check = try JournalCheck(run)
    try check.expectSound(run)
    #expect(check.state.end?.reason == .wallclockTime)
    let trained = check.state.trained.map(\.id.rawValue)
    #expect(trained.count == 2)
    #expect(first.output.contains("the search is over (the time is up): its best 2 trials are trained up to epoch 27"))
    #expect(second.output.contains("training: ") && second.output.contains(", 2 of 2 trials trained"))

    let best = try run.object(["best"])
    #expect(best["trained"] as? Bool == true)
    #expect(best["trial"] as? Int == trained.first)
    let checkpoint = try #require(best["checkpoint"] as? [String: Any])
    #expect(checkpoint["resource"] as? Int == 27)
    let path = try #require(checkpoint["path"] as? String)
    #expect(FileManager.default.fileExists(atPath: path + "/state.json"))
    let file = try #require(FileManager.default.contents(atPath: run.place.runFolder() + "/metadata.json"))
    let metadata = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
    #expect(metadata["train_best"] as? Int == 2)
    #expect(metadata["trained_trials"] as? [Int] == trained)
    #expect(metadata["best_trained_trial"] as? Int == trained.first)
    #expect((metadata["search_seconds"] as? Double).map { $0 >= 3 } == true)
  }
}
