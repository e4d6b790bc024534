import Foundation
import Glibc
import Presentation
import RunChecking
import Simulation
import TuningModel

func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

func complain(_ text: String) -> Never {
  FileHandle.standardError.write(Data("soak: \(text)\n".utf8))
  exit(64)
}

/// What was asked for; `Cluster/soak` explains it.
struct Request {
  var minutes: Double?
  var firstSeed = UInt64.random(in: 1...(1 << 40))
  /// A defect that is put in: to see that it is found, in a debug build.
  var mutant: Mutant?

  init(_ words: [String]) {
    var words = words[...]
    while let word = words.popFirst() {
      guard let value = words.popFirst() else { complain("\(word) takes a value") }
      switch word {
      case "--minutes":
        guard let number = Double(value), number >= 0 else { complain("--minutes takes a number, not '\(value)'") }
        minutes = number > 0 ? number : nil
      case "--first-seed":
        guard let number = UInt64(value) else { complain("--first-seed takes a whole number, not '\(value)'") }
        firstSeed = number
      case "--mutant":
        #if PASHA_MUTANTS
          guard let found = Mutant(rawValue: value) else { complain("'\(value)' is no defect") }
          mutant = found
        #else
          complain("a release build has no defects to put in")
        #endif
      default: complain("unknown option \(word)")
      }
    }
  }
}

let seedsAtOnce = 500
/// From one line on how it goes to the next, at least.
let pause = Duration.seconds(10)
/// Lines of what happened last that are shown of a seed that fails.
let shownLines = 60

/// The seed again, with as few faults as it needs.
func explain(_ seed: UInt64, _ mutant: Mutant?) -> FaultSimulation.Explanation {
  #if PASHA_MUTANTS
    return Mutant.$current.withValue(mutant) { FaultSimulation(seed: seed).explain() }
  #else
    return FaultSimulation(seed: seed).explain()
  #endif
}

let request = Request(Array(CommandLine.arguments.dropFirst()))
let tally = Tally(limit: request.minutes.map { .seconds($0 * 60) })

// Whoever interrupts it is told how far it came.
var ends = sigset_t()
sigemptyset(&ends)
sigaddset(&ends, SIGINT)
sigaddset(&ends, SIGTERM)
pthread_sigmask(SIG_BLOCK, &ends, nil)
Thread.detachNewThread { [ends] in
  var awaited = ends
  var signal: Int32 = 0
  sigwait(&awaited, &signal)
  say("\(tally.summary)\nstopped")
  exit(0)
}

say("seeds from \(request.firstSeed)")
var next = request.firstSeed
var told: ContinuousClock.Instant?
while !tally.isOver {
  _ = FaultRuns.run((0..<UInt64(seedsAtOnce)).map { next &+ $0 }, with: request.mutant) { result in
    tally.add(result, result.problems)
    return tally.isOver
  }
  next &+= UInt64(seedsAtOnce)
  if tally.isOver || told.map({ ContinuousClock.now - $0 >= pause }) ?? true {
    say(tally.summary)
    told = .now
  }
}
guard let (result, problems) = tally.failure else { exit(0) }
if result.violation == nil {
  say("seed \(result.seed) fails:")
  for problem in problems { say("  - \(problem)") }
  say("again: Cluster/soak --first-seed \(result.seed)")
} else {
  say(Presentation.faults(explain(result.seed, request.mutant), lines: shownLines))
}
exit(1)
