import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Hosts and agents that go away in mid-run.
  @Suite(.serialized) struct Loss {
    /// The first milestone is three epochs away: what reports is in the middle of its way.
    private static let longLegs = "{name: asha, max_t: 9, grace_period: 6, random_seed: 5}"

    /// The attempt has a good part of its leg before it.
    private static func isEarly(_ report: ReceivedReport) -> Bool { report.resource ?? 9 <= 2 }

    @Test func aKilledAgentIsStartedAgainAndAdoptsItsTrials() throws {
      let run = try FarmRun(
        "agent", hosts: 2, .init(sleep: 0.5, trials: 4, lostAfter: "60s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      // In mid-leg: an attempt that its agent was about to start would be begun anew.
      _ = try run.awaitReport(on: "ph1", where: Self.isEarly)
      let agents = try run.agents("ph1")
      #expect(agents.count == 1)
      try run.kill(agents, on: "ph1")
      try eventually("another agent", within: .seconds(30)) {
        let now = try run.agents("ph1")
        return now.count == 1 && now != agents
      }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(check.journal.lost.isEmpty)
    }

    @Test func aHostWithoutPowerComesBackWithoutItsTrials() throws {
      let run = try FarmRun("power", .init(sleep: 0.3, trials: 6, lostAfter: "60s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph2", where: Self.isEarly)
      try run.farm.kill("ph2")
      usleep(500_000)
      try run.farm.start("ph2")
      // Another boot is proof: nobody waits for the lease.
      try run.await("its attempt to be given up", within: .seconds(40)) { facts in
        facts.contains { if case .attemptEnded(attempt, _, _) = $0 { true } else { false } }
      }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound(incomplete: check.journal.lost, reruns: Set(check.journal.lost.map(\.trial)))
      #expect(check.journal.lost.contains(attempt))
      #expect(check.journal.restarts > 0)
    }

    @Test func aShortCutDisturbsNoTrial() throws {
      let run = try FarmRun("short-cut", .init(sleep: 0.4, trials: 9, lostAfter: "30s"))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph3")
      try run.farm.cut("ph3")
      sleep(4)
      let known = try run.check().journal.facts.count { $0.isReport(of: attempt) }
      try run.farm.heal("ph3")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(check.journal.lost.isEmpty)
      #expect(check.journal.facts.count { $0.isReport(of: attempt) } >= known)
    }

    @Test func aHostThatIsCutForTooLongIsGivenUpByBothSides() throws {
      let run = try FarmRun("long-cut", .init(sleep: 0.4, trials: 6, lostAfter: "5s", scheduler: Self.longLegs))
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph1", where: Self.isEarly)
      try run.farm.cut("ph1")
      try run.await("the lease's end", within: .seconds(40)) { facts in
        facts.contains { if case .attemptEnded(attempt, _, _) = $0 { true } else { false } }
      }
      // The other side gave it up before.
      #expect(try run.trials("ph1").isEmpty)
      try run.awaitLaterAttempt(than: attempt)
      try run.farm.heal("ph1")
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      #expect(lost.contains(attempt))
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
    }
  }
}

extension Fact {
  func isReport(of attempt: TrialAttempt) -> Bool {
    if case .reportReceived(let report) = self { report.attempt == attempt } else { false }
  }
}
