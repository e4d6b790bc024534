import Coordination
import TuningModel

/// `stop_criterion`: when the search ends, and what follows it.
enum StopSection {
  private static let ending = [
    "max_num_trials_started", "max_num_trials_completed", "max_num_trials_finished", "max_num_evaluations",
    "max_wallclock_time", "max_cost",
  ]

  /// nil: there are mistakes. Without the experiment, what has to do with it is not checked.
  static func decode(_ top: MapReader, experiment: ExperimentSection.Result?) -> StopCriterion? {
    guard top.has("stop_criterion") else {
      top.mistakes.warn(.missingKey, top.place, "there is no stop_criterion: \(endless)")
      return StopCriterion()
    }
    guard let map = top.map("stop_criterion", example: "{max_num_trials_started: 64, max_wallclock_time: 2h}") else {
      return nil
    }
    map.refuseUnknownKeys(KnownKeys.stopCriterion)
    let count = 1...Int(Int32.max)
    var stop = StopCriterion()
    stop.maxTrialsStarted = map.int("max_num_trials_started", count)
    stop.maxTrialsCompleted = map.int("max_num_trials_completed", count)
    stop.maxTrialsFinished = map.int("max_num_trials_finished", count)
    stop.maxEvaluations = map.int("max_num_evaluations", count)
    stop.maxWallclockTime = map.duration("max_wallclock_time", .milliseconds(1)...DurationText.maximum)
    stop.maxCost = cost(map, experiment)
    stop.maxMetricValue = map.double("max_metric_value")
    stop.minMetricValue = map.double("min_metric_value")
    let atLimit = map.keyword("at_limit", StopCriterion.AtLimit.self)
    if let atLimit { stop.atLimit = atLimit }
    stop.trainBest = map.int("train_best", 1...Training.maximumTrials)
    warn(map, stop, experiment)
    let isRead: [(String, Bool)] = [
      ("max_num_trials_started", stop.maxTrialsStarted != nil),
      ("max_num_trials_completed", stop.maxTrialsCompleted != nil),
      ("max_num_trials_finished", stop.maxTrialsFinished != nil),
      ("max_num_evaluations", stop.maxEvaluations != nil), ("max_wallclock_time", stop.maxWallclockTime != nil),
      ("max_cost", stop.maxCost != nil), ("max_metric_value", stop.maxMetricValue != nil),
      ("min_metric_value", stop.minMetricValue != nil), ("at_limit", atLimit != nil),
      ("train_best", stop.trainBest != nil),
    ]
    return isRead.allSatisfy { $0.1 || !map.has($0.0) } ? stop : nil
  }

  private static func cost(_ map: MapReader, _ experiment: ExperimentSection.Result?) -> Double? {
    guard let cost = map.double("max_cost") else { return nil }
    guard cost > 0 else {
      map.tell(.invalidValue, "max_cost", "must be above 0, not \(PythonNumber.text(cost))")
      return nil
    }
    if let experiment, !experiment.hasCostAttribute {
      map.tell(
        .contradiction, "max_cost",
        "needs experiment.cost_attr, the key under which the script reports what the step cost")
    }
    return cost
  }

  private static func warn(_ map: MapReader, _ stop: StopCriterion, _ experiment: ExperimentSection.Result?) {
    if !ending.contains(where: { map.has($0) }) {
      map.mistakes.warn(.missingKey, map.place, "\(map.path) has no limit of trials, reports, time or cost: \(endless)")
    }
    if map.has("at_limit"), !map.has("max_num_trials_started") {
      map.warn(.contradiction, "at_limit", "has no effect without max_num_trials_started")
    }
    guard let mode = experiment?.mode else { return }
    let isWrong = mode == .min ? stop.maxMetricValue != nil : stop.minMetricValue != nil
    guard isWrong else { return }
    let key = mode == .min ? "max_metric_value" : "min_metric_value"
    let other = mode == .min ? "min_metric_value" : "max_metric_value"
    map.warn(
      .contradiction, key,
      "is for mode \(mode == .min ? "max" : "min"); with mode \(mode.rawValue) it ends the run "
        + "as soon as the best value is no better than it, which may be at once; did you mean \(other)?")
  }

  private static let endless = "the run goes on until it is stopped (Ctrl-C, or pasha-coord stop)"
}
