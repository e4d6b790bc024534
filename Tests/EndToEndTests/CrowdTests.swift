import Coordination
import Foundation
import RunChecking
import TestSupport
import Testing

/// Many agents register with a real coordinator at the same moment and report at once, each by a connection of its own
/// with keys of its own. Counts alone: how fast it is is measured by `Cluster/benchmark scale`.
@Suite(.serialized) struct CrowdTests {
  @Test func aHundredAgentsAtOnceLoseNothingAndNoneIsCalledSilent() throws {
    let place = RunPlace("crowd")
    let file = try place.folder.write(
      "cluster.yml",
      """
      experiment:
        name: crowd
        entry_point: [sh, -c, exec sleep 1000]
        config_space: {lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}}
        metric: loss
        resource_attr: epoch
      scheduler: {name: pasha, max_t: 135, grace_period: 5, random_seed: 3}
      stop_criterion: {max_num_trials_started: 100000}
      cluster: {slots: 1}

      """)
    let coordinator = try place.coordinator([file])
    let socket = try eventually("the coordinator") {
      (try? place.runFolder()).map { $0 + "/control.sock" }.flatMap {
        FileManager.default.fileExists(atPath: $0) ? $0 : nil
      }
    }
    let crowd = try CommandProcess("scale-benchmark", ["agents", socket, "100", "1000", "2"])
    let line = try eventually("the figures", within: .seconds(120)) {
      crowd.output.contains("\n") || crowd.hasEnded ? crowd.output : nil
    }
    let figures = try #require(
      try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Double], "\(line)\(crowd.errors)")
    #expect(figures["welcome"] == 100)
    #expect(figures["repeated_hellos"] == 0)
    #expect(figures["connections_lost"] == 0)
    let reports = try #require(figures["reports"])
    #expect(reports >= 100)
    #expect(figures["acknowledged"] == reports)

    let stop = try place.coordinator(["stop"])
    #expect(try stop.wait() == 0, "\(stop.errors)")
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    #expect(try crowd.wait() == 0, "\(crowd.errors)")
    let check = try JournalCheck(runFolder: place.runFolder(), baseDirectory: place.folder.path)
    var seen: Set<String> = []
    for fact in check.facts {
      switch fact {
      case .reportReceived(let report):
        #expect(seen.insert("\(report.attempt) \(report.sequence)").inserted)
      case .agentReachability(let agent, let reachability):
        Issue.record("agent \(agent) was called \(reachability)")
      default: break
      }
    }
    #expect(seen.count == Int(reports))
    #expect(check.decisionProblems().isEmpty)
    #expect(check.unsettled.isEmpty)
  }
}
