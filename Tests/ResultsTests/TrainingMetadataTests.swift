import Coordination
import Foundation
import Testing
import TuningModel
import Wire

/// `metadata.json` tells of the training after the search.
struct TrainingMetadataTests {
  private func metadata(_ run: RecordedRun) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: run.folder + "/metadata.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func report(_ trial: Int, epoch: Int, _ value: Double) -> Fact {
    .reportReceived(
      ReceivedReport(
        attempt: TrialAttempt(TrialID(trial), .first), sequence: epoch, readAt: Timestamp(microseconds: 1),
        resource: epoch, value: value, fields: [.init("epoch", .int(epoch)), .init("val_accuracy", .double(value))],
        disposition: .ranked))
  }

  @Test func theTrainedTrialsAreNamedAtTheEnd() throws {
    var specification = RecordedRun.specification
    specification.stop.trainBest = 2
    let run = try RecordedRun()
    try run.add(
      .agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: "a", origin: .launched)),
      .agentGreeted(
        AgentGreeting(
          agent: AgentID(0), version: "0", hostname: "h", machineID: "m", bootID: "b", home: "/h", slots: 3)))
    for (trial, value) in [(0, 0.5), (1, 0.9), (2, 0.7)] {
      try run.start(trial, lr: 1)
      try run.add(report(trial, epoch: 1, value))
    }
    let writer = run.writer(specification)
    try writer.update()
    #expect(try metadata(run)["train_best"] as? Int == 2)
    #expect(try metadata(run)["search_seconds"] == nil)
    try run.add(.trainingBegan(Training(end: RunEnd(reason: .wallclockTime), trials: [TrialID(1), TrialID(2)])))
    try writer.update()
    let seconds = try #require(try metadata(run)["search_seconds"] as? Double)
    // Facts are a quarter of a second apart.
    #expect(seconds == 3.25)
    for trial in [1, 2] {
      try run.add(
        report(trial, epoch: 9, trial == 2 ? 0.95 : 0.91),
        .attemptEnded(
          TrialAttempt(TrialID(trial), .first), AttemptEnd(cause: .exited, lastSequence: 9), consequence: .completed))
    }
    try writer.update()
    #expect(try metadata(run)["trained_trials"] == nil)
    try run.add(.runFinished(RunEnd(reason: .wallclockTime)))
    try writer.update()
    for writer in [writer, run.writer(specification)] {
      try writer.update()
      #expect(try metadata(run)["search_seconds"] as? Double == seconds)
      #expect(try metadata(run)["trained_trials"] as? [Int] == [2, 1])
      #expect(try metadata(run)["best_trained_trial"] as? Int == 2)
    }
  }
}
