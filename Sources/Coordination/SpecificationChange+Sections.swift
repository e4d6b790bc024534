import Scheduling

/// Why what is refused is refused.
private enum Reason {
  static let trials = "trials were begun with it; start a new run"
  static let agents = "the agents were started with it; start a new run"
  static let decisions = "decisions were taken with it; start a new run"
}

extension SpecificationChange {
  mutating func compareExperiment(_ old: Experiment, _ new: Experiment) {
    refuse("experiment.name", old.name, new.name, "it names the run; start a new run")
    refuse("experiment.entry_point", old.entryPoint, new.entryPoint, Reason.trials)
    refuse(
      "experiment.code", old.codeFolder, new.codeFolder,
      "the code was copied when the run began; start a new run for other code")
    refuse("experiment.setup", old.setup, new.setup, Reason.trials)
    refuse("experiment.env", old.environment, new.environment, Reason.trials)
    refuse("experiment.config_space", old.space, new.space, "configurations were drawn from it; start a new run")
    refuse("experiment.metric", old.metric, new.metric, Reason.decisions)
    refuse("experiment.mode", old.mode, new.mode, Reason.decisions)
    refuse("experiment.resource_attr", old.resourceAttribute, new.resourceAttribute, Reason.decisions)
    refuse("experiment.max_resource_attr", old.maxResourceAttribute, new.maxResourceAttribute, Reason.trials)
    refuse(
      "experiment.cost_attr", old.costAttribute, new.costAttribute, "costs were summed under it; start a new run")
    refuse(
      "experiment.metadata", old.metadata, new.metadata, "metadata.json was written with it; start a new run")
  }

  mutating func compareScheduler(_ old: RunSpecification, _ new: RunSpecification) {
    refuse("scheduler.name", old.scheduler.name, new.scheduler.name, Reason.decisions)
    refuse("scheduler.max_t", old.scheduler.maxResource, new.scheduler.maxResource, Reason.decisions)
    var rest = old.scheduler
    rest.name = new.scheduler.name
    rest.maxResource = new.scheduler.maxResource
    // The mode is told as experiment.mode.
    rest.mode = new.scheduler.mode
    refuse(
      "scheduler", rest, new.scheduler,
      "the rungs (grace_period, reduction_factor, rung_levels, rung_increment, brackets) are those that the run began "
        + "with; start a new run")
    refuse("scheduler.command", old.program?.command, new.program?.command, Reason.decisions)
    if let program = old.program, let other = new.program {
      refuse("scheduler.options", program.options, other.options, Reason.decisions)
      apply("scheduler.answer_within", program.answerWithin, other.answerWithin, .answerWithin(other.answerWithin))
    }
    refuse("scheduler.searcher", old.searcher.kind, new.searcher.kind, Reason.decisions)
    refuse("scheduler.random_seed", old.searcher.randomSeed, new.searcher.randomSeed, Reason.decisions)
    // Completed from the space, so that they may differ only because that does.
    if old.experiment.space == new.experiment.space {
      refuse(
        "scheduler.points_to_evaluate", old.searcher.pointsToEvaluate, new.searcher.pointsToEvaluate,
        "they were tried first when the run began; start a new run")
    }
  }

  mutating func compareStop(_ old: StopCriterion, _ new: StopCriterion, isTraining: Bool) {
    compareLimit("max_num_trials_started", old, new, { $0.maxTrialsStarted }, isTraining)
    compareLimit("max_num_trials_completed", old, new, { $0.maxTrialsCompleted }, isTraining)
    compareLimit("max_num_trials_finished", old, new, { $0.maxTrialsFinished }, isTraining)
    compareLimit("max_num_evaluations", old, new, { $0.maxEvaluations }, isTraining)
    compareLimit("max_wallclock_time", old, new, { $0.maxWallclockTime }, isTraining)
    compareLimit("max_cost", old, new, { $0.maxCost }, isTraining)
    compareLimit("max_metric_value", old, new, { $0.maxMetricValue }, isTraining)
    compareLimit("min_metric_value", old, new, { $0.minMetricValue }, isTraining)
    compareLimit("at_limit", old, new, { $0.atLimit }, isTraining)
    compareLimit("train_best", old, new, { $0.trainBest }, isTraining)
  }

