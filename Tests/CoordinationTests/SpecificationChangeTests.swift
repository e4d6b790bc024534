import Coordination
import SearchSpace
import Scheduling
import Testing
import TuningModel

struct SpecificationChangeTests {
  private static func specification() -> RunSpecification {
    RunSpecification(
      experiment: Experiment(
        name: "test", entryPoint: ["python3", "train.py"], codeFolder: "/code",
        space: ConfigurationSpace([.init("lr", .uniform(lower: 0, upper: 1))]), metric: "loss"),
      scheduler: SchedulerOptions(maxResource: 27), stop: StopCriterion(maxTrialsStarted: 64),
      cluster: ClusterOptions(hosts: [
        HostOptions(name: "gpu1", host: "gpu1"), HostOptions(name: "gpu2", host: "gpu2", port: 22),
      ]))
  }

  private func compare(_ edit: (inout RunSpecification) -> Void) -> SpecificationChange {
    var new = Self.specification()
    edit(&new)
    return SpecificationChange.compare(Self.specification(), new)
  }

  @Test("what is the same changes nothing")
  func same() {
    let change = compare { _ in }
    #expect(change.isEmpty)
    #expect(change.applied(to: Self.specification()) == Self.specification())
  }

  /// Changes that a run under way takes over, each with its line.
  private static let taken: [(line: String, edit: @Sendable (inout RunSpecification) -> Void)] = [
    ("n_workers: none → 4", { $0.cluster.maxWorkers = 4 }),
    ("stop_criterion.max_num_trials_started: 64 → 128", { $0.stop.maxTrialsStarted = 128 }),
    ("stop_criterion.max_num_trials_completed: none → 1", { $0.stop.maxTrialsCompleted = 1 }),
    ("stop_criterion.max_num_trials_finished: none → 2", { $0.stop.maxTrialsFinished = 2 }),
    ("stop_criterion.max_num_evaluations: none → 3", { $0.stop.maxEvaluations = 3 }),
    ("stop_criterion.max_wallclock_time: none → 7200s", { $0.stop.maxWallclockTime = .seconds(7200) }),
    ("stop_criterion.max_cost: none → 2.5", { $0.stop.maxCost = 2.5 }),
    ("stop_criterion.max_metric_value: none → 1.0", { $0.stop.maxMetricValue = 1 }),
    ("stop_criterion.min_metric_value: none → 0.1", { $0.stop.minMetricValue = 0.1 }),
    ("stop_criterion.at_limit: finish_promotions → now", { $0.stop.atLimit = .now }),
    ("stop_criterion.train_best: none → 3", { $0.stop.trainBest = 3 }),
    ("cluster.host_keys: strict → accept-new", { $0.cluster.ssh.hostKeys = .acceptNew }),
    ("cluster.ssh_client: libssh2 → openssh", { $0.cluster.ssh.client = .openssh }),
    ("cluster.ssh_config: none → /c", { $0.cluster.ssh.configurationFile = "/c" }),
    ("cluster.connect: auto → tunnel", { $0.cluster.connect = .tunnel }),
    ("cluster.hosts: gpu3 is added", { $0.cluster.hosts.append(HostOptions(name: "gpu3", host: "gpu3")) }),
    ("cluster.hosts: gpu1 is removed", { $0.cluster.hosts.removeFirst() }),
    (
      "cluster.hosts: gpu2 is reached in another way, from the next connection on",
      { $0.cluster.hosts[1].port = 2222 }
    ),
    ("checkpoints.keep_best: none → 3", { $0.checkpoints.keepBest = 3 }),
    ("checkpoints.quota: none → 1000", { $0.checkpoints.quota = 1000 }),
    ("failures.max_failures: none → 5", { $0.failures.maxFailures = 5 }),
    ("failures.max_restarts: 3 → 5", { $0.failures.maxRestarts = 5 }),
    ("results.update_interval: 30s → 500ms", { $0.results.updateInterval = .milliseconds(500) }),
    ("page: on → off", { $0.page.isServed = false }), ("page: on → 9000", { $0.page.port = 9000 }),
  ]

