import Scheduling
import SearchSpace
import TuningModel

/// What a run is to do: the content of a cluster file, checked. `ClusterFile` makes it; the machine reads it.
public struct RunSpecification: Equatable, Sendable {
  public var experiment: Experiment
  public var scheduler: SchedulerOptions
  /// The program that decides, where the scheduler is `external`.
  public var program: SchedulerProgram?
  public var searcher: SearcherOptions
  public var stop: StopCriterion
  public var cluster: ClusterOptions
  public var checkpoints: CheckpointPolicy
  public var failures: FailurePolicy
  public var results: ResultsOptions
  public var notifications: [NotificationTarget]
  public var page: PageOptions

  public init(
    experiment: Experiment, scheduler: SchedulerOptions, searcher: SearcherOptions = SearcherOptions(),
    stop: StopCriterion = StopCriterion(), cluster: ClusterOptions = ClusterOptions(),
    checkpoints: CheckpointPolicy = CheckpointPolicy(), failures: FailurePolicy = FailurePolicy(),
    results: ResultsOptions = ResultsOptions(), program: SchedulerProgram? = nil,
    notifications: [NotificationTarget] = [], page: PageOptions = PageOptions()
  ) {
    self.experiment = experiment
    self.scheduler = scheduler
    self.searcher = searcher
    self.stop = stop
    self.cluster = cluster
    self.checkpoints = checkpoints
    self.failures = failures
    self.results = results
    self.program = program
    self.notifications = notifications
    self.page = page
  }
}

/// The training script and what it is called with.
public struct Experiment: Equatable, Sendable {
  /// Letters, digits, `-` and `_`, at most 64 of them, the first a letter or digit; names the run's folder.
  public var name: String
  /// The command, split into words as a shell would (quotes, no expansion); hyperparameters are appended.
  public var entryPoint: [String]
  /// Folder with the training code, absolute; nil for a script that needs none.
  public var codeFolder: String?
  /// A shell command run once per host and content of the code folder.
  public var setup: String?
  /// Variables added to the trial's environment, in the order of the file.
  public var environment: [EnvironmentVariable]
  /// Hyperparameters and constants, in the order of the file.
  public var space: ConfigurationSpace
  public var metric: String
  public var mode: MetricMode
  /// The key under which the script reports its resource, as `epoch`.
  public var resourceAttribute: String
  /// The hyperparameter that is given the milestone of each leg, if any (Syne Tune's `max_resource_attr`).
  public var maxResourceAttribute: String?
  /// The key of the cost for `max_cost`, if any.
  public var costAttribute: String?
  /// Added to `metadata.json`, in the order of the file.
  public var metadata: [MetadataEntry]

  public init(
    name: String, entryPoint: [String], codeFolder: String? = nil, setup: String? = nil,
    environment: [EnvironmentVariable] = [], space: ConfigurationSpace, metric: String, mode: MetricMode = .min,
    resourceAttribute: String = "epoch", maxResourceAttribute: String? = nil, costAttribute: String? = nil,
    metadata: [MetadataEntry] = []
  ) {
    self.name = name
    self.entryPoint = entryPoint
    self.codeFolder = codeFolder
    self.setup = setup
    self.environment = environment
    self.space = space
    self.metric = metric
    self.mode = mode
    self.resourceAttribute = resourceAttribute
    self.maxResourceAttribute = maxResourceAttribute
    self.costAttribute = costAttribute
    self.metadata = metadata
  }
}

public struct EnvironmentVariable: Equatable, Sendable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// One key of `experiment.metadata`; the value is any JSON.
public struct MetadataEntry: Equatable, Sendable {
  public var key: String
  public var value: JSONValue

  public init(key: String, value: JSONValue) {
    self.key = key
    self.value = value
  }
}

/// How configurations are suggested.
public struct SearcherOptions: Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable { case random }

  public var kind: Kind
  public var randomSeed: UInt64
  /// Configurations to evaluate first, completed with the constants and, where a key is missing, the domain's default.
  /// A cluster file without this key gives one: the default configuration.
  public var pointsToEvaluate: [Configuration]

  public init(kind: Kind = .random, randomSeed: UInt64 = 0, pointsToEvaluate: [Configuration] = []) {
    self.kind = kind
    self.randomSeed = randomSeed
    self.pointsToEvaluate = pointsToEvaluate
  }
}

/// When the search ends, and the run with it unless `trainBest` is given. A run without any criterion goes on until it is
/// stopped.
public struct StopCriterion: Equatable, Sendable {
  /// What happens when `maxTrialsStarted` is reached.
  public enum AtLimit: String, Sendable, CaseIterable {
    /// The run ends when one more trial would start.
    case now
    /// Trials that run go on to their milestones; nothing is started or promoted any more.
    case finishRunning = "finish_running"
    /// Promotions go on until nothing can be promoted.
    case finishPromotions = "finish_promotions"
  }

  public var maxTrialsStarted: Int?
  public var maxTrialsCompleted: Int?
  /// Completed, stopped or failed.
  public var maxTrialsFinished: Int?
  /// Reports seen.
  public var maxEvaluations: Int?
  /// Time during which the run was up; what it was down does not count.
  public var maxWallclockTime: Duration?
  public var maxCost: Double?
  public var maxMetricValue: Double?
  public var minMetricValue: Double?
  public var atLimit: AtLimit
  /// So many of the best trials are trained up to the maximum resource when the search is over; nil: none.
  public var trainBest: Int?

  public init(
    maxTrialsStarted: Int? = nil, maxTrialsCompleted: Int? = nil, maxTrialsFinished: Int? = nil,
    maxEvaluations: Int? = nil, maxWallclockTime: Duration? = nil, maxCost: Double? = nil,
    maxMetricValue: Double? = nil, minMetricValue: Double? = nil, atLimit: AtLimit = .finishPromotions,
    trainBest: Int? = nil
  ) {
    self.maxTrialsStarted = maxTrialsStarted
    self.maxTrialsCompleted = maxTrialsCompleted
    self.maxTrialsFinished = maxTrialsFinished
    self.maxEvaluations = maxEvaluations
    self.maxWallclockTime = maxWallclockTime
    self.maxCost = maxCost
    self.maxMetricValue = maxMetricValue
    self.minMetricValue = minMetricValue
    self.atLimit = atLimit
    self.trainBest = trainBest
  }
}

/// What failures a run bears.
public struct FailurePolicy: Equatable, Sendable {
  /// The run ends when more trials than this failed by an error in their code; nil: when more than half of at least
  /// five ended trials did.
  public var maxFailures: Int?
  /// How often a trial is started again after faults of its host.
  public var maxRestarts: Int

  public init(maxFailures: Int? = nil, maxRestarts: Int = 3) {
    self.maxFailures = maxFailures
    self.maxRestarts = maxRestarts
  }
}

/// How the results are written while a run goes on.
public struct ResultsOptions: Equatable, Sendable {
  /// How often `results.csv.zip` is written anew.
  public var updateInterval: Duration

  public init(updateInterval: Duration = .seconds(30)) { self.updateInterval = updateInterval }
}

/// The run's page in the browser.
public struct PageOptions: Equatable, Sendable {
  /// Whether the running coordinator has it served.
  public var isServed: Bool
  /// The port that is tried first; where it is in use another one is taken.
  public var port: Int

  public static let defaultPort = 8700

  public init(isServed: Bool = true, port: Int = PageOptions.defaultPort) {
    self.isServed = isServed
    self.port = port
  }

  /// As a cluster file has it.
  var text: String { !isServed ? "off" : port == Self.defaultPort ? "on" : "\(port)" }
}
