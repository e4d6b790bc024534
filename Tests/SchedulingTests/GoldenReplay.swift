import Scheduling
import TuningModel

/// Gives the scheduler the calls of a trace and compares its answers with the reference's.
struct GoldenReplay {
  private let trace: GoldenTrace
  private let options: SchedulerOptions
  private var scheduler: TrialScheduler
  private var costs: [Int: Cost] = [:]
  /// Lines whose answers were all the same.
  private(set) var checks = 0

  /// What the reference knows of a trial's cost: it reports it since its last start.
  private struct Cost {
    var before = 0.0
    var resumedFrom: Int?
  }

  init(_ trace: GoldenTrace) throws {
    guard let options = GoldenTrace.options(of: trace.spec) else { throw GoldenMismatch("unknown mode") }
    self.trace = trace
    self.options = options
    scheduler = try TrialScheduler(options, rounding: trace.spec.isFork ? .numpy : .syneTune)
  }

  mutating func run() throws {
    for (index, line) in trace.lines.enumerated() {
      do {
        try step(line)
        checks += 1
      } catch let mismatch as GoldenMismatch {
        throw GoldenMismatch("\(trace.spec.name), line \(index + 2): \(mismatch)")
      }
    }
  }

  private mutating func step(_ line: GoldenTrace.Line) throws {
    switch line.ev {
    case "rung_levels": try levels(line)
    case "bracket_distribution":
      for (share, expected) in zip(options.bracketShares, line.p ?? []) {
        try expect(abs(share - expected) < 1e-12, "share \(share), not \(expected)")
      }
      try expect(options.bracketShares.count == line.p?.count, "\(options.bracketShares.count) brackets")
    case "suggest": try suggest(line)
    case "report": try report(line)
    case "pasha": try state(line)
    case "rungs": try rungs(line)
    case "error":
      guard let trial = line.trial else { throw GoldenMismatch("no trial") }
      scheduler.retire(TrialID(trial))
    case "complete":
      guard let trial = line.trial else { throw GoldenMismatch("no trial") }
      scheduler.retire(TrialID(trial))
    case "end": break
    default: throw GoldenMismatch("unknown event \(line.ev)")
    }
  }

  private func levels(_ line: GoldenTrace.Line) throws {
    let expected = (line.levels ?? []).filter { $0 < options.maxResource }
    try expect(options.levels == expected, "levels \(options.levels), not \(expected)")
    try expect(scheduler.ladder.count == line.quantiles?.count, "\(scheduler.ladder.count) rung systems")
    for (bracket, system) in scheduler.ladder.enumerated() {
      try expect(system.rungs.map(\.level) == Array(expected.dropFirst(bracket)), "levels of bracket \(bracket)")
    }
    try expect(scheduler.bracketCount == line.brackets, "\(scheduler.bracketCount) brackets")
  }

  private mutating func suggest(_ line: GoldenTrace.Line) throws {
    guard let next = line.nextId else { throw GoldenMismatch("no next_id") }
    let bracket = line.bracket ?? 0
    let proposal = scheduler.propose(bracket: bracket)
    for decision in proposal.decisions { scheduler.apply(decision) }
    if let promotion = proposal.promotion {
      costs[promotion.trial.rawValue, default: Cost()].resumedFrom = promotion.fromLevel
      try expect(
        line.do == "resume" && promotion.trial.rawValue == line.trial && promotion.fromLevel == line.resumeFrom
          && promotion.milestone == line.milestone, "\(promotion), not \(line)")
    } else if next < trace.spec.n {
      scheduler.add(TrialID(next), bracket: bracket)
      let milestone = options.isStopping ? line.milestone : scheduler.milestone(of: TrialID(next))
      try expect(
        line.do == "start" && line.trial == next && milestone == line.milestone,
        "a start of \(next), not \(line)")
    } else {
      try expect(line.do == "none", "nothing, not \(line)")
    }
  }

  private mutating func report(_ line: GoldenTrace.Line) throws {
    guard let number = line.trial, let resource = line.e, let value = line.v else { throw GoldenMismatch("no report") }
    let trial = TrialID(number)
    let total = line.cost.map { $0 + (costs[number]?.before ?? 0) }
    let outcome = scheduler.record(trial, resource: resource, value: value, cost: total ?? 0)
    if let total { note(total, of: number, at: resource, outcome) }
    var isStopped = false
    for decision in scheduler.review(after: trial) {
      if case .stop(let stop) = decision { isStopped = stop.trial == trial }
      scheduler.apply(decision)
    }
    if isStopped { scheduler.retire(trial) }
    let expected: String =
      switch outcome {
      case .continues, .repeated: isStopped ? "STOP" : "CONTINUE"
      case .reachedMilestone: "PAUSE"
      // A stopping rule that is not told the maximum lets the trial end by itself.
      case .reachedMaximum: trace.spec.type == "median" ? "CONTINUE" : "STOP"
      case .rejected: "rejected"
      }
    try expect(line.d == expected, "\(outcome), not \(line)")
  }

  /// Costs count from the start of the leg; after a restart from scratch, from the start of the trial.
  private mutating func note(_ total: Double, of trial: Int, at resource: Int, _ outcome: RecordOutcome) {
    if case .reachedMilestone = outcome {
      costs[trial, default: Cost()].before = total
    } else if let from = costs[trial]?.resumedFrom, resource <= from {
      costs[trial]?.before = 0
    }
  }

  private mutating func state(_ line: GoldenTrace.Line) throws {
    for (index, expected) in line.pasha.enumerated() {
      let system = scheduler.ladder[index]
      try expect(system.currentMaximum == expected.maxT, "maximum \(system.currentMaximum), not \(expected)")
      // With its rung at max_t the authors' code goes on to compare what no decision depends on any more.
      if trace.spec.isFork, expected.maxT == options.maxResource { continue }
      let top = system.rungs.firstIndex { $0.level == system.comparedLevel }
      try expect(top.map { $0 + 1 } == expected.rungIdx, "top \(String(describing: top)), not \(expected)")
      // There the traces hold what the option says, which counts for nothing.
      if ![.softRankingAuto, .softRanking].contains(options.ranking.criterion) { continue }
      guard let epsilon = scheduler.measuredEpsilon(system: index)?.epsilon else {
        throw GoldenMismatch("no epsilon")
      }
      try expect(abs(epsilon - expected.eps) <= 1e-12 * abs(expected.eps), "epsilon \(epsilon), not \(expected)")
    }
  }

  private func rungs(_ line: GoldenTrace.Line) throws {
    for (system, rungs) in line.rungs.enumerated() {
      for rung in rungs where rung.level < options.maxResource {
        let saysPromoted = rung.entries.first?.isPromoted != nil
        let entries = scheduler.entries(system: system, level: rung.level).map {
          GoldenTrace.Entry(
            trial: $0.trial.rawValue, value: $0.value, isPromoted: saysPromoted ? $0.isPromoted : nil)
        }
        try expect(entries == rung.entries, "rung \(rung.level) of system \(system): \(entries), not \(rung.entries)")
      }
    }
  }

  private func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw GoldenMismatch(message()) }
  }
}
