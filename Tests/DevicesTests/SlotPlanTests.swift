import Testing
import TuningModel

@testable import Devices

/// Slots out of devices.
@Suite struct SlotPlanTests {
  let four = DeviceInventory(gpus: (0..<4).map { gpu($0) })

  func plan(
    _ selection: DeviceSelection = .all, perTrial: Int = 1, trialsPerGPU: Int = 1, slots: Int? = nil,
    from inventory: DeviceInventory? = nil, visible: String? = nil
  ) throws(SlotPlanError) -> SlotPlan {
    try SlotPlan.make(
      DeviceRequest(selection: selection, perTrial: perTrial, trialsPerGPU: trialsPerGPU, slots: slots),
      from: inventory ?? four, cores: 6, visible: visible)
  }

  func indexes(_ plan: SlotPlan) -> [[Int]] { plan.slots.map { $0.gpus.compactMap(\.index) } }

  func refusal(_ body: () throws(SlotPlanError) -> SlotPlan) -> SlotPlanError? {
    do throws(SlotPlanError) {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  @Test func eachGPUIsASlot() throws {
    #expect(indexes(try plan()) == [[0], [1], [2], [3]])
    #expect(indexes(try plan(.idle)) == [[0], [1], [2], [3]])
    #expect(indexes(try plan(slots: 2)) == [[0], [1]])
    #expect(indexes(try plan(perTrial: 2)) == [[0, 1], [2, 3]])
    let odd = try plan(perTrial: 3)
    #expect(indexes(odd) == [[0, 1, 2]] && odd.notes == ["1 of 4 GPUs stay unused: a trial takes 3"])
  }

  @Test func sharesSpreadOverTheGPUs() throws {
    let plan = try plan(.listed(["0", "2"]), trialsPerGPU: 2)
    #expect(indexes(plan) == [[0], [2], [0], [2]] && plan.slots.map(\.share) == [0, 0, 1, 1])
    #expect(plan.descriptions[3] == "GPU 2 NVIDIA H100 (\(FakeTools.uuids[2])), share 2 of 2")
  }

  @Test func listsNameIndexesUUIDsAndTheirBeginnings() throws {
    #expect(indexes(try plan(.listed(["3", "GPU-05", FakeTools.uuids[1].uppercased()]))) == [[3], [0], [1]])
    let missing = refusal { () throws(SlotPlanError) in try plan(.listed(["0", "7"])) }
    #expect(
      missing?.message == "gpus: [0, 7]: there is no GPU 7; this host has 0 (GPU-05d5ba0d), 1 (GPU-15d5ba0d), "
        + "2 (GPU-25d5ba0d), 3 (GPU-35d5ba0d)")
    let several = refusal { () throws(SlotPlanError) in try plan(.listed(["GPU-"])) }
    #expect(several?.message.contains("GPU- can be several") == true)
    let twice = refusal { () throws(SlotPlanError) in try plan(.listed(["1", FakeTools.uuids[1]])) }
    #expect(twice?.message.contains("stands there twice") == true)
    let nothing = refusal { () throws(SlotPlanError) in
      try plan(.listed(["0"]), from: DeviceInventory(notes: ["nvidia-smi tells of no GPU: it broke"]))
    }
    #expect(
      nothing?.message == "gpus: [0]: there is no GPU 0; this host has no GPU (nvidia-smi tells of no GPU: it broke)")
  }

  @Test func whatCannotBeIsSaid() throws {
    let tooMany = refusal { () throws(SlotPlanError) in try plan(perTrial: 5) }
    #expect(tooMany?.code == .tooFew && tooMany?.message.hasPrefix("gpus_per_trial: 5: gpus: all gives 4") == true)
    #expect(refusal { () throws(SlotPlanError) in try plan(perTrial: 2, from: DeviceInventory()) }?.code == .tooFew)
    #expect(refusal { () throws(SlotPlanError) in try plan(perTrial: 2, trialsPerGPU: 2) }?.code == .badRequest)
    #expect(refusal { () throws(SlotPlanError) in try plan(perTrial: 0) }?.code == .badRequest)
    let unreadable = DeviceInventory(notes: ["nvidia-smi tells of no GPU: it hung"], isIncomplete: true)
    #expect(refusal { () throws(SlotPlanError) in try plan(from: unreadable) }?.code == .unreadable)
    #expect(try plan(.none, from: unreadable).slots.count == 6)
  }

  @Test func faultyGPUsAreLeftOutUnlessNamed() throws {
    var inventory = four
    inventory.gpus[1].fault = "GPU is lost"
    let plan = try plan(from: inventory)
    #expect(indexes(plan) == [[0], [2], [3]] && plan.notes.contains { $0.contains("GPU is lost") })
    let named = refusal { () throws(SlotPlanError) in try self.plan(.listed(["1"]), from: inventory) }
    #expect(named?.message.hasSuffix("cannot be used: GPU is lost") == true)
    for index in inventory.gpus.indices { inventory.gpus[index].fault = "GPU is lost" }
    #expect(refusal { () throws(SlotPlanError) in try self.plan(from: inventory) }?.code == .noSuchDevice)
  }

