import ClusterFile
import Coordination
import Foundation
import Scheduling
import SearchSpace
import Testing
import TuningModel

struct ExampleTests {
  @Test("the example means what it says")
  func example() throws {
    let file = try Fixture.decode(Fixture.example)
    #expect(file.warnings.isEmpty)
    let expected = RunSpecification(
      experiment: Experiment(
        name: "digits-mlp", entryPoint: [".venv/bin/python", "train_digits.py"],
        codeFolder: Fixture.folder + "/digits",
        setup: "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
        environment: [EnvironmentVariable(name: "OMP_NUM_THREADS", value: "1")],
        space: ConfigurationSpace([
          .init("lr", .loguniform(lower: 1e-5, upper: 0.1)), .init("hidden", .lograndint(lower: 8, upper: 256)),
          .init("activation", .choice([.string("relu"), .string("tanh")])), .init("epochs", constant: .int(81)),
        ]), metric: "val_accuracy", mode: .max, resourceAttribute: "epoch",
        metadata: [MetadataEntry(key: "note", value: .string("first run"))]),
      scheduler: SchedulerOptions(name: .pasha, mode: .max, maxResource: 81, gracePeriod: 1, reductionFactor: 3),
      searcher: SearcherOptions(
        kind: .random, randomSeed: 42,
        pointsToEvaluate: [
          Configuration([
            .init("lr", .double(0.0010000000000000002)), .init("hidden", .int(45)),
            .init("activation", .string("relu")),
            .init("epochs", .int(81)),
          ])
        ]), stop: StopCriterion(maxTrialsStarted: 64, maxWallclockTime: .seconds(7200), atLimit: .finishPromotions),
      cluster: ClusterOptions(), checkpoints: CheckpointPolicy(store: .host, keepBest: 3))
    #expect(file.specification == expected)
  }

