import Scheduling
import TuningModel

/// How long the scheduler takes for its answers, in a virtual-time loop without processes.
///
///     scheduling-benchmark TYPE N WORKERS [SEED [NOISE]]     TYPE: pasha | asha
///
/// max_t 200, reduction factor 3, grace period 1, mode min; synthetic noisy curves (noise 0.02 unless given). Prints
/// one line of JSON. A report is `record`, `review` and `apply`; a suggestion is `proposePromotion` and then `apply` or
/// `add`. Much noise is the costly case: the maximum stays low, so that many trials are compared with each other.
@main struct Benchmark {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count >= 3, let name = SchedulerOptions.Name(rawValue: words[0]), let count = Int(words[1]),
      let workers = Int(words[2]), count > 0, workers > 0
    else {
      print("usage: scheduling-benchmark pasha|asha N WORKERS [SEED [NOISE]]")
      return
    }
    let seed = words.count > 3 ? UInt64(words[3]) ?? 0 : 0
    let noise = words.count > 4 ? Double(words[4]) ?? 0.02 : 0.02
    do {
      var run = try SimulatedRun(name: name, trials: count, workers: workers, seed: seed, noise: noise)
      print(run.measure().json)
    } catch {
      print("\(error)")
    }
  }
}
