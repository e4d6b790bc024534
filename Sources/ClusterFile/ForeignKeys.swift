/// Spellings of other tuners. They are explained, never taken over: a bound may be an exponent there, or not belong to
/// its range.
enum ForeignKeys {
  struct Entry {
    let owner: String
    /// The path of our key that means the same; nil: there is none.
    let path: String?
    let advice: String
  }

  /// What a key of another tuner means here.
  static func entry(for key: String) -> Entry? { table[KeyHints.folded(key)] }

  /// What a key means within a domain of `config_space`.
  static func domainEntry(for key: String) -> Entry? { domainTable[key.hasPrefix("_") ? key : KeyHints.folded(key)] }

  static func ours(_ owner: String, _ path: String, _ more: String = "") -> Entry {
    Entry(owner: owner, path: path, advice: "write \(path)\(more)")
  }

  static func none(_ owner: String, _ advice: String) -> Entry {
    Entry(owner: owner, path: nil, advice: advice)
  }

  private static let space = " with entries such as lr: {type: loguniform, lower: 1e-5, upper: 0.1}"

  private static let table: [String: Entry] = nni.merging(determined) { first, _ in first }
    .merging(others) { first, _ in first }

  private static let nni: [String: Entry] = [
    "experimentname": ours("NNI", "experiment.name"),
    "searchspace": ours("NNI", "experiment.config_space", space),
    "searchspacefile": ours("NNI", "experiment.config_space", space),
    "trialcommand": ours("NNI", "experiment.entry_point"),
    "trialcodedirectory": ours("NNI", "experiment.code"),
    "trialconcurrency": ours("NNI", "n_workers"),
    "trialgpunumber": ours("NNI", "cluster.gpus_per_trial"),
    "maxtrialnumber": ours("NNI", "stop_criterion.max_num_trials_started"),
    "maxexperimentduration": ours("NNI", "stop_criterion.max_wallclock_time"),
    "maxtrialduration": none("NNI", "there is no limit for one trial; remove it"),
    "tuner": ours("NNI", "scheduler", ": {name: pasha, searcher: random, max_t: …}"),
    "assessor": ours("NNI", "scheduler", ": {name: pasha, max_t: …}, which decides what goes on"),
    "advisor": ours("NNI", "scheduler", ": {name: pasha, max_t: …}"),
    "classargs": none("NNI", "the scheduler's options stand in scheduler itself"),
    "optimizemode": ours("NNI", "experiment.mode", ": max or min"),
    "trainingservice": ours("NNI", "cluster", ": local, or cluster: {hosts: [gpu1, gpu2]}"),
    "machinelist": ours("NNI", "cluster.hosts", ": [{host: …, user: …, port: …, identity_file: …}]"),
    "nnimanagerip": ours("NNI", "cluster.advertise"),
    "gpuindices": ours("NNI", "cluster.gpus", ": [0, 1], or gpus of each host"),
    "useactivegpu": ours("NNI", "cluster.gpus", ": all for true, idle for false"),
    "maxtrialnumberpergpu": ours("NNI", "cluster.trials_per_gpu"),
    "experimentworkingdirectory": ours("NNI", "cluster.work_dir"),
  ]

  private static let determined: [String: Entry] = [
    "hyperparameters": ours("Determined", "experiment.config_space", space),
    "searcher": ours("Determined", "scheduler", ": {name: pasha, searcher: random, max_t: …}"),
    "smallerisbetter": ours("Determined", "experiment.mode", ": min for true, max for false"),
    "timemetric": ours("Determined", "experiment.resource_attr"),
    "maxtime": ours("Determined", "scheduler.max_t"),
    "maxlength": ours("Determined", "scheduler.max_t"),
    "maxtrials": ours("Determined", "stop_criterion.max_num_trials_started"),
    "maxconcurrenttrials": ours("Determined", "n_workers"),
    "divisor": ours("Determined", "scheduler.reduction_factor"),
    "maxrungs": ours("Determined", "scheduler.rung_levels"),
    "resources": ours("Determined", "cluster", ": {slots: …}"),
    "slotspertrial": ours("Determined", "cluster.gpus_per_trial"),
    "maxslots": ours("Determined", "n_workers"),
    "checkpointstorage": ours("Determined", "checkpoints", ": {store: …}"),
    "saveexperimentbest": ours("Determined", "checkpoints.keep_best"),
    "savetrialbest": ours("Determined", "checkpoints.keep_best"),
    "environment": ours(
      "Determined", "experiment.env", " for variables and experiment.setup for what must be installed"),
    "environmentvariables": ours("Determined", "experiment.env"),
    "experimentseed": ours("Determined", "scheduler.random_seed"),
    "description": ours("Determined", "experiment.metadata", ": {description: …}"),
    "labels": ours("Determined", "experiment.metadata", ": {labels: […]}"),
  ]

