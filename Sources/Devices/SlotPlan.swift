/// Why the devices of a host cannot be what was asked for: names the request, the host's devices, and the way out.
public struct SlotPlanError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// A GPU that was named is not there, cannot be used, or is named twice.
    case noSuchDevice
    /// Fewer GPUs than one trial needs.
    case tooFew
    /// What was asked for contradicts itself.
    case badRequest
    /// The host has GPUs, but its tools do not tell of them.
    case unreadable
  }

  public let code: Code
  public let message: String
  public var description: String { message }
}

/// What each slot of an agent holds.
public struct SlotPlan: Equatable, Sendable {
  public struct Slot: Equatable, Sendable {
    /// None: a slot on the processor.
    public var gpus: [GPU]
    /// Counts the slots that share their GPU from 0.
    public var share: Int

    public init(gpus: [GPU] = [], share: Int = 0) {
      self.gpus = gpus
      self.share = share
    }
  }

  public var slots: [Slot]
  /// Slots that share a GPU.
  public var trialsPerGPU: Int
  public var selection: DeviceSelection
  /// Kinds of GPUs that the host has and this plan keeps from trials whose slots hold none.
  public var hidden: [GPU.Kind]
  /// What the user should know: faulty GPUs, some left over.
  public var notes: [String]

  public init(
    slots: [Slot], trialsPerGPU: Int = 1, selection: DeviceSelection = .all, hidden: [GPU.Kind] = [],
    notes: [String] = []
  ) {
    self.slots = slots
    self.trialsPerGPU = trialsPerGPU
    self.selection = selection
    self.hidden = hidden
    self.notes = notes
  }

  public var hasDevices: Bool { slots.contains { !$0.gpus.isEmpty } }

  /// What each slot holds, for people: empty for slots on the processor.
  public var descriptions: [String] {
    slots.map { slot in
      let names = slot.gpus.map { "GPU \($0.number) \($0.name) (\($0.id))" }.joined(separator: ", ")
      return names.isEmpty || trialsPerGPU == 1 ? names : "\(names), share \(slot.share + 1) of \(trialsPerGPU)"
    }
  }

  /// Makes the slots.
  ///
  /// - Parameters:
  ///   - cores: of the processor.
  ///   - visible: `CUDA_VISIBLE_DEVICES` of the agent itself, nil when it is not set: what a job system gave it. It
  ///     bounds `all` and `idle`; a list in the request is stronger.
  public static func make(
    _ request: DeviceRequest, from inventory: DeviceInventory, cores: Int, visible: String? = nil
  ) throws(SlotPlanError) -> SlotPlan {
    guard request.perTrial >= 1, request.trialsPerGPU >= 1 else {
      throw SlotPlanError(
        code: .badRequest,
        message: "gpus_per_trial (\(request.perTrial)) and trials_per_gpu (\(request.trialsPerGPU)) must be 1 or more")
    }
    guard request.perTrial == 1 || request.trialsPerGPU == 1 else {
      throw SlotPlanError(
        code: .badRequest,
        message: "gpus_per_trial (\(request.perTrial)) and trials_per_gpu (\(request.trialsPerGPU)) cannot both be "
          + "more than 1: either a trial has several GPUs or several trials share one")
    }
    var plan = SlotPlan(
      slots: [], trialsPerGPU: request.trialsPerGPU, selection: request.selection, notes: inventory.notes)
    let devices: [GPU]
    switch request.selection {
    case .none: devices = []
    case .listed(let names): devices = try listed(names, request, inventory)
    case .all, .idle: devices = try allUsable(request, inventory, visible: visible, &plan.notes)
    }
    if devices.isEmpty {
      let kinds = Set(inventory.gpus.map(\.kind))
      plan.hidden = GPU.Kind.allCases.filter(kinds.contains)
      plan.trialsPerGPU = 1
      plan.slots = Array(repeating: Slot(), count: max(1, request.slots ?? cores))
      return plan
    }
    plan.slots = try slots(of: devices, request, inventory, &plan.notes)
    if let bound = request.slots { plan.slots = Array(plan.slots.prefix(max(1, bound))) }
    return plan
  }

