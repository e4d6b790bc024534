import Coordination
import Presentation
import Scheduling
import SearchSpace
import TuningModel

extension ExportedRun {
  /// The run: what was searched, by what, and what came of it.
  public var runRecord: JSONValue {
    let specification = state.specification
    let experiment = specification.experiment
    let best = state.result
    var members: [JSONValue.Member] = [
      .init("kind", .string("run")),
      .init("format", .int(Exports.format)),
      .init("run", .string(state.start?.run ?? "")),
      .init("experiment", .string(experiment.name)),
      .init("status", .string(Presentation.runStatus(state))),
      .init("reason", state.end.map { .string($0.reason.rawValue) } ?? .null),
      .init("metric", .string(experiment.metric)),
      .init("mode", .string(experiment.mode.rawValue)),
      .init("resource_attr", .string(experiment.resourceAttribute)),
      .init("max_t", .int(specification.scheduler.maxResource)),
      .init("maximum_resource", .int(state.scheduler.ladder.map(\.currentMaximum).max() ?? 0)),
      .init("rung_levels", .array(state.scheduler.levels.map { .int($0) })),
      .init("scheduler", .string(specification.scheduler.name.rawValue)),
      .init("reduction_factor", .double(specification.scheduler.reductionFactor)),
      .init("grace_period", .int(specification.scheduler.gracePeriod)),
      .init("brackets", .int(specification.scheduler.brackets)),
      .init("searcher", .string(specification.searcher.kind.rawValue)),
      .init("random_seed", seed),
    ]
    members += [
      .init("pasha_version", .string(state.start?.version ?? "")),
      .init("code_hash", state.start?.codeHash.map { .string($0) } ?? .null),
      .init("started", state.startedAt.map { .double($0.wall.seconds) } ?? .null),
      .init("ended", chronicle.endedAt.map { .double($0.wall.seconds) } ?? .null),
      .init("active_seconds", .double((state.lastStamp?.active ?? .zero).inSeconds)),
      .init("slot_seconds", .double(state.totals.slotTime.inSeconds)),
      .init("trials", .int(state.trials.count)),
      .init("reports", .int(reports)),
      .init("resource", .int(state.totals.trained)),
      .init("best_trial", best.map { .int($0.id.rawValue) } ?? .null),
      .init("best_value", best?.best.map { .double($0.value) } ?? .null),
      .init("best_resource", best?.best.map { .int($0.resource) } ?? .null),
      .init("space", .array(experiment.space.entries.map(SpaceRecord.json))),
      .init("metadata", .object(experiment.metadata.map { .init($0.key, $0.value) })),
    ]
    return .object(members)
  }

  /// A seed of 64 bits may be more than an `Int` holds.
  private var seed: JSONValue {
    let seed = state.start?.randomSeed ?? state.specification.searcher.randomSeed
    return Int(exactly: seed).map { .int($0) } ?? .string(String(seed))
  }
}

/// An entry of the configuration space.
enum SpaceRecord {
  static func json(_ entry: ConfigurationSpace.Entry) -> JSONValue {
    let name = JSONValue.Member("name", .string(entry.name))
    switch entry.content {
    case .constant(let value):
      return .object([name, .init("type", .string("constant")), .init("value", value.json)])
    case .domain(let domain): return .object([name] + members(domain))
    }
  }

  private static func members(_ domain: Domain) -> [JSONValue.Member] {
    switch domain {
    case .real(let range):
      let type =
        switch range.scale {
        case .linear: "uniform"
        case .log: "loguniform"
        case .reverseLog: "reverseloguniform"
        }
      return [
        .init("type", .string(type)), .init("lower", .double(range.lower)), .init("upper", .double(range.upper)),
        .init("log", .bool(range.scale == .log)),
      ]
    case .integer(let range):
      return [
        .init("type", .string(range.isLogarithmic ? "lograndint" : "randint")), .init("lower", .int(range.lower)),
        .init("upper", .int(range.upper)), .init("log", .bool(range.isLogarithmic)),
      ]
    case .choice(let values): return [.init("type", .string("choice")), self.values(values)]
    case .ordinal(let ordinal):
      return [
        .init("type", .string(ordinal.kind == .nearestInLog ? "logordinal" : "ordinal")), values(ordinal.values),
        .init("log", .bool(ordinal.kind == .nearestInLog)),
      ]
    case .finite(let range):
      return [
        .init("type", .string(range.isLogarithmic ? "logfinrange" : "finrange")), .init("lower", .double(range.lower)),
        .init("upper", .double(range.upper)), values(range.values), .init("log", .bool(range.isLogarithmic)),
      ]
    }
  }

  private static func values(_ values: [ParameterValue]) -> JSONValue.Member {
    .init("values", .array(values.map(\.json)))
  }
}
