import Coordination
import Foundation
import Glibc
import TestSupport
import Testing

/// Kills what a run is made of, in mid-run, and looks whether anything was lost or done twice.
@Suite(.serialized) struct KillTests {
  @Test func aKilledCoordinatorIsTakenUpByAnotherAndItsTrialsRunOn() throws {
    let run = try RealRun("kill-coordinator", sleep: "0.3", trials: 10)
    var coordinator = try run.start()
    for reports in [2, 5, 8] {
      try run.waitForReports(reports)
      coordinator.send(SIGKILL)
      #expect(try coordinator.wait() == 128 + SIGKILL)
      #expect(!run.agents.isEmpty)
      coordinator = try run.resume()
    }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let check = try RunCheck(run)
    #expect(check.adopted > 0)
    try check.all()
    #expect(check.losses == 0)
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  @Test func aKilledAgentIsReplacedAndItsTrialsAreAdopted() throws {
    let run = try RealRun("kill-agent", sleep: "0.1", trials: 8)
    let coordinator = try run.start()
    try run.waitForReports(4)
    // Between one trial and the next none may run.
    try eventually("a trial that runs") { !run.trials.isEmpty }
    let agents = run.agents
    #expect(agents.count == 1)
    kill9(agents)
    try eventually("another agent", within: .seconds(30)) { run.agents.contains { !agents.contains($0) } }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let check = try RunCheck(run)
    try check.all()
    #expect(check.lossesOfRunning == 0)
  }

  @Test func whenAgentAndSupervisorsAreKilledTrialsStartAgainFromTheirSeals() throws {
    let run = try RealRun("kill-all", sleep: "0.1", trials: 8)
    let coordinator = try run.start()
    try run.waitForReports(10)
    let trials = run.trials
    kill9(run.agents + run.supervisors)
    try eventually("what is left to be ended", within: .seconds(30)) { trials.allSatisfy(RealRun.isDead) }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    let check = try RunCheck(run)
    try check.all()
    #expect(check.losses > 0)
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }

  @Test func anInterruptPausesAndResumeGoesOn() throws {
    let run = try RealRun("interrupt", sleep: "0.1", trials: 8)
    let coordinator = try run.start()
    try run.waitForReports(6)
    coordinator.send(SIGINT)
    #expect(try coordinator.wait() == 75, "\(coordinator.output)\(coordinator.errors)")
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
    let status = try #require(run.place.json(["status"]) as? [String: Any])
    #expect(status["status"] as? String == "paused")
    let resumed = try run.resume()
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    try RunCheck(run).all()
  }

  @Test func aSecondInterruptLeavesTheAgentsRunningAndResumeFindsThem() throws {
    let run = try RealRun("abandon", sleep: "0.2", trials: 6)
    let coordinator = try run.start()
    try run.waitForReports(4)
    coordinator.send(SIGINT)
    coordinator.send(SIGTERM)
    let status = try coordinator.wait()
    // The first may have been done with before the second came.
    #expect(status == 130 || status == 75)
    let resumed = try run.resume()
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    try RunCheck(run).all()
  }
}
