import Coordination
import SearchSpace
import TuningModel
import Wire

extension Presentation {
  /// What stands at the end of a run: the best configuration, where its checkpoint is, what was spent and what was not.
  public static func summary(_ state: RunState) -> String {
    var lines: [String] = []
    let experiment = state.specification.experiment
    if let best = bestTrial(state), let value = best.best {
      lines.append(
        "best: trial \(best.id), \(printable(experiment.metric)) \(number(value.value)) at \(resource(value.resource, state))"
          + atTheEnd(best, state))
      for entry in best.configuration.entries {
        lines.append("  \(printable(entry.name)): \(printable(entry.value.argumentText))")
      }
      if let checkpoint = best.seals.last {
        let covers = checkpoint.seal.coveredResource.map { ", \(resource($0, state))" } ?? ""
        lines.append("checkpoint: \(place(of: checkpoint, best.id, state)) (\(bytes(checkpoint.seal.bytes))\(covers))")
      } else {
        lines.append("checkpoint: \(noCheckpoint(best))")
      }
    } else {
      lines.append(nothingReported(state))
    }
    lines += phases(state)
    let totals = state.totals
    let active = state.lastStamp?.active ?? .zero
    lines.append(
      "spent: \(duration(active)), \(count(state.trials.count, "trial")), \(count(totals.reports, "report")), "
        + "\(amount(totals.trained, of: printable(experiment.resourceAttribute))), \(duration(totals.slotTime)) of slot time; "
        + "\(count(totals.continuedInPlace, "promotion")) without a restart")
    let maximum = state.scheduler.ladder.map(\.currentMaximum).max() ?? state.specification.scheduler.maxResource
    if let full = fullTraining(state), totals.trained > 0, full >= totals.trained {
      let share = (1000 * Double(full - totals.trained) / Double(full)).rounded() / 10
      lines.append(
        "unspent: "
          + (state.specification.scheduler.name == .pasha
            ? "the maximum resource \(state.end == nil ? "stands" : "ended") at \(maximum) of \(state.specification.scheduler.maxResource); "
            : "")
          + "\(number(share)) % "
          + "of the \(amount(full, of: printable(experiment.resourceAttribute))) that training all trials in full would take"
          + (totals.failed > 0 ? ", those that failed as far as they came" : ""))
    }
    if totals.failed > 0 { lines.append("failed: \(count(totals.failed, "trial"))") }
    return lines.joined(separator: "\n")
  }

  /// What it takes to train each trial that was started up to the maximum resource, those that failed as far as they came;
  /// nil: more than can be counted.
  static func fullTraining(_ state: RunState) -> Int? {
    let maximum = state.specification.scheduler.maxResource
    var full = 0
    for trial in state.trials where trial.attempt != nil {
      var length = maximum
      if case .failed = trial.status { length = min(maximum, trial.resource) }
      let (sum, isTooLarge) = full.addingReportingOverflow(length)
      if isTooLarge { return nil }
      full = sum
    }
    return full
  }

  /// Why a trial has no checkpoint: `none was written`, or what became of those that were.
  public static func noCheckpoint(_ trial: TrialState) -> String {
    trial.lastGeneration == 0 ? "none was written" : "none is left, what was sealed has been removed or lost"
  }

  /// What the run's end has to say: its own message, or that it has no result, which makes it a failure however it ended.
  /// nil: nothing, or the run goes on.
  public static func endMessage(_ state: RunState) -> String? {
    guard let end = state.end else { return nil }
    if !end.message.isEmpty { return end.message }
    return state.totals.bestTrial == nil ? nothingReported(state) : nil
  }

  /// Why a run has no best trial.
  public static func nothingReported(_ state: RunState) -> String {
    let metric = printable(state.specification.experiment.metric)
    let usable = state.trials.reduce(0) { $0 + $1.usableReports }
    return usable == 0
      ? "no trial reported \(metric)"
      : "no trial reported a finite \(metric): "
        + (usable == 1 ? "its one value is NaN or infinite" : "all \(usable) values are NaN or infinite")
  }

  /// The run's result: the best of those trained after the search, or else the best of all.
  static func bestTrial(_ state: RunState) -> TrialState? { state.result }

  /// `best --json`, and part of the summary's.
  public static func bestJSON(_ state: RunState) -> JSONValue {
    guard let trial = bestTrial(state), let best = trial.best else { return .null }
    return .object([
      .init("trial", .int(trial.id.rawValue)),
      .init("metric", .string(state.specification.experiment.metric)),
      .init("value", .double(best.value)),
      .init("resource", .int(best.resource)),
      .init("config", json(trial.configuration)),
      .init("checkpoint", checkpointJSON(trial, state)),
      .init("trained", .bool(state.trained.contains { $0.id == trial.id })),
      .init("last_value", trial.lastValue.map { .double($0) } ?? .null),
      .init("last_resource", .int(trial.resource)),
    ])
  }

