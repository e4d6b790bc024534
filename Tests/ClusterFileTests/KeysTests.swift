import ClusterFile
import Testing

struct KeysTests {
  /// The advice for one key in a section, behind `is not a key`.
  private func advice(_ section: String, _ key: String) -> String {
    let text: String
    switch section {
    case "": text = Fixture.file(rest: "\(key): 1")
    case "experiment": text = Fixture.file(experiment: "\(key): 1")
    case "scheduler": text = Fixture.file(scheduler: "scheduler: {max_t: 9, \(key): 1}")
    case "stop_criterion": text = Fixture.file(stop: "stop_criterion: {max_num_trials_started: 9, \(key): 1}")
    case "lr": text = Fixture.file(space: "lr: {type: uniform, lower: 0, upper: 1, \(key): 1}")
    default: text = Fixture.file(rest: "\(section): {\(key): 1}")
    }
    let mistakes = Fixture.mistakes(text)
    #expect(mistakes.count == 1, "\(mistakes)")
    return mistakes.first?.split(separator: " is not a key", maxSplits: 1).last.map(String.init) ?? ""
  }

  @Test("an unknown key is explained by the nearest known one")
  func nearest() {
    #expect(advice("experiment", "entrypoint") == "; did you mean entry_point?")
    #expect(advice("experiment", "resource_atr") == "; did you mean resource_attr?")
    #expect(advice("scheduler", "GracePeriod") == "; did you mean grace_period?")
    #expect(advice("stop_criterion", "max_wallclocktime") == "; did you mean max_wallclock_time?")
    #expect(advice("", "stopcriteria") == "; did you mean stop_criterion?")
    #expect(advice("checkpoints", "keepBest") == "; did you mean keep_best?")
    #expect(advice("lr", "kind") == "; a uniform domain has lower and upper")
    #expect(advice("results", "qqq") == "; the keys here are update_interval")
  }

  @Test("a key of another section is sent there")
  func home() {
    #expect(advice("experiment", "max_t") == "; write scheduler.max_t")
    #expect(advice("", "metric") == "; write experiment.metric")
    #expect(advice("", "random_seed") == "; write scheduler.random_seed")
    #expect(advice("", "max_wallclock_tim") == "; did you mean stop_criterion.max_wallclock_time?")
    #expect(advice("scheduler", "n_workers") == "; write n_workers")
  }

  @Test(
    "other tuners' spellings are recognised",
    arguments: [
      ("trialCommand", "experiment.entry_point"), ("trialConcurrency", "n_workers"),
      ("maxTrialNumber", "stop_criterion.max_num_trials_started"),
      ("maxExperimentDuration", "stop_criterion.max_wallclock_time"), ("searchSpace", "experiment.config_space"),
      ("search_space", "experiment.config_space"), ("hyperparameters", "experiment.config_space"),
      ("max_trials", "stop_criterion.max_num_trials_started"), ("smaller_is_better", "experiment.mode"),
      ("max_concurrent_trials", "n_workers"), ("time_metric", "experiment.resource_attr"),
      ("max_time", "scheduler.max_t"), ("max_length", "scheduler.max_t"), ("divisor", "scheduler.reduction_factor"),
      ("assessor", "scheduler"), ("tuner", "scheduler"), ("trainingService", "cluster"),
      ("num_samples", "stop_criterion.max_num_trials_started"), ("n_trials", "stop_criterion.max_num_trials_started"),
      ("direction", "experiment.mode"), ("program", "experiment.entry_point"),
      ("parameters", "experiment.config_space"),
      ("run_cap", "stop_criterion.max_num_trials_started"), ("parallelTrialCount", "n_workers"),
      ("checkpoint_storage", "checkpoints"), ("experimentName", "experiment.name"),
    ])
  func foreign(_ spelling: String, _ ours: String) {
    #expect(advice("", spelling).contains("write \(ours)"))
  }

