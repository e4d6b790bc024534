import ArgumentParser
import Coordination
import CoordinatorService
import TuningModel

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Try schedulers on measured learning curves, in seconds and without training.",
    discussion: """
      The table is a folder or a CSV file with the curves of many configurations, or what the trials of a run reported. \
      The coordinator and its agents run as they do in a farm, in the virtual time that the table gives.
      """)

  @Option(help: "A folder with curves.csv, or a CSV file.", completion: .directory)
  var table: String?
  @Option(
    name: .customLong("run"),
    help: "A run whose reports are the table: its name, a unique prefix of it, or its folder.")
  var runName: String?
  @Option(
    help: "Names separated by commas: schedulers, one_epoch (the best after one epoch), random (an untrained choice).")
  var scheduler = "pasha,asha"
  @Option(help: "Whether small or large values are good: min or max. Default: as the table or run says.")
  var mode: MetricMode?
  @Option(help: "The maximum resource. Default: as the table or run says, else the longest curve.")
  var maxT: Int?
  @Option(help: "The lowest rung level.")
  var gracePeriod = 1
  @Option(help: "Each rung level is this many times the one below.")
  var reductionFactor = 3.0
  @Option(help: "Trials that are started at most. Default: one for each configuration.")
  var trials: Int?
  @Option(help: "Trials that run at once.")
  var workers = 4
  @Option(help: "Seeds 0 … N-1. Default: as many as the order file has, else 15.")
  var seeds: Int?
  @Option(help: "What happens when one more trial would start: now, finish_running or finish_promotions.")
  var atLimit = StopCriterion.AtLimit.finishPromotions
  @Option(
    help: "A CSV file with a line for each seed: the seed, then configurations in order. Default: drawn from the seed.",
    completion: .file(extensions: ["csv"]))
  var order: String?
  @Option(help: "Write an SVG picture to this file.", completion: .file(extensions: ["svg"]))
  var plot: String?
  @Flag(help: "Run under faults that a seed draws, and check that nothing is lost and nothing runs twice.")
  var faults = false
  @Option(help: "With --faults: this seed alone, with all that happened; one that fails is shortened first.")
  var seed: UInt64?
  @Option(help: "With --faults: the first of --seeds seeds.")
  var firstSeed: UInt64 = 0
  @Option(help: "With --faults: seeds that are run at once. Default: one for each core.")
  var jobs: Int?
  @Flag(help: "Print JSON: a line for each run.")
  var json = false
  @Flag(help: "Print the table as Markdown.")
  var markdown = false

  /// What is asked for one kind of simulation does not go with the other.
  func validate() throws {
    let others: [(String, Bool)] =
      faults
      ? [
        ("--table", table != nil), ("--run", runName != nil), ("--mode", mode != nil), ("--max-t", maxT != nil),
        ("--trials", trials != nil), ("--order", order != nil), ("--plot", plot != nil), ("--markdown", markdown),
        ("--seeds", seed != nil && seeds != nil),
      ]
      : [("--seed", seed != nil), ("--first-seed", firstSeed != 0), ("--jobs", jobs != nil)]
    guard let (name, _) = others.first(where: \.1) else { return }
    if faults, name == "--seeds" { throw ValidationError("--seed is one seed: it does not go with --seeds") }
    throw ValidationError(faults ? "\(name) does not go with --faults" : "\(name) goes with --faults alone")
  }

  func run() throws {
    try perform {
      if faults {
        return try Commands.simulateFaults(
          FaultOptions(seed: seed, firstSeed: firstSeed, seeds: seeds ?? 100, jobs: jobs, json: json))
      }
      return try Commands.simulate(
        SimulateOptions(
          table: table, run: runName,
          schedulers: scheduler.split(separator: ",", omittingEmptySubsequences: false).map(String.init), mode: mode,
          maxResource: maxT, gracePeriod: gracePeriod, reductionFactor: reductionFactor, trials: trials,
          workers: workers, seeds: seeds, atLimit: atLimit, order: order, json: json, markdown: markdown, plot: plot))
    }
  }
}

extension MetricMode: ExpressibleByArgument {}
extension StopCriterion.AtLimit: ExpressibleByArgument {}
