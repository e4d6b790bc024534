import Foundation
import TestSupport
import Testing
import TuningModel
import Wire

/// Code and its `setup` on a host.
@Suite(.serialized) struct AgentCodeTests {
  @Test func codeIsFetchedSetUpOnceAndLinkedIntoTheWorkFolder() throws {
    let coordinator = try StandInCoordinator(entryPoint: ["./tools/run"])
    let big = String(repeating: "0123456789abcdef", count: 200_000)
    try coordinator.serve([
      "tools/run": "#!/bin/sh\ncat data/big | wc -c > size; cat made > copy; touch new; ls -d data/big\n",
      "data/big": big, "empty": "",
    ])
    coordinator.program.setup = "echo once >> made; echo prepared"
    let first = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .exited, "\(end)")
    let work = try coordinator.home + "/trials/0/work"
    #expect(
      try String(contentsOfFile: "\(work)/size", encoding: .utf8).trimmingCharacters(in: .whitespaces) == "3200000\n")
    #expect(try String(contentsOfFile: "\(work)/copy", encoding: .utf8) == "once\n")
    try first.kill9()

    // The next agent finds it ready; another setup is another place.
    let second = try RealAgent.launched(by: coordinator)
    coordinator.code = nil
    _ = try coordinator.hearHello()
    coordinator.welcome([Verdict(attempt: name(0), action: .end)])
    #expect(try coordinator.hearPreparation().failure == nil)
    try second.kill9()
    let places = try FileManager.default.contentsOfDirectory(atPath: try coordinator.home + "/code")
    #expect(places.filter { $0.hasSuffix(".ready") }.count == 1)
    #expect(!places.contains { $0.hasSuffix(".part") })
  }

  @Test func aFailingSetupIsReportedWithItsLastLinesAndTriedAgain() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": "true"])
    coordinator.program.setup = "echo no such package: torhc; [ -e \(coordinator.work.file("mended")) ]"
    let agent = try RealAgent.launched(by: coordinator)
    _ = try coordinator.hearHello()
    coordinator.welcome()
    let failure = try #require(try coordinator.hearPreparation().failure)
    #expect(failure.contains("no such package: torhc") && failure.contains("exit status 1"))
    try coordinator.work.write("mended", "")
    coordinator.say(.sayHello)
    _ = try coordinator.hearHello()
    coordinator.welcome()
    #expect(try coordinator.hearPreparation().failure == nil)
    try agent.kill9()
  }

  @Test func codeThatTheCoordinatorDoesNotHaveIsAFailure() throws {
    let coordinator = try StandInCoordinator()
    coordinator.program.codeHash = String(repeating: "ab", count: 32)
    let agent = try RealAgent.launched(by: coordinator)
    _ = try coordinator.hearHello()
    coordinator.welcome()
    #expect(try coordinator.hearPreparation().failure?.contains("has no code") == true)
    try agent.kill9()
  }

  @Test func whatASetupLeavesRunningIsEnded() throws {
    let coordinator = try StandInCoordinator()
    coordinator.program.setup = "sleep 1000 & echo $! > \(coordinator.work.file("left"))"
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    let left = try #require(coordinator.work.read("left").flatMap { Int32($0.trimmingCharacters(in: .newlines)) })
    try eventually("the end of what setup left") {
      let stat = (try? String(contentsOfFile: "/proc/\(left)/stat", encoding: .utf8)) ?? ""
      return stat.isEmpty || stat.contains(") Z ")
    }
    try agent.kill9()
  }
}
