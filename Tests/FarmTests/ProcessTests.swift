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

    /// All processes of a host stand still, as when a machine is suspended: agent, supervisors, trials, its SSH server.
    @Test func aHostThatIsSuspendedForLongerThanTheLeaseComesBackWithoutItsTrials() throws {
      var options = FarmRun.Options(sleep: 0.4, trials: 5_000, lostAfter: "5s", scheduler: Self.longLegs)
      options.slots = 2
      let run = try FarmRun("suspended", hosts: 2, options)
      let coordinator = try run.start()
      let attempt = try run.awaitReport(on: "ph1", where: Self.isEarly)
      let end = try run.farm.suspend("ph1")
      let asleep = Date().timeIntervalSince1970
      // Nothing there can end the trial: another attempt begins elsewhere once nobody can wait any longer.
      try run.awaitLaterAttempt(than: attempt)
      sleep(3)
      let awake = Date().timeIntervalSince1970
      try end()
      let known = try run.facts().count
      try run.await("ph1's next trial", within: .seconds(60)) { facts in
        let agents = facts.agents(named: "ph1")
        return facts.dropFirst(known).contains {
          if case .attemptAssigned(let assignment) = $0 { agents.contains(assignment.slot.agent) } else { false }
        }
      }
      _ = try run.awaitReport(on: "ph1", where: Self.isEarly)
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      #expect(lost.contains(attempt))
      // What slept was ended as it woke: it may have shown life once more, and have ended the epoch that was due then.
      let slept = check.attempts(on: "ph1").filter {
        lost.contains($0.name) && $0.began < asleep && $0.ended >= asleep - 1
      }
      #expect(slept.contains { $0.name == attempt }, "\(check.attempts)")
      for one in slept {
        #expect(one.ended < awake + 1, "\(one) went on for \(one.ended - awake) s")
        let counted = check.journal.facts.count { $0.isReport(of: one.name) }
        #expect(one.epochs.count <= counted + 2, "\(one), \(counted) reports of which count")
      }
      let excused = Dictionary(slept.map { ($0.name, awake + 1) }) { $1 }
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)), overlapsUntil: excused)
      // One line for each thing that happened.
      let lines = coordinator.output.split(separator: "\n").filter {
        $0.contains("(ph1)")
      }
      for words in ["is lost", "is back"] {
        #expect(lines.count { $0.contains(words) } == 1, "\(words): \(lines.joined(separator: "\n"))")
      }
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

    /// Agents know their coordinator by its key: those of before end their trials by the lease, and others take their places.
    @Test func aRunWhoseKeyIsGoneGoesOnOnItsHosts() throws {
      let run = try FarmRun("keyless", hosts: 2, .init(sleep: 0.3, trials: 6, lostAfter: "5s"))
      let coordinator = try run.start()
      try run.awaitReports(4)
      coordinator.send(SIGKILL)
      try coordinator.wait()
      try FileManager.default.removeItem(atPath: run.place.runFolder() + "/secret.key")
      let resumed = try run.place.coordinator(["resume"])
      try run.expectEnd(resumed)
      #expect(resumed.output.contains("secret.key was gone"), "\(resumed.output)")
      try run.expectNothingLeft()
      let check = try run.check()
      let lost = check.journal.lost
      try check.expectSound(incomplete: lost, reruns: Set(lost.map(\.trial)))
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
        try clocks.move(.coordinator, hours: hours)
        try clocks.move(.agents, hours: -hours)
      }
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      let problems = try check.problems(wallClocks: false) + check.clockProblems(clocks.moves)
      for problem in problems { Issue.record("\(problem)") }
      #expect(check.journal.restarts == 0 && check.journal.lost.isEmpty)
      let walls = check.journal.records.map(\.stamp.wall.microseconds)
      let day = Int64(86_400) * 1_000_000
      // The clocks that people read did jump, on either side; the run's own went on.
      #expect(try #require(walls.max()) - #require(walls.min()) > day)
      #expect(clocks.moves.count == 4)
      for move in clocks.moves { #expect(check.seen(move) > 0, "\(move)") }
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
