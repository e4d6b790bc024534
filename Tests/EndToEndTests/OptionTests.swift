import Coordination
import Foundation
import RunChecking
import TestSupport
import Testing

/// Runs with what a cluster file may say beside the plain case.
struct OptionTests {
  private func finish(_ run: WatchedRun) throws -> JournalCheck {
    let coordinator = try run.start()
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    try check.expectSound(run)
    return check
  }

  @Test func bracketsHaveRungsOfTheirOwn() throws {
    let check = try finish(
      WatchedRun(
        "brackets", sleep: 0.01, trials: 16,
        scheduler: "{name: pasha, max_t: 9, brackets: 2, rung_system_per_bracket: true, random_seed: 5}"))
    #expect(Set(check.facts.compactMap { if case .trialCreated(let one) = $0 { one.bracket } else { nil } }) == [0, 1])
  }

  @Test func aMaximumResourceAttributeTellsTheScriptWhereToEnd() throws {
    let check = try finish(
      WatchedRun("maximum", sleep: 0.01, trials: 8, experiment: ["max_resource_attr: epochs"]))
    #expect(check.state.totals.continuedInPlace == 0)
  }

  @Test func fewerWorkersThanSlotsRunAtOnce() throws {
    let check = try finish(WatchedRun("workers", sleep: 0.02, trials: 6, slots: 4, sections: ["n_workers: 1"]))
    var running = 0
    for fact in check.facts {
      if case .attemptAssigned = fact { running += 1 }
      if case .attemptEnded = fact { running -= 1 }
      #expect(running <= 1)
    }
  }

  @Test(arguments: ["now", "finish_running", "finish_promotions"])
  func atTheLimitTheRunEndsAsTold(limit: String) throws {
    let check = try finish(
      WatchedRun("limit", sleep: 0.02, slots: 2, stop: "{max_num_trials_started: 6, at_limit: \(limit)}"))
    #expect(check.state.trials.count == 6)
    #expect(check.state.end?.reason == .trialsStarted)
  }

  @Test func theWallClockEndsTheRun() throws {
    let check = try finish(WatchedRun("clock", sleep: 0.1, stop: "{max_wallclock_time: 4s}"))
    #expect(check.state.end?.reason == .wallclockTime)
  }

  @Test func onlyTheBestKeepTheirCheckpoints() throws {
    let run = try WatchedRun(
      "keep", sleep: 0.02, trials: 8, checkpoints: "{settle: 100ms, grace: 1s, keep_best: 2}")
    let check = try finish(run)
    let best = try run.object(["best"])
    let checkpoint = try #require((best["checkpoint"] as? [String: Any])?["path"] as? String)
    #expect(FileManager.default.fileExists(atPath: checkpoint + "/state.json"))
    let home = try #require(check.state.agents.first?.greeting?.home)
    let sealed = try FileManager.default.contentsOfDirectory(atPath: home + "/trials").filter { trial in
      let seals = (try? FileManager.default.contentsOfDirectory(atPath: "\(home)/trials/\(trial)/seals")) ?? []
      return seals.contains { $0.hasSuffix(".seal") }
    }
    #expect(sealed.count <= 2 && !sealed.isEmpty, "\(sealed)")
  }
}
