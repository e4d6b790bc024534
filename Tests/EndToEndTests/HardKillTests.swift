import Foundation
import Glibc
import RunChecking
import TestSupport
import Testing

/// Kills at the worst moments of a run whose script tells by itself whether it ever ran twice at once.
@Suite(.serialized) struct HardKillTests {
  @Test func aCoordinatorKilledAgainAndAgainLeavesNothingBehind() throws {
    let run = try WatchedRun("again", sleep: 0.05)
    var coordinator = try run.start()
    for round in 1...3 {
      try run.awaitStarts(3 * round)
      usleep(UInt32.random(in: 0...200_000))
      coordinator.send(SIGKILL)
      try coordinator.wait()
      #expect(try run.object(["status"])["coordinator_pid"] is NSNull)
      coordinator = try run.place.coordinator(["resume"])
      // On a slow machine the run may be over before it is asked.
      try eventually("the coordinator") {
        try coordinator.hasEnded || run.object(["status"])["coordinator_pid"] is Int
      }
      if coordinator.hasEnded { break }
    }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    // What ran was adopted: no attempt was given up, and none ran in two processes.
    #expect(check.restarts == 0)
    #expect(Set(run.notes("starts").map { "\($0.trial)/\($0.attempt)" }).count == run.notes("starts").count)
    try check.expectSound(run)
    for name in ["control.sock", "agent.json"] {
      #expect(!FileManager.default.fileExists(atPath: try run.place.runFolder() + "/" + name), "\(name)")
    }
  }

  @Test func grandchildrenInSessionsOfTheirOwnEndWithTheirSupervisor() throws {
    // Long legs: what is killed is killed in mid-leg.
    let run = try WatchedRun(
      "sessions", sleep: 0.2, trials: 8, child: true,
      scheduler: "{name: pasha, max_t: 9, grace_period: 3, random_seed: 5}")
    let coordinator = try run.start()
    try run.awaitStarts(4)
    // Stopped first, so that the agent starts nothing between two looks.
    let agents = run.agents
    for pid in agents { kill(pid, SIGSTOP) }
    let supervisors = run.supervisors
    let grandchildren = run.processes("sleep\u{0}300")
    #expect(!grandchildren.isEmpty)
    let before = Set(run.scripts + grandchildren)
    for pid in agents + supervisors { kill(pid, SIGKILL) }
    try eventually("what is left to be ended", within: .seconds(40)) { !before.contains { WatchedRun.isAlive($0) } }
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    #expect(check.restarts > 0)
    try check.expectSound(run)
  }

  @Test func twoInterruptsAtOnceLeaveTheAgentsToResume() throws {
    let run = try WatchedRun("twice", sleep: 0.2, trials: 6)
    let coordinator = try run.start()
    try run.awaitStarts(3)
    // Stopped, so that it finds both at once.
    coordinator.send(SIGSTOP)
    coordinator.send(SIGINT)
    coordinator.send(SIGTERM)
    coordinator.send(SIGCONT)
    #expect(try coordinator.wait() == 130, "\(coordinator.output)\(coordinator.errors)")
    #expect(!run.agents.isEmpty)
    let resumed = try run.place.coordinator(["resume"])
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    try run.expectNothingLeft()
    try JournalCheck(run).expectSound(run)
  }

  @Test func inTheBackgroundTheExitCodeIsTheCoordinators() throws {
    let run = try WatchedRun("background", sleep: 0.2)
    let coordinator = try run.start()
    try run.awaitStarts(1)
    try run.command(["resume", "--detach"], expecting: 76)
    try run.command(["stop"])
    try coordinator.wait()
    try run.command(["resume", "--detach"], expecting: 64)
    try run.expectNothingLeft()
  }

  @Test func aFileThatIsNotThereIsToldFromOneWithMistakes() throws {
    let run = try WatchedRun("missing")
    for arguments in [[], ["check"], ["run", "--detach"]] {
      try run.command(arguments + [run.place.folder.file("missing.yml")], expecting: 66)
    }
  }
}