  @Test("what is read when it is needed is applied", arguments: taken.indices)
  func applicable(_ index: Int) {
    let (line, edit) = Self.taken[index]
    let change = compare(edit)
    #expect(change.applicable.map(\.text) == [line])
    #expect(change.refused.isEmpty)
    var wanted = Self.specification()
    edit(&wanted)
    #expect(change.applied(to: Self.specification()) == wanted)
  }

  /// Changes that a run under way cannot take over, each with its key.
  private static let held: [(key: String, edit: @Sendable (inout RunSpecification) -> Void)] = [
    ("experiment.name", { $0.experiment.name = "other" }),
    ("experiment.entry_point", { $0.experiment.entryPoint = ["x"] }),
    ("experiment.code", { $0.experiment.codeFolder = nil }),
    ("experiment.setup", { $0.experiment.setup = "make" }),
    ("experiment.env", { $0.experiment.environment = [EnvironmentVariable(name: "A", value: "1")] }),
    ("experiment.config_space", { $0.experiment.space = ConfigurationSpace([.init("lr", constant: .int(1))]) }),
    ("experiment.metric", { $0.experiment.metric = "x" }),
    (
      "experiment.mode",
      {
        $0.experiment.mode = .max
        $0.scheduler.mode = .max
      }
    ),
    ("experiment.resource_attr", { $0.experiment.resourceAttribute = "step" }),
    ("experiment.max_resource_attr", { $0.experiment.maxResourceAttribute = "epochs" }),
    ("experiment.cost_attr", { $0.experiment.costAttribute = "c" }),
    ("experiment.metadata", { $0.experiment.metadata = [MetadataEntry(key: "a", value: .int(1))] }),
    ("scheduler.name", { $0.scheduler.name = .asha }), ("scheduler.max_t", { $0.scheduler.maxResource = 81 }),
    ("scheduler", { $0.scheduler.reductionFactor = 2 }), ("scheduler", { $0.scheduler.brackets = 2 }),
    ("scheduler.random_seed", { $0.searcher.randomSeed = 7 }),
    ("scheduler.points_to_evaluate", { $0.searcher.pointsToEvaluate = [Configuration([.init("lr", .double(1))])] }),
    ("cluster.slots", { $0.cluster.localSlots = 4 }), ("cluster.heartbeat", { $0.cluster.heartbeat = .seconds(1) }),
    ("cluster.lost_after", { $0.cluster.lostAfter = .seconds(60) }),
    ("cluster.listen", { $0.cluster.listenAddress = "*" }), ("cluster.advertise", { $0.cluster.advertise = "me" }),
    ("cluster.work_dir", { $0.cluster.workDirectory = "/w" }), ("cluster.gpus", { $0.cluster.gpus.selection = .idle }),
    ("cluster.gpus_per_trial", { $0.cluster.gpus.perTrial = 2 }),
    ("cluster.trials_per_gpu", { $0.cluster.gpus.trialsPerGPU = 2 }),
    ("cluster.sandbox", { $0.cluster.sandbox.level = .off }),
    ("cluster.hosts.slots", { $0.cluster.hosts[0].slots = 2 }),
    ("cluster.hosts.gpus", { $0.cluster.hosts[0].gpus = .all }),
    ("cluster.hosts.work_dir", { $0.cluster.hosts[1].workDirectory = "/w" }),
    ("cluster.hosts", { $0.cluster.hosts = [] }),
    ("checkpoints.store", { $0.checkpoints.store = .coordinator }),
    ("checkpoints.hold_limit", { $0.checkpoints.holdLimit = .zero }),
    ("checkpoints.settle", { $0.checkpoints.settle = .zero }), ("checkpoints.grace", { $0.checkpoints.grace = .zero }),
  ]

  @Test("what trials, agents or decisions began with is refused by its key", arguments: held.indices)
  func refused(_ index: Int) {
    let (key, edit) = Self.held[index]
    let change = compare(edit)
    #expect(change.refused.map(\.key) == [key])
    #expect(change.refused.allSatisfy { !$0.reason.isEmpty })
    #expect(change.applicable.isEmpty)
    #expect(change.applied(to: Self.specification()) == Self.specification())
  }

