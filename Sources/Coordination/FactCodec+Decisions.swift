import Scheduling
import TuningModel
import Wire

extension Promotion {
  var message: ProtoPromotion {
    .with {
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.system = UInt32(clamping: system)
      $0.fromLevel = UInt32(clamping: fromLevel)
      $0.milestone = UInt32(clamping: milestone)
      $0.rank = UInt32(clamping: rank)
      $0.rungSize = UInt32(clamping: rungSize)
      $0.value = value
      $0.cutOff = cutOff
      switch rule {
      case .quantile: break
      case .cost(let spent, let share):
        $0.cost = .with {
          $0.spent = spent
          $0.share = share
        }
      case .share(let count): $0.share = UInt32(clamping: count)
      case .external: $0.external = ProtoEmpty()
      }
    }
  }

  init(_ message: ProtoPromotion) throws(WireError) {
    let rule: Rule
    switch message.rule {
    case nil: rule = .quantile
    case .cost(let cost): rule = .cost(spent: cost.spent, share: cost.share)
    case .share(let count): rule = .share(try Check.count(count, "promotion.share"))
    case .external: rule = .external
    }
    self.init(
      trial: TrialID(try Check.count(message.trial, "promotion.trial")),
      system: try Check.count(message.system, "promotion.system"),
      fromLevel: try Check.count(message.fromLevel, "promotion.from_level"),
      milestone: try Check.count(message.milestone, "promotion.milestone"),
      rank: try Check.count(message.rank, "promotion.rank"),
      rungSize: try Check.count(message.rungSize, "promotion.rung_size"), value: message.value, cutOff: message.cutOff,
      rule: rule)
  }
}

extension MaximumRaise {
  var message: ProtoMaximumRaise {
    .with {
      $0.system = UInt32(clamping: system)
      $0.from = UInt32(clamping: from)
      $0.to = UInt32(clamping: to)
      $0.topLevel = UInt32(clamping: topLevel)
      $0.previousLevel = UInt32(clamping: previousLevel)
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.position = UInt32(clamping: position)
      $0.holder = UInt32(clamping: holder.rawValue)
      $0.trialValue = trialValue
      $0.holderValue = holderValue
      $0.epsilon = epsilon
      $0.criterion = criterion.message
      if let score { $0.score = score }
    }
  }

  init(_ message: ProtoMaximumRaise) throws(WireError) {
    self.init(
      system: try Check.count(message.system, "maximum_raised.system"),
      from: try Check.count(message.from, "maximum_raised.from"),
      to: try Check.count(message.to, "maximum_raised.to"),
      topLevel: try Check.count(message.topLevel, "maximum_raised.top_level"),
      previousLevel: try Check.count(message.previousLevel, "maximum_raised.previous_level"),
      trial: TrialID(try Check.count(message.trial, "maximum_raised.trial")),
      position: try Check.count(message.position, "maximum_raised.position"),
      holder: TrialID(try Check.count(message.holder, "maximum_raised.holder")), trialValue: message.trialValue,
      holderValue: message.holderValue, epsilon: message.epsilon,
      criterion: try .init(message.criterion, "maximum_raised.criterion"),
      score: message.hasScore ? message.score : nil)
  }
}

extension EpsilonMeasurement {
  var message: ProtoEpsilonMeasurement {
    .with {
      $0.system = UInt32(clamping: system)
      $0.epsilon = epsilon
      $0.previous = previous
      $0.noisyPairs = UInt32(clamping: noisyPairs)
    }
  }

  init(_ message: ProtoEpsilonMeasurement) throws(WireError) {
    self.init(
      system: try Check.count(message.system, "epsilon_measured.system"), epsilon: message.epsilon,
      previous: message.previous, noisyPairs: try Check.count(message.noisyPairs, "epsilon_measured.noisy_pairs"))
  }
}

extension RankingOptions.Criterion: WireEnumeration {
  package var message: ProtoMaximumRaise.Criterion {
    switch self {
    case .softRankingAuto: .softRankingAuto
    case .softRanking: .softRanking
    case .softRankingStd: .softRankingStd
    case .softRankingMeanDistance: .softRankingMeanDst
    case .softRankingMedianDistance: .softRankingMedianDst
    case .ranking: .ranking
    case .rankBiasedOverlap: .rbo
    case .reciprocalRankRegret: .rrr
    case .absoluteReciprocalRankRegret: .arrr
    }
  }
}

extension StopDecision {
  var message: ProtoStopDecision {
    .with {
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.system = UInt32(clamping: system)
      $0.level = UInt32(clamping: level)
      $0.rank = UInt32(clamping: rank)
      $0.count = UInt32(clamping: count)
      $0.value = value
      $0.bound = bound
      $0.rule = rule.message
    }
  }

  init(_ message: ProtoStopDecision) throws(WireError) {
    self.init(
      trial: TrialID(try Check.count(message.trial, "scheduler_stop.trial")),
      system: try Check.count(message.system, "scheduler_stop.system"),
      level: try Check.count(message.level, "scheduler_stop.level"),
      rank: try Check.count(message.rank, "scheduler_stop.rank"),
      count: try Check.count(message.count, "scheduler_stop.count"), value: message.value, bound: message.bound,
      rule: try .init(message.rule, "scheduler_stop.rule"))
  }
}

extension StopDecision.Rule: WireEnumeration {
  package var message: ProtoStopDecision.Rule {
    switch self {
    case .quantile: .quantile
    case .threshold: .threshold
    case .median: .median
    case .percentile: .percentile
    case .external: .external
    }
  }
}

extension ThresholdChange {
  var message: ProtoThresholdChange {
    .with {
      $0.system = UInt32(clamping: system)
      $0.level = UInt32(clamping: level)
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.value = value
      if let previous { $0.previous = previous }
    }
  }

  init(_ message: ProtoThresholdChange) throws(WireError) {
    self.init(
      system: try Check.count(message.system, "threshold_set.system"),
      level: try Check.count(message.level, "threshold_set.level"),
      trial: TrialID(try Check.count(message.trial, "threshold_set.trial")), value: message.value,
      previous: message.hasPrevious ? message.previous : nil)
  }
}
