import Coordination
import FarmSupport
import Foundation
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Checkpoints that are kept elsewhere than on the host that wrote them.
  @Suite(.serialized) struct Stores {
    private static let asha = "{name: asha, max_t: 9, random_seed: 5}"

    @Test func withCopiesAtTheCoordinatorADeadHostCostsNothing() throws {
      let run = try FarmRun(
        "copies", hosts: 2,
        .init(sleep: 0.2, trials: 24, lostAfter: "10m", checkpoints: ["store: coordinator"], scheduler: Self.asha))
      let coordinator = try run.start()
      try run.awaitReports(12)
      try eventually("copies of all that ph2 sealed", within: .seconds(60)) {
        try run.farm.cut("ph2")
        usleep(300_000)
        if try Self.uncopied(run.facts()).isEmpty { return true }
        try run.farm.heal("ph2")
        usleep(500_000)
        return false
      }
      try run.farm.kill("ph2")
      try run.command(["hosts", "lost", "ph2"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft(on: ["ph1"])
      let check = try run.check()
      try check.expectSound(incomplete: check.journal.lost)
      #expect(check.moves.contains { $0.from == "ph2" && $0.to == "ph1" }, "\(check.moves)")
    }

    @Test func aFolderThatAllHostsMountHoldsCheckpoints() throws {
      let run = try FarmRun(
        "shared", hosts: 2,
        .init(sleep: 0.05, trials: 18, checkpoints: ["store: shared", "path: /run/shared/kept"], scheduler: Self.asha))
      try run.expectEnd(run.start())
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(!check.moves.isEmpty)
      #expect(!Self.files(run.farm.folder + "/shared/kept").isEmpty)
    }

    @Test func commandsKeepAndBringCheckpoints() throws {
      let place = "\"/run/shared/$PASHA_CHECKPOINT_KEY\""
      let run = try FarmRun(
        "commands", hosts: 2,
        .init(
          sleep: 0.05, trials: 18,
          checkpoints: [
            "store: command", "keep_best: 2",
            "put: 'mkdir -p \(place) && cp -a \"$PASHA_CHECKPOINT_DIR/.\" \(place)'",
            "get: 'cp -a \(place)/. \"$PASHA_CHECKPOINT_DIR\"'", "delete: 'rm -rf \(place)'",
          ], scheduler: Self.asha))
      try run.expectEnd(run.start())
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(!check.moves.isEmpty)
      let kept = Self.files(run.farm.folder + "/shared").filter { $0.hasSuffix("/state.json") }
      #expect(!kept.isEmpty)
      // What lost the race was deleted there as well.
      let seals = check.journal.facts.count {
        if case .attemptEnded(_, let end, _) = $0 { end.seal != nil } else { false }
      }
      #expect(kept.count < seals)
    }

    /// Trials of whose newest checkpoint the coordinator has no copy.
    private static func uncopied(_ facts: [Fact]) -> Set<TrialID> {
      var newest: [TrialID: Int] = [:]
      for fact in facts {
        switch fact {
        case .attemptEnded(let attempt, let end, _):
          if let seal = end.seal { newest[attempt.trial] = seal.generation }
        case .checkpointCopied(let trial, let generation, .coordinator):
          if newest[trial] == generation { newest[trial] = nil }
        default: break
        }
      }
      return Set(newest.keys)
    }

    private static func files(_ folder: String) -> [String] {
      (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    }
  }
}