  /// Where a checkpoint is, as `HOST:PATH`; on this machine just the path.
  static func place(of checkpoint: TrialState.SealedCheckpoint, _ trial: TrialID, _ state: RunState) -> String {
    let (host, path) = location(of: checkpoint, trial, state)
    return host == "local" ? path : "\(host):\(path)"
  }

  /// The host that has a checkpoint, and its folder there.
  static func location(
    of checkpoint: TrialState.SealedCheckpoint, _ trial: TrialID, _ state: RunState
  ) -> (host: String, path: String) {
    let generation = checkpoint.seal.generation
    let isHere = checkpoint.holders.contains(.coordinator)
    for case .place(let place) in checkpoint.holders {
      let agent = state.agents.first { $0.place == place }
      // A copy that is here is worth more than one on a host that is gone.
      if isHere, agent == nil || agent?.reachability == .lost { continue }
      return (agent.map { printable($0.name) } ?? place.name, "\(place.folder)/trials/\(trial)/seals/\(generation)")
    }
    if checkpoint.holders.contains(.coordinator) { return ("local", "checkpoints/\(trial)/\(generation)") }
    let run = state.start?.run ?? ""
    if case .shared(let folder) = state.specification.checkpoints.store {
      return ("shared", "\(folder)/\(run)/trials/\(trial)/seals/\(generation)")
    }
    return ("store", "\(run)/\(trial)/\(generation)")
  }

  public static func checkpointJSON(_ trial: TrialState, _ state: RunState) -> JSONValue {
    guard let checkpoint = trial.seals.last else { return .null }
    let (host, path) = location(of: checkpoint, trial.id, state)
    return .object([
      .init("path", .string(path)),
      .init("host", .string(host)),
      .init("resource", checkpoint.seal.coveredResource.map { .int($0) } ?? .null),
      .init("bytes", .int(checkpoint.seal.bytes)),
    ])
  }

  /// The summary for scripts.
  public static func summaryJSON(_ state: RunState) -> JSONValue {
    .object([
      .init("run", .string(state.start?.run ?? "")),
      .init("status", .string(runStatus(state))),
      .init("reason", state.end.map { .string($0.reason.rawValue) } ?? .null),
      .init("message", state.end.map { _ in .string(endMessage(state) ?? "") } ?? .null),
      .init("best", bestJSON(state)),
      .init("trials", .int(state.trials.count)),
      .init("completed", .int(state.totals.completed)),
      .init("failed", .int(state.totals.failed)),
      .init("reports", .int(state.totals.reports)),
      .init("resource", .int(state.totals.trained)),
      .init("active_seconds", .double((state.lastStamp?.active ?? .zero).inSeconds)),
      .init("slot_seconds", .double(state.totals.slotTime.inSeconds)),
      .init("continued_in_place", .int(state.totals.continuedInPlace)),
      .init("maximum_resource", .int(state.scheduler.ladder.map(\.currentMaximum).max() ?? 0)),
      .init("training", trainingJSON(state)),
    ])
  }

  /// Where the trial's newest checkpoint is: `HOST:PATH`, on this machine just the path. A copy at the coordinator is
  /// below the run's folder.
  public static func checkpoint(of trial: TrialState, _ state: RunState, folder: String) -> String? {
    guard let newest = trial.seals.last else { return nil }
    let text = place(of: newest, trial.id, state)
    return text.hasPrefix("checkpoints/") ? "\(folder)/\(text)" : text
  }

  public static func json(_ configuration: Configuration) -> JSONValue {
    .object(configuration.entries.map { .init($0.name, json($0.value)) })
  }

  static func json(_ value: ParameterValue) -> JSONValue {
    switch value {
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let value): .string(value)
    case .bool(let value): .bool(value)
    }
  }

  /// The same, and `interrupted` for a run that is neither over nor paused, and that nobody runs.
  /// - Parameter service: nil: not known.
  public static func runStatus(_ state: RunState, service: CoordinatorPresence?) -> String {
    service == CoordinatorPresence.none && state.end == nil && !state.isSuspended ? "interrupted" : runStatus(state)
  }

  /// `running`, `draining`, `training`, `closing`, `paused`, `finished` or `failed`.
  public static func runStatus(_ state: RunState) -> String {
    if let end = state.end {
      switch end.reason {
      case .tooManyFailures, .noUsableHost: return "failed"
      default: return "finished"
      }
    }
    if state.isSuspended { return "paused" }
    if state.closing != nil { return "closing" }
    if state.training != nil { return "training" }
    return state.drain == nil ? "running" : "draining"
  }
}
