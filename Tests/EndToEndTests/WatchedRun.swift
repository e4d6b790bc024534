import Foundation
import Glibc
import TestSupport
import Testing

/// A run of the script that keeps watch over itself, in a place of its own; ends what is left of it with the test.
final class WatchedRun {
  let place: RunPlace
  let file: String

  init(
    _ name: String, sleep: Double = 0.03, epochs: Int = 9, trials: Int = 12, slots: Int = 3, child: Bool = false,
    scheduler: String = "{name: pasha, max_t: 9, random_seed: 5}", stop: String? = nil, experiment: [String] = [],
    checkpoints: String = "{settle: 100ms, grace: 1s}", sections: [String] = []
  ) throws {
    place = RunPlace(name)
    let notes = place.folder.file("notes")
    try FileManager.default.createDirectory(atPath: notes, withIntermediateDirectories: true)
    let script = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts/keeps_watch.py").path
    let lines =
      [
        "experiment:", "  name: \(name)", "  entry_point: python3 \(script)", "  config_space:",
        "    lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "    epochs: \(epochs)", "    sleep: \(sleep)",
        "    notes: \(notes)", "    child: \(child ? 1 : 0)", "  metric: loss", "  mode: min",
        "  resource_attr: epoch",
      ] + experiment.map { "  " + $0 } + [
        "scheduler: \(scheduler)", "stop_criterion: \(stop ?? "{max_num_trials_started: \(trials)}")",
        // The notes are outside of what a trial may write.
        "cluster: {slots: \(slots), heartbeat: 500ms, lost_after: 30s, sandbox: {writable: [\(notes)]}}",
        "checkpoints: \(checkpoints)",
      ] + sections
    file = try place.folder.write("cluster.yml", lines.joined(separator: "\n") + "\n")
  }

  deinit { for pid in processes() { kill(pid, SIGKILL) } }

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

  // MARK: What the script noted

  struct Note: Hashable {
    var trial: Int
    var attempt: Int
    var pid: Int32
    var text: String
  }

  func notes(_ name: String) -> [Note] {
    (place.folder.read("notes/\(name)") ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 3, let trial = Int(words[0]), let attempt = Int(words[1]), let pid = Int32(words[2]) else {
        return nil
      }
      return Note(trial: trial, attempt: attempt, pid: pid, text: words.dropFirst(3).joined(separator: " "))
    }
  }

  /// Waits until so many attempts have begun to train.
  func awaitStarts(_ count: Int) throws {
    try eventually("\(count) starts", within: .seconds(60)) { notes("starts").count >= count }
  }

  // MARK: Processes

  /// Ids of the processes that belong to this place: by their command, their environment or their folder.
  func processes(_ word: String? = nil) -> [Int32] {
    let mark = Data(place.folder.path.utf8)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      guard pid != getpid(), Self.isAlive(pid) else { return false }
      let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      if let word, command.range(of: Data(word.utf8)) == nil { return false }
      let folder = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
      if folder.hasPrefix(place.folder.path) || command.range(of: mark) != nil { return true }
      return FileManager.default.contents(atPath: "/proc/\(pid)/environ")?.range(of: mark) != nil
    }
  }

  var agents: [Int32] { processes("--launched") }
  var supervisors: [Int32] { processes("\0supervise\0") }
  var scripts: [Int32] { processes("keeps_watch.py").filter { !supervisors.contains($0) } }

  static func isAlive(_ pid: Int32) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
    let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
    return state != nil && state != "Z" && state != "X"
  }

  func expectNothingLeft(but others: [Int32] = []) throws {
    try eventually("no process of the run to be left", within: .seconds(30)) {
      processes().allSatisfy { others.contains($0) }
    }
  }
}
