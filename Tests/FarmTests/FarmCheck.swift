import Coordination
import Foundation
import RunChecking
import TestSupport
import Testing
import TuningModel
import Wire

/// What a run over a farm left behind, in its journal and on the hosts' disks.
struct FarmCheck {
  /// What the disk of a host says of one attempt.
  struct Attempt {
    var name: TrialAttempt
    var host: String
    /// Seconds since 1970.
    var began: Double
    /// The last sign of life.
    var ended: Double
    /// Epochs of the checkpoint that it began with.
    var loaded: Int
    var epochs: [Int]
  }

  let journal: JournalCheck
  /// In the order of attempts.
  let attempts: [Attempt]
  private let homes: Set<String>

  init(_ run: FarmRun) throws {
    journal = try JournalCheck(runFolder: run.place.runFolder(), baseDirectory: run.place.folder.path)
    var homes: [String: String] = [:]
    for case .agentGreeted(let greeting) in journal.facts {
      guard let host = journal.state[greeting.agent]?.name, greeting.home.hasPrefix("/root/") else { continue }
      homes[run.farm.home(host) + greeting.home.dropFirst(5)] = host
    }
    self.homes = Set(homes.keys)
    var attempts: [Attempt] = []
    for (home, host) in homes {
      for (name, folder) in try JournalCheck.attemptFolders([home]) {
        if let attempt = try Self.attempt(name, folder, host) { attempts.append(attempt) }
      }
    }
    self.attempts = attempts.sorted { $0.name < $1.name }
  }

  private static func attempt(_ name: TrialAttempt, _ folder: String, _ host: String) throws -> Attempt? {
    // One that was ended before it could begin did nothing.
    guard FileManager.default.fileExists(atPath: folder + "/std.err") else { return nil }
    let errors = try String(contentsOfFile: folder + "/std.err", encoding: .utf8)
    guard let line = errors.split(separator: "\n").first(where: { $0.hasPrefix("began ") }) else { return nil }
    let words = line.split(separator: " ")
    let pulse = "\(folder)/../../work/pulse-\(name.attempt)"
    let touched = try FileManager.default.attributesOfItem(atPath: pulse)[.modificationDate] as? Date
    let output = try String(contentsOfFile: folder + "/std.out", encoding: .utf8)
    return Attempt(
      name: name, host: host, began: try #require(Double(words[1])),
      ended: try #require(touched).timeIntervalSince1970, loaded: try #require(Int(words[3])),
      epochs: JournalCheck.reports(output).compactMap(\.epoch))
  }

  func attempts(on host: String) -> [Attempt] { attempts.filter { $0.host == host } }

  /// Moves of a trial from one host to another with its checkpoint.
  var moves: [(from: String, to: String)] {
    zip(attempts, attempts.dropFirst()).filter { a, b in
      a.name.trial == b.name.trial && a.host != b.host && b.loaded > 0
    }.map { ($0.host, $1.host) }
  }

  /// All that must hold of a run that ended, whatever happened to its hosts.
  /// - Parameters:
  ///   - incomplete: attempts that the coordinator gave up while they ran on, out of its sight.
  ///   - reruns: trials that lost their newest checkpoint.
  func expectSound(incomplete: Set<TrialAttempt> = [], reruns: Set<TrialID> = []) throws {
    let problems =
      try journal.reportProblems(homes: homes, incomplete: incomplete) + journal.decisionProblems()
      + journal.trainingProblems() + journal.unsettled + overlaps + late(incomplete)
    for problem in problems { Issue.record("\(problem)") }
    for (trial, of) in Dictionary(grouping: attempts, by: \.name.trial) where !reruns.contains(trial) {
      expectNothingTwice(trial, of.filter { !incomplete.contains($0.name) })
    }
  }

  /// Each attempt goes on where the one before was: no epoch is trained twice.
  private func expectNothingTwice(_ trial: TrialID, _ attempts: [Attempt]) {
    var reported = 0
    for attempt in attempts {
      #expect(attempt.loaded >= reported, "\(attempt.name) began with \(attempt.loaded) of \(reported) epochs")
      if let first = attempt.epochs.first { #expect(first == attempt.loaded + 1, "\(attempt.name)") }
      reported = attempt.epochs.last ?? reported
    }
  }

  /// Reports that counted although their attempts had been given up.
  private func late(_ attempts: Set<TrialAttempt>) -> [String] {
    var ended: Set<TrialAttempt> = []
    return journal.facts.compactMap { fact in
      switch fact {
      case .attemptEnded(let attempt, _, _) where attempts.contains(attempt): ended.insert(attempt)
      case .reportReceived(let report) where ended.contains(report.attempt) && report.disposition != .stale:
        return "report \(report.sequence) of \(report.attempt), which was given up, counted"
      default: break
      }
      return nil
    }
  }

  /// Attempts of a trial that lived at the same time, on whichever hosts.
  private var overlaps: [String] {
    zip(attempts, attempts.dropFirst()).compactMap { a, b in
      guard a.name.trial == b.name.trial, b.began < a.ended else { return nil }
      return "\(b.name) began on \(b.host) \(a.ended - b.began) s before \(a.name) ended on \(a.host)"
    }
  }
}
