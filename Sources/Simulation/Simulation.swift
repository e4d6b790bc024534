import AgentCore
import Coordination
import Scheduling
import SearchSpace
import Searching
import TuningModel
import Wire

/// One simulated run.
public struct Simulation: Sendable {
  public init(table: CurveTable, settings: SimulationSettings) throws(SimulationError) {
    throw SimulationError(code: .stuck, message: "to follow")
  }

  public func run() throws(SimulationError) -> SimulationResult {
    throw SimulationError(code: .stuck, message: "to follow")
  }
}
