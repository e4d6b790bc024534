import Coordination
import TuningModel

/// The training of the best trials after the search, in words.
extension Presentation {
  /// The search ended and what follows it.
  static func began(_ training: Training, _ state: RunState) -> String {
    let open = training.trials.filter { id in state[id].map { !$0.status.isFinal } ?? false }
    let goal = resource(state.specification.scheduler.maxResource, state)
    let what =
      switch (training.trials.count, open.count) {
      case (1, 0): "its best trial is trained already"
      case (let count, 0): "its best \(count) trials are trained already"
      case (1, _): "its best trial is trained up to \(goal)"
      case (let count, _): "its best \(count) trials are trained up to \(goal)"
      }
    return "the search is over (\(reason(training.end.reason, state))): \(what): \(list(training.trials))"
  }

  /// What the failure of one of the best trials means for the others.
  static func dropped(_ id: TrialID, _ state: RunState) -> [String] {
    guard let training = state.training, training.trials.contains(id) else { return [] }
    let left = training.trials.count { other in
      guard let trial = state[other] else { return false }
      return !trial.status.isFinal || state.trained.contains { $0.id == other }
    }
    return ["trial \(id) is trained no further; \(left) of the best \(training.trials.count) are left"]
  }

  /// How far a trained trial came.
  static func trained(_ id: TrialID, _ state: RunState) -> String {
    guard let training = state.training, training.trials.contains(id), let best = state[id]?.best else {
      return "trial \(id) completed"
    }
    let metric = printable(state.specification.experiment.metric)
    return "trial \(id) is trained: its best \(metric) is \(number(best.value)) at \(resource(best.resource, state))"
      + (state[id].map { atTheEnd($0, state) } ?? "")
  }

  /// The value of a trained trial's checkpoint, where it is not its best one.
  static func atTheEnd(_ trial: TrialState, _ state: RunState) -> String {
    guard let last = trial.lastValue, trial.resource != trial.best?.resource,
      state.trained.contains(where: { $0.id == trial.id })
    else { return "" }
    return "; \(number(last)) at the end, \(resource(trial.resource, state))"
  }

  /// The run's end, and what came of the training.
  static func finished(_ state: RunState, _ end: RunEnd.Reason) -> String {
    let word =
      switch end {
      case .tooManyFailures, .noUsableHost: "failed"
      default: "finished"
      }
    let text = "\(word): \(reason(end, state))"
    guard let training = state.training else { return text }
    guard let best = state.trained.first else { return text + "; none of the best trials was trained in full" }
    guard training.trials.count > 1 else { return text }
    return text + "; the best of \(state.trained.count) trained trials is \(best.id)"
  }

  /// `search: 12 min 03 s (…)`, `training: 40 min 10 s, …`; empty without a training.
  static func phases(_ state: RunState) -> [String] {
    guard let training = state.training, let search = state.searchTime else { return [] }
    let time = (state.lastStamp?.active ?? search) - search
    return [
      "search: \(duration(search)) (\(reason(training.end.reason, state)))",
      "training: \(duration(time)), \(state.trained.count) of \(training.trials.count) trials trained",
    ]
  }

  /// Each of the best trials with how far it is.
  static func progress(_ state: RunState) -> String {
    let maximum = state.specification.scheduler.maxResource
    return (state.training?.trials ?? []).compactMap { state[$0] }.map { trial in
      "trial \(trial.id) \(trial.status.word) at \(resource(trial.resource, state)) of \(maximum)"
    }.joined(separator: "; ")
  }

  static func trainingJSON(_ state: RunState) -> JSONValue {
    guard let training = state.training, let search = state.searchTime else { return .null }
    let time = (state.lastStamp?.active ?? search) - search
    return .object([
      .init("reason", .string(training.end.reason.rawValue)),
      .init("search_seconds", .double(search.inSeconds)),
      .init("training_seconds", .double(time.inSeconds)),
      .init("trials", .array(training.trials.map { .int($0.rawValue) })),
      .init("trained", .array(state.trained.map { .int($0.id.rawValue) })),
    ])
  }

  /// `trials 3, 5 and 7`.
  static func list(_ trials: [TrialID]) -> String {
    let shown = trials.prefix(20).map { "\($0)" } + (trials.count > 20 ? ["\(trials.count - 20) more"] : [])
    guard let last = shown.last, shown.count > 1 else { return "trial \(shown.first ?? "-")" }
    return "trials " + shown.dropLast().joined(separator: ", ") + " and " + last
  }
}
