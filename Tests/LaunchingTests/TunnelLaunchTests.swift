import Foundation
import HostSystem
import Launching
import TestSupport
import Testing
import TuningModel

extension LaunchingOverSSH {
  /// `pasha-launch tunnel`: agents reach the coordinator through the SSH connection.
  @Suite struct TunnelLaunchTests {
    func tunnel(_ host: LaunchedHost, _ coordinator: TestCoordinator, _ client: String) throws -> DrivenLaunch {
      var task = host.task(.tunnel, client: client)
      task.tunnel = .init(
        control: "127.0.0.1:\(coordinator.listener.control.port)", bulk: "127.0.0.1:\(coordinator.listener.bulk.port)")
      return try host.launch(task)
    }

    func listening(_ launch: DrivenLaunch) throws -> String {
      try launch.until("the relay") { event in if case .listening(let host) = event { host } else { nil } }
    }

    @Test(arguments: ["openssh", "libssh2"]) func anAgentConnectsThroughATunnel(_ client: String) throws {
      let host = try LaunchedHost()
      try host.home.write(".bashrc", "echo welcome\n")
      let coordinator = try TestCoordinator()
      let tunnel = try tunnel(host, coordinator, client)
      let place = try listening(tunnel)
      #expect(place.hasPrefix("unix:/"))
      let launch = try host.launch(host.task(.agent, client: client))
      let key = try launch.until("the agent's key") { event in
        if case .announced(let key, _, _) = event { key } else { nil }
      }
      coordinator.admit(key)
      launch.launch.confirm(
        LaunchAddress(
          serverKey: coordinator.keys.publicKey.text, host: place, control: 0, bulk: 0, isTested: true))
      #expect(try launch.last() == .running)
      try coordinator.hearHello(from: "box")
      // A tunnel that breaks says so; the next one has the same place, and the agent comes back by it.
      host.server.stop()
      let failure = try tunnel.failure()
      #expect(failure.code == "broken" && failure.isRetryable, "\(failure)")
      try host.server.start()
      let second = try self.tunnel(host, coordinator, client)
      #expect(try listening(second) == place)
      try coordinator.hearHello(from: "box")
      second.launch.giveUp()
      try second.waitForEnd()
    }
  }
}
