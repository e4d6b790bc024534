import Foundation
import Glibc
import TestSupport
import Testing

/// The view of a real run on a pseudo terminal, and what its keys do.
@Suite(.serialized) struct KeyTests {
  @Test("q leaves the view and the run goes on; p, s and d do what they say; the end has the usual lines")
  func keys() throws {
    let run = try TerminalRun("keys")
    let first = try run.shown()
    let screen = first.screen
    #expect(screen.isAlternate && !screen.hasCursor && !first.isAsShellsExpect)
    for word in ["running", "Best", "Left", "Budget", "Rungs", "Hosts", "Events", "local", "▸"] {
      #expect(screen.text.contains(word), "\(word):\n\(screen.text)")
    }
    first.type("?")
    try first.wait(for: "leave the view; the run goes on")
    first.type("x")
    try first.wait { !$0.text.contains("leave the view") }
    first.type("q")
    #expect(try first.waitForEnd() == 0)
    expectGivenBack(first)
    #expect(first.text.contains("pasha-coord attach keys-"), "\(first.text)")
    let pid = try run.coordinatorPID()
    #expect(kill(pid, 0) == 0)
    #expect(getsid(pid) != getsid(first.pid))

    let second = try run.terminal(["attach"])
    try second.wait { $0.text.contains("running") && $0.text.contains("0:#") }
    second.type("p")
    try second.wait(for: "Pause or resume: which?")
    second.type("\u{1B}")
    try second.wait { !$0.text.contains("Pause or resume") }
    second.type("p")
    try second.wait(for: "▸ pause trial")
    second.type("\r")
    try second.wait(for: "1 paused by hand")
    let paused = try eventually("a trial to be paused by hand") {
      try run.trials().first { $0["paused_by_hand"] as? Bool == true }?["trial"] as? Int
    }
    second.type("p")
    second.type("\(paused)")
    try second.wait(for: "▸ resume trial \(paused):")
    second.type("\r")
    try second.wait { !$0.text.contains("paused by hand") }

    second.type("s")
    try second.wait(for: "▸ stop trial")
    second.type("\r")
    try second.wait(for: "for good?")
    second.type("n")
    try second.wait(for: "nothing was done")
    #expect(try run.trials().allSatisfy { $0["status"] as? String != "stopped" })
    second.type("s\r")
    try second.wait(for: "for good?")
    second.type("y")
    try second.wait(for: "1 stopped")
    #expect(try run.trials().count { $0["status"] as? String == "stopped" } == 1)

    second.type("d")
    try second.wait(for: "drain local")
    second.type("\r")
    try second.wait(for: "local  draining")
    second.type("d")
    try second.wait(for: "bring back local")
    second.type("\r")
    try second.wait(for: "local  ready")

    second.type("s")
    try second.wait(for: "Stop: which?")
    second.type("run\r")
    try second.wait(for: "Stop the whole run for good?")
    second.type("y")
    #expect(try second.waitForEnd() == 0)
    expectGivenBack(second)
    for word in ["best: trial", "checkpoint: ", "spent: "] { #expect(second.text.contains(word), "\(second.text)") }
    #expect(try run.status()["status"] as? String == "finished")
  }

  @Test("Ctrl-C where the run was started pauses it; resume shows it again, and its end")
  func pauseAndResume() throws {
    let run = try TerminalRun("interrupted", sleep: "0.05", trials: 12)
    let first = try run.shown()
    first.type("\u{3}")
    let status = try first.waitForEnd()
    expectGivenBack(first)
    // A small run may have ended just before.
    guard status == 75 else { return #expect(status == 0) }
    #expect(first.text.contains("goes on"), "\(first.text)")
    #expect(try run.status()["status"] as? String == "paused")
    let second = try run.terminal(["resume"])
    try second.wait { $0.isAlternate || $0.text.contains("best: trial") }
    #expect(try second.waitForEnd() == 0)
    expectGivenBack(second)
    #expect(second.text.contains("best: trial") && second.text.contains("results: "), "\(second.text)")
  }

  @Test("Ctrl-C in attach leaves the run alone, and the process ends by the signal")
  func interruptedAttach() throws {
    let run = try TerminalRun("left")
    try run.begun()
    for (input, signal) in [("\u{3}", nil), (nil, SIGTERM), (nil, SIGHUP), (nil, SIGSEGV), (nil, SIGABRT)]
      as [(String?, Int32?)]
    {
      let terminal = try run.terminal(["attach"])
      try terminal.wait { $0.isAlternate && $0.text.contains("Rungs") }
      if let input { terminal.type(input) }
      if let signal { terminal.send(signal) }
      #expect(try terminal.waitForEnd() == 128 + (signal ?? SIGINT))
      expectGivenBack(terminal)
    }
    #expect(try run.status()["status"] as? String == "running")
    try run.stop()
  }

  @Test("Ctrl-Z gives the shell its terminal, and fg brings the view back")
  func putAside() throws {
    let run = try TerminalRun("aside")
    try run.begun()
    let own = run.place.environment.mapValues { Optional($0) }
    let shell = try PseudoTerminal(
      "/bin/bash", ["--norc", "--noprofile", "-i"],
      environment: own.merging(["PS1": "ready$ "]) { $1 }, directory: run.place.folder.path)
    try shell.wait(for: "ready$")
    shell.type("\(product("pasha-coord")) attach\r")
    try shell.wait { $0.isAlternate && $0.text.contains("Rungs") }
    shell.type("\u{1A}")
    try shell.wait { !$0.isAlternate && $0.hasCursor && $0.text.contains("Stopped") }
    shell.type("echo here $((40 + 2))\r")
    try shell.wait(for: "here 42")
    shell.type("fg\r")
    try shell.wait { $0.isAlternate && $0.text.contains("Rungs") }
    shell.type("q")
    try shell.wait { !$0.isAlternate && $0.text.contains(" goes on: ") }
    shell.type("exit\r")
    #expect(try shell.waitForEnd() == 0)
    try run.stop()
  }
}
