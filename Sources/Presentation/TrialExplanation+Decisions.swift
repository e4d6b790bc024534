import Coordination
import Scheduling
import TuningModel

/// What the scheduler decided about a trial, or decided because of it. A new kind of decision has a case in each of the two
/// functions here, and what keeps a trial where it is a line in `rungText`.
extension TrialExplanation {
  func concerns(_ decision: SchedulingDecision) -> Bool {
    switch decision {
    case .promotion(let promotion): return promotion.trial == trial
    case .stop(let stop): return stop.trial == trial
    case .thresholdSet(let change): return change.trial == trial
    case .maximumRaised(let raise):
      if raise.trial == trial || raise.holder == trial { return true }
      // It can be promoted from its rung from now on.
      guard let standing = state.scheduler.standing(of: trial), standing.system == raise.system else { return false }
      return !standing.isPromoted && own?.status.isFinal == false && (raise.from..<raise.to).contains(standing.level)
    case .epsilonMeasured: return false
    }
  }

  func decided(_ decision: SchedulingDecision, _ before: Before) -> String? {
    switch decision {
    case .promotion(let promotion): return promoted(promotion)
    case .maximumRaised(let raise): return raised(raise, before.orders)
    case .stop(let stop): return stopped(stop)
    case .thresholdSet(let change):
      let before = change.previous.map { ", where \(Presentation.number($0)) stood" } ?? ""
      return "sets the threshold at \(resource(change.level)) for the trials behind the given ones: "
        + "\(metric(change.value))\(before)"
    case .epsilonMeasured: return nil
    }
  }

  private func promoted(_ promotion: Promotion) -> String {
    let place = "\(metric(promotion.value)) is place \(promotion.rank + 1) of \(promotion.rungSize) there"
    var text = "promoted from \(resource(promotion.fromLevel)) to \(resource(promotion.milestone)): \(place), "
    switch promotion.rule {
    case .quantile: text += "the cut-off is \(Presentation.number(promotion.cutOff))"
    case .cost(let spent, let share):
      text +=
        "and the trials down to it cost \(Presentation.number(spent)), within the rung's share of "
        + Presentation.number(share)
    case .share(let count):
      text += "and the best \(count) of the full rung go on, down to \(Presentation.number(promotion.cutOff))"
    case .external:
      text =
        "promoted from \(resource(promotion.fromLevel)) to \(resource(promotion.milestone)) by the scheduler's program"
    }
    if case .pending? = own?.status, let place = state.waiting.firstIndex(of: trial), place > 0 {
      text += "; \(Presentation.count(place, "trial")) before it in line for a slot"
    }
    return text
  }

  /// The places of the two trials of a raise, at the moment before it.
  struct Orders {
    /// Whether the trial stood before the other in the rung below.
    let wasBefore: Bool?
    /// And in the top rung.
    let isBefore: Bool?

    init(_ raise: MaximumRaise, _ scheduler: TrialScheduler) {
      func isBefore(_ level: Int) -> Bool? {
        let order = scheduler.entries(system: raise.system, level: level).map(\.trial)
        guard let one = order.firstIndex(of: raise.trial), let other = order.firstIndex(of: raise.holder) else {
          return nil
        }
        return one < other
      }
      wasBefore = isBefore(raise.previousLevel)
      self.isBefore = isBefore(raise.topLevel)
    }
  }

  private func raised(_ raise: MaximumRaise, _ orders: Orders?) -> String {
    let what = "the maximum resource rises from \(raise.from) to \(raise.to)"
    let apart = Presentation.number(abs(raise.trialValue - raise.holderValue))
    let (one, other) = (Presentation.number(raise.trialValue), Presentation.number(raise.holderValue))
    let values = "\(apart) apart (\(one) and \(other))"
    let epsilon = Presentation.number(raise.epsilon)
    var why: String
    if let was = orders?.wasBefore, let now = orders?.isBefore, was != now {
      let (first, second) = was ? ("before", "behind") : ("behind", "before")
      why =
        "trial \(raise.trial) stood \(first) trial \(raise.holder) at \(resource(raise.previousLevel)) and stands \(second) "
        + "it at \(resource(raise.topLevel))"
    } else {
      why =
        "trial \(raise.trial) is at place \(raise.position + 1) at \(resource(raise.topLevel)), which trial \(raise.holder) "
        + "had at \(resource(raise.previousLevel))"
    }
    switch raise.criterion {
    case .softRankingAuto, .softRanking, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance:
      why += "; at \(resource(raise.previousLevel)) they are \(values), more than epsilon, \(epsilon)"
    case .ranking: why += ", and the two orders are to be equal"
    case .rankBiasedOverlap:
      why += "; the overlap of the two orders is \(Presentation.number(raise.score ?? .nan)), less than \(epsilon)"
    case .reciprocalRankRegret, .absoluteReciprocalRankRegret:
      why += "; the regret of the order is \(Presentation.number(raise.score ?? .nan)), more than \(epsilon)"
    }
    let role =
      raise.trial == trial || raise.holder == trial ? "" : "it may be promoted from its rung from now on: "
    return "\(role)\(what), since the order of the trials is not settled: \(why)"
  }

