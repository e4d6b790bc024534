import Foundation
import Glibc
import TestSupport
import Testing

/// What a real run tells of its recoveries: one line each, and `status` meanwhile.
@Suite(.serialized) struct RecoveryTests {
  private func lines(_ text: String, _ part: String) -> [Substring] {
    text.split(separator: "\n").filter { $0.contains(part) }
  }

  @Test func anAgentAndACoordinatorThatAreKilledAreOneLineEach() throws {
    let run = try RealRun("recovery", sleep: "0.3", trials: 300, slots: 2)
    let first = try run.start()
    try run.waitForReports(3)
    try eventually("trials that run") { run.trials.count >= 2 }
    let agents = run.agents
    for pid in agents { kill(pid, SIGKILL) }
    try eventually("the agent's return", within: .seconds(40)) { first.output.contains("was started again") }
    let again = lines(first.output, "was started again; it found trial")
    #expect(again.count == 1 && again[0].hasSuffix("which ran on"), "\(first.output)")
    #expect(lines(first.output, "is ready").count == 1, "\(first.output)")
    first.send(SIGKILL)
    try first.wait()
    let dead = try run.place.coordinator(["status"])
    #expect(try dead.wait() == 0)
    #expect(dead.output.contains("no coordinator is running"), "\(dead.output)")
    let second = try run.resume()
    try eventually("the agents' return", within: .seconds(40)) { second.output.contains("after the resume") }
    // Of its two trials one may just be between one attempt and the next.
    let awaited = /goes on: \d+ facts replayed; 1 agent with [12] trials? under way is awaited/
    #expect(second.output.matches(of: awaited).count == 1, "\(second.output)")
    let found = /after the resume 1 of 1 agents are back, with [012] of [12] trials under way; \d+ reports/
    #expect(second.output.matches(of: found).count == 1, "\(second.output)")
    // Stopped, it is not called dead, and nobody waits for its answer.
    second.send(SIGSTOP)
    let began = Date()
    let status = try run.place.coordinator(["status"])
    #expect(try status.wait() == 0)
    let text = status.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("its coordinator (process \(second.pid)) is stopped"), "\(text)")
    #expect(Date().timeIntervalSince(began) < 5)
    let explained = try run.place.coordinator(["explain", "--waiting"])
    #expect(try explained.wait() == 0)
    #expect(explained.output.contains("kill -CONT \(second.pid)"), "\(explained.output)")
    // Nor does it take a command that it would carry out when it goes on.
    let pausing = try run.place.coordinator(["pause"])
    #expect(try pausing.wait() == 69)
    #expect(pausing.errors.contains("takes no command until `kill -CONT \(second.pid)`"), "\(pausing.errors)")
    #expect(Date().timeIntervalSince(began) < 10)
    second.send(SIGCONT)
    let healthy = try #require(run.place.json(["status"]) as? [String: Any])
    let hosts = try #require(healthy["hosts"] as? [[String: Any]])
    #expect(hosts.count == 1 && hosts[0]["state"] as? String == "ready", "\(hosts)")
    #expect(healthy["coordinator_answers"] as? Bool == true)
    #expect(try run.place.coordinator(["stop"]).wait() == 0)
    #expect(try second.wait() == 0, "\(second.output)\(second.errors)")
    try eventually("every process to end") { run.agents.isEmpty && run.supervisors.isEmpty && run.trials.isEmpty }
  }
}
