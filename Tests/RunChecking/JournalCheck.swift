import ClusterFile
import Coordination
import Foundation
import Journal
import Scheduling
import SchedulingReference
import TuningModel

/// What a run's journal says, held against what its trials printed and against the slow reference of the scheduler.
public struct JournalCheck {
  public let records: [JournalRecord]
  public let specification: RunSpecification
  public let state: RunState

  public var facts: [Fact] { records.map(\.fact) }

  /// - Parameters:
  ///   - runFolder: the run's folder on the coordinator's machine.
  ///   - baseDirectory: what relative paths in its cluster file start from.
  public init(runFolder: String, baseDirectory: String) throws {
    let text = try String(contentsOfFile: runFolder + "/cluster.yml", encoding: .utf8)
    let specification = try ClusterFile.decode(
      text: text, fileName: "cluster.yml", baseDirectory: baseDirectory, checksFiles: false
    ).specification
    var state = try RunState(specification: specification)
    var records: [JournalRecord] = []
    try JournalReader(at: runFolder + "/journal.sqlite").replay { record in
      records.append(record)
      state.apply(StampedFact(stamp: record.stamp, fact: record.fact))
    }
    self.specification = specification
    self.records = records
    self.state = state
  }

  /// How many attempts were begun because the one before was lost.
  public var restarts: Int {
    facts.count { if case .attemptAssigned(let assignment) = $0 { assignment.reason == .restarted } else { false } }
  }

  /// Attempts that were given up, or ended, because their host or their processes were lost.
  public var lost: Set<TrialAttempt> {
    Set(
      facts.compactMap { fact in
        guard case .attemptEnded(let attempt, let end, _) = fact else { return nil }
        return [.hostFault, .leaseExpired].contains(end.cause) ? attempt : nil
      })
  }

  // MARK: How trials ended

  /// Trials that are not settled, in a run that ended.
  public var unsettled: [String] {
    state.trials.filter { !["paused", "completed", "stopped", "failed"].contains($0.status.word) }
      .map { "trial \($0.id) is \($0.status.word)" }
  }

  // MARK: Reports

  public struct Printed: Equatable, Sendable {
    public var epoch: Int?
    public var loss: Double?
  }

  /// What is wrong with the reports: every whole report line of the trials' own files stands in the journal once, in its
  /// order, with its values. Of an attempt that was given up the journal may lack the last ones.
  /// - Parameters:
  ///   - homes: the agents' folders of the run, as paths on this machine.
  ///   - incomplete: attempts that were given up while they ran on.
  public func reportProblems(homes: Set<String>, incomplete: Set<TrialAttempt> = []) throws -> [String] {
    var kept: [TrialAttempt: [(sequence: Int, report: Printed)]] = [:]
    for case .reportReceived(let report) in facts {
      kept[report.attempt, default: []].append((report.sequence, Printed(epoch: report.resource, loss: report.value)))
    }
    var problems: [String] = []
    var names: Set<TrialAttempt> = []
    for (attempt, folder) in try Self.attemptFolders(homes) {
      guard let data = FileManager.default.contents(atPath: folder + "/std.out") else { continue }
      names.insert(attempt)
      let printed = Self.reports(String(decoding: data, as: UTF8.self))
      let found = (kept[attempt] ?? []).sorted { $0.sequence < $1.sequence }
      let known = found.map(\.report)
      let isRight = incomplete.contains(attempt) ? printed.starts(with: known) : printed == known
      if !isRight { problems.append("attempt \(attempt) printed \(printed), the journal has \(known)") }
      if Set(found.map(\.sequence)).count != found.count { problems.append("attempt \(attempt): a sequence twice") }
    }
    if names.isEmpty { problems.append("no attempt's files in \(homes.sorted())") }
    for attempt in kept.keys.sorted() where !names.contains(attempt) {
      problems.append("attempt \(attempt) has reports and no files")
    }
    return problems
  }

  /// The folders of all attempts below agents' folders.
  public static func attemptFolders(_ homes: Set<String>) throws -> [(attempt: TrialAttempt, folder: String)] {
    let files = FileManager.default
    var found: [(attempt: TrialAttempt, folder: String)] = []
    for home in homes.sorted() {
      for trial in try files.contentsOfDirectory(atPath: home + "/trials") {
        guard let number = Int(trial) else { continue }
        for attempt in (try? files.contentsOfDirectory(atPath: "\(home)/trials/\(trial)/attempts")) ?? [] {
          guard let count = Int(attempt) else { continue }
          found.append(
            (TrialAttempt(TrialID(number), Attempt(count)), "\(home)/trials/\(trial)/attempts/\(attempt)"))
        }
      }
    }
    return found.sorted { $0.attempt < $1.attempt }
  }

  /// The whole report lines of a trial's output, read by hand: the numbers to the last bit.
  public static func reports(_ output: String) -> [Printed] {
    output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap { line in
      guard line.hasPrefix("[tune-metric]: {"), line.hasSuffix("}") else { return nil }
      var printed = Printed()
      for member in line.dropFirst(16).dropLast().split(separator: ", ") {
        let words = member.split(separator: ": ")
        if words.first == "\"epoch\"" { printed.epoch = words.last.flatMap { Int($0) } }
        if words.first == "\"loss\"" { printed.loss = words.last.flatMap { Double($0) } }
      }
      return printed
    }
  }
}
