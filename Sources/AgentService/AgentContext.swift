import HostSystem
import Messaging
import TuningModel

/// What an agent process knows when it begins its work: its place on this machine and its coordinator.
public struct AgentContext {
  let home: AgentHome
  let coordinator: CoordinatorAddress
  let devices: DeviceOffer
  let name: String
  let log: AgentLog
  /// Whether it was started by hand: it gives up when the coordinator cannot be reached at the beginning.
  let isByHand: Bool
  /// What runs `pasha-agent supervise`, without the plan's path.
  let supervisor: [String]

  var slots: Int { devices.plan.slots.count }
}
