import Coordination
import Scheduling
import TuningModel

/// What the scheduler decided about a trial, or decided because of it. A new kind of decision has a case in each of the two
/// functions here, and what keeps a trial where it is a line in `rungText`.
extension TrialExplanation {
  func concerns(_ decision: SchedulingDecision) -> Bool {
    switch decision {
    case .promotion(let promotion): return promotion.trial == trial
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
    case .epsilonMeasured: return nil
    }
  }

  private func promoted(_ promotion: Promotion) -> String {
    var text =
      "promoted from \(resource(promotion.fromLevel)) to \(resource(promotion.milestone)): \(metric(promotion.value)) is "
      + "place \(promotion.rank + 1) of \(promotion.rungSize) there, the cut-off is "
      + Presentation.number(promotion.cutOff)
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
    why += "; at \(resource(raise.previousLevel)) they are \(values), more than epsilon, \(epsilon)"
    let role =
      raise.trial == trial || raise.holder == trial ? "" : "it may be promoted from its rung from now on: "
    return "\(role)\(what), since the order of the trials is not settled: \(why)"
  }

  /// A trial's place in its rung, and what keeps it there, if anything.
  func rungText(_ standing: TrialStanding) -> String {
    let place = "place \(standing.rank + 1) of \(standing.size) there"
    if standing.isPromoted { return "\(place), and promoted already" }
    if !standing.value.isFinite { return "\(place); a value that is not finite is never promoted" }
    if standing.level >= standing.currentMaximum {
      return "\(place); the current maximum resource is \(standing.currentMaximum), and trials are promoted from rungs "
        + "below it alone"
    }
    guard let cutOff = standing.cutOff else {
      return "\(place); from a rung with fewer than two trials none is promoted"
    }
    let share = standing.size * standing.level / max(1, standing.next)
    let rule =
      "the best \(max(1, share)) or so are promoted to \(resource(standing.next)): the cut-off is "
      + Presentation.number(cutOff)
    let own = Presentation.number(standing.value)
    guard standing.isGoodEnough else { return "\(place); \(rule), it has \(own)" }
    guard let before = standing.before else { return "\(place); \(rule), it has \(own), which is good enough" }
    return "\(place); \(rule), it has \(own), which is good enough, but trial \(before) is promoted before it"
  }
}
