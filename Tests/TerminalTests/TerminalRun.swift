import Foundation
import Glibc
import TestSupport
import Testing

/// A run whose view is looked at: slow enough that keys find it running, in a place of its own; ends what is left of it with
/// the test.
final class TerminalRun {
  let place: RunPlace
  let file: String

  init(_ name: String, sleep: String = "0.3", trials: Int = 300, slots: Int = 3) throws {
    place = RunPlace(name)
    let scripts = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts").path
    file = try place.folder.write(
      "cluster.yml",
      """
      experiment:
        name: \(name)
        entry_point: python3 \(scripts)/save_before.py
        config_space: {lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}, epochs: 9, sleep: \(sleep)}
        metric: loss
        mode: min
      scheduler: {name: pasha, max_t: 9, random_seed: 7}
      stop_criterion: {max_num_trials_started: \(trials)}
      cluster: {slots: \(slots), heartbeat: 1s, lost_after: 2m}
      checkpoints: {settle: 300ms, grace: 2s}

      """)
  }

  deinit {
    for pid in processes() { kill(pid, SIGKILL) }
  }

  func terminal(
    _ arguments: [String], environment: [String: String?] = [:], columns: Int = 100, rows: Int = 30
  ) throws -> PseudoTerminal {
    try FileManager.default.createDirectory(atPath: place.folder.file("home"), withIntermediateDirectories: true)
    let own = place.environment.mapValues { Optional($0) }
    return try PseudoTerminal(
      "pasha-coord", arguments, environment: own.merging(environment) { $1 }, directory: place.folder.path,
      columns: columns, rows: rows)
  }

  /// The run begun on a terminal, up to its first value.
  func shown(columns: Int = 100, rows: Int = 30) throws -> PseudoTerminal {
    let terminal = try terminal([file], columns: columns, rows: rows)
    try terminal.wait(for: "best so far", within: .seconds(60))
    return terminal
  }

  /// The run begun in the background, up to its first report.
  func begun() throws {
    let started = try place.coordinator([file, "--detach"])
    #expect(try started.wait() == 0, "\(started.errors)")
    try eventually("a report", within: .seconds(60)) {
      try (status()["summary"] as? [String: Any])?["reports"] as? Int ?? 0 > 0
    }
  }

  func status() throws -> [String: Any] { try place.json(["status"]) as? [String: Any] ?? [:] }
  func trials() throws -> [[String: Any]] { try place.json(["trials"]) as? [[String: Any]] ?? [] }
  func coordinatorPID() throws -> pid_t {
    try eventually("a coordinator") { (try status()["coordinator_pid"] as? Int).map { pid_t($0) } }
  }

  func stop() throws {
    _ = try place.coordinator(["stop"]).wait()
    try eventually("the run to end", within: .seconds(60)) { try status()["status"] as? String == "finished" }
  }

  private func processes() -> [pid_t] {
    let mark = Data(place.folder.path.utf8)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
      guard pid != getpid() else { return false }
      return ["cmdline", "environ"].contains {
        FileManager.default.contents(atPath: "/proc/\(pid)/\($0)")?.range(of: mark) != nil
      }
    }
  }
}

/// The terminal is the shell's again: its own screen, cursor and keys.
///
/// A picture that was on its way while the screen became smaller runs over its edge: such faults say nothing.
func expectGivenBack(_ terminal: PseudoTerminal, wasResized: Bool = false) {
  let screen = terminal.screen
  #expect(!screen.isAlternate && screen.hasCursor)
  #expect(terminal.isAsShellsExpect)
  let faults = screen.faults.filter { !wasResized || !$0.hasPrefix("beyond") }
  #expect(faults.isEmpty, "\(faults.prefix(5))")
}
