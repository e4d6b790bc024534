import Coordination
import Foundation
import Glibc
import TestSupport
import TuningModel

/// One run under a schedule of faults: a farm, a coordinator, the faults, then quiet, the end and the checks.
public final class ChaosRun {
  public let schedule: FaultSchedule
  let run: FarmRun
  let clocks: MovedClocks
  private let options: FarmRun.Options
  private let say: (String) -> Void
  private(set) var coordinator: CommandProcess
  /// What the coordinators printed, one after the other.
  private(set) var log = ""
  private(set) var problems: [String] = []
  /// How many of the faults took effect, by their kinds.
  public internal(set) var effects: [FaultKind: Int] = [:]
  private var ends: [(at: Double, fault: Fault, end: () throws -> Void)] = []
  private var begun = ContinuousClock.now
  /// Whether a coordinator may end by itself now.
  var mayEnd = false

  static let notes = "/run/host/notes"
  static let kept = "/run/shared/kept"

  /// Where trials note when they run, as paths on this machine: on disks that never fill up.
  static func notes(_ run: FarmRun) -> [String] { run.farm.names.map { "\(run.farm.folder)/hosts/\($0)/notes" } }

  public init(_ schedule: FaultSchedule, say: @escaping (String) -> Void) throws {
    self.schedule = schedule
    self.say = say
    var options = FarmRun.Options(
      slots: schedule.slots, sleep: schedule.epoch, trials: 20_000, lostAfter: "\(Int(FaultSchedule.lease))s",
      cluster: ["sandbox: {writable: [\(Self.notes)]}", "connect: \(schedule.tunnels ? "tunnel" : "direct")"],
      scheduler: "{name: pasha, max_t: 27, random_seed: \(schedule.search)}", bytes: 20_000)
    options.checkpoints = ["hold_limit: 5s", "store: \(schedule.store.rawValue)"]
    if schedule.store == .shared { options.checkpoints.append("path: \(Self.kept)") }
    options.epochs = 27
    options.notes = Self.notes
    options.disk = "96M"
    options.stateDisk = "64M"
    // Trials are killed, and hosts fail, as often as it comes.
    options.sections = ["failures: {max_failures: 1000, max_restarts: 1000}"]
    self.options = options
    run = try FarmRun("chaos", hosts: schedule.hosts, options)
    clocks = try MovedClocks(run)
    for folder in Self.notes(run) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    coordinator = try run.place.coordinator([run.file], environment: clocks.environment)
  }

  /// Carries the schedule out, lets the run end and gives what is wrong with it.
  public func carryOut() -> [String] {
    do {
      try run.await("a first report", within: .seconds(120)) { facts in
        if coordinator.hasEnded { try unexpectedEnd() }
        return facts.contains { if case .reportReceived = $0 { true } else { false } }
      }
      begun = .now
      try inject()
      try finish()
    } catch {
      problems.append("\(error)")
      coordinator.send(SIGKILL)
    }
    log += coordinator.output + coordinator.errors
    do {
      problems += try run.leftovers() + run.leftoversHere()
      problems += try check()
    } catch {
      problems.append("the check: \(error)")
    }
    return problems
  }

  var time: Double { (ContinuousClock.now - begun) / .seconds(1) }

  func note(_ text: String) {
    let time = tenths(self.time)
    say("\(String(repeating: " ", count: max(0, 7 - time.count)))\(time) s  \(text)")
  }

  // MARK: Faults

  /// For how many seconds a fault is tried again that finds nothing of what it is done to.
  private static let patience = 12.0

  private func inject() throws {
    var faults = schedule.faults.map { (at: $0.at, fault: $0) }
    while !faults.isEmpty || !ends.isEmpty {
      let due = ends.indices.min { ends[$0].at < ends[$1].at }
      let next = faults.first?.at ?? .infinity
      let moment = min(next, due.map { ends[$0].at } ?? .infinity)
      while time < moment {
        if coordinator.hasEnded, !mayEnd { return try unexpectedEnd() }
        usleep(UInt32(min(50_000, max(0, (moment - time) * 1e6))))
      }
      if let due, ends[due].at <= next {
        let ended = ends.remove(at: due)
        try ended.end()
        note("\(ended.fault.host == 0 ? "" : "ph\(ended.fault.host): ")over: \(ended.fault.kind.rawValue)")
      } else {
        let fault = faults.removeFirst().fault
        note("\(fault)")
        switch try begin(fault) {
        case .nothingThere:
          // What it is done to may come in a moment: a trial between two of its starts, an agent after its death.
          let again = time + 1.5
          guard again < fault.at + Self.patience else { continue }
          faults.insert((again, fault), at: faults.firstIndex { $0.at > again } ?? faults.endIndex)
          continue
        case .isOver: break
        case .goesOn(let end): ends.append((time + fault.lasts, fault, end))
        }
        // Of a clock the journal tells afterwards whether it was seen to move.
        if fault.kind.clock == nil { effects[fault.kind, default: 0] += 1 }
      }
    }
  }

  private func unexpectedEnd() throws {
    let status = try coordinator.wait()
    throw WaitedInVain(
      description: "the coordinator ended by itself, with status \(status):\n\(tail(coordinator))")
  }

  func tail(_ coordinator: CommandProcess) -> String {
    (coordinator.output + coordinator.errors).split(separator: "\n").suffix(12).joined(separator: "\n")
  }

  /// Starts another coordinator after the one before has ended.
  func resume() throws {
    try coordinator.wait()
    log += coordinator.output + coordinator.errors + "--- resumed\n"
    mayEnd = false
    coordinator = try run.place.coordinator(["resume"], environment: clocks.environment)
  }

  // MARK: The end

  /// With all faults over, the run comes to its end by itself.
  private func finish() throws {
    note("quiet")
    // All hosts come back. An agent that was started and is not in touch yet when the run ends would wait ten minutes for
    // a coordinator.
    try run.await("all hosts to be in touch", within: .seconds(180)) { facts in
      if coordinator.hasEnded { try unexpectedEnd() }
      let inTouch = facts.agentsInTouch
      return run.farm.names.allSatisfy { !facts.agents(named: $0).isDisjoint(with: inTouch) }
    }
    note("all hosts are in touch")
    let started = try run.facts().count { if case .trialCreated = $0 { true } else { false } }
    var options = self.options
    options.trials = started + 6
    let file = try run.write("chaos", options, file: "ending.yml")
    // One that has just been resumed may not listen yet.
    try eventually("the coordinator to take another file", within: .seconds(60)) {
      guard !coordinator.hasEnded else {
        try unexpectedEnd()
        return false
      }
      let reload = try run.place.coordinator(["reload", file])
      if try reload.wait(limit: 60) == 0 { return true }
      usleep(300_000)
      return false
    }
    try run.expectEnd(coordinator, limit: 150)
    note("ended")
  }
}

extension [Fact] {
  /// The agents that this coordinator has heard and that are not silent.
  fileprivate var agentsInTouch: Set<AgentID> {
    var agents: Set<AgentID> = []
    for fact in self {
      switch fact {
      case .runResumed: agents = []
      case .agentGreeted(let greeting): agents.insert(greeting.agent)
      case .agentReachability(let agent, .reachable): agents.insert(agent)
      case .agentReachability(let agent, _): agents.remove(agent)
      default: break
      }
    }
    return agents
  }
}
