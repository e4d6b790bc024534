import Devices
import HostSystem
import TuningModel

/// What the devices of this host offer to one agent.
struct DeviceOffer {
  let plan: SlotPlan
  /// As it was when the plan was made.
  let inventory: DeviceInventory
  let locks: DeviceLocks

  /// Slots that an agent may have.
  static let slotLimit = 4_096

  /// Looks which devices there are and makes the plan. Takes as long as the vendors' tools do.
  static func find(_ request: DeviceRequest) throws(AgentError) -> DeviceOffer {
    let inventory = DeviceFinder().find()
    do throws(SlotPlanError) {
      var plan = try SlotPlan.make(
        request, from: inventory, cores: HostSize.cores, visible: TrialEnvironment.variable("CUDA_VISIBLE_DEVICES"))
      plan.slots = Array(plan.slots.prefix(slotLimit))
      return DeviceOffer(plan: plan, inventory: inventory, locks: DeviceLocks())
    } catch {
      throw AgentError(.usage, error.message)
    }
  }

  /// The files that are locked while the slot is in use.
  func lockWords(of slot: Int) -> [String] {
    guard plan.slots.indices.contains(slot) else { return [] }
    return locks.locks(of: plan.slots[slot], trialsPerGPU: plan.trialsPerGPU).map(\.word)
  }
}

extension DeviceRequest {
  /// From a launcher's first line: `gpus` ("all", "idle", "none" or a list), `gpus_per_trial`, `trials_per_gpu` and
  /// `slots`, each of which may be missing.
  init(launch request: JSONValue) throws(AgentError) {
    self.init()
    if request.holds("gpus") {
      guard let selection = request.member("gpus").flatMap({ DeviceSelection(json: $0) }) else {
        throw AgentError(.usage, "the launcher's gpus must be \"all\", \"idle\", \"none\" or a list of GPUs")
      }
      self.selection = selection
    }
    func number(_ key: String) throws(AgentError) -> Int? {
      guard request.holds(key) else { return nil }
      guard let number = request.number(key), (1...DeviceOffer.slotLimit).contains(number) else {
        throw AgentError(.usage, "the launcher's \(key) is no number from 1 to \(DeviceOffer.slotLimit)")
      }
      return number
    }
    perTrial = try number("gpus_per_trial") ?? 1
    trialsPerGPU = try number("trials_per_gpu") ?? 1
    slots = try number("slots")
  }
}
