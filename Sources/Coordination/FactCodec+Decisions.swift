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
    }
  }

  init(_ message: ProtoPromotion) throws(WireError) {
    self.init(
      trial: TrialID(try Check.count(message.trial, "promotion.trial")),
      system: try Check.count(message.system, "promotion.system"),
      fromLevel: try Check.count(message.fromLevel, "promotion.from_level"),
      milestone: try Check.count(message.milestone, "promotion.milestone"),
      rank: try Check.count(message.rank, "promotion.rank"),
      rungSize: try Check.count(message.rungSize, "promotion.rung_size"), value: message.value, cutOff: message.cutOff)
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
      holderValue: message.holderValue, epsilon: message.epsilon)
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
