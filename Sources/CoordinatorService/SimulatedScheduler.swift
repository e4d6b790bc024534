import Scheduling
import TuningModel

/// A scheduler as `simulate --scheduler` names it: its name, and behind colons what tells it from its like:
///
///     pasha[:CRITERION[:EPSILON[:SCALING]]]    CRITERION as `ranking_criterion`; an empty EPSILON is the criterion's own
///     asha|hyperband[:TYPE]                    promotion or stopping
///     rush[:TYPE[:CANDIDATES]]                 the first so many configurations set the thresholds, 10 unless said
///     percentile[:PERCENT]
struct SimulatedScheduler {
  /// Configurations that set the thresholds of `rush`: those that a user would give come first, as those of an order do.
  private static let usualCandidates = 10

  let options: SchedulerOptions

  init(
    _ text: String, mode: MetricMode, maxResource: Int, gracePeriod: Int, reductionFactor: Double
  ) throws(ServiceError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let name = SchedulerOptions.Name(rawValue: parts[0]), name != .external else {
      let known = SchedulerOptions.Name.allCases.filter { $0 != .external }.map(\.rawValue)
      let all = (known + ["one_epoch", "random"]).joined(separator: ", ")
      throw ServiceError(.usage, "there is no scheduler \(parts[0]): take one of \(all)")
    }
    var options = SchedulerOptions(
      name: name, mode: mode, maxResource: maxResource, gracePeriod: gracePeriod, reductionFactor: reductionFactor)
    let words = Array(parts.dropFirst())
    switch name {
    case .pasha: options.ranking = try Self.ranking(words, text)
    case .asha, .hyperband: options.type = try Self.type(words, text, atMost: 1)
    case .rush:
      options.type = try Self.type(words, text, atMost: 2)
      options.thresholdCandidates = try Self.candidates(words, text)
    case .percentile: options.percentile = try Self.percentile(words, text)
    case .costPromotion, .medianStopping, .fifo, .syncHyperband, .successiveHalving, .external:
      guard words.isEmpty else { throw ServiceError(.usage, "\(text): nothing stands behind \(name.rawValue)") }
    }
    if [.hyperband, .syncHyperband].contains(name), options.problems().isEmpty {
      options.brackets = options.levels.count + 1
    }
    self.options = options
  }

  private static func type(
    _ words: [String], _ text: String, atMost count: Int
  ) throws(ServiceError) -> SchedulerOptions.RungType {
    guard words.count <= count else { throw ServiceError(.usage, "\(text): there is too much behind the name") }
    guard let word = words.first, !word.isEmpty else { return .promotion }
    guard let type = SchedulerOptions.RungType(rawValue: word) else {
      throw ServiceError(.usage, "\(text): the type is promotion or stopping, not \(word)")
    }
    return type
  }

  private static func candidates(_ words: [String], _ text: String) throws(ServiceError) -> Int {
    guard words.count > 1 else { return usualCandidates }
    guard let count = Int(words[1]), count >= 0 else {
      throw ServiceError(.usage, "\(text): the configurations that set thresholds are a number, not \"\(words[1])\"")
    }
    return count
  }

  private static func percentile(_ words: [String], _ text: String) throws(ServiceError) -> Double {
    guard let word = words.first else { return SchedulerOptions(maxResource: 2).percentile }
    guard words.count == 1, let number = Double(word), number > 0, number <= 100 else {
      throw ServiceError(.usage, "\(text): behind percentile stands a number above 0, at most 100")
    }
    return number
  }

  private static func ranking(_ words: [String], _ text: String) throws(ServiceError) -> RankingOptions {
    guard let first = words.first else { return RankingOptions() }
    guard words.count <= 3 else {
      throw ServiceError(.usage, "\(text): behind pasha come a criterion, epsilon and epsilon_scaling, and no more")
    }
    guard let criterion = RankingOptions.Criterion(rawValue: first) else {
      let known = RankingOptions.Criterion.allCases.map(\.rawValue).joined(separator: ", ")
      throw ServiceError(.usage, "\(text): there is no ranking criterion \(first): take one of \(known)")
    }
    var numbers: [Double?] = []
    for (word, option) in zip(words.dropFirst(), ["epsilon", "epsilon_scaling"]) {
      guard !word.isEmpty else {
        numbers.append(nil)
        continue
      }
      guard let number = Double(word) else {
        throw ServiceError(.usage, "\(text): \(option) must be a number, not \"\(word)\"")
      }
      numbers.append(number)
    }
    return RankingOptions(
      criterion: criterion, epsilon: numbers.first ?? nil, epsilonScaling: numbers.count > 1 ? numbers[1] : nil)
  }
}
