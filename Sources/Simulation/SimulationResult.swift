import Coordination

/// What a simulated run came to. Seconds are virtual.
public struct SimulationResult: Sendable, Equatable {
  /// The scheduler raised the current maximum resource.
  public struct Raise: Sendable, Equatable {
    public var seconds: Double
    /// Epochs that had been reported when it rose.
    public var epochs: Int
    public var from: Int
    public var to: Int

    public init(seconds: Double, epochs: Int, from: Int, to: Int) {
      self.seconds = seconds
      self.epochs = epochs
      self.from = from
      self.to = to
    }
  }

  /// Another configuration, or a better value of the same, became the best reported so far.
  public struct Incumbent: Sendable, Equatable {
    public var seconds: Double
    /// Id of its row.
    public var row: Int
    /// The value reported.
    public var value: Double

    public init(seconds: Double, row: Int, value: Double) {
      self.seconds = seconds
      self.row = row
      self.value = value
    }
  }

  public var label: String
  public var seed: UInt64
  /// The best value up to `max_t` on the whole curve of the chosen configuration; nil where none was chosen.
  public var bestMetric: Double?
  /// When the last report came.
  public var runtimeSeconds: Double
  /// The highest epoch that any trial reported.
  public var maxResource: Int
  /// Reports seen.
  public var epochs: Int
  /// Trials started.
  public var trials: Int
  /// Id of the row whose trial reported the best value, of several the one that was handed out first; nil where no
  /// trial reported a finite value.
  public var chosen: Int?
  /// When a fully trained model of the chosen configuration is there: the run's time and what that configuration still
  /// needs from its last report to `max_t` (or its curve's end).
  public var secondsToTrainedBest: Double?
  /// In the order of time.
  public var raises: [Raise]
  /// In the order of time.
  public var progress: [Incumbent]
  /// Why the run ended; nil for a method without a run.
  public var end: RunEnd.Reason?
  /// Trials whose curve ended before the epoch that they were to reach.
  public var trialsCutShort: Int
  /// Epochs that those trials were to train and the table does not have.
  public var epochsMissing: Int
  /// Processes started: one for each trial, and one for each promotion that did not go on in place.
  public var starts = 0
  /// Sealed checkpoints kept when there were most.
  public var mostSeals = 0
  /// The highest epoch that each row reported, in the order in which rows were handed out.
  public var reached: [Int] = []

  public init(
    label: String, seed: UInt64, bestMetric: Double? = nil, runtimeSeconds: Double = 0, maxResource: Int = 0,
    epochs: Int = 0, trials: Int = 0, chosen: Int? = nil, secondsToTrainedBest: Double? = nil, raises: [Raise] = [],
    progress: [Incumbent] = [], end: RunEnd.Reason? = nil, trialsCutShort: Int = 0, epochsMissing: Int = 0
  ) {
    self.label = label
    self.seed = seed
    self.bestMetric = bestMetric
    self.runtimeSeconds = runtimeSeconds
    self.maxResource = maxResource
    self.epochs = epochs
    self.trials = trials
    self.chosen = chosen
    self.secondsToTrainedBest = secondsToTrainedBest
    self.raises = raises
    self.progress = progress
    self.end = end
    self.trialsCutShort = trialsCutShort
    self.epochsMissing = epochsMissing
  }
}
