import Foundation
import FuzzProperties
import TestSupport
import Testing

/// What was found by fuzzing, and valid beginnings of it, hold in every build.
@Suite struct CorpusTests {
  private static let folder = repositoryRoot().appendingPathComponent("Tests/Fuzz/corpus")

  @Test(arguments: FuzzTarget.allCases) func everyFileOfTheCorpusHolds(target: FuzzTarget) throws {
    let folder = Self.folder.appendingPathComponent(target.rawValue)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names.count >= 4, "\(folder.path) must hold seeds; PASHA_REWRITE_CORPUS=1 writes them")
    for name in names {
      let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
      do {
        try target.check([UInt8](bytes))
      } catch {
        Issue.record("\(target.rawValue)/\(name): \(error)")
      }
      // A cut file is what a fuzzer tries first.
      try target.check([UInt8](bytes.prefix(bytes.count / 2)))
    }
  }

  /// PASHA_REWRITE_CORPUS=1 writes the seeds; what fuzzing has found stays as it is.
  @Test(arguments: FuzzTarget.allCases) func whatTheGeneratorMakesHolds(target: FuzzTarget) throws {
    let folder = Self.folder.appendingPathComponent(target.rawValue)
    let seeds = try Seeds.of(target)
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_CORPUS"] == "1" {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("seed-") {
        try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
      for (name, bytes) in seeds { try Data(bytes).write(to: folder.appendingPathComponent("seed-\(name)")) }
    }
    // The committed ones may be of an earlier version, and are worth as much.
    for (_, bytes) in seeds { try target.check(bytes) }
  }

  /// The seeds of facts are runs in which something is decided; with a program in place of a scheduler none is asked.
  @Test(arguments: 0..<10) func theRunsOfTheSeedsGoSomewhere(scheduler: Int) {
    let kinds = Set(SmallRun(scheduler: scheduler).facts.map(\.kind))
    let needed: Set = ["trial_created", "attempt_assigned", "report_received", "attempt_held"]
    #expect(needed.isSubset(of: kinds), "\(kinds)")
  }
}
