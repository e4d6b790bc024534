import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import Devices

/// Cards in use by others are left alone.
@Suite struct WatchTests {
  let tools = FakeTools()
  let folder = TemporaryFolder("watch")
  let run = "watched-\(UUID().uuidString.prefix(8))"

  func watch(_ selection: DeviceSelection = .idle, trialsPerGPU: Int = 1) throws -> DeviceWatch {
    let plan = try SlotPlan.make(
      DeviceRequest(selection: selection, trialsPerGPU: trialsPerGPU), from: tools.finder.find(), cores: 2)
    return try #require(
      DeviceWatch(
        plan: plan, locks: DeviceLocks(folder: folder.file("locks")), run: run, finder: tools.finder))
  }

  func look(_ watch: DeviceWatch, busy: Set<Int> = []) throws -> [DeviceState] {
    watch.begin(busy: busy)
    #expect(watch.deadline == nil)
    let look = try eventually("a look at the devices") { watch.take() }
    #expect(watch.deadline != nil)
    return look.states
  }

  @Test func aProcessOfAnotherKeepsASlotFree() throws {
    let other = try CommandProcess("/bin/sleep", ["600"])
    defer { other.send(SIGKILL) }
    try tools.nvidia(gpus: FakeTools.lines(2), apps: "\(FakeTools.uuids[1]), \(other.pid), 3277\n")
    let watch = try watch()
    var states = try look(watch)
    #expect(states[0] == DeviceState(slot: 0))
    #expect(
      states[1].reason
        == "GPU 1 (GPU-15d5ba0d) is in use by pid \(other.pid) of \(NSUserName()) (/bin/sleep 600, 3.2 GiB)")
    #expect(!states[1].isUsable)
    // The slot of a trial of ours is not looked at.
    #expect(try look(watch, busy: [1]).allSatisfy { $0.isUsable })
    try tools.folder.write("apps", "")
    states = try look(watch)
    #expect(states.allSatisfy { $0.isUsable })
    // `all` means all.
    try tools.folder.write("apps", "\(FakeTools.uuids[1]), \(other.pid), 3277\n")
    #expect(try look(self.watch(.all)).allSatisfy { $0.isUsable })
  }

  @Test func aTrialOfTheRunIsNoOther() throws {
    // What a trial starts with an empty environment is the trial's all the same.
    let own = try CommandProcess(
      "/bin/sh", ["-c", "env -i /bin/sleep 600 & echo $!; wait"], environment: ["PASHA_RUN": run])
    defer { own.send(SIGKILL) }
    let child = try eventually("the child") { Int(own.output.prefix { !$0.isNewline }) }
    defer { kill(pid_t(child), SIGKILL) }
    try tools.nvidia(
      gpus: FakeTools.lines(1, used: 5_000),
      apps: "\(FakeTools.uuids[0]), \(own.pid), 2000\n\(FakeTools.uuids[0]), \(child), 3000\n")
    #expect(try look(watch(trialsPerGPU: 2), busy: [0]).map(\.isUsable) == [true, true])
    let stranger = try CommandProcess("/bin/sleep", ["600"], environment: ["PASHA_RUN": "\(run)x"])
    defer { stranger.send(SIGKILL) }
    try tools.folder.write(
      "apps", "\(FakeTools.uuids[0]), \(own.pid), 2000\n\(FakeTools.uuids[0]), \(stranger.pid), 1\n")
    #expect(try look(watch(trialsPerGPU: 2), busy: [0]).map(\.isUsable) == [true, false])
  }

  @Test func memoryThatNobodyIsSeenToUseCountsAsUse() throws {
    try tools.nvidia(gpus: FakeTools.lines(1, used: 499))
    #expect(try look(watch()).allSatisfy { $0.isUsable })
    try tools.nvidia(gpus: FakeTools.lines(1, used: 4_096))
    #expect(
      try look(watch())[0].reason
        == "4.0 GiB of the memory of GPU 0 (GPU-05d5ba0d) are in use by processes that cannot be seen")
  }

  @Test func anotherRunsLockKeepsASlotFree() throws {
    try tools.nvidia(gpus: FakeTools.lines(2))
    let watch = try watch(.all)
    #expect(try look(watch).allSatisfy { $0.isUsable })
    let path = folder.file("locks/nvidia.\(FakeTools.uuids[0]).lock")
    let other = try CommandProcess("/usr/bin/flock", ["--no-fork", path, "sleep", "600"])
    defer { other.send(SIGKILL) }
    try eventually("the other's lock") { HostLock.holder(of: path) != nil }
    let states = try look(watch)
    #expect(states.map(\.isUsable) == [false, true])
    #expect(states[0].reason.hasPrefix("GPU 0 (GPU-05d5ba0d) is in use by another run of pasha (pid "))
  }

  @Test func aCardThatIsGoneOrFaultyGetsNoWork() throws {
    try tools.nvidia(gpus: FakeTools.lines(3))
    let watch = try watch(.all)
    try tools.folder.write(
      "gpus",
      FakeTools.lines(1) + "2, \(FakeTools.uuids[2]), NVIDIA A100, [GPU is lost], [GPU is lost], [GPU is lost], [N/A]\n"
    )
    let states = try look(watch, busy: [1])
    #expect(states.map(\.isUsable) == [true, false, false])
    #expect(states[1].reason == "GPU 1 (GPU-15d5ba0d) is gone" && states[2].reason.contains("GPU is lost"))
  }

  @Test func aToolThatFailsLaterTakesNothingFromThoseWhoDoNotDependOnIt() throws {
    try tools.nvidia(gpus: FakeTools.lines(1))
    let (all, idle) = (try watch(.all), try watch(.idle))
    try tools.nvidia(script: "exit 9")
    #expect(try look(all).allSatisfy { $0.isUsable })
    #expect(try look(idle)[0].reason.contains("who uses it is not known: nvidia-smi tells of no GPU: exit status 9"))
  }

  @Test func withoutDevicesThereIsNothingToWatch() throws {
    let plan = try SlotPlan.make(DeviceRequest(), from: DeviceInventory(), cores: 2)
    #expect(DeviceWatch(plan: plan, locks: DeviceLocks(folder: folder.path), run: run) == nil)
  }

  @Test func aGPUIsWaitedForUntilEndedProcessesHaveLeftIt() throws {
    let device = [(kind: GPU.Kind.nvidia, id: FakeTools.uuids[0])]
    let clearance = DeviceClearance(finder: tools.finder)
    // A living process of another is nothing to wait for.
    try tools.nvidia(gpus: FakeTools.lines(1), apps: "\(FakeTools.uuids[0]), \(getpid()), 10\n")
    #expect(clearance.wait(for: device, within: .seconds(20)) == nil)
    try tools.folder.write("apps", "\(FakeTools.uuids[0]), 4194999, 10\n")
    let left = clearance.wait(for: device, within: .milliseconds(300))
    #expect(left?.hasSuffix("is still held by ended processes after 0.3 s: pid 4194999") == true)
    // It leaves while it is waited for.
    try tools.nvidia(
      script: """
        echo call >> "$0.calls"
        [ $(wc -l < "$0.calls") -gt 2 ] || echo '\(FakeTools.uuids[0]), 4194999, 10'
        """)
    #expect(clearance.wait(for: device, within: .seconds(20)) == nil)
    #expect(tools.folder.read("nvidia-smi.calls")?.split(separator: "\n").count == 3)
  }
}
