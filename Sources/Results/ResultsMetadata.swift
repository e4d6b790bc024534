import Coordination
import SearchSpace
import Scheduling
import TuningModel
import Wire

/// The content of `metadata.json`: Syne Tune's keys (0.13), what the user gave as `metadata`, and what Syne Tune leaves
/// out although a run cannot be repeated without it: the scheduler's arguments, the seed, the versions.
struct ResultsMetadata {
  var specification: RunSpecification
  var start: RunStart
  var startedAt: Timestamp
  /// What is known of the training after the search; nil before it.
  var training: Training?

  struct Training: Equatable {
    var searchTime: Duration
    /// Those trained in full, best first; nil until the run is over.
    var trained: [TrialID]?
  }

  /// One line of JSON, as Python prints it.
  var bytes: [UInt8] { JSONValue.object(members).jsonBytes(.python) + [UInt8(ascii: "\n")] }

  var members: [JSONValue.Member] {
    var members = syneTune
    // What is ours is not overwritten by what the user gave.
    let names = Set((members + own).map(\.key))
    for entry in specification.experiment.metadata where !names.contains(entry.key) {
      members.append(JSONValue.Member(entry.key, entry.value))
    }
    return members + own
  }

  private var syneTune: [JSONValue.Member] {
    let experiment = specification.experiment
    let time = JSONValue.double(startedAt.seconds)
    return [
      .init("st_tuner_creation_timestamp", time),
      .init("entrypoint", .string(Self.stem(of: experiment.entryPoint))),
      .init("backend", .string("pasha")),
      .init("metric_names", .array([.string(experiment.metric)])),
      .init("metric_mode", .string(experiment.mode.rawValue)),
      .init("scheduler_name", .string(specification.scheduler.name.rawValue)),
      // JSON within a string, as Syne Tune has it.
      .init("config_space", .string(experiment.space.syneTuneJSON.jsonText(.python))),
      .init("st_tuner_start_timestamp", time),
    ]
  }

  /// Plain values alone: Syne Tune's `get_metadata` makes columns of them.
  private var own: [JSONValue.Member] {
    let scheduler = specification.scheduler
    var members: [JSONValue.Member] = [
      .init("pasha_version", .string(start.version)),
      .init("run", .string(start.run)),
      .init("resource_attr", .string(specification.experiment.resourceAttribute)),
      .init("max_t", .int(scheduler.maxResource)),
      .init("grace_period", .int(scheduler.gracePeriod)),
      .init("reduction_factor", .double(scheduler.reductionFactor)),
      .init("brackets", .int(scheduler.brackets)),
      .init("searcher", .string(specification.searcher.kind.rawValue)),
      .init("random_seed", Self.seed(start.randomSeed)),
      .init("specification_hash", .string(start.specificationHash)),
    ]
    if [.asha, .hyperband, .rush].contains(scheduler.name) {
      members.append(.init("type", .string(scheduler.type.rawValue)))
    }
    if scheduler.brackets > 1 {
      members.append(.init("rung_system_per_bracket", .bool(scheduler.rungSystemPerBracket)))
    }
    if scheduler.name == .pasha {
      members.append(.init("ranking_criterion", .string(scheduler.ranking.criterion.rawValue)))
    }
    if let levels = scheduler.rungLevels { members.append(.init("rung_levels", .array(levels.map { .int($0) }))) }
    if let increment = scheduler.rungIncrement { members.append(.init("rung_increment", .int(increment))) }
    if let attribute = specification.experiment.maxResourceAttribute {
      members.append(.init("max_resource_attr", .string(attribute)))
    }
    if let workers = specification.cluster.maxWorkers { members.append(.init("n_workers", .int(workers))) }
    if let count = specification.stop.trainBest { members.append(.init("train_best", .int(count))) }
    if let training {
      members.append(.init("search_seconds", .double(training.searchTime.inSeconds)))
      if let trained = training.trained {
        members.append(.init("trained_trials", .array(trained.map { .int($0.rawValue) })))
        if let best = trained.first { members.append(.init("best_trained_trial", .int(best.rawValue))) }
      }
    }
    if let hash = start.codeHash { members.append(.init("code_hash", .string(hash))) }
    return members
  }

  /// A seed of 64 bits may be more than an `Int` holds.
  private static func seed(_ seed: UInt64) -> JSONValue {
    Int(exactly: seed).map { .int($0) } ?? .string(String(seed))
  }

  /// The name of the script without its folder and ending; of a command without a Python script, of its program.
  private static func stem(of command: [String]) -> String {
    let word = command.first { $0.hasSuffix(".py") } ?? command.first ?? ""
    let name = word.split(separator: "/").last.map(String.init) ?? word
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}
