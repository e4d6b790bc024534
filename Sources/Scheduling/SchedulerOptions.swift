import TuningModel

/// What the cluster file's `scheduler:` says.
public struct SchedulerOptions: Equatable, Sendable {
  public enum Name: String, Sendable, CaseIterable {
    /// Promotion type, with a maximum resource that grows while the ranking of the trials is not settled.
    case pasha
    /// Asynchronous successive halving.
    case asha
    /// `asha` with all brackets, unless `brackets` says how many.
    case hyperband
    /// Promotion type; a rung's budget is shared out by what trials cost instead of by their number.
    case costPromotion = "cost_promotion"
    /// `asha` with thresholds that given configurations set.
    case rush
    /// Stops a trial that is worse than the median of the others at its resource.
    case medianStopping = "median_stopping"
    /// Stops a trial that is not among the best so many per cent at its resource.
    case percentile
    /// Every trial runs to `max_t`.
    case fifo
    /// Hyperband whose rungs are full before anything is promoted.
    case syncHyperband = "sync_hyperband"
    /// The first bracket of `sync_hyperband`, over and over.
    case successiveHalving = "successive_halving"
    /// Somebody else decides, by facts: a program of the user's. In a cluster file `command` stands for it.
    case external
  }

  /// Whether a trial waits at a rung's level for its promotion, or goes on until it is stopped there.
  public enum RungType: String, Sendable, CaseIterable {
    case promotion
    case stopping
  }

  public var name: Name
  public var mode: MetricMode
  /// `max_t`: the resource at which a trial is done.
  public var maxResource: Int
  /// `grace_period`: the lowest rung level, unless `rungLevels` says otherwise.
  public var gracePeriod: Int
  /// `reduction_factor`: each rung level is this many times the one below; need not be whole.
  public var reductionFactor: Double
  /// `rung_levels`: the levels themselves, in place of grace period and reduction factor. A last one equal to
  /// `maxResource` is left out.
  public var rungLevels: [Int]?
  /// `rung_increment`: the levels are this far apart, in place of the reduction factor.
  public var rungIncrement: Int?
  /// How many brackets there are at most; the trials of each leave out one more of the lowest levels than those of the
  /// one before. There are never more than levels plus one.
  public var brackets: Int
  /// `rung_system_per_bracket`: whether each bracket has rungs of its own. Otherwise all share theirs.
  public var rungSystemPerBracket: Bool
  /// `type`, for `asha`, `hyperband` and `rush`.
  public var type: RungType
  /// When PASHA's maximum stays.
  public var ranking: RankingOptions
  /// `num_threshold_candidates` of `rush`: trials with lower ids set the thresholds.
  public var thresholdCandidates: Int
  public var median: MedianOptions
  /// `percentile`: how many per cent of the trials at a resource go on; above 0, at most 100.
  public var percentile: Double

  public init(
    name: Name = .pasha, mode: MetricMode = .min, maxResource: Int, gracePeriod: Int = 1, reductionFactor: Double = 3,
    rungLevels: [Int]? = nil, rungIncrement: Int? = nil, brackets: Int = 1, rungSystemPerBracket: Bool = false,
    type: RungType = .promotion, ranking: RankingOptions = RankingOptions(), thresholdCandidates: Int = 0,
    median: MedianOptions = MedianOptions(), percentile: Double = 80
  ) {
    self.name = name
    self.mode = mode
    self.maxResource = maxResource
    self.gracePeriod = gracePeriod
    self.reductionFactor = reductionFactor
    self.rungLevels = rungLevels
    self.rungIncrement = rungIncrement
    self.brackets = brackets
    self.rungSystemPerBracket = rungSystemPerBracket
    self.type = type
    self.ranking = ranking
    self.thresholdCandidates = thresholdCandidates
    self.median = median
    self.percentile = percentile
  }

  /// Whether trials run until something stops them, without waiting at a level.
  public var isStopping: Bool {
    switch name {
    case .asha, .hyperband, .rush: type == .stopping
    case .medianStopping, .percentile, .fifo: true
    case .pasha, .costPromotion, .syncHyperband, .successiveHalving, .external: false
    }
  }
}

