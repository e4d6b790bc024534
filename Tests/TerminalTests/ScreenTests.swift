import Foundation
import Glibc
import TestSupport
import Testing

/// What the view shows where, and when it is not shown.
@Suite(.serialized) struct ScreenTests {
  @Test("the view fits any size, and follows it")
  func sizes() throws {
    let run = try TerminalRun("sizes")
    try run.begun()
    let terminal = try run.terminal(["attach"], columns: 120, rows: 40)
    try terminal.wait { $0.text.contains("Rungs  current maximum") }
    for (columns, rows) in [(40, 12), (60, 8), (20, 5), (200, 60), (5, 2), (80, 24)] {
      terminal.resize(columns: columns, rows: rows)
      // The last row has the keys, cut off where the screen is narrow.
      let keys = String("q detach p".prefix(min(columns - 1, 4)))
      try terminal.wait(for: "\(columns)x\(rows)") { ($0.lines.last ?? "").hasPrefix(keys) }
    }
    try terminal.wait { $0.text.contains("Rungs") && $0.text.contains("local  ready") }
    terminal.type("q")
    #expect(try terminal.waitForEnd() == 0)
    expectGivenBack(terminal, wasResized: true)
    try run.stop()
  }

  @Test("without UTF-8 in the locale all is ASCII, and with NO_COLOR nothing is coloured")
  func plainSigns() throws {
    let run = try TerminalRun("signs")
    try run.begun()
    let terminal = try run.terminal(["attach"], environment: ["LANG": "C", "NO_COLOR": "1"])
    try terminal.wait { $0.text.contains("> ") && $0.text.contains("Hosts") }
    terminal.type("p")
    try terminal.wait(for: "> pause trial")
    terminal.type("\u{1B}")
    try terminal.wait { !$0.text.contains("pause trial") }
    terminal.type("q")
    #expect(try terminal.waitForEnd() == 0)
    expectGivenBack(terminal)
    #expect(terminal.written.allSatisfy { $0 < 0x80 })
    let looks = Set(terminal.screen.looks.flatMap { $0.split(separator: ";").map(String.init) })
    #expect(looks.isSubset(of: ["1", "2", "7"]), "\(looks)")
    let coloured = try run.terminal(["attach"])
    try coloured.wait { $0.looks(of: "running").contains("36") }
    coloured.type("q")
    #expect(try coloured.waitForEnd() == 0)
    try run.stop()
  }

  @Test("a terminal that cannot show it gets lines, and so does --plain")
  func lines() throws {
    let run = try TerminalRun("lines")
    try run.begun()
    for (arguments, environment) in [
      (["attach"], ["TERM": "dumb"]), (["attach"], ["TERM": nil]), (["attach", "--plain"], [:]),
    ] as [([String], [String: String?])] {
      let terminal = try run.terminal(arguments, environment: environment)
      try terminal.wait(for: "trials: ")
      terminal.type("\u{3}")
      #expect(try terminal.waitForEnd() == 128 + SIGINT)
      #expect(!terminal.written.contains(0x1B))
    }
    // The output goes elsewhere.
    let piped = try PseudoTerminal(
      "/bin/sh", ["-c", "\(product("pasha-coord")) attach | cat"],
      environment: run.place.environment.mapValues { Optional($0) }, directory: run.place.folder.path)
    try piped.wait(for: "trials: ")
    piped.type("\u{3}")
    _ = try piped.waitForEnd()
    #expect(!piped.written.contains(0x1B))
    try run.stop()
    let plain = try TerminalRun("plain", sleep: "0.02", trials: 4)
    let whole = try plain.terminal([plain.file, "--plain"])
    #expect(try whole.waitForEnd() == 0)
    #expect(!whole.written.contains(0x1B) && whole.text.contains("best: trial"))
  }

  @Test("a coordinator that was killed is told of; with another one the view goes on")
  func killedCoordinator() throws {
    let run = try TerminalRun("killed")
    let first = try run.shown()
    let pid = try run.coordinatorPID()
    let second = try run.terminal(["attach"])
    try second.wait { $0.text.contains("running") && $0.text.contains("Rungs") }
    kill(pid, SIGKILL)
    #expect(try first.waitForEnd() == 70)
    expectGivenBack(first)
    #expect(first.text.contains("signal 9") && first.text.contains("pasha-coord resume"), "\(first.text)")
    try second.wait(for: "interrupted")
    second.type("p")
    try second.wait(for: "no coordinator runs the run")
    let third = try run.terminal(["attach"])
    try third.wait(for: "interrupted")
    third.type("q")
    #expect(try third.waitForEnd() == 69)
    expectGivenBack(third)
    #expect(try run.place.coordinator(["resume", "--detach"]).wait() == 0)
    try second.wait { $0.text.contains("running") && !$0.text.contains("interrupted") }
    second.type("q")
    #expect(try second.waitForEnd() == 0)
    try run.stop()
  }

  @Test("a terminal that goes takes the view along, and nothing of the run")
  func hangUp() throws {
    let run = try TerminalRun("hangup")
    let terminal = try run.shown()
    terminal.hangUp()
    _ = try terminal.waitForEnd()
    #expect(try run.status()["status"] as? String == "running")
    try run.stop()
  }

  @Test("mistakes of the file are told as without the view, and nothing is started")
  func mistakes() throws {
    let run = try TerminalRun("mistaken")
    try run.place.folder.write("cluster.yml", "experiment: {name: a, metric: loss}\nscheduler: {max_t: 0}\n")
    let terminal = try run.terminal([run.file])
    #expect(try terminal.waitForEnd() == 64)
    #expect(terminal.text.contains("cluster.yml:2:") && !terminal.written.contains(0x1B), "\(terminal.text)")
  }
}