  private func stopped(_ stop: StopDecision) -> String {
    let place = "\(metric(stop.value)) is place \(stop.rank + 1) of \(stop.count) there"
    let bound = Presentation.number(stop.bound)
    let share = "\(Presentation.number(stop.bound * 100)) %"
    let why =
      switch stop.rule {
      case .quantile: "\(place), worse than the cut-off, \(bound)"
      case .threshold: "\(place), worse than the threshold that given configurations have set, \(bound)"
      case .median:
        "\(state.specification.scheduler.median.runningAverage ? "the mean of its values, " : "")"
          + "\(Presentation.number(stop.value)), is place \(stop.rank + 1) of \(stop.count) there: more than \(share) of the "
          + "trials are before it"
      case .percentile: "\(place), and the best \(share) go on, rounded up"
      case .external: "the scheduler's program says so"
      }
    return "the scheduler stops it at \(resource(stop.level)): \(why)"
  }

  /// A trial's place in its rung, and what keeps it there, if anything.
  func rungText(_ standing: TrialStanding) -> String {
    let place = "place \(standing.rank + 1) of \(standing.size) there"
    if standing.isStopping { return place + stoppingText(standing) }
    if standing.isPromoted { return "\(place), and promoted already" }
    if !standing.value.isFinite { return "\(place); a value that is not finite is never promoted" }
    if standing.level >= standing.currentMaximum {
      return "\(place); the current maximum resource is \(standing.currentMaximum), and trials are promoted from rungs "
        + "below it alone"
    }
    guard let cutOff = standing.cutOff else {
      return "\(place); from a rung with fewer than two trials none is promoted"
    }
    return "\(place); \(ruleText(standing, cutOff))" + lineText(standing)
  }

  private func stoppingText(_ standing: TrialStanding) -> String {
    guard let cutOff = standing.cutOff else { return "" }
    let own = Presentation.number(standing.value)
    return "; one that is worse than the cut-off, \(Presentation.number(cutOff)), is stopped, it has \(own)"
  }

  private func ruleText(_ standing: TrialStanding, _ cutOff: Double) -> String {
    let goal = resource(standing.next)
    let own = Presentation.number(standing.value)
    let share = max(1, standing.size * standing.level / max(1, standing.next))
    let quantile =
      "the best \(share) or so are promoted to \(goal): the cut-off is \(Presentation.number(cutOff)), it has \(own)"
    switch standing.rule {
    case .quantile, .threshold(nil): return quantile
    case .threshold(let threshold?): return "\(quantile); the threshold is \(Presentation.number(threshold))"
    case .cost(let spent, let share):
      return
        "trials are promoted to \(goal), best first, while they have cost no more than \(Presentation.number(share)); "
        + "down to it they have cost \(Presentation.number(spent))"
    }
  }

  private func lineText(_ standing: TrialStanding) -> String {
    guard standing.isGoodEnough else { return "" }
    guard let before = standing.before else { return ", which is good enough" }
    return ", which is good enough, but trial \(before) is promoted before it"
  }

  /// How far the bracket of the trial is, where rungs are full before any trial goes on.
  func bracketText(_ standing: BracketStanding) -> String {
    guard standing.isIn else {
      return "not among the trials of its bracket that went on to \(resource(standing.level))"
    }
    let rung =
      "bracket \(standing.bracket) has \(standing.reported) of \(standing.size) values of \(resource(standing.level))"
    guard let next = standing.next else { return rung }
    return "\(rung); once they are all there, the best \(standing.staying) go on to \(resource(next))"
  }
}
