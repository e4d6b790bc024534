import Scheduling

/// A scheduler as `simulate --scheduler` names it: `asha`, `pasha`, `pasha:CRITERION`, `pasha:CRITERION:EPSILON` or
/// `pasha:CRITERION:EPSILON:SCALING`, where CRITERION is what `ranking_criterion` may be and an empty EPSILON the criterion's own.
struct SimulatedScheduler {
  let name: SchedulerOptions.Name
  let ranking: RankingOptions

  init(_ text: String) throws(ServiceError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let name = SchedulerOptions.Name(rawValue: parts[0]), name != .external else {
      let known = SchedulerOptions.Name.allCases.filter { $0 != .external }.map(\.rawValue) + ["one_epoch", "random"]
      throw ServiceError(.usage, "there is no scheduler \(parts[0]): take one of \(known.joined(separator: ", "))")
    }
    self.name = name
    guard parts.count > 1 else {
      ranking = RankingOptions()
      return
    }
    guard name == .pasha else {
      throw ServiceError(.usage, "\(text): only pasha takes a ranking criterion behind a colon")
    }
    guard parts.count <= 4 else {
      throw ServiceError(.usage, "\(text): behind pasha come a criterion, epsilon and epsilon_scaling, and no more")
    }
    guard let criterion = RankingOptions.Criterion(rawValue: parts[1]) else {
      let known = RankingOptions.Criterion.allCases.map(\.rawValue).joined(separator: ", ")
      throw ServiceError(.usage, "\(text): there is no ranking criterion \(parts[1]): take one of \(known)")
    }
    var numbers: [Double?] = []
    for (part, option) in zip(parts.dropFirst(2), ["epsilon", "epsilon_scaling"]) {
      if part.isEmpty {
        numbers.append(nil)
        continue
      }
      guard let number = Double(part) else {
        throw ServiceError(.usage, "\(text): \(option) must be a number, not \"\(part)\"")
      }
      numbers.append(number)
    }
    ranking = RankingOptions(
      criterion: criterion, epsilon: numbers.first ?? nil, epsilonScaling: numbers.count > 1 ? numbers[1] : nil)
  }
}
