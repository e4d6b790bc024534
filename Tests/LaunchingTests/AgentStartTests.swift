import Foundation
import HostSystem
import Launching
import Messaging
import TestSupport
import Testing
import TuningModel
import Wire

extension LaunchingOverSSH {
  /// `pasha-launch` starts real agents over a real sshd.
  @Suite struct AgentStartTests {
    func announced(_ launch: DrivenLaunch) throws -> (key: String, pid: Int) {
      try launch.until("the agent's key") { event in
        if case .announced(let key, let pid, _) = event { (key, pid) } else { nil }
      }
    }

    func address(_ coordinator: TestCoordinator, host: String = "127.0.0.1", isTested: Bool = true) -> LaunchAddress {
      LaunchAddress(
        serverKey: coordinator.keys.publicKey.text, host: host, control: coordinator.listener.control.port,
        bulk: coordinator.listener.bulk.port, isTested: isTested)
    }

    @Test(arguments: ["openssh", "libssh2"]) func anAgentIsStartedLivesOnAndIsFoundAgain(client: String) throws {
      let host = try LaunchedHost()
      let coordinator = try TestCoordinator()
      let launch = try host.launch(host.task(.agent, client: client))
      let (key, pid) = try announced(launch)
      coordinator.admit(key)
      launch.launch.confirm(address(coordinator))
      #expect(try launch.last() == .running)
      try launch.waitForEnd()
      let facts = try #require(
        launch.events.compactMap { event -> HostFacts? in if case .probed(let facts) = event { facts } else { nil } }
          .first)
      #expect(facts.system == "Linux" && facts.workDirectory == host.workFolder && facts.home == host.home.path)
      #expect(facts.clientAddress == "127.0.0.1" && facts.libc?.hasPrefix("glibc") == true)
      #expect((facts.freeBytes ?? 0) > 1 << 20)
      #expect((facts.clockSkew ?? .seconds(100)).inSeconds.magnitude < 2)
      // The agent has left the connection behind and says hello by itself.
      try coordinator.hearHello(from: "box")
      #expect(kill(pid_t(pid), 0) == 0)

      let second = try host.launch(host.task(.agent, client: client))
      #expect(try second.last() == .alive(pid: pid))

      let end = try host.launch(host.task(.end, client: client))
      #expect(try end.last() == .ended(agents: 1, attempts: 0))
      // It has let go of its place; the kernel may take a moment to end it.
      try eventually("the agent to be gone", within: .seconds(10)) {
        !ProcessTable.isAlive(pid: pid, start: ProcessTable.entry(pid)?.start ?? 0)
      }
      let again = try host.launch(host.task(.end))
      #expect(try again.last() == .ended(agents: 0, attempts: 0))
    }

    @Test func anAddressThatCannotBeReachedIsFollowedByAnother() throws {
      let host = try LaunchedHost()
      let coordinator = try TestCoordinator()
      let launch = try host.launch(host.task(.agent))
      let (key, _) = try announced(launch)
      coordinator.admit(key)
      var wrong = address(coordinator)
      wrong.control = try freePort()
      launch.launch.confirm(wrong)
      let text = try launch.until("the agent's word") { event in
        if case .unreachable(let text) = event { text } else { nil }
      }
      #expect(text.contains("box") && text.contains(":\(wrong.control)") && text.contains("control"), "\(text)")
      // Another coordinator's key is no way in either.
      var other = address(coordinator)
      other.serverKey = try CurveKeyPair.generate().publicKey.text
      launch.launch.confirm(other)
      try launch.until("the agent's word") { event in if case .unreachable = event { () } else { nil } }
      launch.launch.confirm(address(coordinator))
      #expect(try launch.last() == .running)
    }

    @Test func anAgentThatIsGivenUpEnds() throws {
      let host = try LaunchedHost()
      let launch = try host.launch(host.task(.agent))
      let (_, pid) = try announced(launch)
      launch.launch.giveUp()
      #expect(try launch.failure().code == HostFailure.agent)
      try launch.waitForEnd()
      try eventually("the end of the agent") { ProcessTable.entry(pid)?.isDead ?? true }
    }

    @Test func theEndOfTheOwnerEndsEverything() throws {
      let host = try LaunchedHost()
      let launch = try host.launch(host.task(.agent))
      let (_, pid) = try announced(launch)
      launch.launch.kill()
      #expect(try launch.failure().code == HostFailure.internal)
      try eventually("the end of the agent") { ProcessTable.entry(pid)?.isDead ?? true }
    }

    @Test func anAgentThatCannotStartSaysWhy() throws {
      let host = try LaunchedHost()
      let failure = try host.launch(
        host.task(.agent, request: .object([.init("run", .string("../up")), .init("slots", .int(1))]))
      ).failure()
      #expect(failure.code == HostFailure.agent && failure.message.contains("../up"))
      var task = host.task(.agent)
      task.program = .installed(path: "/nowhere/pasha-agent")
      let missing = try host.launch(task).failure()
      #expect(missing.code == HostFailure.agent && missing.message.contains("/nowhere/pasha-agent"), "\(missing)")
    }

    @Test func inspectionsAndEndsThatFailAreErrors() throws {
      let host = try LaunchedHost()
      var task = host.task(.inspect)
      task.program = .installed(path: "/bin/true")
      #expect(try host.launch(task).failure().code == HostFailure.agent)
      task = host.task(.end)
      task.program = .installed(path: "/bin/false")
      #expect(try host.launch(task).failure().message.contains("status 1"))
      let tool = try host.home.write(
        "tool", "#!/bin/sh\necho noise\necho '{\"language\":\"'$LC_ALL'\",\"words\":\"'$*'\"}'\n", mode: 0o700)
      try host.home.write(".bashrc", "export LC_ALL=C.UTF-8\n")
      task = host.task(.inspect, request: .object([.init("arguments", .array([.string("--gpus"), .string("0")]))]))
      task.program = .installed(path: tool)
      guard case .inspected(let report) = try host.launch(task).last() else {
        throw WaitedInVain(description: "no report")
      }
      // What runs there has the environment of the login.
      #expect(report.text("language") == "C.UTF-8")
      #expect(report.text("words") == "inspect --work-dir \(host.workFolder) --gpus 0")
    }
  }
}
