import Foundation
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import Devices

/// What is found by tools of all tempers.
@Suite struct FinderTests {
  let tools = FakeTools()

  @Test func cardsOfNVIDIAAreFoundWithTheirUsers() throws {
    try tools.nvidia(
      gpus: FakeTools.lines(2, used: 1_234),
      apps: "\(FakeTools.uuids[1]), \(getpid()), 1000\n\(FakeTools.uuids[1]), 999999999, [N/A]\n")
    let inventory = tools.finder.find()
    #expect(inventory.notes.isEmpty && !inventory.isIncomplete)
    #expect(inventory.gpus.map(\.id) == [FakeTools.uuids[0], FakeTools.uuids[1]])
    #expect(inventory.gpus[0].name == "NVIDIA H100 80GB HBM3" && inventory.gpus[0].memoryBytes == 81_559 << 20)
    #expect(inventory.gpus[0].memoryUsedBytes == 1_234 << 20 && inventory.gpus[0].utilization == 0)
    #expect(inventory.gpus[0].users.isEmpty && inventory.devices.count == 2)
    let users = inventory.gpus[1].users
    try #require(users.count == 2)
    #expect(users[0].pid == Int(getpid()) && users[0].memoryBytes == 1_000 << 20)
    #expect(users[0].user == NSUserName() && !users[0].command.isEmpty)
    #expect(users[1] == GPUUser(pid: 999_999_999))
  }

