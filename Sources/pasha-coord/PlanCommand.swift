import ArgumentParser
import CoordinatorService

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a trial for a few epochs on each kind of host, and forecast hours, GPU hours and disk.",
    discussion: """
      Hosts are of one kind that have the same GPUs, cores, memory and architecture. Nothing of the trials stays. The \
      forecast is an estimate: learning curves are not known beforehand.
      """)

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String
  @Option(help: "Epochs that each trial is trained, at least 2; no more than max_t.")
  var epochs = 3
  @Option(help: "Trials of the search. Default: the file's max_num_trials_started, or what its limits leave time for.")
  var trials: Int?
  @Option(help: "Trials that are tried at once on each kind of host; they share what the host's slots share.")
  var atOnce = 1
  @Option(help: "Minutes that a kind of host may take, its preparation included.")
  var limitMinutes = 30.0
  @Option(help: "Seeds 0 … N-1 of the simulated searches.")
  var seeds = 15
  @Option(help: "A folder with curves.csv, or a CSV file: learning curves in place of synthetic ones.")
  var table: String?
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform {
      // A number that is not finite is out of every range.
      let seconds = limitMinutes.isFinite ? min(max(limitMinutes * 60, 0), 1e9) : 0
      return try Commands.plan(
        PlanOptions(
          file: file, epochs: epochs, trials: trials, atOnce: atOnce, limit: .milliseconds(Int64(seconds * 1000)),
          seeds: seeds, table: table, json: output.json))
    }
  }
}
