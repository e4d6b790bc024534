import Foundation
import Glibc
import TestSupport

extension ChaosRun {
  /// What came of the beginning of a fault.
  enum Beginning {
    /// What it is done to was not there.
    case nothingThere
    case isOver
    case goesOn(end: () throws -> Void)
  }

  func begin(_ fault: Fault) throws -> Beginning {
    let host = "ph\(fault.host)"
    switch fault.kind {
    case .coordinatorKilled: return .goesOn(end: try killCoordinator())
    case .coordinatorStopped: return stop([coordinator.pid])
    case .launchersKilled: return kill(launchers, "launchers")
    case .agentKilled: return kill(agents(host), "agent")
    case .agentAndSupervisorsKilled: return kill(agents(host) + supervisors(host), "agent and supervisors")
    case .supervisorKilled: return kill(one(of: supervisors(host), fault), "supervisor")
    case .trialKilled: return kill(one(of: trials(host), fault), "trial")
    case .agentStopped: return stop(agents(host))
    case .supervisorStopped: return stop(one(of: supervisors(host), fault))
    case .trialStopped: return stop(one(of: trials(host), fault))
    case .linkCut:
      try run.farm.cut(host)
      return .goesOn { [run] in try run.farm.heal(host) }
    case .hearsNothing, .heardByNobody, .loss, .delay, .narrow:
      guard let trouble = fault.kind.trouble else { return .nothingThere }
      return .goesOn(end: try run.farm.trouble(host, trouble))
    case .hostKilled:
      try run.farm.kill(host)
      return .goesOn { [run] in try run.farm.start(host) }
    case .journalDiskFull: return .goesOn(end: try fillJournal())
    case .trialDiskFull: return try fill(run.farm.home(host))
    case .checkpointDiskFull: return try fill(run.farm.folder + "/shared")
    case .coordinatorClock, .agentClocks:
      let whose = fault.kind == .agentClocks ? MovedClocks.Whose.agents : .coordinator
      try clocks.move(whose, hours: fault.pick % 2 == 0 ? 24 : -24)
      return .goesOn { [clocks] in try clocks.move(whose, hours: 0) }
    }
  }

  private func killCoordinator() throws -> () throws -> Void {
    mayEnd = true
    coordinator.send(SIGKILL)
    return { [self] in try resume() }
  }

  /// The coordinator ends when it cannot write any more, or has had nothing to write.
  private func fillJournal() throws -> () throws -> Void {
    mayEnd = true
    let state = run.place.folder.file("state")
    try SmallDisk.fill(state)
    return { [self] in
      SmallDisk.free(state)
      // It may have met the full disk at the last moment.
      usleep(300_000)
      guard coordinator.hasEnded else { return mayEnd = false }
      let status = try coordinator.wait()
      note("the coordinator had ended with status \(status)")
      guard status == 70 else {
        throw WaitedInVain(description: "with a full disk the coordinator ended with \(status):\n\(tail(coordinator))")
      }
      try resume()
    }
  }

  private func fill(_ folder: String) throws -> Beginning {
    try SmallDisk.fill(folder)
    return .goesOn { SmallDisk.free(folder) }
  }

  // MARK: Processes

  private func agents(_ host: String) -> [Int32] {
    run.farm.processesFromHere(host, " --launched").filter { !$0.command.contains("/sh ") }.map(\.pid)
  }
  private func supervisors(_ host: String) -> [Int32] { run.farm.processesFromHere(host, " supervise ").map(\.pid) }
  private func trials(_ host: String) -> [Int32] { run.farm.processesFromHere(host, "train.py --lr").map(\.pid) }

  /// The launchers of the coordinator.
  private var launchers: [Int32] {
    let children = "/proc/\(coordinator.pid)/task/\(coordinator.pid)/children"
    return ((try? String(contentsOfFile: children, encoding: .utf8)) ?? "").split(separator: " ").compactMap {
      guard let pid = Int32($0), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
        return nil
      }
      return String(decoding: data, as: UTF8.self).contains("pasha-launch") ? pid : nil
    }
  }

  private func one(of pids: [Int32], _ fault: Fault) -> [Int32] {
    pids.isEmpty ? [] : [pids[Int(fault.pick % UInt64(pids.count))]]
  }

  private func kill(_ pids: [Int32], _ what: String) -> Beginning {
    if pids.isEmpty {
      note("  (there is no \(what))")
      return .nothingThere
    }
    for pid in pids { Glibc.kill(pid, SIGKILL) }
    return .isOver
  }

  private func stop(_ pids: [Int32]) -> Beginning {
    if pids.isEmpty {
      note("  (there is none)")
      return .nothingThere
    }
    // Whoever has the number by then is left alone.
    let stopped = pids.map { (pid: $0, began: Self.begin(of: $0)) }
    for pid in pids { Glibc.kill(pid, SIGSTOP) }
    return .goesOn {
      for process in stopped where process.began != nil && Self.begin(of: process.pid) == process.began {
        Glibc.kill(process.pid, SIGCONT)
      }
    }
  }

  /// When a process began, in ticks.
  private static func begin(of pid: Int32) -> Substring? {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
    let words = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    return words.count > 19 ? words[19] : nil
  }
}
