import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import Journal
import Presentation
import Scheduling
import Simulation
import TuningModel

/// What `benchmark` is asked for.
public struct BenchmarkOptions: Sendable {
  public var file: String
  /// Names; nil: pasha, asha, and the file's own where it is another one.
  public var schedulers: [String]?
  /// Seeds 0 … `seeds` − 1.
  public var seeds: Int
  /// nil: as the file says.
  public var atLimit: StopCriterion.AtLimit?
  public var json: Bool

  public init(
    file: String, schedulers: [String]? = nil, seeds: Int = 3, atLimit: StopCriterion.AtLimit? = nil,
    json: Bool = false
  ) {
    self.file = file
    self.schedulers = schedulers
    self.seeds = seeds
    self.atLimit = atLimit
    self.json = json
  }
}

extension Commands {
  /// Runs a cluster file with several schedulers and seeds, one after the other, and compares what came of it. Runs that
  /// are there already are not run again.
  public static func benchmark(_ options: BenchmarkOptions, home: String = RunFolder.home) throws -> ExitCode {
    // Before any thread is: a signal must find none that does not know of the watch.
    let signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    guard (1...mostSeeds).contains(options.seeds) else {
      throw ServiceError(.usage, "--seeds must be 1…\(mostSeeds), not \(options.seeds)")
    }
    let decoded = try ClusterFile.load(path: options.file)
    for warning in decoded.warnings { complain(warning.description) }
    let tree = try RunService.scanCode(of: decoded.specification)
    let runs = try benchmarkRuns(decoded.specification, options)
    let desk = BenchmarkDesk(
      tree: tree, origin: RunService.absolute(options.file),
      options: RunService.Options(home: home, agentExecutable: try agentExecutable(), isQuiet: true))
    var outcomes: [BenchmarkOutcome] = []
    var code = ExitCode.success
    for (index, run) in runs.enumerated() {
      complain("\(index + 1) of \(runs.count): \(run.label)")
      switch desk.carryOut(run) {
      case .done(let outcome):
        outcomes.append(outcome)
        complain("  " + words(outcome))
      case .left(let ending): code = ending
      }
      if code == .success, signals.next() != nil { code = .paused }
      if code != .success { break }
    }
    tell(outcomes, metric: decoded.specification.experiment.metric, json: options.json)
    if code != .success {
      complain(
        "\(runs.count - outcomes.count) of \(runs.count) runs are left; the same command goes on with them"
          + (code == .abandoned ? ", and finds the agents, which go on" : ""))
      return code
    }
    return outcomes.contains { $0.failure != nil } ? .runFailed : .success
  }

  /// Seed by seed, so that the schedulers of a seed can be compared as early as may be.
  private static func benchmarkRuns(
    _ specification: RunSpecification, _ options: BenchmarkOptions
  ) throws -> [BenchmarkRun] {
    if specification.program != nil {
      throw ServiceError(
        .usage,
        "scheduler.command: a program's runs are not compared; give a file without it, and run the program's by itself")
    }
    var names: [SchedulerOptions.Name] = []
    let own = specification.scheduler.name
    for word in options.schedulers ?? ["pasha", "asha"] + ([.pasha, .asha].contains(own) ? [] : [own.rawValue]) {
      guard let name = SchedulerOptions.Name(rawValue: word), name != .external else {
        let known = SchedulerOptions.Name.allCases.filter { $0 != .external }.map(\.rawValue).joined(separator: ", ")
        throw ServiceError(.usage, "there is no scheduler \(word): take one of \(known)")
      }
      if names.contains(name) { throw ServiceError(.usage, "--scheduler names \(word) twice") }
      names.append(name)
    }
    let text = try Files.readText(options.file, limit: ClusterFile.sizeLimit)
    let origin = RunService.absolute(options.file)
    return try (0..<options.seeds).flatMap { seed in
      try names.map { name in
        try BenchmarkRun(
          name, seed: seed, of: text, file: options.file, origin: origin, atLimit: options.atLimit)
      }
    }
  }

  // MARK: Telling

  private static func words(_ outcome: BenchmarkOutcome) -> String {
    let name = outcome.name.map { "\($0): " } ?? ""
    guard let result = outcome.result else {
      return name + "failed: " + Presentation.printable(outcome.failure ?? "", keepsNewlines: true)
    }
    return name + (result.bestMetric.map(Presentation.number) ?? "nothing") + " after "
      + Presentation.duration(.nanoseconds(Int64(result.runtimeSeconds * 1e9))) + ", \(result.epochs) epochs"
  }

  private static func tell(_ outcomes: [BenchmarkOutcome], metric: String, json: Bool) {
    if json {
      for outcome in outcomes { show(outcome.json.jsonText(.strict)) }
      return
    }
    let asha = outcomes.first { $0.run.scheduler == .asha }?.run.method
    let comparison = SimulationComparison(
      outcomes.compactMap(\.result), baseline: asha ?? SchedulerOptions.Name.asha.rawValue)
    if !comparison.methods.isEmpty { show(Presentation.benchmark(comparison, metric: metric)) }
    for outcome in outcomes {
      guard let failure = outcome.failure else { continue }
      let name = outcome.name.map { " (\($0))" } ?? ""
      show("\(outcome.run.label)\(name) failed: \(Presentation.printable(failure, keepsNewlines: true))")
    }
  }
}

/// Carries out the runs of a benchmark.
private struct BenchmarkDesk {
  enum Outcome {
    case done(BenchmarkOutcome)
    /// The run was paused, or its agents go on.
    case left(ExitCode)
  }

  let tree: CodeTree?
  let origin: String
  let options: RunService.Options

  func carryOut(_ run: BenchmarkRun) -> Outcome {
    var name: String?
    do {
      var service: RunService?
      if let folder = run.found(in: options.home, code: tree?.hash) {
        let (state, result) = try run.result(of: folder)
        if state.end == nil {
          name = folder.name
          service = try RunService.resume(run: folder.path, options: options)
        } else if failure(state) == nil {
          return .done(BenchmarkOutcome(run: run, name: folder.name, result: result, failure: nil))
        }
        // One that failed is tried again.
      }
      let begun =
        try service
        ?? RunService.begin(run.specification, text: run.text, origin: origin, tree: tree, options: options)
      name = begun.folder.name
      let code = try begun.run { _ in .success }
      guard code == .success else { return .left(code) }
      let (state, result) = try run.result(of: begun.folder)
      let failure = failure(state)
      return .done(BenchmarkOutcome(run: run, name: name, result: failure == nil ? result : nil, failure: failure))
    } catch {
      return .done(BenchmarkOutcome(run: run, name: name, result: nil, failure: "\(error)"))
    }
  }

  /// Why a run that ended counts as failed; nil: it does not.
  private func failure(_ state: RunState) -> String? {
    guard Presentation.runStatus(state) == "failed" || state.totals.bestTrial == nil else { return nil }
    let messages = [state.end?.message, state.totals.lastFailure?.message].compactMap { $0 }
    return messages.first { !$0.isEmpty } ?? Presentation.nothingReported(state)
  }
}
