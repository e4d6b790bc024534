import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Faults of the processes: who is away, or stopped, for longer than others wait.
  @Suite(.serialized) struct Processes {
    private static let longLegs = "{name: asha, max_t: 9, grace_period: 6, random_seed: 5}"

    private static func isEarly(_ report: ReceivedReport) -> Bool { report.resource ?? 9 <= 2 }

    @Test func whileTheCoordinatorIsAwayTrialsComeToTheirMilestonesAndAreSealed() throws {
      let run = try FarmRun("away", hosts: 2, .init(sleep: 0.1, trials: 8, checkpoints: ["hold_limit: 1s"]))
      let coordinator = try run.start()
      try run.awaitReports(4)
      coordinator.send(SIGKILL)
      try coordinator.wait()
      let known = try run.facts().count
      try eventually("the pause of all trials", within: .seconds(40)) {
        try run.farm.names.allSatisfy { try run.trials($0).isEmpty && run.supervisors($0).isEmpty }
      }
      // The agents wait for the coordinator with what the trials said.
      for host in run.farm.names { #expect(try run.agents(host).count == 1) }
      #expect(try run.facts().count == known)
      try run.expectEnd(run.place.coordinator(["resume"]))
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
    }

    @Test func anAgentThatIsStoppedForLongerThanTheLeaseLosesItsTrials() throws {
      let run = try FarmRun(
        "frozen", hosts: 2, .init(sleep: 0.4, trials: 4, lostAfter: "5s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph1", where: Self.isEarly)
      let agents = try run.agents("ph1")
      #expect(agents.count == 1)
      _ = try run.farm.inside("ph1", "kill -STOP \(agents[0])")
      try run.await("the lease's end", within: .seconds(40)) { $0.contains { $0.isEnd(of: attempt) } }
      // Its supervisor needs no agent for that.
      #expect(try run.trials("ph1").isEmpty)
      _ = try run.farm.inside("ph1", "kill -CONT \(agents[0])")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      #expect(lost.contains(attempt))
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
    }

    @Test func aCoordinatorThatWasStoppedForTwiceTheLeaseReadsBeforeItJudges() throws {
      let run = try FarmRun("asleep", hosts: 2, .init(sleep: 0.3, trials: 6, lostAfter: "5s"))
      let coordinator = try run.start()
      try run.awaitReports(4)
      coordinator.send(SIGSTOP)
      sleep(10)
      coordinator.send(SIGCONT)
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      // Trials may have been ended at the lease by their own side; no agent was given up.
      let lost = check.journal.lost
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
      let states = check.journal.facts.compactMap { fact in
        if case .agentReachability(_, let state) = fact { state } else { nil }
      }
      #expect(!states.contains(.lost), "\(states)")
    }

    @Test func aSecondCoordinatorOfARunIsRefused() throws {
      let run = try FarmRun("second", hosts: 1, .init(sleep: 0.1, trials: 4))
      let coordinator = try run.start()
      try run.awaitReports(1)
      let second = try run.place.coordinator(["resume"])
      #expect(try second.wait(limit: 30) == 76, "\(second.output)\(second.errors)")
      #expect(second.errors.contains("\(coordinator.pid)"), "\(second.errors)")
      try run.expectEnd(coordinator)
      try run.check().expectSound()
    }

    @Test func clocksThatJumpByADayChangeNothing() throws {
      let run = try FarmRun("clocks", hosts: 2, .init(sleep: 0.2, trials: 8, lostAfter: "5s"))
      let clocks = try MovedClocks(run)
      let coordinator = try run.place.coordinator([run.file], environment: clocks.environment)
      for (reports, hours) in [(2, 24), (5, -24), (8, 0)] {
        try run.awaitReports(reports)
        try clocks.moveCoordinator(hours: hours)
        try clocks.moveAgents(hours: -hours)
      }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      for problem in try check.problems(wallClocks: false) { Issue.record("\(problem)") }
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
      let walls = check.journal.records.map(\.stamp.wall.microseconds)
      let day = Int64(86_400) * 1_000_000
      // The clock that people read did jump; the run's own went on.
      #expect(try #require(walls.max()) - #require(walls.min()) > day)
      let last = try #require(check.journal.records.last)
      #expect(last.stamp.active < .seconds(120))
    }
  }
}

extension Fact {
  func isEnd(of attempt: TrialAttempt) -> Bool {
    if case .attemptEnded(attempt, _, _) = self { true } else { false }
  }
}
