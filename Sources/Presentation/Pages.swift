import Coordination
import Scheduling
import TuningModel
import Wire

/// Sentences of the page that stand nowhere else.
extension Presentation {
  /// Why PASHA's maximum rose, with the values that were compared.
  public static func rise(_ raise: MaximumRaise, in state: RunState) -> String {
    let apart = number(abs(raise.trialValue - raise.holderValue))
    let place =
      "trial \(raise.trial) took place \(raise.position + 1) at \(resource(raise.topLevel, state)), which trial "
      + "\(raise.holder) had at \(resource(raise.previousLevel, state))"
    let why =
      switch raise.criterion {
      case .softRankingAuto, .softRanking, .softRankingStd, .softRankingMeanDistance, .softRankingMedianDistance:
        "there they are \(apart) apart, more than epsilon, \(number(raise.epsilon))"
      case .ranking: "and the two orders are to be equal"
      case .rankBiasedOverlap:
        "the overlap of the two orders is \(number(raise.score ?? .nan)), less than \(number(raise.epsilon))"
      case .reciprocalRankRegret, .absoluteReciprocalRankRegret:
        "the regret of the order is \(number(raise.score ?? .nan)), more than \(number(raise.epsilon))"
      }
    return "the maximum rises from \(raise.from) to \(raise.to): \(place); \(why)"
  }

  /// How an attempt ended; empty for a fact that ends none.
  public static func ending(_ fact: Fact, in state: RunState) -> String {
    switch fact {
    case .attemptRefused(_, let refusal, _): return "not started: \(detail(refusal))"
    case .attemptEnded(_, let end, _):
      let isAsTold = (end.cause == .paused || end.cause == .stopped) && end.exitStatus == 0
      let cause = isAsTold ? told : cause(end)
      guard let seal = end.seal else {
        return unsealed(end).map { "\(cause); its checkpoint is not sealed: \($0)" } ?? cause
      }
      let covered = seal.coveredResource.map { " of \(resource($0, state))" } ?? ""
      return "\(cause); its checkpoint\(covered) is sealed (\(bytes(seal.bytes)))"
    default: return ""
    }
  }

  /// Where a configuration came from.
  public static func origin(_ origin: TrialCreation.Origin) -> String {
    switch origin {
    case .point(let index): "point \(index + 1) of points_to_evaluate"
    case .searcher(let draws):
      "drawn at random" + (draws > 1 ? ", after \(count(draws - 1, "draw")) that had been tried already" : "")
    case .program: "named by the scheduler's program"
    case .operator: "enqueued by an operator"
    }
  }

  /// How a trial stands now, in a sentence; empty for one that does not exist.
  public static func standing(of trial: TrialID, in state: RunState, isServed: Bool) -> String {
    state[trial] == nil ? "" : "it " + TrialExplanation(trial: trial, standing: state).standing(isServed: isServed)
  }
}
