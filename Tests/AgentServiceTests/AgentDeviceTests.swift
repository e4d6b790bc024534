import Foundation
import HostSystem
import Messaging
import TestSupport
import Testing
import TuningModel
import Wire

/// GPUs as a real agent finds them and hands them to trials; `nvidia-smi` is a script of the test.
@Suite(.serialized) struct AgentDeviceTests {
  let tools = TemporaryFolder("tools")
  static let uuids = (0..<4).map { "GPU-\($0)a5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a7\($0)" }
  /// Prints the variables that choose GPUs and waits until the test lets go.
  static let script = """
    for name in CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER NVIDIA_VISIBLE_DEVICES; do
      eval "echo $name=\\"\\${$name-unset}\\""
    done > variables.part
    mv variables.part variables
    while [ ! -e "$GATE" ]; do sleep 0.02; done
    """

  /// A host with this many GPUs; `apps` in the folder holds what uses them.
  func plugIn(_ count: Int) throws {
    let lines = (0..<count).map { "\($0), \(Self.uuids[$0]), NVIDIA A100, 40960, 4, 0, Disabled\n" }.joined()
    try tools.write("gpus", lines)
    try tools.write("apps", "")
    try tools.write(
      "nvidia-smi",
      """
      #!/bin/sh
      here=$(dirname "$0")
      case "$*" in
        *--query-gpu=*) cat "$here/gpus" ;;
        *--query-compute-apps=*) cat "$here/apps" ;;
      esac

      """, mode: 0o755)
  }

  func coordinator() throws -> StandInCoordinator {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": Self.script])
    coordinator.program.environment = [EnvironmentEntry(name: "GATE", value: tools.file("gate"))]
    return coordinator
  }

  /// An agent whose request holds these members beside the run's.
  func agent(_ coordinator: StandInCoordinator, _ members: [JSONValue.Member]) throws -> RealAgent {
    let agent = try RealAgent(
      ["--launched"], in: coordinator.work,
      environment: [
        "PATH": "\(tools.path):/usr/local/bin:/usr/bin:/bin", "PASHA_DEVICE_LOCKS": tools.file("locks"),
      ])
    let request = JSONValue.object(
      [.init("run", .string(coordinator.run)), .init("work_dir", .string(coordinator.work.file("farm")))] + members)
    try agent.write(request.jsonText())
    let answer = try JSONValue(parsing: agent.readLine())
    if let error = answer.text("error") { throw Refusal(message: error) }
    guard let key = answer.text("public_key").flatMap({ CurvePublicKey($0) }) else {
      throw WaitedInVain(description: "the agent said \(answer)")
    }
    coordinator.list.admit(key, as: .agent)
    let address = JSONValue.object([
      .init("server_key", .string(coordinator.keys.publicKey.text)), .init("host", .string("127.0.0.1")),
      .init("control", .int(coordinator.listener.control.port)), .init("bulk", .int(coordinator.listener.bulk.port)),
    ])
    try agent.write(address.jsonText())
    let last = try agent.readLine()
    guard last == #"{"ok":true}"# else { throw WaitedInVain(description: "the agent said \(last)") }
    return agent
  }

  struct Refusal: Error {
    let message: String
  }

  func variables(_ coordinator: StandInCoordinator, of name: TrialAttempt) throws -> [String] {
    let path = "\(try coordinator.home)/trials/\(name.trial)/work/variables"
    let text = try eventually("the variables of \(name)") { try? Files.readText(path, limit: 1 << 16) }
    return text.split(separator: "\n").map(String.init)
  }

  func slotStates(_ coordinator: StandInCoordinator) throws -> [SlotState] {
    try coordinator.hear("the states of slots") { if case .slotStates(let states) = $0 { states } else { nil } }
  }

  func end(_ agent: RealAgent, _ coordinator: StandInCoordinator) throws {
    coordinator.say(.dismiss)
    #expect(try agent.wait() == 0, "\(agent.errorText)")
  }

