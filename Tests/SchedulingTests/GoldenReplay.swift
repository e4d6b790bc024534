import Scheduling
import TuningModel

/// Gives the scheduler the calls of a trace and compares its answers with the reference's.
struct GoldenReplay {
  private let trace: GoldenTrace
  private let options: SchedulerOptions
  private var scheduler: TrialScheduler
  private var bracketOf: [Int: Int] = [:]
  /// Lines whose answers were all the same.
  private(set) var checks = 0

  init(_ trace: GoldenTrace) throws {
    guard let options = GoldenTrace.options(of: trace.spec) else { throw GoldenMismatch("unknown mode") }
    self.trace = trace
    self.options = options
    scheduler = try TrialScheduler(options)
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
  }

  private mutating func suggest(_ line: GoldenTrace.Line) throws {
    guard let next = line.nextId else { throw GoldenMismatch("no next_id") }
    let bracket = line.bracket ?? 0
    if let promotion = scheduler.proposePromotion(bracket: bracket) {
      scheduler.apply(.promotion(promotion))
      try expect(
        line.do == "resume" && promotion.trial.rawValue == line.trial && promotion.fromLevel == line.resumeFrom
          && promotion.milestone == line.milestone, "\(promotion), not \(line)")
    } else if next < trace.spec.n {
      scheduler.add(TrialID(next), bracket: bracket)
      bracketOf[next] = bracket
      try expect(
        line.do == "start" && line.trial == next && scheduler.milestone(of: TrialID(next)) == line.milestone,
        "a start of \(next), not \(line)")
    } else {
      try expect(line.do == "none", "nothing, not \(line)")
    }
  }

  private mutating func report(_ line: GoldenTrace.Line) throws {
    guard let number = line.trial, let resource = line.e, let value = line.v else { throw GoldenMismatch("no report") }
    let trial = TrialID(number)
    let outcome = scheduler.record(trial, resource: resource, value: value)
    for decision in scheduler.review(after: trial) { scheduler.apply(decision) }
    let expected: String =
      switch outcome {
      case .continues, .repeated: "CONTINUE"
      case .reachedMilestone: "PAUSE"
      case .reachedMaximum: "STOP"
      case .rejected: "rejected"
      }
    try expect(line.d == expected, "\(outcome), not \(line)")
  }

  private mutating func state(_ line: GoldenTrace.Line) throws {
    for (index, expected) in line.pasha.enumerated() {
      let system = scheduler.ladder[index]
      try expect(system.currentMaximum == expected.maxT, "maximum \(system.currentMaximum), not \(expected)")
      // With its rung at max_t the authors' code goes on to compare what no decision depends on any more.
      if trace.spec.pashaKwargs != nil, expected.maxT == options.maxResource { continue }
      let top = system.rungs.firstIndex { $0.level == system.comparedLevel }
      try expect(top.map { $0 + 1 } == expected.rungIdx, "top \(String(describing: top)), not \(expected)")
      guard let epsilon = scheduler.measuredEpsilon(system: index)?.epsilon else {
        throw GoldenMismatch("no epsilon")
      }
      try expect(abs(epsilon - expected.eps) <= 1e-12 * abs(expected.eps), "epsilon \(epsilon), not \(expected)")
    }
  }

  private func rungs(_ line: GoldenTrace.Line) throws {
    for (system, rungs) in line.rungs.enumerated() {
      for rung in rungs where rung.level < options.maxResource {
        let entries = scheduler.entries(system: system, level: rung.level).map {
          GoldenTrace.Entry(trial: $0.trial.rawValue, value: $0.value, isPromoted: $0.isPromoted)
        }
        try expect(entries == rung.entries, "rung \(rung.level) of system \(system): \(entries), not \(rung.entries)")
      }
    }
  }

  private func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw GoldenMismatch(message()) }
  }
}
