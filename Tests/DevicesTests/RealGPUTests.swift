import Foundation
import HostSystem
import TestSupport
import Testing

@testable import Devices

/// The host's own GPUs, where it has some.
@Suite(.enabled(if: RealGPU.isThere, "this host has no GPU that nvidia-smi tells of"))
struct RealGPUTests {
  @Test func theHostsGPUsAreFound() throws {
    let inventory = DeviceFinder().find()
    #expect(inventory.notes.isEmpty, "\(inventory.notes)")
    let gpu = try #require(inventory.gpus.first { $0.fault == nil })
    #expect(gpu.id.hasPrefix("GPU-") && !gpu.name.isEmpty && gpu.memoryBytes ?? 0 > 1 << 28)
    let plan = try SlotPlan.make(DeviceRequest(), from: inventory, cores: 2)
    #expect(plan.hasDevices)
  }

  /// One step of gradient descent on the first GPU, chosen by its UUID, where PyTorch is there; else `nvidia-smi` runs
  /// with the trial's variables.
  @Test func aStepIsTrainedOnTheGPUOfASlot() throws {
    let plan = try SlotPlan.make(DeviceRequest(slots: 1), from: DeviceFinder().find(), cores: 2)
    let variables = Dictionary(uniqueKeysWithValues: plan.variables(of: 0).map { ($0.name, $0.value) })
    let torch = try CommandProcess("/usr/bin/env", ["python3", "-c", "import torch"])
    guard try torch.wait(limit: 300) == 0 else {
      let tool = try CommandProcess("/usr/bin/env", ["nvidia-smi", "-L"], environment: variables)
      #expect(try tool.wait(limit: 60) == 0 && tool.output.contains("GPU-"))
      return
    }
    let script = """
      import torch
      assert torch.cuda.device_count() == 1, torch.cuda.device_count()
      torch.manual_seed(0)
      model = torch.nn.Linear(64, 1).cuda()
      x = torch.randn(256, 64, device="cuda"); y = x.sum(dim=1, keepdim=True)
      optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
      def loss(): return torch.nn.functional.mse_loss(model(x), y)
      before = loss(); before.backward(); optimizer.step()
      print(loss().item() < before.item())
      """
    let step = try CommandProcess("/usr/bin/env", ["python3", "-c", script], environment: variables)
    #expect(try step.wait(limit: 300) == 0, "\(step.errors)")
    #expect(step.output == "True\n")
  }
}

enum RealGPU {
  static let isThere = DeviceFinder().find().gpus.contains { $0.kind == .nvidia && $0.fault == nil }
}
