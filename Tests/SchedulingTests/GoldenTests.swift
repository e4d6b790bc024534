import Foundation
import Scheduling
import Testing
import TuningModel

@Suite struct GoldenTests {
  @Test(arguments: GoldenTrace.bundled)
  func decidesAsTheReference(_ file: URL) throws {
    let trace = try GoldenTrace(file)
    #expect(GoldenTrace.reasonToSkip(trace.spec) == nil)
    var replay = try GoldenReplay(trace)
    #expect(throws: Never.self) { try replay.run() }
    #expect(replay.checks > 100)
  }

  @Test func everyTraceIsThere() {
    let names = GoldenTrace.bundled.map { $0.lastPathComponent }
    #expect(names.filter { $0.hasPrefix("pasha_") }.count == 32)
    #expect(names.filter { $0.hasPrefix("promotion_") }.count == 7)
    #expect(names.filter { $0.hasPrefix("stopping_") }.count == 5)
    #expect(names.filter { $0.hasPrefix("hyperband_") }.count == 4)
    #expect(names.filter { $0.hasPrefix("cost_promotion_") }.count == 3)
    #expect(names.filter { $0.hasPrefix("rush_") }.count == 4)
    #expect(names.filter { $0.hasPrefix("median_") }.count == 3)
    #expect(names.filter { $0.hasPrefix("fork_") }.count == 12)
    #expect(names.count == 70)
  }

  /// Replays a folder of traces from elsewhere, those whose type is known here.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PASHA_GOLDEN_DIR"] != nil))
  func decidesAsTheReferenceInTheFolderNamed() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["PASHA_GOLDEN_DIR"] ?? "")
    let files = GoldenTrace.traces(in: folder)
    #expect(!files.isEmpty, "no traces in \(folder.path)")
    var replayed: [String: Int] = [:]
    var skipped: [String: [String]] = [:]
    var checks = 0
    for file in files {
      guard let spec = try GoldenTrace.spec(of: file) else {
        skipped["no header", default: []].append(file.lastPathComponent)
        continue
      }
      if let reason = GoldenTrace.reasonToSkip(spec) {
        skipped[reason, default: []].append(spec.name)
        continue
      }
      do {
        var replay = try GoldenReplay(GoldenTrace(file))
        try replay.run()
        checks += replay.checks
        replayed[spec.type, default: 0] += 1
      } catch {
        Issue.record("\(error)")
      }
    }
    for (type, count) in replayed.sorted(by: { $0.key < $1.key }) { print("replayed \(count) of type \(type)") }
    for (reason, names) in skipped.sorted(by: { $0.key < $1.key }) {
      print("skipped \(names.count): \(reason): \(names.joined(separator: " "))")
    }
    print("\(checks) lines compared")
    #expect(!replayed.isEmpty, "no trace of a known type in \(folder.path)")
  }
}
