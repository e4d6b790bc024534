import HostSystem

/// Whether a slot may be given work, and why not.
public struct DeviceState: Equatable, Sendable {
  public var slot: Int
  public var isUsable: Bool
  /// Empty for one that may.
  public var reason: String

  public init(slot: Int, isUsable: Bool = true, reason: String = "") {
    self.slot = slot
    self.isUsable = isUsable
    self.reason = reason
  }
}

/// Judges slots by what the tools told last.
struct DeviceJudgement {
  let plan: SlotPlan
  let locks: DeviceLocks
  /// Processes of this run carry this in their environment.
  let run: String

  /// Memory that a GPU may hold without being called in use.
  static let freeBytes = 500 << 20

  /// - Parameter busy: slots that a trial of ours holds; others' claims on them are not looked at.
  func states(_ inventory: DeviceInventory, busy: Set<Int>) -> [DeviceState] {
    plan.slots.indices.map { slot in
      let reason = fault(plan.slots[slot], inventory) ?? (busy.contains(slot) ? nil : claim(slot, inventory, busy))
      return DeviceState(slot: slot, isUsable: reason == nil, reason: reason ?? "")
    }
  }

  private func fault(_ slot: SlotPlan.Slot, _ inventory: DeviceInventory) -> String? {
    for gpu in slot.gpus {
      guard let found = found(gpu, in: inventory) else {
        // A tool that fails for once takes nothing away from who does not depend on it.
        if inventory.notes.isEmpty { return "\(gpu.label) is gone" }
        if plan.selection == .idle {
          return "\(gpu.label): who uses it is not known: \(inventory.notes.joined(separator: "; "))"
        }
        continue
      }
      if let fault = found.fault { return "\(gpu.label) is faulty: \(fault)" }
    }
    return nil
  }

  private func claim(_ number: Int, _ inventory: DeviceInventory, _ busy: Set<Int>) -> String? {
    let slot = plan.slots[number]
    do throws(SystemError) {
      if let conflict = try locks.conflict(of: slot, trialsPerGPU: plan.trialsPerGPU) { return conflict }
    } catch {
      return error.message
    }
    guard plan.selection == .idle else { return nil }
    for gpu in slot.gpus {
      guard let found = found(gpu, in: inventory) else { continue }
      let sharesWithOwn = busy.contains { other in
        plan.slots[other].gpus.contains { $0.kind == gpu.kind && $0.id == gpu.id }
      }
      if let claim = claim(on: found, in: inventory, sharesWithOwn: sharesWithOwn) { return claim }
    }
    return nil
  }

  private func claim(on gpu: GPU, in inventory: DeviceInventory, sharesWithOwn: Bool) -> String? {
    // Of an instance the tool may name the whole GPU alone.
    let parent = gpu.parentIndex.flatMap { index in inventory.gpus.first { $0.index == index && $0.kind == gpu.kind } }
    let users = gpu.users + (parent?.users ?? [])
    let own = users.filter { isOwn($0.pid) }
    let others = users.filter { user in
      if own.contains(where: { $0.pid == user.pid }) { return false }
      // With a trial of ours on it, one that cannot be seen here may be the trial's, in a PID namespace of its own.
      return !sharesWithOwn || ProcessTable.entry(user.pid) != nil
    }
    if let other = others.first {
      let more = others.count > 1 ? " and \(others.count - 1) more" : ""
      return "\(gpu.label) is in use by \(other.label)\(more)"
    }
    let ownBytes = own.map(\.memoryBytes)
    guard let used = gpu.memoryUsedBytes, !ownBytes.contains(nil), !(sharesWithOwn && own.isEmpty) else { return nil }
    let rest = used - ownBytes.compactMap { $0 }.reduce(0, +)
    guard rest > Self.freeBytes else { return nil }
    return "\(GPUMemory.text(rest)) of the memory of \(gpu.label) are in use by processes that cannot be seen"
  }

  private func found(_ gpu: GPU, in inventory: DeviceInventory) -> GPU? {
    inventory.devices.first { $0.kind == gpu.kind && $0.id == gpu.id }
  }

  /// Whether the process, or one above it, is a trial's of this run.
  private func isOwn(_ pid: Int) -> Bool {
    var next = pid
    for _ in 0..<64 {
      guard next > 1 else { return false }
      if ProcessTable.environment(of: next, holds: ["PASHA_RUN=\(run)"]) { return true }
      guard let entry = ProcessTable.entry(next), entry.parent != next else { return false }
      next = entry.parent
    }
    return false
  }
}