  @Test("the example with slots, workers and every other key means what it says")
  func everyKey() throws {
    let text = Fixture.file(
      experiment: """
        metric: loss
        mode: min
        resource_attr: step
        max_resource_attr: epochs
        cost_attr: dollars
        env: {A: 1, B: yes, C: ""}
        metadata: {tags: [a, 1, 2.5, true, ~], deep: {x: 010}}
        """, space: "lr: {type: uniform, lower: 0, upper: 1}\nepochs: 50",
      scheduler: "scheduler: {name: asha, rung_levels: [1, 4], brackets: 2, points_to_evaluate: [{lr: 1}, {}]}",
      stop: """
        stop_criterion:
          max_num_trials_started: 1
          max_num_trials_completed: 2
          max_num_trials_finished: 3
          max_num_evaluations: 1e3
          max_wallclock_time: 90
          max_cost: 5
          min_metric_value: -0.5
          at_limit: now
        """,
      rest: """
        n_workers: 3
        cluster:
          slots: 4
          n_workers: 3
          lost_after: 1h30m
          heartbeat: 0.5s
          work_dir: /tmp/x
          host_keys: accept-new
          ssh_client: openssh
          ssh_config: ssh_config
          connect: tunnel
          listen: "*"
          advertise: login.lab
          gpus: [0, GPU-3f2a, "MIG-77"]
          gpus_per_trial: 2
          sandbox: {level: required, writable: [/data/cache, ~/.cache/torch]}
          hosts:
            - gpu1
            - {host: bob@gpu2.lab, name: big, port: 2222, identity_file: id, gpus: idle, work_dir: ~/p, connect: direct}
            - {host: "box[09-10]", slots: 2, gpus: none}
        checkpoints: {store: shared, path: /mnt/c, keep_best: 0, quota: 20GiB, hold_limit: 0, settle: 200ms, grace: 1m}
        failures: {max_failures: 0, max_restarts: 7}
        results: {update_interval: 1s}
        """)
    let file = try ClusterFile.decode(
      text: text, fileName: "cluster.yml", baseDirectory: Fixture.folder, checksFiles: false)
    #expect(file.warnings.isEmpty)
    let run = file.specification
    #expect(run.experiment.resourceAttribute == "step")
    #expect(run.experiment.maxResourceAttribute == "epochs")
    #expect(run.experiment.costAttribute == "dollars")
    #expect(run.experiment.environment.map { "\($0.name)=\($0.value)" } == ["A=1", "B=yes", "C="])
    #expect(
      run.experiment.metadata == [
        MetadataEntry(
          key: "tags", value: .array([.string("a"), .int(1), .double(2.5), .bool(true), .null])),
        MetadataEntry(key: "deep", value: .object([.init("x", .string("010"))])),
      ])
    #expect(
      run.scheduler
        == SchedulerOptions(name: .asha, mode: .min, maxResource: 50, rungLevels: [1, 4], brackets: 2))
    #expect(run.searcher.pointsToEvaluate.map { $0["lr"] } == [.double(1), .double(0.5)])
    #expect(run.searcher.pointsToEvaluate.allSatisfy { $0["epochs"] == .int(50) })
    #expect(
      run.stop
        == StopCriterion(
          maxTrialsStarted: 1, maxTrialsCompleted: 2, maxTrialsFinished: 3, maxEvaluations: 1000,
          maxWallclockTime: .seconds(90), maxCost: 5, minMetricValue: -0.5, atLimit: .now))
    #expect(
      run.cluster
        == ClusterOptions(
          localSlots: 4,
          hosts: [
            HostOptions(name: "gpu1", host: "gpu1", slots: 4),
            HostOptions(
              name: "big", host: "gpu2.lab", user: "bob", port: 2222, identityFile: Fixture.folder + "/id", slots: 4,
              gpus: .idle, workDirectory: "~/p", connect: .direct),
            HostOptions(name: "box09", host: "box09", slots: 2, gpus: GPUSelection.none),
            HostOptions(name: "box10", host: "box10", slots: 2, gpus: GPUSelection.none),
          ], maxWorkers: 3, lostAfter: .seconds(5400), heartbeat: .milliseconds(500), listenAddress: "*",
          advertise: "login.lab", workDirectory: "/tmp/x",
          ssh: SSHOptions(
            hostKeys: .acceptNew, client: .openssh, configurationFile: Fixture.folder + "/ssh_config"),
          connect: .tunnel, gpus: GPUOptions(selection: .listed(["0", "GPU-3f2a", "MIG-77"]), perTrial: 2),
          sandbox: SandboxOptions(level: .required, writable: ["/data/cache", "~/.cache/torch"])))
    #expect(
      run.checkpoints
        == CheckpointPolicy(
          store: .shared(folder: "/mnt/c"), keepBest: 0, quota: 20 << 30, holdLimit: .zero,
          settle: .milliseconds(200), grace: .seconds(60)))
    #expect(run.failures == FailurePolicy(maxFailures: 0, maxRestarts: 7))
    #expect(run.results == ResultsOptions(updateInterval: .seconds(1)))
  }

  @Test("defaults are those of the specification")
  func defaults() throws {
    let run = try Fixture.decode(Fixture.file()).specification
    #expect(run.experiment.mode == .min)
    #expect(run.experiment.resourceAttribute == "epoch")
    #expect(run.scheduler == SchedulerOptions(maxResource: 27))
    #expect(run.cluster == ClusterOptions())
    #expect(run.checkpoints == CheckpointPolicy())
    #expect(run.failures == FailurePolicy())
    #expect(run.results == ResultsOptions())
    // As in Syne Tune the default configuration comes first, unless the list is empty.
    #expect(run.searcher.pointsToEvaluate == [run.experiment.space.defaultConfiguration])
    let without = try Fixture.decode(Fixture.file(scheduler: "scheduler: {max_t: 27, points_to_evaluate: []}"))
    #expect(without.specification.searcher.pointsToEvaluate.isEmpty)
  }

  @Test("nothing behind a key counts as not given")
  func nothing() throws {
    let text = Fixture.file(
      experiment: "setup:\ncode: ~\nenv: null", stop: "stop_criterion: {max_num_trials_started: 9, max_cost: ~}",
      rest: "cluster:\ncheckpoints:\nfailures: {}\n")
    #expect(try Fixture.decode(text).specification == Fixture.decode(Fixture.file()).specification)
  }

  private func page(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("Docs/" + name), encoding: .utf8)
  }

  @Test(
    "every example of the documentation can be read, without a warning",
    arguments: [("cluster-file.md", 14), ("hosts.md", 4)])
  func documentation(_ name: String, _ least: Int) throws {
    let examples = try page(name).components(separatedBy: "```yaml\n").dropFirst()
      .compactMap { $0.components(separatedBy: "\n```").first }
    #expect(examples.count >= least)
    for example in examples {
      // A block without an experiment shows sections of a file.
      let text = example.hasPrefix("experiment:") ? example : Fixture.file(rest: example)
      // Keys and configurations that examples name are nobody's.
      let file = try ClusterFile.decode(
        text: text, fileName: name, baseDirectory: Fixture.folder, checksFiles: false)
      #expect(file.warnings == [], "\(example)")
    }
  }

  @Test("the page of the cluster file names every key")
  func everyKeyIsDocumented() throws {
    let page = try page("cluster-file.md")
    for key in [
      "name", "entry_point", "code", "setup", "env", "config_space", "metric", "mode", "resource_attr",
      "max_resource_attr", "cost_attr", "metadata", "searcher", "max_t", "grace_period", "reduction_factor",
      "rung_levels", "rung_increment", "brackets", "rung_system_per_bracket", "type", "ranking_criterion", "epsilon",
      "epsilon_scaling", "num_threshold_candidates", "running_average", "grace_time", "grace_population", "rank_cutoff",
      "percentile", "random_seed", "points_to_evaluate", "max_num_trials_started",
      "max_num_trials_completed", "max_num_trials_finished", "max_num_evaluations", "max_wallclock_time", "max_cost",
      "max_metric_value", "min_metric_value", "at_limit", "train_best", "slots", "n_workers", "lost_after", "heartbeat",
      "listen", "work_dir", "hosts", "host_keys", "ssh_client", "ssh_config", "connect", "advertise", "gpus",
      "gpus_per_trial",
      "trials_per_gpu", "sandbox", "host", "user", "port", "identity_file", "path", "put", "get", "delete", "quota",
      "store", "keep_best", "hold_limit", "settle", "grace", "max_failures", "max_restarts", "update_interval",
    ] {
      #expect(page.contains("| `\(key)` |"), "\(key)")
    }
  }
}
