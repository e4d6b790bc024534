import ClusterFile
import Coordination
import Foundation
import Journal
import Scheduling
import SchedulingReference
import TestSupport
import Testing
import TuningModel

/// What a run's journal says, held against what its trials printed and against the slow reference of the scheduler.
struct JournalCheck {
  let facts: [Fact]
  let specification: RunSpecification
  let state: RunState

  init(_ run: WatchedRun) throws {
    let folder = try run.place.runFolder()
    let text = try String(contentsOfFile: folder + "/cluster.yml", encoding: .utf8)
    specification = try ClusterFile.decode(
      text: text, fileName: "cluster.yml", baseDirectory: run.place.folder.path, checksFiles: false
    ).specification
    var state = try RunState(specification: specification)
    var facts: [Fact] = []
    try JournalReader(at: folder + "/journal.sqlite").replay { record in
      facts.append(record.fact)
      state.apply(StampedFact(stamp: record.stamp, fact: record.fact))
    }
    self.facts = facts
    self.state = state
  }

  var restarts: Int {
    facts.count { if case .attemptAssigned(let assignment) = $0 { assignment.reason == .restarted } else { false } }
  }

  /// All that must hold of a run that ended, whatever was killed on the way.
  func expectSound(_ run: WatchedRun) throws {
    try expectReportsAsPrinted(run)
    try expectReferenceDecides()
    #expect(run.notes("overlaps").isEmpty)
    for trial in state.trials {
      #expect(
        ["paused", "completed", "stopped", "failed"].contains("\(trial.status)"), "trial \(trial.id): \(trial.status)")
    }
  }

  // MARK: Reports

  private struct Printed: Equatable {
    var epoch: Int?
    var loss: Double?
  }

  /// Every whole report line of the trials' own files stands in the journal once, in its order, with its values.
  private func expectReportsAsPrinted(_ run: WatchedRun) throws {
    var kept: [String: [(sequence: Int, report: Printed)]] = [:]
    for case .reportReceived(let report) in facts {
      kept["\(report.attempt.trial)/\(report.attempt.attempt)", default: []]
        .append((report.sequence, Printed(epoch: report.resource, loss: report.value)))
    }
    var names: Set<String> = []
    for home in try homes(run) {
      for trial in try children(home + "/trials") where Int(trial) != nil {
        for attempt in (try? children("\(home)/trials/\(trial)/attempts")) ?? [] {
          let path = "\(home)/trials/\(trial)/attempts/\(attempt)/std.out"
          guard let data = FileManager.default.contents(atPath: path) else { continue }
          names.insert("\(trial)/\(attempt)")
          let printed = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().compactMap(Self.report)
          let found = (kept["\(trial)/\(attempt)"] ?? []).sorted { $0.sequence < $1.sequence }
          #expect(found.map(\.report) == printed, "trial \(trial), attempt \(attempt)")
          #expect(Set(found.map(\.sequence)).count == found.count)
        }
      }
    }
    #expect(Set(kept.keys).isSubset(of: names))
    #expect(!names.isEmpty)
  }

  /// The folders of all agents of the run, on this machine.
  private func homes(_ run: WatchedRun) throws -> Set<String> {
    Set(
      facts.compactMap { fact -> String? in
        guard case .agentGreeted(let greeting) = fact else { return nil }
        return greeting.home
      })
  }

  private func children(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }

  /// Read by hand: the numbers to the last bit.
  private static func report(_ line: Substring) -> Printed? {
    guard line.hasPrefix("[tune-metric]: {"), line.hasSuffix("}") else { return nil }
    var printed = Printed()
    for member in line.dropFirst(16).dropLast().split(separator: ", ") {
      let words = member.split(separator: ": ")
      if words.first == "\"epoch\"" { printed.epoch = words.last.flatMap { Int($0) } }
      if words.first == "\"loss\"" { printed.loss = words.last.flatMap { Double($0) } }
    }
    return printed
  }

  // MARK: Decisions

  /// The reference, fed with the journal's order of reports, takes each of the journal's decisions at its place.
  func expectReferenceDecides() throws {
    var reference = ReferenceScheduler(specification.scheduler)
    var raises: [String] = []
    var withheld: [TrialAttempt: [Int: (Int, Double)]] = [:]
    func rank(_ trial: TrialID, _ resource: Int, _ value: Double) {
      if let raise = reference.report(trial.rawValue, resource, value).1 { raises.append("\(raise)") }
    }
    for fact in facts {
      switch fact {
      case .trialCreated(let creation):
        #expect(reference.promotion(bracket: creation.bracket) == nil)
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
        #expect(raises.isEmpty)
        #expect(reference.promotion(bracket: promotion.system) == promotion)
        reference.apply(promotion)
      case .scheduling(.maximumRaised(let raise)):
        #expect(raises.first == "\(raise)")
        raises = Array(raises.dropFirst())
      case .scheduling(.epsilonMeasured(let measurement)):
        #expect(reference.systems[measurement.system].epsilon == measurement.epsilon)
      case .attemptEnded(let attempt, _, let consequence), .attemptRefused(let attempt, _, let consequence):
        switch consequence {
        case .completed, .stopped, .failed: reference.retire(attempt.trial.rawValue)
        case .paused, .pending: break
        }
      case .trialStopped(let trial): reference.retire(trial.rawValue)
      default: break
      }
    }
    #expect(raises.isEmpty)
  }
}