  /// All shares of number 0 before those of number 1, so that few trials spread over all GPUs.
  private static func slots(
    of devices: [GPU], _ request: DeviceRequest, _ inventory: DeviceInventory, _ notes: inout [String]
  ) throws(SlotPlanError) -> [Slot] {
    if request.perTrial == 1 {
      return (0..<request.trialsPerGPU).flatMap { share in devices.map { Slot(gpus: [$0], share: share) } }
    }
    if let instance = devices.first(where: { $0.parentIndex != nil }) {
      throw SlotPlanError(
        code: .badRequest,
        message: "gpus_per_trial: \(request.perTrial): a process can use one MIG instance only, and \(instance.label) "
          + "is one; set gpus_per_trial to 1, or turn MIG off on the host")
    }
    // A trial never has GPUs of two makers.
    var slots: [Slot] = []
    for kind in GPU.Kind.allCases {
      let own = devices.filter { $0.kind == kind }
      for start in stride(from: 0, to: own.count - request.perTrial + 1, by: request.perTrial) {
        slots.append(Slot(gpus: Array(own[start..<(start + request.perTrial)])))
      }
    }
    guard !slots.isEmpty else { throw tooFew(request, devices.count, inventory) }
    let used = slots.count * request.perTrial
    if used < devices.count {
      notes.append("\(devices.count - used) of \(devices.count) GPUs stay unused: a trial takes \(request.perTrial)")
    }
    return slots
  }

  private static func tooFew(_ request: DeviceRequest, _ count: Int, _ inventory: DeviceInventory) -> SlotPlanError {
    SlotPlanError(
      code: .tooFew,
      message: "gpus_per_trial: \(request.perTrial): \(request.selection.text) gives \(count) of this host; "
        + DeviceList.text(inventory))
  }

  private static func allUsable(
    _ request: DeviceRequest, _ inventory: DeviceInventory, visible: String?, _ notes: inout [String]
  ) throws(SlotPlanError) -> [GPU] {
    let all = inventory.devices
    if all.isEmpty, inventory.isIncomplete {
      throw SlotPlanError(
        code: .unreadable,
        message: "\(request.selection.text): this host has GPUs, but \(inventory.notes.joined(separator: "; ")); mend "
          + "the driver, or set gpus: none for this host to run trials on its processor")
    }
    var usable = all.filter { $0.fault == nil }
    notes += all.compactMap { gpu in gpu.fault.map { "\(gpu.label) is left out: \($0)" } }
    if usable.isEmpty, !all.isEmpty {
      throw SlotPlanError(
        code: .noSuchDevice,
        message: "\(request.selection.text): no GPU of this host can be used: "
          + all.map { "\($0.label): \($0.fault ?? "")" }.joined(separator: "; ")
          + "; mend it, or set gpus: none for this host")
    }
    if let visible, !usable.isEmpty {
      let bound = DeviceList.visible(usable, visible)
      if bound.count < usable.count {
        notes.append("CUDA_VISIBLE_DEVICES of the agent (\(visible)) leaves \(bound.count) of \(usable.count) GPUs")
      }
      usable = bound
    }
    if usable.isEmpty, request.perTrial > 1 { throw tooFew(request, 0, inventory) }
    return usable
  }

  private static func listed(
    _ names: [String], _ request: DeviceRequest, _ inventory: DeviceInventory
  ) throws(SlotPlanError) -> [GPU] {
    var devices: [GPU] = []
    for name in names {
      let found = DeviceList.find(name, in: inventory)
      func refuse(_ what: String) -> SlotPlanError {
        SlotPlanError(code: .noSuchDevice, message: "\(request.selection.text): \(what)")
      }
      guard let first = found.first else {
        throw refuse("there is no GPU \(name); \(DeviceList.text(inventory))")
      }
      guard found.count == 1 || found.allSatisfy({ $0.parentIndex != nil && $0.parentIndex == first.parentIndex })
      else {
        throw refuse("\(name) can be several; \(DeviceList.text(inventory))")
      }
      for gpu in found {
        if let fault = gpu.fault { throw refuse("\(gpu.label) cannot be used: \(fault)") }
        if devices.contains(where: { $0.kind == gpu.kind && $0.id == gpu.id }) {
          throw refuse("\(gpu.label) stands there twice; trials that share a GPU are asked for by trials_per_gpu")
        }
      }
      devices += found
    }
    return devices
  }
}
