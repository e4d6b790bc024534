import Coordination
import Foundation
import Glibc
import Journal
import RunChecking
import TestSupport
import Testing
import TuningModel

/// A run of the real coordinator over a test farm of its own, with the script that keeps a pulse.
final class FarmRun {
  /// What a cluster file of these tests says beside what all say.
  struct Options {
    /// Elements of `cluster.hosts`; nil: all hosts of the farm.
    var hosts: [String]?
    var slots = 1
    var sleep = 0.1
    var trials = 12
    var heartbeat = "500ms"
    var lostAfter = "60s"
    /// Further members of `cluster`.
    var cluster: [String] = []
    /// Further members of `checkpoints`.
    var checkpoints: [String] = []
    var scheduler = "{name: pasha, max_t: 9, random_seed: 5}"
    var bytes = 0
  }

  let farm: Farm
  let place: RunPlace
  private(set) var file = ""

  init(_ name: String, hosts: Int = 3, _ options: Options = Options()) throws {
    try #require(Farm.hasNamespaces, "hosts in namespaces need root")
    farm = try Farm(hosts: hosts)
    place = RunPlace(name)
    try Self.share(bundlesIn: place)
    file = try write(name, options)
  }

  /// Writes a cluster file of the place.
  @discardableResult
  func write(_ name: String, _ options: Options, file: String = "cluster.yml") throws -> String {
    let script = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts/keeps_pulse.py")
    try place.folder.write("code/train.py", try String(contentsOf: script, encoding: .utf8))
    let hosts = options.hosts ?? farm.names
    let cluster =
      [
        "hosts: [\(hosts.joined(separator: ", "))]", "ssh_config: \(farm.sshConfiguration)", "slots: \(options.slots)",
        "heartbeat: \(options.heartbeat)", "lost_after: \(options.lostAfter)",
      ] + options.cluster
    let lines = [
      "experiment:", "  name: \(name)", "  entry_point: python3 train.py", "  code: code", "  config_space:",
      "    lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "    epochs: 9", "    sleep: \(options.sleep)",
      "    bytes: \(options.bytes)", "  metric: loss", "scheduler: \(options.scheduler)",
      "stop_criterion: {max_num_trials_started: \(options.trials)}", "cluster: {\(cluster.joined(separator: ", "))}",
      "checkpoints: {\((["settle: 200ms", "grace: 1s"] + options.checkpoints).joined(separator: ", "))}",
    ]
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

  func start(_ arguments: [String] = []) throws -> CommandProcess { try place.coordinator([file] + arguments) }

  /// A command of `pasha-coord` to its end.
  @discardableResult
  func command(_ arguments: [String], expecting status: Int32 = 0) throws -> CommandProcess {
    let command = try place.coordinator(arguments)
    let result = try command.wait(limit: 60)
    #expect(result == status, "\(arguments): \(command.output)\(command.errors)")
    return command
  }

  /// An object that `--json` prints.
  func object(_ arguments: [String]) throws -> [String: Any] { try place.json(arguments) as? [String: Any] ?? [:] }

  /// Waits for the end of a run that must be a success.
  func expectEnd(_ coordinator: CommandProcess, limit: Double = 120) throws {
    #expect(try coordinator.wait(limit: limit) == 0, "\(coordinator.output)\(coordinator.errors)")
  }

  // MARK: The journal

  func check() throws -> FarmCheck { try FarmCheck(self) }

  /// The facts so far.
  func facts() throws -> [Fact] {
    var facts: [Fact] = []
    guard let folder = try? place.runFolder(), let reader = try? JournalReader(at: folder + "/journal.sqlite") else {
      return []
    }
    try reader.replay { facts.append($0.fact) }
    return facts
  }

  /// Waits until facts are as wanted.
  func await(_ what: String, within limit: Duration = .seconds(60), _ holds: ([Fact]) throws -> Bool) throws {
    try eventually(what, within: limit) {
      if try holds(facts()) { return true }
      usleep(50_000)
      return false
    }
  }

  func awaitReports(_ count: Int) throws {
    try self.await("\(count) reports") { facts in
      facts.count { if case .reportReceived = $0 { true } else { false } } >= count
    }
  }

  /// Waits until an attempt of the host has made a report as wanted, its newest one, and gives it.
  func awaitReport(
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

  /// Waits until a host is in touch.
  func awaitHost(_ host: String, within limit: Duration = .seconds(60)) throws {
    try self.await("an agent on \(host)", within: limit) { facts in
      let agents = facts.agents(named: host)
      return facts.contains { if case .agentPrepared(let agent, nil) = $0 { agents.contains(agent) } else { false } }
    }
  }

  // MARK: Processes

  /// Process ids on a host, as it counts them, of what pasha runs there.
  func agents(_ host: String) throws -> [Int32] {
    try farm.processes(host, "--launched").filter { !$0.command.contains("/sh ") }.map(\.pid)
  }
  func supervisors(_ host: String) throws -> [Int32] { try farm.processes(host, " supervise ").map(\.pid) }
  func trials(_ host: String) throws -> [Int32] { try farm.processes(host, "train.py --lr").map(\.pid) }

  /// Ends processes of a host without a warning.
  func kill(_ pids: [Int32], on host: String) throws {
    let words = pids.map(String.init).joined(separator: " ")
    let answer = try farm.inside(host, "kill -KILL \(words)")
    guard answer.status == 0 else { throw WaitedInVain(description: "kill \(words) on \(host): \(answer)") }
  }

  /// No process of pasha is left on any of the hosts.
  func expectNothingLeft(on hosts: [String]? = nil) throws {
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
  func agents(named name: String) -> Set<AgentID> {
    Set(
      compactMap { if case .agentAdmitted(let admission) = $0, admission.name == name { admission.agent } else { nil } }
    )
  }
}
