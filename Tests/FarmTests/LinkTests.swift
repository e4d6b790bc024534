import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Links that lose, delay, or carry one way alone, and hosts that are off for longer than anybody waits.
  @Suite(.serialized) struct Links {
    private static let longLegs = "{name: asha, max_t: 9, grace_period: 6, random_seed: 5}"

    private static func isEarly(_ report: ReceivedReport) -> Bool { report.resource ?? 9 <= 2 }

    @Test(arguments: [LinkTrouble.hearsNothing, .heardByNobody])
    func aLinkOfOneDirectionEndsTheTrialsOnBothSides(_ trouble: LinkTrouble) throws {
      let run = try FarmRun(
        "one-way", hosts: 2, .init(sleep: 0.4, trials: 4, lostAfter: "5s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph1", where: Self.isEarly)
      let end = try run.farm.trouble("ph1", trouble)
      try run.await("the lease's end", within: .seconds(40)) { $0.contains { $0.isEnd(of: attempt) } }
      #expect(try run.trials("ph1").isEmpty)
      try end()
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
    }

    @Test func linksThatGoOneByOneAndComeBackInAnotherOrder() throws {
      let run = try FarmRun("clogged", .init(sleep: 0.3, trials: 9, lostAfter: "30s"))
      let coordinator = try run.start()
      for host in run.farm.names { _ = try run.awaitReport(on: host) }
      for host in ["ph1", "ph2", "ph3"] {
        try run.farm.cut(host)
        usleep(700_000)
      }
      for host in ["ph2", "ph3", "ph1"] {
        try run.farm.heal(host)
        usleep(700_000)
      }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
    }

    @Test(arguments: [LinkTrouble.loss, .delay, .narrow])
    func aBadLinkCostsTimeAndNothingElse(_ trouble: LinkTrouble) throws {
      let run = try FarmRun("bad-\(trouble.rawValue)", hosts: 2, .init(sleep: 0.2, trials: 8, lostAfter: "60s"))
      let coordinator = try run.start()
      try run.awaitReports(1)
      var ends: [() throws -> Void] = []
      for host in run.farm.names { ends.append(try run.farm.trouble(host, trouble)) }
      try run.awaitReports(12)
      for end in ends { try end() }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
    }

    @Test func aHostWithoutPowerForLongerThanTheLeaseIsReplaced() throws {
      let run = try FarmRun(
        "dark", hosts: 2, .init(sleep: 0.4, trials: 4, lostAfter: "5s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph1", where: Self.isEarly)
      try run.farm.kill("ph1")
      try run.awaitLaterAttempt(than: attempt)
      try run.farm.start("ph1")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      #expect(lost.contains(attempt))
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
    }
  }

  /// Disks that are full for a while.
  @Suite(.serialized) struct Disks {
    @Test func aJournalWithoutRoomEndsTheCoordinatorAndNothingIsLost() throws {
      var options = FarmRun.Options(sleep: 0.2, trials: 8)
      options.stateDisk = "64M"
      let run = try FarmRun("full-journal", hosts: 2, options)
      let coordinator = try run.start()
      try run.awaitReports(4)
      let state = run.place.folder.file("state")
      try SmallDisk.fill(state)
      #expect(try coordinator.wait(limit: 60) == 70, "\(coordinator.output)\(coordinator.errors)")
      #expect(coordinator.errors.contains("full"), "\(coordinator.errors)")
      SmallDisk.free(state)
      try run.expectEnd(run.place.coordinator(["resume"]))
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
    }

    @Test func checkpointsThatFindNoRoomForAWhileAreSealedLater() throws {
      var options = FarmRun.Options(
        sleep: 0.1, trials: 8, checkpoints: ["store: shared", "path: /run/shared/kept"],
        scheduler: "{name: asha, max_t: 9, random_seed: 5}", bytes: 10_000)
      options.disk = "96M"
      let run = try FarmRun("full-checkpoints", hosts: 2, options)
      let coordinator = try run.start()
      try run.awaitReports(4)
      try SmallDisk.fill(run.farm.folder + "/shared")
      sleep(2)
      SmallDisk.free(run.farm.folder + "/shared")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(!coordinator.output.contains("is not sealed"), "\(coordinator.output)")
    }

    @Test func aCheckpointThatFindsNoRoomIsToldOf() throws {
      var options = FarmRun.Options(
        sleep: 0.1, trials: 6, checkpoints: ["store: shared", "path: /run/shared/kept"],
        scheduler: "{name: asha, max_t: 9, random_seed: 5}", bytes: 10_000)
      options.disk = "96M"
      let run = try FarmRun("no-room", hosts: 1, options)
      let coordinator = try run.start()
      try run.awaitReports(1)
      try SmallDisk.fill(run.farm.folder + "/shared")
      let words = "its checkpoint is not sealed: cannot write: No space left on device"
      try eventually("'\(words)'", within: .seconds(60)) {
        usleep(100_000)
        return coordinator.output.contains(words)
      }
      SmallDisk.free(run.farm.folder + "/shared")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound(reruns: Set(check.journal.state.trials.map(\.id)))
    }

    @Test func aHostWhoseDiskIsFullCostsTrialsAndNotTheRun() throws {
      var options = FarmRun.Options(sleep: 0.2, trials: 10)
      options.disk = "96M"
      options.sections = ["failures: {max_failures: 100, max_restarts: 100}"]
      let run = try FarmRun("full-host", hosts: 2, options)
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      try SmallDisk.fill(run.farm.home("ph1"))
      // The other one goes on meanwhile.
      let known = try run.check().attempts(on: "ph2").flatMap(\.epochs).count
      try eventually("reports of ph2", within: .seconds(60)) {
        usleep(100_000)
        return try run.check().attempts(on: "ph2").flatMap(\.epochs).count > known + 3
      }
      SmallDisk.free(run.farm.home("ph1"))
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      try check.expectSound(incomplete: lost, reruns: Set(check.journal.state.trials.map(\.id)))
    }
  }
}