  @Test func trialsSeeTheGPUsOfTheirSlotByUUID() throws {
    try plugIn(4)
    let coordinator = try coordinator()
    let agent = try agent(
      coordinator, [.init("gpus", .array([.int(1), .int(3), .int(0)])), .init("gpus_per_trial", .int(2))])
    let hello = try coordinator.greet()
    #expect(hello.slots == 1)
    #expect(
      hello.devices == ["GPU 1 NVIDIA A100 (\(Self.uuids[1])), GPU 3 NVIDIA A100 (\(Self.uuids[3]))"])
    coordinator.start(name(0))
    _ = try coordinator.hearStarted(name(0))
    let both = "\(Self.uuids[1]),\(Self.uuids[3])"
    #expect(
      try variables(coordinator, of: name(0)) == [
        "CUDA_VISIBLE_DEVICES=\(both)", "CUDA_DEVICE_ORDER=PCI_BUS_ID", "NVIDIA_VISIBLE_DEVICES=\(both)",
      ])
    for uuid in [Self.uuids[1], Self.uuids[3]] {
      let path = tools.file("locks/nvidia.\(uuid).lock")
      #expect(HostLock.holder(of: path) != nil)
      #expect(try HostLock.tryAcquire(path) == nil)
    }
    try tools.write("gate", "")
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.exitStatus == 0)
    #expect(try HostLock.tryAcquire(tools.file("locks/nvidia.\(Self.uuids[1]).lock")) != nil)
    coordinator.say(.acknowledgeEnd(name(0)))
    try self.end(agent, coordinator)
  }

  @Test func trialsShareAGPUAndSlotsBoundThem() throws {
    try plugIn(1)
    let coordinator = try coordinator()
    let agent = try agent(coordinator, [.init("trials_per_gpu", .int(3)), .init("slots", .int(2))])
    let hello = try coordinator.greet()
    #expect(hello.slots == 2 && hello.devices[1].hasSuffix("share 2 of 3"))
    for slot in 0..<2 { coordinator.start(name(slot), slot: slot) }
    for slot in 0..<2 {
      #expect(try variables(coordinator, of: name(slot)).first == "CUDA_VISIBLE_DEVICES=\(Self.uuids[0])")
    }
    try tools.write("gate", "")
    for slot in 0..<2 {
      #expect(try coordinator.hearEnd(of: name(slot)).exitStatus == 0)
      coordinator.say(.acknowledgeEnd(name(slot)))
    }
    try end(agent, coordinator)
  }

  @Test func withoutGPUsAskedForNoneIsSeen() throws {
    try plugIn(2)
    let coordinator = try coordinator()
    let agent = try agent(coordinator, [.init("gpus", .string("none")), .init("slots", .int(3))])
    #expect(try coordinator.greet().slots == 3)
    coordinator.start(name(0), slot: 2)
    #expect(
      try variables(coordinator, of: name(0)) == [
        "CUDA_VISIBLE_DEVICES=", "CUDA_DEVICE_ORDER=unset", "NVIDIA_VISIBLE_DEVICES=void",
      ])
    try tools.write("gate", "")
    _ = try coordinator.hearEnd(of: name(0))
    coordinator.say(.acknowledgeEnd(name(0)))
    try end(agent, coordinator)
  }

  @Test func whatTheHostDoesNotHaveIsSaidAtTheStart() throws {
    try plugIn(2)
    let coordinator = try coordinator()
    func refusal(_ members: [JSONValue.Member]) -> String {
      do {
        _ = try agent(coordinator, members)
        return ""
      } catch {
        return (error as? Refusal)?.message ?? "\(error)"
      }
    }
    #expect(
      refusal([.init("gpus", .array([.int(0), .int(7)]))])
        == "gpus: [0, 7]: there is no GPU 7; this host has 0 (GPU-0a5d5ba0), 1 (GPU-1a5d5ba0)")
    #expect(refusal([.init("gpus_per_trial", .int(3))]).contains("gpus_per_trial: 3: gpus: all gives 2"))
    #expect(refusal([.init("gpus", .int(3))]).contains("gpus must be"))
    #expect(refusal([.init("trials_per_gpu", .int(0))]).contains("trials_per_gpu is no number from 1"))
  }

  /// With `idle` the GPUs are looked at before each start.
  @Test func aGPUThatAnotherHasTakenGetsNoTrial() throws {
    try plugIn(2)
    let coordinator = try coordinator()
    let first = try CommandProcess("/bin/sleep", ["600"])
    defer { first.send(SIGKILL) }
    try tools.write("apps", "\(Self.uuids[0]), \(first.pid), 1000\n")
    let agent = try agent(coordinator, [.init("gpus", .string("idle"))])
    try coordinator.greet()
    var states = try slotStates(coordinator)
    #expect(states.map(\.isUsable) == [false, true])
    #expect(states[0].reason.contains("is in use by pid \(first.pid) of \(NSUserName()) (/bin/sleep 600"))
    // Another comes to the second one after it was last looked at.
    let second = try CommandProcess("/bin/sleep", ["601"])
    defer { second.send(SIGKILL) }
    try tools.write("apps", "\(Self.uuids[1]), \(second.pid), 1000\n")
    coordinator.start(name(0), slot: 1)
    let refusal = try coordinator.hearRefusal(of: name(0))
    #expect(refusal.code == .slotBusy && refusal.detail.contains("pid \(second.pid)"))
    states = try slotStates(coordinator)
    #expect(states.map(\.isUsable) == [true, false])
    // The first one has become free.
    coordinator.start(name(0, 2), slot: 0)
    _ = try coordinator.hearStarted(name(0, 2))
    #expect(try variables(coordinator, of: name(0)).first == "CUDA_VISIBLE_DEVICES=\(Self.uuids[0])")
    try tools.write("gate", "")
    #expect(try coordinator.hearEnd(of: name(0, 2)).exitStatus == 0)
    coordinator.say(.acknowledgeEnd(name(0, 2)))
    try end(agent, coordinator)
  }

  /// Two runs on one host: the second leaves the GPU of the first alone, and is told who has it.
  @Test func twoRunsNeverShareAGPUUnknowingly() throws {
    try plugIn(1)
    let (one, two) = (try coordinator(), try coordinator())
    let first = try agent(one, [])
    try one.greet()
    let second = try agent(two, [])
    try two.greet()
    one.start(name(0))
    _ = try one.hearStarted(name(0))
    two.start(name(0))
    let refusal = try two.hearRefusal(of: name(0))
    #expect(refusal.code == .slotBusy && refusal.detail.contains("is in use by another run of pasha (pid "))
    #expect(try slotStates(two).map(\.isUsable) == [false])
    try tools.write("gate", "")
    #expect(try one.hearEnd(of: name(0)).exitStatus == 0)
    two.start(name(0, 2))
    #expect(try two.hearEnd(of: name(0, 2)).exitStatus == 0)
    one.say(.acknowledgeEnd(name(0)))
    two.say(.acknowledgeEnd(name(0, 2)))
    try end(first, one)
    try end(second, two)
  }
}
