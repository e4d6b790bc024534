import Coordination
import FarmSupport
import Foundation
import Journal
import RunChecking
import TestSupport
import TuningModel

/// A run in which nothing failed, for tests of what looks at runs: the checks of it, and of copies that were tampered with.
final class QuietRun: Sendable {
  let places: FarmCheck.Places
  let records: [JournalRecord]
  private let folder = TemporaryFolder("quiet")

  init() throws {
    var options = FarmRun.Options(slots: 1, sleep: 0.02, trials: 9)
    options.notes = "/run/host/notes"
    options.cluster = ["sandbox: {writable: [/run/host/notes]}"]
    let run = try FarmRun("quiet", hosts: 2, options)
    let notes = run.farm.names.map { "\(run.farm.folder)/hosts/\($0)/notes" }
    for folder in notes { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    try run.expectEnd(run.start())
    let left = try run.leftovers()
    guard left.isEmpty else { throw WaitedInVain(description: "\(left)") }
    var homes: [String: String] = [:]
    for (host, folder) in zip(run.farm.names, notes) {
      homes[host] = self.folder.file(host)
      try FileManager.default.createDirectory(atPath: self.folder.file(host), withIntermediateDirectories: true)
      try? FileManager.default.removeItem(atPath: run.farm.home(host) + "/.pasha/bundles")
      try FileManager.default.copyItem(
        atPath: run.farm.home(host) + "/.pasha", toPath: self.folder.file(host) + "/.pasha")
      try FileManager.default.copyItem(atPath: folder, toPath: self.folder.file("notes-\(host)"))
    }
    try FileManager.default.createDirectory(atPath: folder.file("run"), withIntermediateDirectories: true)
    for name in ["journal.sqlite", "cluster.yml"] {
      try FileManager.default.copyItem(atPath: run.place.runFolder() + "/" + name, toPath: folder.file("run/" + name))
    }
    try FileManager.default.copyItem(atPath: run.place.folder.file("code"), toPath: folder.file("code"))
    places = FarmCheck.Places(
      run: folder.file("run"), base: folder.path, homes: homes,
      notes: homes.keys.sorted().map { [folder] in
        folder.file("notes-\($0)")
      })
    var records: [JournalRecord] = []
    try JournalReader(at: folder.file("run/journal.sqlite")).replay { records.append($0) }
    self.records = records
  }

  /// Everything that the checks find, in a copy that somebody has tampered with.
  func problems(_ tamper: (Copy) throws -> Void) throws -> [String] {
    let copy = TemporaryFolder("tampered")
    try FileManager.default.removeItem(atPath: copy.path)
    try FileManager.default.copyItem(atPath: folder.path, toPath: copy.path)
    var moved = places
    moved.run = places.run.replacing(folder.path, with: copy.path)
    moved.base = copy.path
    moved.homes = places.homes.mapValues { $0.replacing(folder.path, with: copy.path) }
    moved.notes = places.notes.map { $0.replacing(folder.path, with: copy.path) }
    try tamper(Copy(places: moved, records: records))
    let check = try FarmCheck(moved)
    let lost = check.journal.lost
    return try check.problems(incomplete: lost, reruns: Set(lost.map(\.trial)), wallClocks: false)
      + check.pulseProblems() + check.checkpointProblems() + check.failureProblems([])
  }

  /// A copy of a run's files that may be changed.
  struct Copy {
    let places: FarmCheck.Places
    let records: [JournalRecord]

    /// Writes the journal anew.
    func journal(_ facts: (inout [Fact]) throws -> Void) throws {
      var changed = records.map(\.fact)
      try facts(&changed)
      let path = places.run + "/journal.sqlite"
      try FileManager.default.removeItem(atPath: path)
      let journal = try Journal.create(at: path)
      try journal.append(changed.map { StampedFact(stamp: records[0].stamp, fact: $0) })
      try journal.close()
    }

    /// Changes a text file.
    func edit(_ path: String, _ change: (inout String) -> Void) throws {
      var text = try String(contentsOfFile: path, encoding: .utf8)
      change(&text)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// The file in which an attempt noted when it ran.
    func note(_ attempt: TrialAttempt) throws -> String {
      let name = "\(attempt.trial)-\(attempt.attempt)"
      guard let path = places.notes.map({ $0 + "/" + name }).first(where: FileManager.default.fileExists) else {
        throw WaitedInVain(description: "no note of \(attempt)")
      }
      return path
    }

    /// An attempt's folder.
    func folder(_ attempt: TrialAttempt) throws -> String {
      let homes = places.homes.values.flatMap { home in
        ((try? FileManager.default.subpathsOfDirectory(atPath: home + "/.pasha")) ?? [])
          .filter { $0.hasSuffix("/trials") }.map { "\(home)/.pasha/\($0)".dropLast(7) }
      }
      let folders = try JournalCheck.attemptFolders(Set(homes.map(String.init)))
      guard let found = folders.first(where: { $0.attempt == attempt }) else {
        throw WaitedInVain(description: "no folder of \(attempt)")
      }
      return found.folder
    }

    /// An attempt with reports, which another one of its trial follows.
    func followed() throws -> TrialAttempt {
      let attempts = Set(records.compactMap { if case .attemptStarted(let name, _) = $0.fact { name } else { nil } })
      let found = attempts.sorted().first {
        attempts.contains(TrialAttempt($0.trial, Attempt($0.attempt.rawValue + 1)))
      }
      guard let found else { throw WaitedInVain(description: "no trial was resumed") }
      return found
    }

    /// The seals of a trial that ended as paused, and its newest generation.
    func paused() throws -> (seals: String, generation: Int) {
      var last: [TrialID: (TrialAttempt, Int)] = [:]
      for record in records {
        guard case .attemptEnded(let attempt, let end, let consequence) = record.fact else { continue }
        last[attempt.trial] = nil
        if case .paused = consequence, let seal = end.seal { last[attempt.trial] = (attempt, seal.generation) }
      }
      guard let (attempt, generation) = last.sorted(by: { $0.key < $1.key }).first?.value else {
        throw WaitedInVain(description: "no trial ended as paused")
      }
      return (try folder(attempt) + "/../../seals", generation)
    }
  }
}