  @Test func instancesOfPartitionedCardsStandUnderTheirCard() throws {
    let uuids = FakeTools.uuids
    try tools.nvidia(
      gpus: """
        0, \(uuids[0]), NVIDIA A100-SXM4-40GB, 40960, 20, [N/A], Enabled
        1, \(uuids[1]), NVIDIA A100-SXM4-40GB, 40960, 0, 0, Disabled
        2, \(uuids[2]), NVIDIA A100-SXM4-40GB, 40960, 0, [N/A], Enabled
        """,
      list: """
        GPU 0: NVIDIA A100-SXM4-40GB (UUID: \(uuids[0]))
          MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
          MIG 1c.4g.20gb  Device  1: (UUID: MIG-GPU-5d5ba0d6/2/0)
        GPU 1: NVIDIA A100-SXM4-40GB (UUID: \(uuids[1]))
        GPU 2: NVIDIA A100-SXM4-40GB (UUID: \(uuids[2]))
        """,
      apps: "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f, 1, 12\n")
    let inventory = tools.finder.find()
    #expect(
      inventory.devices.map(\.id) == ["MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f", "MIG-GPU-5d5ba0d6/2/0", uuids[1]])
    #expect(inventory.devices.map(\.number) == ["0:0", "0:1", "1"])
    #expect(inventory.devices[0].name == "MIG 3g.20gb" && inventory.devices[0].users.map(\.pid) == [1])
    #expect(inventory.notes.count == 1 && inventory.notes[0].contains("GPU 2 ("), "\(inventory.notes)")
  }

  @Test func aDriverThatKnowsNoInstancesIsAskedOtherwise() throws {
    try tools.nvidia(
      script: """
        case "$*" in
          *mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2 ;;
          *--query-gpu=*) echo '0, GPU-1, Tesla K80, 11441, 0, [Not Supported]' ;;
        esac
        """)
    let inventory = tools.finder.find()
    #expect(inventory.gpus.map(\.name) == ["Tesla K80"] && inventory.gpus[0].utilization == nil)
    #expect(inventory.gpus[0].memoryBytes == 11_441 << 20 && inventory.notes.isEmpty, "\(inventory.notes)")
  }

  @Test func cardsThatHaveFallenOffTheBusAreFaulty() throws {
    try tools.nvidia(
      script: """
        case "$*" in *--query-gpu=*) ;; *) exit 0 ;; esac
        echo '\(FakeTools.lines(1).dropLast())'
        echo '1, \(FakeTools.uuids[1]), NVIDIA A100, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]'
        echo '2, [Unknown Error], NVIDIA A100, 1, 1, 1, Disabled'
        echo 'Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error' >&2
        exit 15
        """)
    let inventory = tools.finder.find()
    try #require(inventory.gpus.count == 4, "\(inventory.notes)")
    #expect(inventory.gpus.map { $0.fault != nil } == [false, true, true, true])
    #expect(inventory.gpus[2].id.isEmpty && inventory.gpus[3].name == "at 0000:0B:00.0")
    #expect(inventory.notes.contains { $0.contains("exit status 15") })
  }

  @Test func noToolMeansNoCards() {
    let inventory = DeviceFinder(path: tools.folder.path, limit: .seconds(5)).gpusOnly(in: tools.folder.path)
    #expect(inventory == DeviceInventory())
  }

  @Test func aToolThatFailsIsTold() throws {
    try tools.nvidia(
      script: "echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\"; exit 9")
    var inventory = tools.finder.find()
    #expect(inventory.gpus.isEmpty && !inventory.isIncomplete)
    #expect(inventory.notes.count == 1 && inventory.notes[0].contains("communicate with the NVIDIA driver"))
    try tools.plugIn(vendor: "0x10de")
    inventory = tools.finder.find()
    #expect(inventory.isIncomplete)
    try tools.nvidia(script: "echo No devices were found; exit 6")
    inventory = tools.finder.find()
    #expect(inventory.notes.isEmpty && !inventory.isIncomplete)
  }

  @Test func aToolThatHangsIsEndedWithWhatItStarted() throws {
    let mark = "31\(getpid())"
    try tools.nvidia(script: "echo begun; sleep \(mark) & wait")
    var finder = tools.finder
    finder.limit = .milliseconds(500)
    let began = HostClock.now
    let inventory = finder.find()
    #expect(HostClock.now - began < .seconds(10))
    #expect(inventory.gpus.isEmpty && inventory.notes[0].contains("did not end within 0.5 s"), "\(inventory.notes)")
    try eventually("the end of what the tool started") {
      !ProcessTable.all().contains { !$0.isDead && ProcessOwners.command(of: $0.pid) == "sleep \(mark)" }
    }
  }

  @Test func aToolThatLeavesAProcessBehindHoldsUpNobody() throws {
    try tools.nvidia(script: "sleep 30 & echo '\(FakeTools.lines(1).dropLast())'")
    let began = HostClock.now
    let inventory = tools.finder.find()
    #expect(HostClock.now - began < .seconds(9) && inventory.gpus.count == 1)
  }

  @Test func garbageIsNoCard() throws {
    for garbage in [
      "", ",,,,,,,,", "x, y, z, 1, 2, 3, 4", "-1, a, b, 1, 2, 3, 4", "99999999999999999999, a, b, 1, 2, 3, 4",
    ] {
      try tools.nvidia(gpus: garbage, apps: garbage)
      #expect(tools.finder.find().gpus.isEmpty, "\(garbage)")
    }
    try tools.nvidia(gpus: "0, GPU-1, n, 99999999999999999, -5, many, Disabled\n", apps: "GPU-1\nGPU-1,\nGPU-1,-4,5\n")
    let found = tools.finder.find().gpus
    #expect(found == [GPU(kind: .nvidia, index: 0, id: "GPU-1", name: "n")])
    try tools.nvidia(script: "head -c 20000000 /dev/urandom")
    #expect(tools.finder.find().gpus.isEmpty)
    try tools.amd(script: "echo '{\"card0\": 7, \"card\": {}, \"cardx\": {}, \"system\": [1]}'")
    #expect(tools.finder.find().gpus.filter { $0.kind == .amd }.allSatisfy { $0.memoryBytes == nil })
    for garbage in ["{", "}{", "[]", "\\0\\0", "WARNING: {}"] {
      try tools.amd(script: "echo '\(garbage)'")
      #expect(tools.finder.find().gpus.isEmpty, "\(garbage)")
    }
  }

  @Test func cardsOfAMDAreFound() throws {
    try tools.amd(
      script: """
        echo 'WARNING: AMD GPU device(s) is/are in a low-power state.'
        echo '{"card1": {"Unique ID": "N/A", "GPU use (%)": "3", "VRAM Total Memory (B)": "17163091968",
        "VRAM Total Used Memory (B)": "7065600"}, "card0": {"Unique ID": "0x18F68E602B8A790F", "GPU use (%)": "99",
        "VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "9065600000"},
        "system": {"PID1": "init, 1, 553648128, 0, 0", "PID77": "smi, 0, 0, 0, 0"}}'
        """)
    let inventory = tools.finder.find()
    #expect(inventory.gpus.map(\.id) == ["GPU-18f68e602b8a790f", "1"])
    #expect(inventory.gpus[0].users.map(\.pid) == [1] && inventory.gpus[0].users[0].memoryBytes == 553_648_128)
    #expect(inventory.gpus[0].users[0].user == "root" && inventory.gpus[1].users.isEmpty)
    #expect(inventory.gpus[0].utilization == 99 && inventory.gpus[1].memoryUsedBytes == 7_065_600)
  }
}

extension DeviceFinder {
  /// What is found by the tools of one folder alone, whatever this machine has.
  func gpusOnly(in folder: String) -> DeviceInventory {
    var finder = self
    finder.path = folder
    return finder.find()
  }
}