  @Test("keys about hosts are sent to where they stand")
  func hosts() {
    #expect(advice("", "trialGpuNumber") == " (NNI's); write cluster.gpus_per_trial")
    #expect(advice("", "machineList").contains("write cluster.hosts: [{host: …, user: …"))
    #expect(advice("", "hosts") == "; write cluster.hosts")
    #expect(advice("", "gpus_per_trial") == "; write cluster.gpus_per_trial")
    #expect(advice("cluster", "identity_file").contains("it belongs to a host, as in cluster: {hosts: [{host: gpu1, "))
    #expect(advice("cluster", "password").contains("passwords are not supported: use a key, and ssh-copy-id HOST"))
    #expect(advice("cluster", "ssh_user").hasSuffix("write user for each host, as in hosts: [{host: gpu1, user: …}]"))
    #expect(advice("cluster", "nodes").contains("write cluster.hosts"))
    #expect(advice("cluster", "useActiveGpu").contains("write cluster.gpus: all for true, idle for false"))
    #expect(advice("cluster", "StrictHostKeyChecking").contains("write cluster.host_keys: strict or accept-new"))
    #expect(advice("cluster", "ProxyJump").contains("write ProxyJump into the SSH configuration"))
    #expect(advice("cluster", "gpus_per_trail") == "; did you mean gpus_per_trial?")
    #expect(
      advice("checkpoints", "type")
        == " (Determined's); write checkpoints.store: host, shared, coordinator or command")
    #expect(advice("checkpoints", "storage_path").contains("write checkpoints.path, with store: shared"))
  }

  @Test("another tuner's list of hosts is explained key by key")
  func machineList() {
    let text = Fixture.file(
      rest: """
        trainingService:
          platform: remote
          machineList:
            - {host: a, user: bob, sshKeyFile: ~/.ssh/id, useActiveGpu: false}
            - {ip: b, username: bob, passwd: x}
        """)
    #expect(
      Fixture.mistakes(text).map { $0.split(separator: ": ", maxSplits: 1)[1] } == [
        "trainingService is not a key (NNI's); write cluster: local, or cluster: {hosts: [gpu1, gpu2]}",
        "trainingService.machineList is not a key (NNI's); write cluster.hosts: [{host: …, user: …, port: …, "
          + "identity_file: …}]",
        "trainingService.machineList[0].sshKeyFile is not a key (NNI's); write identity_file",
        "trainingService.machineList[0].useActiveGpu is not a key (NNI's); write gpus: all for true, idle for false",
        "trainingService.machineList[1].ip is not a key (NNI's); write host",
        "trainingService.machineList[1].username is not a key (NNI's); write user",
        "trainingService.machineList[1].passwd is not a key (NNI's); passwords are not supported: use a key, and "
          + "ssh-copy-id HOST to bring it there",
      ])
  }

  @Test(
    "other tuners' domains are recognised",
    arguments: [
      ("minval", "write lower"), ("maxval", "write upper"), ("vals", "write values"), ("base", "not exponents"),
      ("log", "write type: loguniform"), ("low", "write lower"), ("q", "write type: finrange"),
      ("distribution", "write type"), ("_value", "leaves its upper bound out"),
    ])
  func foreignDomains(_ key: String, _ expected: String) { #expect(advice("lr", key).contains(expected)) }

  @Test("a key that comes twice is told with both lines, and the rest of the file is read")
  func duplicates() {
    let text = """
      experiment:
        name: test
        name: other
        "name": third
        entry_point: python3 train.py
        config_space:
          lr: {type: uniform, lower: 2, upper: 1}
          lr: 0.1
        metric: val_loss
      scheduler: {max_t: 27, max_t: 27}
      scheduler: {max_t: 27}
      stop_criterion: {max_num_trials_started: 0}
      """
    #expect(
      Fixture.mistakes(text) == [
        "cluster.yml:3:3: the key name is given twice, first in line 2; remove one",
        "cluster.yml:4:3: the key name is given twice, first in line 3; remove one",
        "cluster.yml:8:5: the key lr is given twice, first in line 7; remove one",
        "cluster.yml:10:24: the key max_t is given twice, first in line 10; remove one",
        "cluster.yml:11:1: the key scheduler is given twice, first in line 10; remove one",
        "cluster.yml:12:42: stop_criterion.max_num_trials_started must be 1…2147483647, not 0",
      ])
  }

  @Test("keys that are no text are told")
  func notText() {
    let text = Fixture.file(experiment: "1: 2\ntrue: 3\n~: 4\n[a]: 5\n<<: {mode: max}")
    #expect(
      Fixture.mistakes(text).map { $0.split(separator: ": ", maxSplits: 1)[1] } == [
        "a key must be text, not 1; put it in quotes if it is a name",
        "a key must be text, not true; put it in quotes if it is a name", "a key must be text, not nothing",
        "a key must be text, not a list or a map", "merge keys (<<) are not known here; write the keys out",
      ])
    #expect(Fixture.mistakes(Fixture.file(space: "'1': {type: uniform, lower: 0, upper: 1}\nno: 3")) == ["ok"])
  }
}