  @Test func hostsWithoutGPUsHaveSlotsOnTheProcessor() throws {
    let plan = try plan(trialsPerGPU: 3, from: DeviceInventory())
    #expect(plan.slots.count == 6 && !plan.hasDevices && !plan.managesDevices && plan.variables(of: 0).isEmpty)
    #expect(try self.plan(slots: 9, from: DeviceInventory()).slots.count == 9)
    #expect(plan.descriptions == Array(repeating: "", count: 6))
  }

  @Test func instancesStandForTheirCard() throws {
    var card = gpu(0)
    card.isPartitioned = true
    card.instances = (0..<2).map { (number: Int) -> GPU in
      GPU(kind: .nvidia, index: number, id: "MIG-\(number)a", name: "MIG 3g.20gb", parentIndex: 0)
    }
    let inventory = DeviceInventory(gpus: [card, gpu(1)])
    func ids(_ selection: DeviceSelection) throws -> [String] {
      try plan(selection, from: inventory).slots.flatMap(\.gpus).map(\.id)
    }
    #expect(try ids(.all) == ["MIG-0a", "MIG-1a", FakeTools.uuids[1]])
    #expect(try ids(.listed(["0"])) == ["MIG-0a", "MIG-1a"])
    #expect(try ids(.listed(["0:1", "1"])) == ["MIG-1a", FakeTools.uuids[1]])
    #expect(try ids(.listed(["MIG-0"])) == ["MIG-0a"])
    #expect(try ids(.listed(["GPU-05"])) == ["MIG-0a", "MIG-1a"])
    let two = refusal { () throws(SlotPlanError) in try plan(perTrial: 2, from: inventory) }
    #expect(two?.message.contains("one MIG instance only") == true)
  }

  @Test func whatAJobSystemGaveBoundsTheChoice() throws {
    #expect(indexes(try plan(visible: "2,0")) == [[2], [0]])
    #expect(indexes(try plan(visible: "1,-1,2")) == [[1]])
    #expect(indexes(try plan(visible: FakeTools.uuids[3])) == [[3]])
    #expect(indexes(try plan(.listed(["1"]), visible: "2")) == [[1]])
    let hidden = try plan(visible: "")
    #expect(!hidden.hasDevices && hidden.variables(of: 0).first == DeviceVariable("CUDA_VISIBLE_DEVICES", ""))
  }

  @Test func trialsAreToldTheirDevicesByUUID() throws {
    #expect(
      try plan(perTrial: 2).variables(of: 1) == [
        DeviceVariable("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
        DeviceVariable("CUDA_VISIBLE_DEVICES", "\(FakeTools.uuids[2]),\(FakeTools.uuids[3])"),
        DeviceVariable("NVIDIA_VISIBLE_DEVICES", "\(FakeTools.uuids[2]),\(FakeTools.uuids[3])"),
      ])
    let amd = DeviceInventory(gpus: [gpu(0, kind: .amd), gpu(1, kind: .amd)])
    #expect(
      try plan(perTrial: 2, from: amd).variables(of: 0) == [
        DeviceVariable("ROCR_VISIBLE_DEVICES", "\(FakeTools.uuids[0]),\(FakeTools.uuids[1])"),
        DeviceVariable("HIP_VISIBLE_DEVICES", "0,1"),
      ])
    #expect(
      try plan(.none).variables(of: 0) == [
        DeviceVariable("CUDA_VISIBLE_DEVICES", ""), DeviceVariable("NVIDIA_VISIBLE_DEVICES", "void"),
      ])
    #expect(try plan(.none, from: amd).variables(of: 3).last == DeviceVariable("HIP_VISIBLE_DEVICES", "-1"))
    #expect(try plan().variables(of: 99).isEmpty)
  }

  @Test func selectionsAreReadFromArgumentsAndRequests() throws {
    #expect(DeviceSelection(text: "idle") == .idle && DeviceSelection(text: "0, GPU-3f") == .listed(["0", "GPU-3f"]))
    #expect(DeviceSelection(text: "") == nil && DeviceSelection(text: "0,,1") == nil)
    #expect(DeviceSelection(json: .array([.int(0), .string("GPU-3f")])) == .listed(["0", "GPU-3f"]))
    #expect(DeviceSelection(json: .string("all")) == .all && DeviceSelection(json: .array([])) == DeviceSelection.none)
    #expect(DeviceSelection(json: .int(1)) == nil && DeviceSelection(json: .array([.null])) == nil)
  }
}
