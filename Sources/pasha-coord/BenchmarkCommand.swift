import ArgumentParser
import Coordination
import CoordinatorService

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a cluster file with several schedulers and seeds, and compare what came of it.",
    discussion: """
      The runs are real ones, one after the other, named NAME-SCHEDULER-sSEED. The same command again goes on with those \
      that are missing or were paused, and tries those again that failed. Ctrl-C pauses the present one and ends.
      """)

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String
  @Option(help: "Names separated by commas. Default: pasha,asha, and the file's own where it is another one.")
  var scheduler: String?
  @Option(help: "Seeds 0 … N-1.")
  var seeds = 3
  @Option(
    help:
      "What happens when one more trial would start: now, finish_running or finish_promotions. Default: as the file.")
  var atLimit: StopCriterion.AtLimit?
  @Flag(help: "Print JSON: a line for each run.")
  var json = false

  func run() throws {
    try perform {
      try Commands.benchmark(
        BenchmarkOptions(
          file: file,
          schedulers: scheduler?.split(separator: ",", omittingEmptySubsequences: false).map(String.init),
          seeds: seeds, atLimit: atLimit, json: json))
    }
  }
}
