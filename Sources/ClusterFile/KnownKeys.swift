/// The keys of a cluster file by section; the file's top level is the section "".
enum KnownKeys {
  static let top = [
    "experiment", "scheduler", "stop_criterion", "n_workers", "cluster", "checkpoints", "failures", "results",
    "notifications", "page",
  ]
  static let experiment = [
    "name", "entry_point", "code", "setup", "env", "config_space", "metric", "mode", "resource_attr",
    "max_resource_attr", "cost_attr", "metadata",
  ]
  static let scheduler = [
    "name", "searcher", "max_t", "grace_period", "reduction_factor", "rung_levels", "rung_increment", "brackets",
    "type", "rung_system_per_bracket", "ranking_criterion", "epsilon", "epsilon_scaling", "num_threshold_candidates",
    "running_average", "grace_time", "grace_population", "rank_cutoff", "percentile", "random_seed",
    "points_to_evaluate", "command", "answer_within", "options",
  ]
  static let stopCriterion = [
    "max_num_trials_started", "max_num_trials_completed", "max_num_trials_finished", "max_num_evaluations",
    "max_wallclock_time", "max_cost", "max_metric_value", "min_metric_value", "at_limit", "train_best",
  ]
  static let cluster = [
    "hosts", "slots", "n_workers", "host_keys", "ssh_client", "ssh_config", "connect", "listen", "advertise",
    "work_dir",
    "gpus", "gpus_per_trial", "trials_per_gpu", "sandbox", "heartbeat", "lost_after",
  ]
  /// Of each element of `cluster.hosts`.
  static let host = [
    "host", "name", "user", "port", "identity_file", "slots", "gpus", "work_dir", "connect",
  ]
  static let sandbox = ["level", "writable", "max_processes"]
  static let checkpoints = [
    "store", "path", "put", "get", "delete", "keep_best", "quota", "hold_limit", "settle", "grace",
  ]
  static let failures = ["max_failures", "max_restarts"]
  static let results = ["update_interval"]
  /// Of each element of `notifications`.
  static let notification = ["command", "webhook", "headers", "on", "every"]

  static let sections: [(name: String, keys: [String])] = [
    ("", top), ("experiment", experiment), ("scheduler", scheduler), ("stop_criterion", stopCriterion),
    ("cluster", cluster), ("cluster.sandbox", sandbox), ("checkpoints", checkpoints), ("failures", failures),
    ("results", results), ("notifications", notification),
  ]

  static func path(_ section: String, _ key: String) -> String { section.isEmpty ? key : "\(section).\(key)" }

  /// Where a key stands that is equal to this one but for case and underscores; nil: nowhere, or in several sections.
  static func home(of key: String) -> String? {
    let folded = KeyHints.folded(key)
    let homes = sections.flatMap { section in
      section.keys.filter { KeyHints.folded($0) == folded }.map { path(section.name, $0) }
    }
    // `n_workers` stands at two places; the first is the one to name.
    return homes.count == 1 || folded == "nworkers" ? homes.first : nil
  }
}
