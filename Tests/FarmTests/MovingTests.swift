import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel
import Wire

extension FarmRuns {
  /// Trials that go on where they were not before.
  @Suite(.serialized) struct Moving {
    @Test func checkpointsMoveBetweenAllHosts() throws {
      let run = try FarmRun(
        "moving", .init(sleep: 0.05, trials: 5000, scheduler: "{name: asha, max_t: 9, random_seed: 5}"))
      let coordinator = try run.start()
      // Which moves there are is a matter of chance; all come in time.
      try run.await("moves between all pairs of hosts", within: .seconds(90)) { Self.pairs($0).count == 3 }
      try run.command(["stop"])
      try run.expectEnd(coordinator)
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(Set(check.moves.map { Set([$0.from, $0.to]) }).count == 3, "\(check.moves)")
    }

    /// Pairs of agents between which a checkpoint moved of which a trial went on and reported.
    private static func pairs(_ facts: [Fact]) -> Set<Set<AgentID>> {
      var moved: [TrialAttempt: Set<AgentID>] = [:]
      var found: Set<Set<AgentID>> = []
      for fact in facts {
        switch fact {
        case .attemptAssigned(let assignment):
          if case .agent(let source) = assignment.source {
            moved[assignment.attempt] = [source, assignment.slot.agent]
          }
        case .reportReceived(let report): if let pair = moved[report.attempt] { found.insert(pair) }
        default: break
        }
      }
      return found
    }

    @Test func anInterruptPausesAllHostsAndResumeGoesOn() throws {
      let run = try FarmRun("interrupt", .init(sleep: 0.1, trials: 9))
      let coordinator = try run.start()
      try run.awaitReports(8)
      coordinator.send(SIGINT)
      #expect(try coordinator.wait() == 75, "\(coordinator.output)\(coordinator.errors)")
      try run.expectNothingLeft()
      try run.expectEnd(run.place.coordinator(["resume"]))
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
    }

    @Test func aKilledCoordinatorFindsItsHostsAgain() throws {
      let run = try FarmRun("killed", .init(sleep: 0.3, trials: 9))
      let coordinator = try run.start()
      try run.awaitReports(6)
      coordinator.send(SIGKILL)
      try coordinator.wait()
      // Long enough for trials to come to their milestones.
      sleep(1)
      for host in run.farm.names { #expect(try run.agents(host).count == 1) }
      try run.expectEnd(run.place.coordinator(["resume"]))
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      // Each host has one agent from the beginning to the end.
      #expect(check.journal.state.agents.count == 3)
    }
  }
}
