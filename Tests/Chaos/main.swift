import FarmSupport
import Foundation
import TestSupport

func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

func complain(_ text: String) -> Never {
  FileHandle.standardError.write(Data("chaos: \(text)\n".utf8))
  exit(64)
}

/// What was asked for; `Cluster/chaos` explains it.
struct Request {
  var minutes = 8.0
  var seed: UInt64 = 1
  var only: Int?
  var keep: String?
  var kinds: Set<FaultKind>?
  /// How often each recovery is measured, in place of chaos.
  var recoveries: Int?

  init(_ words: [String]) {
    var words = words[...]
    while let word = words.popFirst() {
      guard let value = words.popFirst() else { complain("\(word) takes a value") }
      switch word {
      case "--minutes":
        guard let number = Double(value), number > 0 else { complain("--minutes takes a number, not '\(value)'") }
        minutes = number
      case "--seed":
        guard let number = UInt64(value) else { complain("--seed takes a whole number, not '\(value)'") }
        seed = number
      case "--run":
        guard let number = Int(value), number > 0 else { complain("--run takes a number from 1, not '\(value)'") }
        only = number
      case "--keep": keep = value
      case "--kinds":
        kinds = Set(
          value.split(separator: ",").map { word in
            let word = word.trimmingCharacters(in: .whitespaces)
            guard let kind = FaultKind(rawValue: word) else {
              complain("'\(word)' is no kind; there are: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
          })
      case "--recoveries":
        guard let number = Int(value), number > 0 else { complain("--recoveries takes a number, not '\(value)'") }
        recoveries = number
      default: complain("unknown option \(word)")
      }
    }
  }
}

let request = Request(Array(CommandLine.arguments.dropFirst()))
guard Farm.hasNamespaces else { complain("hosts in namespaces need root") }

if let count = request.recoveries {
  do {
    try measureRecoveries(count)
  } catch {
    say("\(error)")
    exit(1)
  }
  exit(0)
}

let begun = ContinuousClock.now
var coverage = FaultCoverage()
var recoveries: [String: Int] = [:]
var runs = 0
var longest = 0.0
var failures: [(run: Int, problems: [String])] = []
var number = request.only ?? 1

func minutes(_ seconds: Double) -> String { String(format: "%.1f", seconds / 60) }
func elapsed() -> Double { (ContinuousClock.now - begun) / .seconds(1) }

// One that would not be over in time is not begun.
while runs == 0 || request.only == nil && elapsed() + longest < request.minutes * 60 {
  let schedule = FaultSchedule(seed: request.seed, run: number, only: request.kinds)
  let start = elapsed()
  say(
    "run \(number) of seed \(request.seed): \(schedule.hosts) hosts, \(schedule.slots) slots each, store "
      + "\(schedule.store.rawValue)\(schedule.tunnels ? ", tunnels" : ""), \(schedule.faults.count) faults")
  runs += 1
  do {
    let run = try ChaosRun(schedule, say: say)
    let problems = run.carryOut()
    coverage.add(schedule, effects: run.effects)
    recoveries.merge(run.recoveries(), uniquingKeysWith: +)
    say("run \(number): \(run.figures()), problems: \(problems.count)")
    if !problems.isEmpty {
      failures.append((number, problems))
      say("FAILED: seed \(request.seed), run \(number): Cluster/chaos --seed \(request.seed) --run \(number)")
      say("faults, in order:")
      for fault in schedule.faults { say(String(format: "  %6.2f s  ", fault.at) + "\(fault)") }
      say("problems:")
      for problem in problems { say("  - \(problem)") }
      let folder = (request.keep ?? "/tmp") + "/pasha-chaos-\(request.seed)-\(number)"
      try run.keep(in: folder)
      say("kept: \(folder)")
    }
  } catch {
    failures.append((number, ["\(error)"]))
    say("FAILED: seed \(request.seed), run \(number) did not come about: \(error)")
  }
  longest = max(longest, elapsed() - start)
  number += 1
}

say("")
let effects = coverage.effects
say(
  "chaos: \(minutes(elapsed())) minutes, \(runs) runs of seed \(request.seed), \(effects.values.reduce(0, +)) faults that "
    + "took effect")
for kind in FaultKind.allCases { say("  \(effects[kind] ?? 0)  \(kind.rawValue)") }
let missing = coverage.missing.map(\.rawValue).joined(separator: ", ")
say("kinds without effect: \(missing.isEmpty ? "none" : missing)")
for (what, count) in recoveries.sorted(by: { $0.key < $1.key }) { say("  \(count)  \(what)") }
// What failed stands in the middle of a long log: once more, where it is seen.
for failure in failures {
  say("run \(failure.run), Cluster/chaos --seed \(request.seed) --run \(failure.run):")
  for problem in failure.problems.prefix(20) { say("  - \(problem)") }
}
// A choice of runs or of kinds is no whole chaos.
let gap = request.only == nil && request.kinds == nil ? coverage.problem(minutes: request.minutes) : nil
if let gap { say("not covered: \(gap)") }
say("problems: \(failures.isEmpty ? "0" : "in runs \(failures.map(\.run))")")
exit(failures.isEmpty && gap == nil ? 0 : 1)
