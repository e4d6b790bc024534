import Coordination
import Foundation
import Glibc
import Journal
import RunChecking
import TestSupport
import TuningModel

/// A run of the real coordinator over a test farm of its own, with the script that keeps a pulse.
public final class FarmRun {
  /// What a cluster file of these tests says beside what all say.
  public struct Options: Sendable {
    /// Elements of `cluster.hosts`; nil: all hosts of the farm.
    public var hosts: [String]?
    public var slots = 1
    public var sleep = 0.1
    public var trials = 12
    public var heartbeat = "500ms"
    public var lostAfter = "60s"
    /// Further members of `cluster`.
    public var cluster: [String] = []
    /// Further members of `checkpoints`.
    public var checkpoints: [String] = []
    public var scheduler = "{name: pasha, max_t: 9, random_seed: 5}"
    public var bytes = 0
    /// Epochs that a script trains.
    public var epochs = 9
    /// Where scripts note when and where they run, as a path on the hosts; nil: in their own folders alone.
    public var notes: String?
    /// Further lines of the file.
    public var sections: [String] = []
    /// Size of the file system that each host's home folder is then; nil: a folder of this machine's.
    public var disk: String?
    /// The same for the coordinator's state folder.
    public var stateDisk: String?

    public init(
      hosts: [String]? = nil, slots: Int = 1, sleep: Double = 0.1, trials: Int = 12, heartbeat: String = "500ms",
      lostAfter: String = "60s", cluster: [String] = [], checkpoints: [String] = [],
      scheduler: String = "{name: pasha, max_t: 9, random_seed: 5}", bytes: Int = 0
    ) {
      self.hosts = hosts
      self.slots = slots
      self.sleep = sleep
      self.trials = trials
      self.heartbeat = heartbeat
      self.lostAfter = lostAfter
      self.cluster = cluster
      self.checkpoints = checkpoints
      self.scheduler = scheduler
      self.bytes = bytes
    }
  }

  public let farm: Farm
  public let place: RunPlace
  public private(set) var file = ""

  public init(_ name: String, hosts: Int = 3, _ options: Options = Options()) throws {
    guard Farm.hasNamespaces else { throw WaitedInVain(description: "hosts in namespaces need root") }
    farm = try Farm(hosts: hosts, disk: options.disk)
    place = RunPlace(name)
    if let size = options.stateDisk {
      disk = try SmallDisk(at: place.folder.file("state"), size: size)
    }
    try Self.share(bundlesIn: place)
    file = try write(name, options)
  }

  /// The file system that the coordinator's state folder is, where the options ask for one.
  public private(set) var disk: SmallDisk?

  /// Writes a cluster file of the place.
  @discardableResult
  public func write(_ name: String, _ options: Options, file: String = "cluster.yml") throws -> String {
    let script = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts/keeps_pulse.py")
    try place.folder.write("code/train.py", try String(contentsOf: script, encoding: .utf8))
    let hosts = options.hosts ?? farm.names
    let cluster =
      [
        "hosts: [\(hosts.joined(separator: ", "))]", "ssh_config: \(farm.sshConfiguration)", "slots: \(options.slots)",
        "heartbeat: \(options.heartbeat)", "lost_after: \(options.lostAfter)",
      ] + options.cluster
    let lines =
      [
        "experiment:", "  name: \(name)", "  entry_point: python3 train.py", "  code: code", "  config_space:",
        "    lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "    epochs: \(options.epochs)",
        "    sleep: \(options.sleep)",
        "    bytes: \(options.bytes)",
      ] + (options.notes.map { ["    notes: \($0)"] } ?? []) + [
        "  metric: loss", "scheduler: \(options.scheduler)",
        "stop_criterion: {max_num_trials_started: \(options.trials)}", "cluster: {\(cluster.joined(separator: ", "))}",
        "checkpoints: {\((["settle: 200ms", "grace: 1s"] + options.checkpoints).joined(separator: ", "))}",
      ] + options.sections
    return try place.folder.write(file, lines.joined(separator: "\n") + "\n")
  }

  /// Packing the agent takes seconds: its bundle is kept for all tests of this build.
  private static func share(bundlesIn place: RunPlace) throws {
    let shared = productsDirectory.appendingPathComponent("farm-tests-bundles").path
    let state = place.folder.file("state")
    for folder in [shared, state] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    try FileManager.default.createSymbolicLink(atPath: state + "/bundles", withDestinationPath: shared)
  }

  // MARK: Commands

  public func start(_ arguments: [String] = []) throws -> CommandProcess { try place.coordinator([file] + arguments) }

  /// A command of `pasha-coord` to its end.
  @discardableResult
  public func command(_ arguments: [String], expecting status: Int32 = 0) throws -> CommandProcess {
    let command = try place.coordinator(arguments)
    let result = try command.wait(limit: 60)
    guard result == status else {
      throw WaitedInVain(description: "\(arguments): \(result), not \(status)\n\(command.output)\(command.errors)")
    }
    return command
  }

