/// The runs of several methods over the same seeds, method by method: the tables of the paper.
public struct SimulationComparison: Sendable, Equatable {
  /// All runs of one method.
  public struct Method: Sendable, Equatable {
    public var label: String
    /// In the order of the seeds given.
    public var runs: [SimulationResult]
    /// Over the runs that chose a configuration; nil where none did.
    public var bestMetric: SampleStatistics?
    public var runtimeSeconds: SampleStatistics
    public var maxResource: SampleStatistics
    public var epochs: SampleStatistics
    public var trials: SampleStatistics
    /// Over the runs that chose a configuration; nil where none did.
    public var secondsToTrainedBest: SampleStatistics?
    /// Mean runtime of the baseline divided by this mean runtime; nil without a baseline, or where nothing was trained.
    public var speedUp: Double?

    /// nil without runs.
    init?(label: String, runs: [SimulationResult]) {
      guard let runtime = SampleStatistics(runs.map(\.runtimeSeconds)),
        let maximum = SampleStatistics(runs.map { Double($0.maxResource) }),
        let epochs = SampleStatistics(runs.map { Double($0.epochs) }),
        let trials = SampleStatistics(runs.map { Double($0.trials) })
      else { return nil }
      self.label = label
      self.runs = runs
      bestMetric = SampleStatistics(runs.compactMap(\.bestMetric))
      runtimeSeconds = runtime
      maxResource = maximum
      self.epochs = epochs
      self.trials = trials
      secondsToTrainedBest = SampleStatistics(runs.compactMap(\.secondsToTrainedBest))
    }
  }

  /// In the order in which labels first come.
  public var methods: [Method]
  /// The label of the method that speed-ups are against; nil where it is not among them.
  public var baseline: String?

  public init(_ results: [SimulationResult], baseline: String = "asha") {
    var places: [String: Int] = [:]
    var groups: [(label: String, runs: [SimulationResult])] = []
    for result in results {
      if let place = places[result.label] {
        groups[place].runs.append(result)
      } else {
        places[result.label] = groups.count
        groups.append((result.label, [result]))
      }
    }
    methods = groups.compactMap { Method(label: $0.label, runs: $0.runs) }
    guard let reference = methods.first(where: { $0.label == baseline }) else { return }
    self.baseline = baseline
    for index in methods.indices where methods[index].runtimeSeconds.mean > 0 {
      methods[index].speedUp = reference.runtimeSeconds.mean / methods[index].runtimeSeconds.mean
    }
  }

  /// Whether every run has the same single seed; then there is no spread to show.
  public var hasOneSeed: Bool { methods.allSatisfy { $0.runs.count == 1 } }
}