  /// Limits bound the search: when that is over they would change nothing, and whoever raises one would wait for trials in
  /// vain.
  private mutating func compareLimit<Value: Equatable>(
    _ name: String, _ old: StopCriterion, _ new: StopCriterion, _ limit: (StopCriterion) -> Value?, _ isTraining: Bool
  ) {
    let key = "stop_criterion.\(name)"
    if isTraining {
      refuse(
        key, limit(old), limit(new),
        "the search is over, and its best trials are being trained; `pasha-coord extend` when the run has ended")
    } else {
      apply(key, limit(old), limit(new), .stop(new))
    }
  }

  mutating func compareCluster(_ old: ClusterOptions, _ new: ClusterOptions) {
    apply("n_workers", old.maxWorkers, new.maxWorkers, .workers(new.maxWorkers))
    refuse("cluster.slots", old.localSlots, new.localSlots, Reason.agents)
    refuse("cluster.heartbeat", old.heartbeat, new.heartbeat, Reason.agents)
    refuse(
      "cluster.lost_after", old.lostAfter, new.lostAfter,
      "leases were given for it, and a trial might run twice at once; start a new run")
    refuse("cluster.listen", old.listenAddress, new.listenAddress, "the agents know this address; start a new run")
    refuse("cluster.advertise", old.advertise, new.advertise, "the agents know this address; start a new run")
    refuse(
      "cluster.work_dir", old.workDirectory, new.workDirectory, "checkpoints are kept there; start a new run")
    apply("cluster.host_keys", old.ssh.hostKeys, new.ssh.hostKeys, .ssh(new.ssh))
    apply("cluster.ssh_client", old.ssh.client, new.ssh.client, .ssh(new.ssh))
    apply("cluster.ssh_config", old.ssh.configurationFile, new.ssh.configurationFile, .ssh(new.ssh))
    apply("cluster.connect", old.connect, new.connect, .connect(new.connect))
    refuse("cluster.gpus", old.gpus.selection, new.gpus.selection, Reason.agents)
    refuse("cluster.gpus_per_trial", old.gpus.perTrial, new.gpus.perTrial, Reason.agents)
    refuse("cluster.trials_per_gpu", old.gpus.trialsPerGPU, new.gpus.trialsPerGPU, Reason.agents)
    refuse("cluster.sandbox", old.sandbox, new.sandbox, Reason.agents)
  }

  mutating func compareCheckpoints(_ old: CheckpointPolicy, _ new: CheckpointPolicy) {
    refuse("checkpoints.store", old.store, new.store, "checkpoints are kept there; start a new run")
    apply("checkpoints.keep_best", old.keepBest, new.keepBest, .keepBest(new.keepBest))
    apply("checkpoints.quota", old.quota, new.quota, .quota(new.quota))
    refuse("checkpoints.hold_limit", old.holdLimit, new.holdLimit, Reason.trials)
    refuse("checkpoints.settle", old.settle, new.settle, Reason.trials)
    refuse("checkpoints.grace", old.grace, new.grace, Reason.trials)
  }

  mutating func compareRest(_ old: RunSpecification, _ new: RunSpecification) {
    apply(
      "failures.max_failures", old.failures.maxFailures, new.failures.maxFailures, .failures(new.failures))
    apply(
      "failures.max_restarts", old.failures.maxRestarts, new.failures.maxRestarts, .failures(new.failures))
    apply(
      "results.update_interval", old.results.updateInterval, new.results.updateInterval, .results(new.results))
    // From the next start of a coordinator on.
    apply("page", old.page.text, new.page.text, .page(new.page))
    guard old.notifications != new.notifications else { return }
    // What an address holds may be a secret: the number is told alone.
    applicable.append(
      Applicable(
        key: "notifications",
        text: "notifications: \(old.notifications.count) → \(new.notifications.count)"
          + (old.notifications.count == new.notifications.count ? ", and others" : ""),
        change: .notifications(new.notifications)))
  }
}