  /// An object that `--json` prints.
  public func object(_ arguments: [String]) throws -> [String: Any] {
    try place.json(arguments) as? [String: Any] ?? [:]
  }

  /// Waits for the end of a run that must be a success.
  public func expectEnd(_ coordinator: CommandProcess, limit: Double = 120) throws {
    let status = try coordinator.wait(limit: limit)
    guard status == 0 else {
      throw WaitedInVain(description: "the run ended with \(status):\n\(coordinator.output)\(coordinator.errors)")
    }
  }

  // MARK: The journal

  public func check() throws -> FarmCheck { try FarmCheck(self) }

  /// The facts so far.
  public func facts() throws -> [Fact] {
    var facts: [Fact] = []
    guard let folder = try? place.runFolder(), let reader = try? JournalReader(at: folder + "/journal.sqlite") else {
      return []
    }
    try reader.replay { facts.append($0.fact) }
    return facts
  }

  /// Waits until facts are as wanted.
  public func await(_ what: String, within limit: Duration = .seconds(60), _ holds: ([Fact]) throws -> Bool) throws {
    try eventually(what, within: limit) {
      if try holds(facts()) { return true }
      usleep(50_000)
      return false
    }
  }

  public func awaitReports(_ count: Int) throws {
    try self.await("\(count) reports") { facts in
      facts.count { if case .reportReceived = $0 { true } else { false } } >= count
    }
  }

  /// Waits until an attempt of the host has made a report as wanted, its newest one, and gives it.
  public func awaitReport(
    on host: String, where isWanted: (ReceivedReport) -> Bool = { _ in true }
  ) throws -> TrialAttempt {
    try eventually("a report of \(host)", within: .seconds(60)) {
      let facts = try facts()
      let agents = facts.agents(named: host)
      var slots: [TrialAttempt: AgentID] = [:]
      var running: Set<TrialAttempt> = []
      for fact in facts {
        switch fact {
        case .attemptAssigned(let assignment): slots[assignment.attempt] = assignment.slot.agent
        case .reportReceived(let report):
          if isWanted(report) { running.insert(report.attempt) } else { running.remove(report.attempt) }
        case .attemptEnded(let attempt, _, _): running.remove(attempt)
        default: break
        }
      }
      let found = running.sorted().last { slots[$0].map(agents.contains) ?? false }
      if found == nil { usleep(50_000) }
      return found
    }
  }

  /// Waits until a later attempt of the same trial runs.
  public func awaitLaterAttempt(than attempt: TrialAttempt, within limit: Duration = .seconds(60)) throws {
    try self.await("trial \(attempt.trial) elsewhere", within: limit) { facts in
      facts.contains {
        if case .attemptStarted(let other, _) = $0 { other.trial == attempt.trial && other > attempt } else { false }
      }
    }
  }

  /// Waits until a host is in touch.
  public func awaitHost(_ host: String, within limit: Duration = .seconds(60)) throws {
    try self.await("an agent on \(host)", within: limit) { facts in
      let agents = facts.agents(named: host)
      return facts.contains { if case .agentPrepared(let agent, nil) = $0 { agents.contains(agent) } else { false } }
    }
  }

  // MARK: Processes

  /// Process ids on a host, as it counts them, of what pasha runs there.
  public func agents(_ host: String, byHand: Bool = false) throws -> [Int32] {
    try farm.processes(host, byHand ? "pasha-agent --connect" : "--launched").filter { !$0.command.contains("/sh ") }
      .map(\.pid)
  }
  public func supervisors(_ host: String) throws -> [Int32] { try farm.processes(host, " supervise ").map(\.pid) }
  public func trials(_ host: String) throws -> [Int32] { try farm.processes(host, "train.py --lr").map(\.pid) }

  /// Ends processes of a host without a warning.
  public func kill(_ pids: [Int32], on host: String) throws {
    let words = pids.map(String.init).joined(separator: " ")
    let answer = try farm.inside(host, "kill -KILL \(words)")
    guard answer.status == 0 else { throw WaitedInVain(description: "kill \(words) on \(host): \(answer)") }
  }

  /// No process of pasha is left on any of the hosts.
  public func expectNothingLeft(on hosts: [String]? = nil) throws {
    for host in hosts ?? farm.names {
      var left: [Farm.HostProcess] = []
      do {
        try eventually("the end of all processes on \(host)", within: .seconds(30)) {
          left = try (farm.processes(host, "pasha") + farm.processes(host, "train.py")).filter {
            !$0.command.contains("farm-host.sh")
          }
          return left.isEmpty
        }
      } catch let error as WaitedInVain {
        let log = try farm.inside(host, "tail -n 12 .pasha/*/*/agent-*/log")
        throw WaitedInVain(description: "\(error): \(left)\n\(log)")
      }
    }
  }
}

extension [Fact] {
  /// The agents that were admitted under a host's name.
  public func agents(named name: String) -> Set<AgentID> {
    Set(
      compactMap { if case .agentAdmitted(let admission) = $0, admission.name == name { admission.agent } else { nil } }
    )
  }
}
