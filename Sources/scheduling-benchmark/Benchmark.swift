import Scheduling
import TuningModel

/// How long the scheduler takes for its answers, in a virtual-time loop without processes.
///
///     scheduling-benchmark TYPE N WORKERS [SEED [NOISE]]
///
/// TYPE is a scheduler's name, or `stopping` for `asha` of that type.
///
/// max_t 200, reduction factor 3, grace period 1, mode min; synthetic noisy curves (noise 0.02 unless given). Prints
/// one line of JSON. A report is `record`, `review` and `apply`; a suggestion is `propose` and then `apply` or `add`. Much
/// noise is the costly case: the maximum stays low, so that many trials are compared with each other.
@main struct Benchmark {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count >= 3, let options = Self.options(words[0]), let count = Int(words[1]),
      let workers = Int(words[2]), count > 0, workers > 0
    else {
      let names = SchedulerOptions.Name.allCases.map(\.rawValue).joined(separator: "|")
      print("usage: scheduling-benchmark \(names)|stopping N WORKERS [SEED [NOISE]]")
      return
    }
    let seed = words.count > 3 ? UInt64(words[3]) ?? 0 : 0
    let noise = words.count > 4 ? Double(words[4]) ?? 0.02 : 0.02
    do {
      var run = try SimulatedRun(name: words[0], options, trials: count, workers: workers, seed: seed, noise: noise)
      print(run.measure().json)
    } catch {
      print("\(error)")
    }
  }

  private static func options(_ word: String) -> SchedulerOptions? {
    if word == "stopping" { return SchedulerOptions(name: .asha, maxResource: 200, type: .stopping) }
    guard let name = SchedulerOptions.Name(rawValue: word) else { return nil }
    var options = SchedulerOptions(name: name, maxResource: 200)
    if name == .hyperband || name == .syncHyperband { options.brackets = options.levels.count + 1 }
    if name == .rush { options.thresholdCandidates = 10 }
    return options
  }
}
