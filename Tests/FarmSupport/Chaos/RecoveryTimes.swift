import Coordination
import Foundation
import Glibc
import Journal
import TestSupport
import TuningModel

/// Measures how long a run on real hosts takes to recover: two hosts, two trials that train without end.
public final class RecoveryTimes {
  public static let lease = 10.0

  private let run: FarmRun
  private var coordinator: CommandProcess
  private let reader: JournalReader
  private var facts: [Fact] = []
  private var last = 0

  public init() throws {
    var options = FarmRun.Options(
      slots: 2, sleep: 0.1, trials: 2, heartbeat: "1s", lostAfter: "\(Int(Self.lease))s",
      scheduler: "{name: asha, max_t: 100000, grace_period: 50000, random_seed: 5}")
    options.epochs = 100_000
    options.sections = ["failures: {max_restarts: 1000}"]
    run = try FarmRun("recovery", hosts: 2, options)
    coordinator = try run.start()
    for host in run.farm.names { try run.awaitHost(host) }
    try run.awaitReports(4)
    reader = try JournalReader(at: run.place.runFolder() + "/journal.sqlite")
    try read()
  }

  public func end() throws {
    coordinator.send(SIGINT)
    try coordinator.wait(limit: 60)
  }

  /// Seconds from the end of an agent to the first report of a trial of its that the journal has through the next one.
  public func agentKilled() throws -> Double {
    let (attempt, host) = try running()
    let agents = run.farm.processesFromHere(host, " --launched").filter { !$0.command.contains("/sh ") }
    let begun = ContinuousClock.now
    for agent in agents { Glibc.kill(agent.pid, SIGKILL) }
    usleep(30_000)  // what it had sent before
    try read()
    return try seconds(since: begun, "the adoption of \(attempt)") { $0.isReport(of: attempt) }
  }

  /// Seconds from the end of the coordinator, which is resumed at once, to the first report that the next one takes.
  public func coordinatorKilled() throws -> Double {
    let begun = ContinuousClock.now
    coordinator.send(SIGKILL)
    try coordinator.wait()
    try read()
    coordinator = try run.place.coordinator(["resume"])
    return try seconds(since: begun, "a report") { if case .reportReceived = $0 { true } else { false } }
  }

  /// Seconds from a host's loss of power to the start of its trials elsewhere.
  public func hostLost() throws -> Double {
    let (attempt, host) = try running()
    try read()
    let begun = ContinuousClock.now
    try run.farm.kill(host)
    let result = try seconds(since: begun, "trial \(attempt.trial) elsewhere") {
      if case .attemptStarted(let other, _) = $0 { other.trial == attempt.trial && other > attempt } else { false }
    }
    try run.farm.start(host)
    _ = try seconds(since: begun, "\(host) again") { if case .agentPrepared(_, nil) = $0 { true } else { false } }
    return result
  }

  // MARK: Looking

  /// An attempt that runs, and its host.
  private func running() throws -> (TrialAttempt, String) {
    try eventually("a trial that reports", within: .seconds(60)) {
      usleep(300_000)
      try read()
      var places: [TrialAttempt: AgentID] = [:]
      var reported: Set<TrialAttempt> = []
      for fact in facts {
        switch fact {
        case .attemptAssigned(let assignment): places[assignment.attempt] = assignment.slot.agent
        case .reportReceived(let report): reported.insert(report.attempt)
        case .attemptEnded(let attempt, _, _), .attemptRefused(let attempt, _, _): places[attempt] = nil
        default: break
        }
      }
      guard let (attempt, agent) = places.filter({ reported.contains($0.key) }).min(by: { $0.key < $1.key }) else {
        return nil
      }
      return run.farm.names.first { facts.agents(named: $0).contains(agent) }.map { (attempt, $0) }
    }
  }

  /// Takes in what the journal has beyond what is known.
  @discardableResult
  private func read() throws -> [Fact] {
    let fresh = try reader.tail(after: last, limit: 100_000)
    last = fresh.last?.sequence ?? last
    facts += fresh.map(\.fact)
    return fresh.map(\.fact)
  }

  private func seconds(
    since begun: ContinuousClock.Instant, _ what: String, _ isIt: (Fact) -> Bool
  ) throws -> Double {
    try eventually(what, within: .seconds(90)) { try read().contains(where: isIt) }
    return (ContinuousClock.now - begun) / .seconds(1)
  }
}

extension Fact {
  func isReport(of attempt: TrialAttempt) -> Bool {
    if case .reportReceived(let report) = self { report.attempt == attempt } else { false }
  }
}
