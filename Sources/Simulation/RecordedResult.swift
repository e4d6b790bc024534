import Coordination
import TuningModel

/// What a real run came to, from the facts of its journal, in the words of a simulated one: time counts from the first
/// start of a trial, so that the preparation of hosts is not in it, and what a run was down is not in it either.
public struct RecordedResult: Sendable {
  private var result: SimulationResult
  private var began: Duration?
  private var isTraining = false
  private var lastReport = Duration.zero

  public init(label: String, seed: UInt64) { result = SimulationResult(label: label, seed: seed) }

  public mutating func note(_ stamped: StampedFact) {
    let active = stamped.stamp.active
    switch stamped.fact {
    case .trialCreated: result.trials += 1
    case .attemptAssigned:
      began = began ?? active
      if !isTraining { result.starts += 1 }
    case .trainingBegan: isTraining = true
    case .scheduling(.maximumRaised(let raise)):
      result.raises.append(
        SimulationResult.Raise(seconds: seconds(active), epochs: result.epochs, from: raise.from, to: raise.to))
    case .reportReceived(let report):
      lastReport = active
      guard !isTraining, let resource = report.resource, report.value != nil else { return }
      result.epochs += 1
      result.runtimeSeconds = seconds(active)
      result.maxResource = max(result.maxResource, resource)
    default: break
    }
  }

  private func seconds(_ active: Duration) -> Double { max(0, (active - (began ?? active)).inSeconds) }

  /// - Parameter state: the run's state after the facts.
  /// - Returns: `secondsToTrainedBest` only where the run has trained its best trials; `chosen` is the trial.
  public func result(_ state: RunState) -> SimulationResult {
    var result = result
    result.end = state.end?.reason
    result.chosen = state.result?.id.rawValue
    result.bestMetric = state.result?.best?.value
    if !state.trained.isEmpty { result.secondsToTrainedBest = seconds(lastReport) }
    return result
  }
}
