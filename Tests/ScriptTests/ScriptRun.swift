import Foundation
import Glibc
import TestSupport

/// The folder of the scripts that the tests run.
let scripts = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts").path

/// A run of a training script through the real coordinator and agent, in a place of its own.
final class ScriptRun: Sendable {
  let place: RunPlace
  let file: String

  /// - Parameters:
  ///   - entry: the entry point; a name that ends in `.py` is a script of the fixtures.
  ///   - space: lines of `config_space`.
  ///   - points: `points_to_evaluate`.
  ///   - experiment: more lines of `experiment`.
  ///   - sections: more lines of the file; `scheduler`, `stop_criterion` and `checkpoints` have defaults.
  init(
    _ name: String, _ entry: String,
    space: [String] = ["lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9"],
    experiment: [String] = [], scheduler: String = "{name: asha, max_t: 9, random_seed: 3}", points: String? = nil,
    trials: Int = 6,
    stop: String? = nil, slots: Int = 2, checkpoints: String = "{settle: 200ms, grace: 1s}", sections: [String] = []
  ) throws {
    place = RunPlace(name)
    let command = entry.hasSuffix(".py") && !entry.contains(" ") ? "python3 \(scripts)/\(entry)" : entry
    let lines =
      ["experiment:", "  name: \(name)", "  entry_point: \(command)"] + experiment.map { "  " + $0 }
      + ["  config_space:"] + space.map { "    " + $0 }
      + [
        "  metric: loss", "  mode: min", "  resource_attr: epoch",
        "scheduler: \(scheduler.dropLast())\(points.map { ", points_to_evaluate: \($0)" } ?? "")}",
      ]
      + ["stop_criterion: \(stop ?? "{max_num_trials_started: \(trials)}")", "cluster: {slots: \(slots)}"]
      + ["checkpoints: \(checkpoints)"] + sections
    file = try place.folder.write("cluster.yml", lines.joined(separator: "\n") + "\n")
  }

  func start(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> CommandProcess {
    try FileManager.default.createDirectory(atPath: place.folder.file("home"), withIntermediateDirectories: true)
    return try CommandProcess(
      "pasha-coord", [file] + arguments, environment: place.environment.merging(environment) { $1 },
      directory: place.folder.path)
  }

  /// Runs it to its end.
  func finish(environment: [String: String] = [:], limit: Double = 90) throws -> Finished {
    let run = try start(environment: environment)
    let status = try run.wait(limit: limit)
    return Finished(run: self, status: status, output: run.output, errors: run.errors)
  }

  struct Finished {
    let run: ScriptRun
    let status: Int32
    let output: String
    let errors: String
    var text: String { "status \(status)\n\(output)\n\(errors)" }
  }

  // MARK: Looking

  func trials() throws -> [Trial] {
    (try place.json(["trials"]) as? [[String: Any]] ?? []).map(Trial.init)
  }

  func summary() throws -> [String: Any] {
    let status = try place.json(["status"]) as? [String: Any]
    return status?["summary"] as? [String: Any] ?? [:]
  }

  /// What a trial printed, or its standard error.
  func log(_ trial: Int, _ more: [String] = []) throws -> String {
    let command = try place.coordinator(["logs", "\(trial)"] + more)
    try command.wait(limit: 30)
    return command.output
  }

  /// The rows of `results.csv.zip`: every report that the journal has, as text by column.
  func reports() throws -> [[String: String]] {
    let program = """
      import csv, io, json, sys, zipfile
      csv.field_size_limit(10_000_000)
      with zipfile.ZipFile(sys.argv[1]) as archive:
          text = archive.read("results.csv").decode()
      json.dump(list(csv.DictReader(io.StringIO(text, newline=""))), sys.stdout)
      """
    let path = try place.runFolder() + "/results.csv.zip"
    let reading = try CommandProcess("/usr/bin/env", ["python3", "-c", program, path])
    guard try reading.wait(limit: 30) == 0,
      let rows = try JSONSerialization.jsonObject(with: Data(reading.output.utf8)) as? [[String: String]]
    else { throw WaitedInVain(description: "\(path) cannot be read: \(reading.output)\(reading.errors)") }
    return rows
  }

  /// Ids of the processes that belong to this place: by their command, their environment or their folder.
  func processes() -> [Int32] {
    let own = getpid()
    let mark = Data(place.folder.path.utf8)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      guard pid != own, !isZombie(pid) else { return false }
      let folder = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
      if folder.hasPrefix(place.folder.path) { return true }
      return ["cmdline", "environ"].contains { name in
        FileManager.default.contents(atPath: "/proc/\(pid)/\(name)")?.range(of: mark) != nil
      }
    }
  }

  private func isZombie(_ pid: Int32) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return true }
    let text = String(decoding: stat, as: UTF8.self)
    return text.split(separator: ")").last?.split(separator: " ").first == "Z"
  }

  /// Whatever a run started is gone soon after it.
  func expectNothingLeft() throws {
    try eventually("no process of the run to be left") { processes().isEmpty }
  }
}

/// An object of `trials --json`.
struct Trial {
  let members: [String: Any]

  init(_ members: [String: Any]) { self.members = members }

  var id: Int { members["trial"] as? Int ?? -1 }
  var status: String { members["status"] as? String ?? "" }
  var attempt: Int { members["attempt"] as? Int ?? 0 }
  var resource: Int { members["resource"] as? Int ?? -1 }
  var unusableReports: Int { members["unusable_reports"] as? Int ?? -1 }
  var best: Double? { members["best_value"] as? Double }
  var failure: String { members["failure"] as? String ?? "" }
  var config: [String: Any] { members["config"] as? [String: Any] ?? [:] }
  var checkpoint: String? { (members["checkpoint"] as? [String: Any])?["path"] as? String }
}