  @Test("limits of the search are held while its best trials are trained")
  func training() {
    let old = Self.specification()
    var new = old
    new.stop.maxTrialsStarted = 1_000_000
    new.stop.maxWallclockTime = .seconds(1_000_000)
    new.stop.trainBest = 77
    #expect(SpecificationChange.compare(old, new).refused.isEmpty)
    let change = SpecificationChange.compare(old, new, isTraining: true)
    #expect(
      change.refused.map(\.key) == [
        "stop_criterion.max_num_trials_started", "stop_criterion.max_wallclock_time", "stop_criterion.train_best",
      ])
    #expect(change.refused.allSatisfy { $0.reason.contains("pasha-coord extend") })
    #expect(SpecificationChange.compare(old, old, isTraining: true).refused.isEmpty)
  }

  @Test("of a program in place of a scheduler only the time for an answer can be changed")
  func program() {
    var old = Self.specification()
    old.scheduler.name = .external
    old.program = SchedulerProgram(command: ["a"])
    var new = old
    new.program?.answerWithin = .seconds(5)
    let change = SpecificationChange.compare(old, new)
    #expect(change.refused.isEmpty && change.applicable.map(\.text) == ["scheduler.answer_within: 60s → 5s"])
    #expect(change.applied(to: old) == new)
    new.program = SchedulerProgram(command: ["b"], options: [.init("a", .int(1))])
    #expect(SpecificationChange.compare(old, new).refused.map(\.key) == ["scheduler.command", "scheduler.options"])
    new.program = nil
    #expect(SpecificationChange.compare(old, new).refused.map(\.key) == ["scheduler.command"])
  }

  @Test("what can be applied is, whatever else is refused")
  func both() {
    let change = compare {
      $0.experiment.metric = "x"
      $0.stop.maxTrialsStarted = nil
      $0.stop.maxCost = 1
      $0.cluster.hosts = [
        HostOptions(name: "gpu2", host: "gpu2.lab", slots: 4), HostOptions(name: "box1", host: "box1", slots: 2),
      ]
    }
    #expect(
      change.applicable.map(\.key) == [
        "stop_criterion.max_num_trials_started", "stop_criterion.max_cost", "cluster.hosts", "cluster.hosts",
        "cluster.hosts",
      ])
    #expect(change.refused.map(\.key) == ["experiment.metric", "cluster.hosts.slots"])
    #expect(
      change.refused[1].reason == "the agent on gpu2 began with it; bring the host in anew with pasha-coord hosts "
        + "remove RUN gpu2, then hosts add")
    let result = change.applied(to: Self.specification())
    #expect(result.experiment.metric == "loss")
    #expect(result.stop == StopCriterion(maxCost: 1))
    // The changed name is taken over; the slots that the agent began with are not.
    let hosts = [
      HostOptions(name: "gpu2", host: "gpu2.lab", port: nil), HostOptions(name: "box1", host: "box1", slots: 2),
    ]
    #expect(result.cluster.hosts == hosts)
    #expect(change.addedHosts == hosts)
    #expect(change.removedHosts == ["gpu1"])
  }

  @Test("one default for many hosts is told once")
  func manyHosts() {
    var old = Self.specification()
    old.cluster.hosts = (1...40).map { HostOptions(name: "box\($0)", host: "box\($0)", slots: 1) }
    var new = old
    for index in new.cluster.hosts.indices { new.cluster.hosts[index].slots = 2 }
    let refused = SpecificationChange.compare(old, new).refused
    #expect(refused.map(\.key) == ["cluster.hosts.slots"])
    #expect(refused[0].reason.contains("box1, box2, box3 and 37 more began"))
  }

  @Test("a run on this machine does not become one on hosts by its file")
  func localToHosts() {
    var old = Self.specification()
    old.cluster.hosts = []
    let change = SpecificationChange.compare(old, Self.specification())
    #expect(change.refused.map(\.key) == ["cluster.hosts"])
    #expect(change.refused[0].reason.contains("start a run with hosts"))
    #expect(change.addedHosts.isEmpty)
  }
}
