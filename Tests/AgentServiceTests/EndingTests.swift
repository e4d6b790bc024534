import Foundation
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

/// `pasha-agent end`: nothing of a run is left on the machine, whoever looked after it.
@Suite(.serialized) struct EndingTests {
  func end(_ coordinator: StandInCoordinator, run: String? = nil) throws -> (status: Int32, words: CommandProcess) {
    let command = try CommandProcess(
      "pasha-agent", ["end", "--run", run ?? coordinator.run, "--work-dir", coordinator.work.file("farm")])
    return (try command.wait(limit: 60), command)
  }

  /// An agent with two trials, which ignore SIGTERM and have children in sessions of their own.
  func farm(_ coordinator: StandInCoordinator) throws -> (agent: RealAgent, trials: [Int]) {
    try coordinator.serve(["train.sh": "trap '' TERM; setsid sleep 1000 & while :; do sleep 1; done"])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    let trials = try [name(0), name(1)].enumerated().map { slot, name in
      coordinator.start(name, slot: slot)
      return try coordinator.hearStarted(name)
    }
    return (agent, trials)
  }

  /// Processes with the run's name in their environment.
  func left(_ coordinator: StandInCoordinator) -> [Int] {
    ProcessTable.all().filter {
      !$0.isDead && ProcessTable.environment(of: $0.pid, holds: ["PASHA_RUN=\(coordinator.run)"])
    }.map(\.pid)
  }

  @Test func anAgentAndItsTrialsAreEnded() throws {
    let coordinator = try StandInCoordinator()
    let (agent, _) = try farm(coordinator)
    try eventually("the trials' children") { left(coordinator).count >= 4 }
    let (status, words) = try end(coordinator)
    #expect(status == 0 && words.output == "{\"agents\":1,\"attempts\":2}\n", "\(words.output)\(words.errors)")
    #expect(left(coordinator) == [])
    #expect(try agent.wait() == 143)
    // Once more there is nothing to do.
    let again = try end(coordinator)
    #expect(again.status == 0 && again.words.output == "{\"agents\":0,\"attempts\":0}\n")
    // The next agent of the place knows that they have ended.
    let second = try RealAgent.launched(by: coordinator)
    let hello = try coordinator.hearHello()
    let ended = hello.inventory.filter { if case .ended(let end) = $0.phase { end.cause == .hostFault } else { false } }
    #expect(ended.count == 2 && hello.inventory.count == 2, "\(hello.inventory)")
    try second.kill9()
  }

  @Test func whatASuspendedOrKilledAgentLeftIsEndedToo() throws {
    let coordinator = try StandInCoordinator()
    let (agent, _) = try farm(coordinator)
    agent.signal(SIGSTOP)
    let (status, words) = try end(coordinator)
    #expect(status == 0 && words.output == "{\"agents\":1,\"attempts\":2}\n", "\(words.output)\(words.errors)")
    #expect(left(coordinator) == [])
    _ = try agent.wait()

    let other = try StandInCoordinator()
    let (killed, _) = try farm(other)
    try killed.kill9()
    let (code, said) = try end(other)
    #expect(code == 0 && said.output == "{\"agents\":0,\"attempts\":2}\n", "\(said.output)\(said.errors)")
    #expect(left(other) == [])
  }

  @Test func anotherRunIsLeftAlone() throws {
    let coordinator = try StandInCoordinator()
    let (agent, trials) = try farm(coordinator)
    let (status, words) = try end(coordinator, run: "\(coordinator.run)-b")
    #expect(status == 0 && words.output == "{\"agents\":0,\"attempts\":0}\n")
    #expect(trials.allSatisfy { kill(pid_t($0), 0) == 0 } && agent.process.isRunning)
    let wrong = try end(coordinator, run: "../up")
    #expect(wrong.status == 64 && wrong.words.errors.contains("../up"))
    _ = try end(coordinator)
  }
}
