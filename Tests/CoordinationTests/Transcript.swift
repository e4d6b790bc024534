import Foundation
import TestSupport
import Testing

/// Lines that a test compares with those of a file below `Tests/Fixtures/transcripts`; PASHA_REWRITE_TRANSCRIPTS=1 writes
/// them anew.
enum Transcript {
  static func check(_ name: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = repositoryRoot().appendingPathComponent("Tests/Fixtures/transcripts/\(name)")
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_TRANSCRIPTS"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    let known = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    for (line, expected) in zip(lines, known) { #expect(line == expected, sourceLocation: sourceLocation) }
    #expect(lines.count == known.count, sourceLocation: sourceLocation)
  }
}