  private static let others: [String: Entry] = [
    "type": ours("Syne Tune", "scheduler.name"),
    "searchoptions": none("Syne Tune", "random_seed and points_to_evaluate stand in scheduler itself"),
    "maxresourcelevel": ours("Syne Tune", "scheduler.max_t"),
    "tunername": ours("Syne Tune", "experiment.name"),
    "trialbackend": ours("Syne Tune", "cluster", ": local, or cluster: {hosts: [gpu1, gpu2]}"),
    "resultsupdateinterval": ours("Syne Tune", "results.update_interval"),
    "numgpuspertrial": ours("Syne Tune", "cluster.gpus_per_trial"),
    "rungsystemkwargs": none("Syne Tune", "this version measures epsilon by itself; remove it"),
    "rankingcriterion": none("PASHA", "this version measures epsilon by itself; remove it"),
    "resourcespertrial": ours("Ray Tune", "cluster.gpus_per_trial"),
    "provider": ours("Ray", "cluster.hosts", ": [gpu1, gpu2]"),
    "auth": ours("Ray", "cluster.hosts", ": [{host: …, user: …, identity_file: …}]"),
    "numsamples": ours("Ray Tune", "stop_criterion.max_num_trials_started"),
    "timebudgets": ours("Ray Tune", "stop_criterion.max_wallclock_time"),
    "timeattr": ours("Ray Tune", "experiment.resource_attr"),
    "maxconcurrent": ours("Ray Tune", "n_workers"),
    "ntrials": ours("Optuna", "stop_criterion.max_num_trials_started"),
    "njobs": ours("Optuna", "n_workers"),
    "timeout": ours("Optuna", "stop_criterion.max_wallclock_time"),
    "direction": ours("Optuna", "experiment.mode", ": max or min"),
    "minresource": ours("Optuna", "scheduler.grace_period"),
    "maxresource": ours("Optuna", "scheduler.max_t"),
    "program": ours("W&B", "experiment.entry_point"),
    "command": ours("W&B", "experiment.entry_point"),
    "method": ours("W&B", "scheduler.searcher"),
    "parameters": ours("W&B and Katib", "experiment.config_space", space),
    "earlyterminate": ours("W&B", "scheduler", ": {name: pasha, max_t: …}"),
    "runcap": ours("W&B", "stop_criterion.max_num_trials_started"),
    "goal": ours("W&B and Katib", "experiment.mode", ": max or min"),
    "objective": ours("Katib", "experiment.metric", " and experiment.mode"),
    "objectivemetricname": ours("Katib", "experiment.metric"),
    "paralleltrialcount": ours("Katib", "n_workers"),
    "maxtrialcount": ours("Katib", "stop_criterion.max_num_trials_started"),
    "maxfailedtrialcount": ours("Katib", "failures.max_failures"),
  ]

  private static let exclusive =
    "; mind that NNI's randint leaves its upper bound out, and upper here belongs to the domain"

  private static let domainTable: [String: Entry] = [
    "_type": ours("NNI", "type"),
    "_value": Entry(owner: "NNI", path: nil, advice: "write lower and upper, or values" + exclusive),
    "minval": ours("Determined", "lower"),
    "maxval": ours("Determined", "upper"),
    "vals": ours("Determined", "values"),
    "val": none("Determined", "write a constant as it is: epochs: 81"),
    "base": none("Determined", "bounds are the values themselves here, not exponents; remove it"),
    "count": ours("Determined", "size", " with type: finrange"),
    "low": ours("Optuna", "lower"),
    "high": ours("Optuna", "upper"),
    "log": none("Optuna", "write type: loguniform, or lograndint for whole numbers"),
    "step": none("Optuna", "write type: finrange with size"),
    "min": ours("W&B", "lower"),
    "max": ours("W&B", "upper"),
    "distribution": ours("W&B", "type"),
    "value": none("W&B", "write a constant as it is: epochs: 81"),
    "q": none("Ray Tune", "write type: finrange with size"),
    "categories": ours("Syne Tune", "values"),
    "choices": ours("Optuna", "values"),
    "options": ours("NNI", "values"),
    "mean": none("Ray Tune", "normal distributions are not known here; use uniform"),
    "sd": none("Ray Tune", "normal distributions are not known here; use uniform"),
    "logscale": none("Syne Tune", "write type: logfinrange or logordinal"),
  ]

  /// What another tuner's type of domain is called here; `nil` advice: not known.
  static func domainType(_ name: String) -> String? {
    switch KeyHints.folded(name) {
    case "categorical": "write choice"
    case "int", "integer", "intuniform", "suggestint": "write randint, whose bounds belong to it, or lograndint"
    case "double", "float", "real", "continuous": "write uniform or loguniform"
    case "log", "loguniformvalues": "write loguniform, whose bounds are the values themselves, not exponents"
    case "const", "constant": "write the constant as it is, as in epochs: 81"
    case "quniform", "qloguniform", "qrandint", "qlograndint", "quantized": "write finrange or logfinrange with size"
    case "normal", "qnormal", "randn", "lognormal", "qlognormal": "normal distributions are not known here; use uniform"
    case "grid", "gridsearch": "write choice"
    default: nil
    }
  }
}
