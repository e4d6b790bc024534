import Coordination
import Foundation
import Journal
import Scheduling
import SchedulingReference
import TestSupport
import Testing
import TuningModel
import Wire

/// Checks a finished run from the outside: its journal against the trials' own logs, and its decisions against the slow
/// reference fed with the journal's order of reports.
struct RunCheck {
  let records: [JournalRecord]
  let home: String
  let specification: RunSpecification

  init(_ run: RealRun) throws {
    records = try run.journal()
    home = try run.home()
    specification = try run.specification()
  }

  func all() throws {
    try everyReportStandsInTheJournalOnce()
    attemptsNeverOverlap()
    everyTrialIsSettled()
    try decisionsAreTheReferences()
  }

  /// The reports in each attempt's log, read by other means than pasha's own, are those of the journal, in order.
  func everyReportStandsInTheJournalOnce() throws {
    var received: [TrialAttempt: [(Int, Double)]] = [:]
    var ended: Set<TrialAttempt> = []
    for record in records {
      if case .reportReceived(let report) = record.fact {
        #expect(report.sequence == received[report.attempt, default: []].count + 1)
        received[report.attempt, default: []].append((report.resource ?? -1, report.value ?? .nan))
      }
      if case .attemptEnded(let attempt, _, _) = record.fact { ended.insert(attempt) }
    }
    #expect(!ended.isEmpty)
    for attempt in ended.sorted() {
      let path = "\(home)/trials/\(attempt.trial)/attempts/\(attempt.attempt)/std.out"
      let data = FileManager.default.contents(atPath: path) ?? Data()
      // A line without its end does not count.
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        .dropLast()
      var logged: [(Int, Double)] = []
      for line in lines where line.hasPrefix("[tune-metric]: ") {
        let json = try JSONSerialization.jsonObject(with: Data(line.dropFirst(15).utf8)) as? [String: Any] ?? [:]
        logged.append((json["epoch"] as? Int ?? -1, json["loss"] as? Double ?? .nan))
      }
      let known = received[attempt] ?? []
      #expect(known.map(\.0) == logged.map(\.0), "attempt \(attempt)")
      #expect(known.map(\.1) == logged.map(\.1), "attempt \(attempt)")
    }
  }

  /// An attempt begins only after the one before has ended, and none is assigned twice.
  func attemptsNeverOverlap() {
    var open: [TrialID: Attempt] = [:]
    var last: [TrialID: Attempt] = [:]
    for record in records {
      switch record.fact {
      case .attemptAssigned(let assignment):
        #expect(open[assignment.attempt.trial] == nil)
        #expect(assignment.attempt.attempt > last[assignment.attempt.trial] ?? Attempt(0))
        open[assignment.attempt.trial] = assignment.attempt.attempt
        last[assignment.attempt.trial] = assignment.attempt.attempt
      case .attemptEnded(let attempt, _, _), .attemptRefused(let attempt, _, _):
        #expect(open[attempt.trial] == attempt.attempt)
        open[attempt.trial] = nil
      default: break
      }
    }
    #expect(open.isEmpty)
  }

  func everyTrialIsSettled() {
    guard var state = try? RunState(specification: specification) else { return }
    for record in records { state.apply(StampedFact(stamp: record.stamp, fact: record.fact)) }
    #expect(state.end != nil)
    for trial in state.trials {
      #expect(trial.status.isFinal || trial.status == .paused, "trial \(trial.id) is \(trial.status.word)")
    }
  }

  func decisionsAreTheReferences() throws {
    var reference = ReferenceScheduler(specification.scheduler)
    var raises: [MaximumRaise] = []
    var withheld: [TrialAttempt: [Int: (Int, Double)]] = [:]
    func rank(_ trial: TrialID, _ resource: Int, _ value: Double) {
      if let raise = reference.report(trial.rawValue, resource, value).raise { raises.append(raise) }
    }
    for record in records {
      switch record.fact {
      case .trialCreated(let creation):
        #expect(
          creation.origin == .operator || reference.promotion(bracket: creation.bracket) == nil,
          "trial \(creation.trial)")
        reference.add(creation.trial.rawValue, bracket: creation.bracket)
      case .reportReceived(let report):
        guard let resource = report.resource, let value = report.value else { continue }
        if report.disposition == .ranked { rank(report.attempt.trial, resource, value) }
        if report.disposition == .withheld {
          withheld[report.attempt, default: [:]][report.sequence] = (resource, value)
        }
      case .withheldReportSettled(let attempt, let sequence, .ranked):
        let report = try #require(withheld[attempt]?[sequence])
        rank(attempt.trial, report.0, report.1)
      case .scheduling(.promotion(let promotion)):
        #expect(reference.promotion(bracket: promotion.system) == promotion)
        reference.apply(promotion)
      case .scheduling(.maximumRaised(let raise)):
        try #require(!raises.isEmpty)
        let expected = raises.removeFirst()
        #expect(expected.to == raise.to && expected.trial == raise.trial && expected.holder == raise.holder)
      case .attemptEnded(let attempt, _, let consequence):
        switch consequence {
        case .completed, .stopped, .failed: reference.retire(attempt.trial.rawValue)
        case .paused, .pending: break
        }
      default: break
      }
    }
    #expect(raises.isEmpty)
  }

  /// Attempts that began under one coordinator and reported to the next.
  var adopted: Int {
    var open: Set<TrialAttempt> = []
    var older: Set<TrialAttempt> = []
    var found: Set<TrialAttempt> = []
    for record in records {
      switch record.fact {
      case .attemptAssigned(let assignment): open.insert(assignment.attempt)
      case .attemptEnded(let attempt, _, _): open.remove(attempt)
      case .runResumed: older = open
      case .reportReceived(let report): if older.contains(report.attempt) { found.insert(report.attempt) }
      default: break
      }
    }
    return found.count
  }

  /// Attempts that were given up because their host or processes were lost.
  var losses: Int {
    records.count { if case .attemptEnded(_, let end, _) = $0.fact { end.cause == .hostFault } else { false } }
  }

  /// Those of attempts whose trial ran: an agent that is killed while it starts one may leave none.
  var lossesOfRunning: Int {
    var started: Set<TrialAttempt> = []
    var count = 0
    for record in records {
      if case .attemptStarted(let attempt, _) = record.fact { started.insert(attempt) }
      if case .attemptEnded(let attempt, let end, _) = record.fact, end.cause == .hostFault, started.contains(attempt) {
        count += 1
      }
    }
    return count
  }
}
