import FarmSupport
import Foundation

/// Measures each recovery so many times and prints a table.
func measureRecoveries(_ count: Int) throws {
  let times = try RecoveryTimes()
  let cases: [(String, () throws -> Double)] = [
    ("agent killed → a report of its trial through the next one", times.agentKilled),
    ("coordinator killed, resumed at once → a report is taken", times.coordinatorKilled),
    ("host without power → its trial starts elsewhere, lease \(Int(RecoveryTimes.lease)) s", times.hostLost),
  ]
  say("| what | times | median s | worst s |")
  say("| --- | --- | --- | --- |")
  for (what, measure) in cases {
    let seconds = try (0..<count).map { _ in try measure() }.sorted()
    let figures = [seconds[count / 2], seconds[count - 1]].map { String(format: "%.2f", $0) }
    say("| \(what) | \(count) | \(figures[0]) | \(figures[1]) |")
  }
  try times.end()
}
