/// A variable of a trial's environment.
public struct DeviceVariable: Equatable, Sendable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension SlotPlan {
  /// Variables by which the vendors' libraries choose GPUs. None of the agent's own may go over to a trial when the plan
  /// has something to say about GPUs.
  public static let variableNames = [
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
  ]

  /// Whether the plan says which GPUs a trial sees; otherwise the host has none that could be told of, and the trial is
  /// left with what the agent itself was given.
  public var managesDevices: Bool { hasDevices || !hidden.isEmpty }

  /// What a trial in the slot is given. By UUID, since CUDA counts otherwise than `nvidia-smi` and indexes change when a
  /// card dies. Of ROCm's two variables the second counts within what the first lets through.
  public func variables(of slot: Int) -> [DeviceVariable] {
    let gpus = slots.indices.contains(slot) ? slots[slot].gpus : []
    let names = gpus.map(\.id).joined(separator: ",")
    switch gpus.first?.kind {
    case .nvidia:
      return [
        DeviceVariable("CUDA_DEVICE_ORDER", "PCI_BUS_ID"), DeviceVariable("CUDA_VISIBLE_DEVICES", names),
        DeviceVariable("NVIDIA_VISIBLE_DEVICES", names),
      ]
    case .amd:
      return [
        DeviceVariable("ROCR_VISIBLE_DEVICES", names),
        DeviceVariable("HIP_VISIBLE_DEVICES", gpus.indices.map { "\($0)" }.joined(separator: ",")),
      ]
    case nil:
      var variables: [DeviceVariable] = []
      if hidden.contains(.nvidia) {
        variables += [DeviceVariable("CUDA_VISIBLE_DEVICES", ""), DeviceVariable("NVIDIA_VISIBLE_DEVICES", "void")]
      }
      if hidden.contains(.amd) {
        variables += [DeviceVariable("ROCR_VISIBLE_DEVICES", ""), DeviceVariable("HIP_VISIBLE_DEVICES", "-1")]
      }
      return variables
    }
  }
}
