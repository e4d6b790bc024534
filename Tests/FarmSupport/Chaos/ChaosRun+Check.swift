import Coordination
import Foundation
import Glibc
import RunChecking
import TestSupport
import TuningModel

extension ChaosRun {
  /// What the journal, the trials' own files and notes, and the checkpoints say against the run.
  func check() throws -> [String] {
    let homes = run.farm.names.map { ($0, run.farm.home($0)) }
    let check = try FarmCheck(
      FarmCheck.Places(
        run: run.place.runFolder(), base: run.place.folder.path, homes: Dictionary(uniqueKeysWithValues: homes),
        notes: Self.notes(run),
        shared: schedule.store == .shared ? run.farm.folder + "/shared/kept" : nil))
    for kind in FaultKind.allCases {
      guard let clock = kind.clock else { continue }
      let count = clocks.moves.count { $0.whose == clock && check.seen($0) > 0 }
      if count > 0 { effects[kind] = count }
    }
    let lost = check.journal.lost
    let reruns = Set(lost.map(\.trial)).union(check.bereft)
    return try check.problems(incomplete: lost, reruns: reruns, wallClocks: false) + check.pulseProblems()
      + check.checkpointProblems() + check.failureProblems(schedule.faults)
      + check.clockProblems(clocks.moves)
  }

  /// How often the run recovered, by what came back.
  public func recoveries() -> [String: Int] {
    var counts: [String: Int] = [:]
    for fact in (try? run.facts()) ?? [] {
      switch fact {
      case .runResumed: counts["coordinators resumed", default: 0] += 1
      case .agentGreeted: counts["agents in touch", default: 0] += 1
      case .attemptAssigned(let assignment) where assignment.reason == .restarted:
        counts["trials started again", default: 0] += 1
      case .agentReachability(_, .reachable): counts["agents reachable again", default: 0] += 1
      default: break
      }
    }
    return counts
  }

  /// What the run did, for a log.
  public func figures() -> String {
    let facts = (try? run.facts()) ?? []
    let trials = facts.count { if case .trialCreated = $0 { true } else { false } }
    let reports = facts.count { if case .reportReceived = $0 { true } else { false } }
    let attempts = facts.count { if case .attemptAssigned = $0 { true } else { false } }
    return "\(trials) trials, \(attempts) attempts, \(reports) reports, \(tenths(time)) s"
  }

  /// Copies all that tells what happened.
  public func keep(in folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(log.utf8).write(to: URL(fileURLWithPath: folder + "/coordinator.txt"))
    var commands = [
      "cp -a '\(run.place.folder.file("state/runs"))' '\(folder)/runs'", "cp -a '\(run.file)' '\(folder)'",
    ]
    for host in run.farm.names {
      commands.append("mkdir -p '\(folder)/\(host)'")
      commands.append("cp -a '\(run.farm.folder)/hosts/\(host)/sshd.log' '\(folder)/\(host)'")
      commands.append("cp -a '\(run.farm.folder)/hosts/\(host)/notes' '\(folder)/\(host)'")
      commands.append("rm -rf '\(run.farm.home(host))/.pasha/bundles'")
      commands.append("cp -a '\(run.farm.home(host))/.pasha' '\(folder)/\(host)/pasha'")
    }
    commands.append("cp -a '\(run.farm.folder)/shared' '\(folder)'")
    let copy = try CommandProcess("/bin/sh", ["-c", commands.joined(separator: "; ")])
    try copy.wait(limit: 60)
  }
}

extension FarmCheck {
  /// Trials that failed although nobody killed them and no disk was full.
  public func failureProblems(_ faults: [Fault]) -> [String] {
    var kills = faults.count { $0.kind == .trialKilled }
    let diskWasFull = faults.contains { [.trialDiskFull, .checkpointDiskFull].contains($0.kind) }
    var problems: [String] = []
    for case .attemptEnded(let attempt, let end, .failed(let kind)) in journal.facts {
      if end.cause == .failed, end.signal == 9, kills > 0 {
        kills -= 1
      } else if !(diskWasFull && (end.errorTail.contains("No space left on device") || end.errorTail.isEmpty)) {
        // On a full disk there may be no room for the script's last words, and it may have been freed when they were read.
        problems.append(
          "trial \(attempt.trial) failed (\(kind), \(end.cause), status \(end.exitStatus ?? -1), signal "
            + "\(end.signal ?? 0)): \(end.errorTail)")
      }
    }
    return problems
  }
}
