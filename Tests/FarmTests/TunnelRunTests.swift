import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

extension FarmRuns {
  /// Hosts that cannot reach the coordinator.
  @Suite(.serialized) struct Tunnels {
    @Test func behindAFirewallHostsComeThroughSSHAndThroughATunnelThatBroke() throws {
      let run = try FarmRun("firewall", .init(sleep: 0.3, trials: 9))
      for host in run.farm.names { try run.farm.firewall(host) }
      let coordinator = try run.start()
      _ = try run.awaitReport(on: "ph1")
      let tunnels = Self.launchers(of: coordinator)
      #expect(!tunnels.isEmpty)
      for pid in tunnels { kill(pid, SIGKILL) }
      try run.expectEnd(coordinator)
      #expect(coordinator.output.contains("ph1: the agent cannot reach the coordinator"), "\(coordinator.output)")
      #expect(coordinator.output.contains("connected through SSH again"), "\(coordinator.output)")
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(Set(check.attempts.map(\.host)).count == 3)
      let first = check.journal.records.first { if case .attemptStarted = $0.fact { true } else { false } }
      #expect(try #require(first).stamp.active < .seconds(30))
    }

    @Test func withTunnelsTheCoordinatorListensOnLoopbackAloneAndIsFoundAgain() throws {
      let run = try FarmRun("tunnel", .init(sleep: 0.3, trials: 9, cluster: ["connect: tunnel"]))
      let coordinator = try run.start()
      try run.awaitReports(5)
      let ports = try run.facts().compactMap {
        if case .addressChosen(let control, let bulk) = $0 { [control, bulk] } else { nil }
      }
      #expect(Self.listeners(try #require(ports.last)) == ["0100007F"])
      coordinator.send(SIGKILL)
      try coordinator.wait()
      usleep(700_000)
      try run.expectEnd(run.place.coordinator(["resume"]))
      try run.expectNothingLeft()
      let check = try run.check()
      try check.expectSound()
      #expect(check.journal.restarts == 0)
      #expect(check.journal.state.agents.count == 3)
    }

    /// Processes of `pasha-launch` that a coordinator started and that run.
    static func launchers(of coordinator: CommandProcess) -> [Int32] {
      let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(coordinator.pid)/task")) ?? []
      return tasks.flatMap { task in
        ((try? String(contentsOfFile: "/proc/\(coordinator.pid)/task/\(task)/children", encoding: .utf8)) ?? "")
          .split(separator: " ").compactMap { Int32($0) }
      }
    }

    /// The addresses on which this machine listens at these ports, as /proc/net/tcp has them.
    static func listeners(_ ports: [Int]) -> Set<String> {
      let text = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
      return Set(
        text.split(separator: "\n").dropFirst().compactMap { line in
          let words = line.split(separator: " ")
          let address = words[1].split(separator: ":")
          guard words[3] == "0A", let port = Int(address[1], radix: 16), ports.contains(port) else { return nil }
          return String(address[0])
        })
    }
  }
}