/// How PASHA compares the order of the trials in the top rung with their order one rung below (Bohdal et al., ICLR 2023,
/// section 4 and appendix; the criteria are those of the authors' first release).
public struct RankingOptions: Equatable, Sendable {
  public enum Criterion: String, Sendable, CaseIterable {
    /// Each trial is among those within epsilon of the one that held its place; epsilon is measured by the noise of the
    /// curves.
    case softRankingAuto = "soft_ranking_auto"
    /// The same with a given epsilon.
    case softRanking = "soft_ranking"
    /// Epsilon is the standard deviation in the lower rung, scaled.
    case softRankingStd = "soft_ranking_std"
    /// Epsilon is the mean distance in the lower rung, scaled.
    case softRankingMeanDistance = "soft_ranking_mean_dst"
    /// Epsilon is the median distance in the lower rung, scaled.
    case softRankingMedianDistance = "soft_ranking_median_dst"
    /// The two orders are equal.
    case ranking
    /// Rank-biased overlap of the two orders (Webber, Moffat, Zobel, TOIS 2010) is at least epsilon.
    case rankBiasedOverlap = "rbo"
    /// Reciprocal rank regret is at most epsilon.
    case reciprocalRankRegret = "rrr"
    /// The same of absolute regrets.
    case absoluteReciprocalRankRegret = "arrr"
  }

  public var criterion: Criterion
  /// `epsilon`, in the metric's unit for `soft_ranking`, without one for `rbo`, `rrr` and `arrr`; nil: the criterion's
  /// own.
  public var epsilon: Double?
  /// `epsilon_scaling`: what a measured epsilon is multiplied by; the weight of a place against the one before it for
  /// `rbo`, `rrr` and `arrr`; nil: the criterion's own.
  public var epsilonScaling: Double?

  public init(criterion: Criterion = .softRankingAuto, epsilon: Double? = nil, epsilonScaling: Double? = nil) {
    self.criterion = criterion
    self.epsilon = epsilon
    self.epsilonScaling = epsilonScaling
  }

  /// The epsilon that counts; of no meaning where it is measured.
  var effectiveEpsilon: Double {
    switch criterion {
    case .rankBiasedOverlap: epsilon ?? 0.5
    case .reciprocalRankRegret, .absoluteReciprocalRankRegret: epsilon ?? 0.05
    case .softRanking, .softRankingAuto, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance,
      .ranking:
      epsilon ?? 0
    }
  }

  var effectiveScaling: Double {
    switch criterion {
    case .rankBiasedOverlap, .reciprocalRankRegret, .absoluteReciprocalRankRegret: epsilonScaling ?? 0.5
    case .softRanking, .softRankingAuto, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance,
      .ranking:
      epsilonScaling ?? 1
    }
  }
}

/// Options of `median_stopping` (Golovin et al., "Google Vizier", KDD 2017; names and defaults are Syne Tune's).
public struct MedianOptions: Equatable, Sendable {
  /// Compare the mean of a trial's values so far instead of the last.
  public var runningAverage: Bool
  /// The lowest resource at which a trial is stopped.
  public var graceTime: Int
  /// How many trials must have reported at a resource before one is stopped there.
  public var gracePopulation: Int
  /// The share of trials at the resource, from 0 to 1, that go on.
  public var rankCutoff: Double

  public init(
    runningAverage: Bool = true, graceTime: Int = 1, gracePopulation: Int = 5, rankCutoff: Double = 0.5
  ) {
    self.runningAverage = runningAverage
    self.graceTime = graceTime
    self.gracePopulation = gracePopulation
    self.rankCutoff = rankCutoff
  }
}

/// An option that makes no sense, alone or together with the others.
public struct SchedulerOptionProblem: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case outOfRange
    case notBelowMaximum
    case notIncreasing
    case conflict
  }

  public var code: Code
  /// The option's key in the cluster file, as `grace_period`.
  public var option: String
  /// What is wrong and what would be right; begins with the option's key.
  public var message: String

  public init(code: Code, option: String, message: String) {
    self.code = code
    self.option = option
    self.message = message
  }

  public var description: String { message }
}
