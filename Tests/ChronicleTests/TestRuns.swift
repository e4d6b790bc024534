import Chronicle
import Coordination
import Simulation
import TuningModel

/// Runs under faults in virtual time: hosts die, links break, checkpoints move, coordinators restart.
enum TestRuns {
  static let seeds: [UInt64] = [1, 2, 3, 5, 8, 13, 21, 34]

  static func facts(_ seed: UInt64) -> (facts: [StampedFact], specification: RunSpecification) {
    let result = FaultSimulation(seed: seed).run()
    return (result.facts, result.specification)
  }

  static func chronicle(_ seed: UInt64, upTo count: Int = .max) throws -> Chronicle {
    let (facts, specification) = facts(seed)
    var chronicle = try Chronicle(specification: specification)
    for (index, fact) in facts.prefix(count).enumerated() { chronicle.take(fact, sequence: index + 1) }
    return chronicle
  }
}

/// All that a history holds, in a form that can be compared.
func dump(_ chronicle: Chronicle) -> String {
  var lines: [String] = []
  for trial in chronicle.trials {
    lines.append("\(trial.reports.reports) \(trial.reports.kinds) \(trial.reports.sequences)")
    lines.append("\(trial.attempts) \(trial.lastSeconds) \(trial.spentThen)")
  }
  lines.append("\(chronicle.steps)")
  lines.append("\(chronicle.rises)")
  for lane in chronicle.timeline.lanes { lines.append("\(lane.name) \(lane.device) \(lane.segments) \(lane.unusable)") }
  for host in chronicle.timeline.absences.keys.sorted() {
    lines.append("\(host) \(chronicle.timeline.absences[host] ?? [])")
  }
  lines.append("\(chronicle.timeline.downtimes)")
  return lines.joined(separator: "\n")
}
