import HostSystem
import Messaging
import TuningModel

/// What an agent process knows when it begins its work: its place on this machine and its coordinator.
public struct AgentContext {
  let home: AgentHome
  let coordinator: CoordinatorAddress
  let slots: Int
  let name: String
  let log: AgentLog
  /// Whether it was started by hand: it gives up when the coordinator cannot be reached at the beginning.
  let isByHand: Bool
  /// What runs `pasha-agent supervise`, without the plan's path.
  let supervisor: [String]
}

/// This program, to start it again as a supervisor.
enum OwnProgram {
  static func path() throws(AgentError) -> String {
    do throws(SystemError) {
      return try Files.linkTarget("/proc/self/exe")
    } catch {
      throw AgentError(.systemFailure, "this program's own file cannot be found: \(error.message)")
    }
  }
}
