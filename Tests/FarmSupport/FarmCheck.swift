import Coordination
import Foundation
import RunChecking
import TestSupport
import TuningModel
import Wire

/// What a run over a farm left behind, in its journal and on the hosts' disks.
public struct FarmCheck {
  /// What the disk of a host says of one attempt.
  public struct Attempt: Sendable {
    public var name: TrialAttempt
    public var host: String
    /// Seconds since 1970.
    public var began: Double
    /// The last sign of life.
    public var ended: Double
    /// Epochs of the checkpoint that it began with.
    public var loaded: Int
    public var epochs: [Int]
  }

  /// Where things are.
  public struct Places: Sendable {
    /// The run's folder on the coordinator's machine.
    public var run: String
    /// What relative paths in its cluster file start from.
    public var base: String
    /// The hosts' home folders, as paths on this machine, by the hosts' names.
    public var homes: [String: String]
    /// Where the trials noted when they ran; none: in their own folders alone.
    public var notes: [String]
    /// The folder that all hosts mount, where checkpoints are kept in one.
    public var shared: String?

    public init(
      run: String, base: String, homes: [String: String], notes: [String] = [], shared: String? = nil
    ) {
      self.run = run
      self.base = base
      self.homes = homes
      self.notes = notes
      self.shared = shared
    }
  }

  public let places: Places
  public let journal: JournalCheck
  /// In the order of attempts.
  public let attempts: [Attempt]
  /// The agents' folders, as paths on this machine.
  public let homes: Set<String>

  public init(_ run: FarmRun) throws {
    let homes = run.farm.names.map { ($0, run.farm.home($0)) }
    try self.init(
      Places(
        run: run.place.runFolder(), base: run.place.folder.path, homes: Dictionary(uniqueKeysWithValues: homes)))
  }

  public init(_ places: Places) throws {
    self.places = places
    journal = try JournalCheck(runFolder: places.run, baseDirectory: places.base)
    var homes: [String: String] = [:]
    for case .agentGreeted(let greeting) in journal.facts {
      guard let name = journal.state[greeting.agent]?.name, let home = places.home(of: greeting, named: name) else {
        continue
      }
      homes[home] = name
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
    // A full disk takes the half of a line.
    guard let touched, words.count >= 4, let began = Double(words[1]), let loaded = Int(words[3]) else { return nil }
    return Attempt(
      name: name, host: host, began: began, ended: touched.timeIntervalSince1970, loaded: loaded,
      epochs: JournalCheck.reports(output).compactMap(\.epoch))
  }

  public func attempts(on host: String) -> [Attempt] { attempts.filter { $0.host == host } }

  /// Moves of a trial from one host to another with its checkpoint.
  public var moves: [(from: String, to: String)] {
    zip(attempts, attempts.dropFirst()).filter { a, b in
      a.name.trial == b.name.trial && a.host != b.host && b.loaded > 0
    }.map { ($0.host, $1.host) }
  }

  /// What is wrong with a run that ended, whatever happened to its hosts.
  /// - Parameters:
  ///   - incomplete: attempts that the coordinator gave up while they ran on, out of its sight.
  ///   - reruns: trials that lost their newest checkpoint.
  ///   - overlapsUntil: attempts that nobody could end in time since their host slept, and until when, in seconds since
  ///     1970, they may have shown life beside the next one.
  ///   - wallClocks: whether the clocks that people read went on undisturbed.
  public func problems(
    incomplete: Set<TrialAttempt> = [], reruns: Set<TrialID> = [], overlapsUntil: [TrialAttempt: Double] = [:],
    wallClocks: Bool = true
  ) throws -> [String] {
    let twice = Dictionary(grouping: attempts, by: \.name.trial).sorted { $0.key < $1.key }.flatMap { trial, all in
      reruns.contains(trial) ? [] : trainedTwice(all.filter { !incomplete.contains($0.name) })
    }
    return try journal.reportProblems(homes: homes, incomplete: incomplete) + journal.decisionProblems()
      + journal.trainingProblems() + journal.unsettled + (wallClocks ? overlaps(overlapsUntil) : []) + late(incomplete)
      + twice
  }

  /// Each attempt goes on where the one before was: no epoch is trained twice.
  private func trainedTwice(_ attempts: [Attempt]) -> [String] {
    var problems: [String] = []
    var reported = 0
    for attempt in attempts {
      if attempt.loaded < reported {
        problems.append("\(attempt.name) began with \(attempt.loaded) of \(reported) epochs")
      }
      if let first = attempt.epochs.first, first != attempt.loaded + 1 {
        problems.append("\(attempt.name) began with \(attempt.loaded) epochs and went on with epoch \(first)")
      }
      reported = attempt.epochs.last ?? reported
    }
    return problems
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
  private func overlaps(_ excused: [TrialAttempt: Double]) -> [String] {
    zip(attempts, attempts.dropFirst()).compactMap { a, b in
      guard a.name.trial == b.name.trial, b.began < a.ended, a.ended > excused[a.name] ?? 0 else { return nil }
      return "\(b.name) began on \(b.host) \(a.ended - b.began) s before \(a.name) ended on \(a.host)"
    }
  }
}

extension FarmCheck.Places {
  /// The folder of an agent, as a path on this machine; nil for one that is on no host of the farm.
  func home(of greeting: AgentGreeting, named name: String) -> String? {
    guard let home = homes[name], greeting.home.hasPrefix("/root/") else { return nil }
    return home + greeting.home.dropFirst(5)
  }
}
