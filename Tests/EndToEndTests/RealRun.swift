import ClusterFile
import Coordination
import Foundation
import Glibc
import Journal
import TestSupport
import TuningModel
import Wire

/// A run of the real coordinator and agent on this machine, in a place of its own, with a script of the fixtures.
final class RealRun: Sendable {
  let place: RunPlace
  let file: String

  init(
    _ name: String, script: String = "save_before.py", sleep: String = "0.03", trials: Int = 10, max: Int = 9,
    slots: Int = 3, stop: String? = nil, extra: [String] = [], cluster: String = "", checkpoints: String = "",
    scheduler: String = "name: pasha", lostAfter: String = "2m"
  ) throws {
    place = RunPlace(name)
    let scripts = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts").path
    let lines =
      [
        "experiment:",
        "  name: \(name)",
        "  entry_point: python3 \(scripts)/\(script)",
        "  config_space: {lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}, epochs: \(max), sleep: \(sleep)}",
        "  metric: loss",
        "  mode: min",
        "scheduler: {\(scheduler), max_t: \(max), random_seed: 7}",
        "stop_criterion: \(stop ?? "{max_num_trials_started: \(trials)}")",
        "cluster: {slots: \(slots), heartbeat: 1s, lost_after: \(lostAfter)\(cluster)}",
        "checkpoints: {settle: 300ms, grace: 2s\(checkpoints)}",
      ] + extra
    file = try place.folder.write("cluster.yml", lines.joined(separator: "\n") + "\n")
  }

  func start(_ arguments: [String] = []) throws -> CommandProcess { try place.coordinator([file] + arguments) }
  func resume() throws -> CommandProcess { try place.coordinator(["resume"]) }

  // MARK: Looking

  func journal() throws -> [JournalRecord] {
    let reader = try JournalReader(at: try place.runFolder() + "/journal.sqlite")
    var records: [JournalRecord] = []
    try reader.replay { records.append($0) }
    return records
  }

  func specification() throws -> RunSpecification { try ClusterFile.load(path: file).specification }

  /// The agents' folder of the run.
  func home() throws -> String {
    for record in try journal() {
      if case .agentGreeted(let greeting) = record.fact { return greeting.home }
    }
    throw WaitedInVain(description: "no agent has greeted")
  }

  /// Waits until the journal holds so many reports.
  func waitForReports(_ count: Int) throws {
    try eventually("\(count) reports", within: .seconds(60)) {
      let reports = (try? journal())?.count { if case .reportReceived = $0.fact { true } else { false } } ?? 0
      return reports >= count
    }
  }

  /// Processes of the run whose command line holds `word`, by pid.
  func processes(_ word: String) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().filter { pid in
      guard let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
        let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
      else { return false }
      let text = String(decoding: command, as: UTF8.self).replacing("\0", with: " ")
      let isOurs =
        text.contains(place.folder.path) || String(decoding: environment, as: UTF8.self).contains(place.folder.path)
      return isOurs && text.contains(word) && !Self.isDead(pid)
    }
  }

  static func isDead(_ pid: Int32) -> Bool {
    guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return true }
    let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
    return rest.split(separator: " ").first == "Z"
  }

  var agents: [Int32] { processes("pasha-agent --launched") }
  var supervisors: [Int32] { processes("pasha-agent supervise") }
  var trials: [Int32] { processes(".py --lr") }
}

func kill9(_ pids: [Int32]) { for pid in pids { kill(pid, SIGKILL) } }
