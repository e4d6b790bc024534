import Testing
import TuningModel

@testable import Wire

@Suite struct ReportLineTests {
  private func events(_ text: String, limits: ReportLineLimits = ReportLineLimits()) -> [ReportLineEvent] {
    var reader = ReportLineReader(limits: limits)
    return reader.read(Array(text.utf8))
  }

  /// Names of the keys of the reports, in their order.
  private func epochs(_ events: [ReportLineEvent]) -> [Int?] {
    events.compactMap { event -> Int?? in
      guard case .report(_, let fields, _) = event else { return nil }
      return ReportFields.wholeNumber("epoch", in: fields)
    }
  }

  @Test func aReportIsRead() {
    let text = #"[tune-metric]: {"epoch": 1, "error": 0.6, "note": "ok", "st_worker_iter": 0}"# + "\n"
    let fields: [JSONValue.Member] = [
      .init("epoch", .int(1)), .init("error", .double(0.6)), .init("note", .string("ok")),
      .init("st_worker_iter", .int(0)),
    ]
    #expect(events(text) == [.report(sequence: 1, fields: fields, endOffset: text.utf8.count - 1)])
  }

  @Test func theMarkerMayStandAnywhereInTheLine() {
    let lines = [
      #"[tune-metric]: {"epoch": 1}"#,
      #"  50%|#####     | 5/10 [00:01<00:01]"# + "\r" + #"100%|####| 10/10 [tune-metric]: {"epoch": 2} done }"#,
      "\u{1B}[32m[tune-metric]: {\"epoch\": 3}\u{1B}[0m",
      "[tune-metric]: {\"epoch\": 4}\r",
      "2026-11-23 INFO [trainer] [[tune-metric]: {\"epoch\": 5}]",
      "[tune-metric] [tune-metric]:{} [tune-metric]:  {\"epoch\": 0} [tune-metric]: {\"epoch\": 6}",
      "\0\u{FFFD}[tune-metric]: { \"epoch\" :\t7.0 }",
    ]
    let found = events(lines.joined(separator: "\n") + "\n")
    #expect(epochs(found) == [1, 2, 3, 4, 5, 6, 7])
    #expect(found.count == 7)
  }

  @Test func otherLinesSayNothing() {
    let text = """
      epoch 1 loss 0.5
      tune-metric: {"epoch": 1}
      [tune-metric] {"epoch": 1}
      [tune-metric]:{"epoch": 1}
      [tune-metric]: "epoch"
      [tune-metric]:\t{"epoch": 1}
      [TUNE-METRIC]: {"epoch": 1}

      """
    #expect(events(text).isEmpty)
  }

  @Test func gluedReportsAllCount() {
    let found = events(#"[tune-metric]: {"epoch": 1}[tune-metric]: {"epoch": 2} x [tune-metric]: {"epoch": 3}"# + "\n")
    #expect(epochs(found) == [1, 2, 3])
  }

  @Test func aReportCutOffCostsItselfAlone() {
    let found = events(#"[tune-metric]: {"epoch": 1, "er[tune-metric]: {"epoch": 2}"# + "\n")
    #expect(epochs(found) == [2])
    guard case .malformed(let reason, let excerpt) = found[0] else {
      Issue.record("\(found[0])")
      return
    }
    #expect(reason.contains("byte "))
    #expect(excerpt.hasPrefix(#"[tune-metric]: {"epoch": 1, "er[tune"#))
    guard case .report(let sequence, _, _) = found[1] else { return }
    #expect(sequence == 1, "a broken report takes no sequence")
  }

  @Test func aMarkerInAStringIsNoReport() {
    let found = events(
      #"[tune-metric]: {"epoch": 1, "note": "[tune-metric]: {\"epoch\": 9} [tune-metric]: {}"}"# + "\n")
    #expect(epochs(found) == [1])
    #expect(found.count == 1)
  }

  @Test func aLineWithoutItsNewlineIsNotUsed() {
    var reader = ReportLineReader()
    #expect(reader.read(Array(#"[tune-metric]: {"epoch": 1}"#.utf8)).isEmpty)
    #expect(reader.position == .init(offset: 0, nextSequence: 1))
    #expect(epochs(reader.read(Array("\n".utf8))) == [1])
    #expect(reader.position == .init(offset: 28, nextSequence: 2))
  }

  @Test func numbersThatAreNotFiniteAreRead() {
    let found = events(#"[tune-metric]: {"epoch": 1, "a": NaN, "b": -Infinity, "c": 1e400, "d": Infinity}"# + "\n")
    guard case .report(_, let fields, _) = found[0] else {
      Issue.record("\(found)")
      return
    }
    #expect(ReportFields.number("a", in: fields)?.isNaN == true)
    #expect(ReportFields.number("b", in: fields) == -.infinity)
    #expect(ReportFields.number("c", in: fields) == .infinity)
    #expect(ReportFields.number("d", in: fields) == .infinity)
  }

  @Test func brokenObjectsAreToldWithTheirBeginning() {
    let lines = [
      "[tune-metric]: {", "[tune-metric]: {'epoch': 1}", "[tune-metric]: {\"epoch\": }",
      "[tune-metric]: {\"a\": \(String(repeating: "[", count: 100))",
      "[tune-metric]: {\"a\u{1B}[31m\": 1}", "[tune-metric]: {\"epoch\": 1,",
    ]
    let found = events(lines.joined(separator: "\n") + "\n")
    #expect(found.count == lines.count)
    for event in found {
      guard case .malformed(_, let excerpt) = event else {
        Issue.record("\(event)")
        continue
      }
      #expect(excerpt.hasPrefix("[tune-metric]: {"))
      #expect(excerpt.utf8.count <= 130)
      #expect(!excerpt.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test func aReportUpToItsBoundIsReadAndALongerOneIsNot() {
    let limits = ReportLineLimits(objectBytes: 1000, lineBytes: 10_000)
    for length in [998, 999, 1000, 1001, 1002, 5000, 50_000] {
      let filler = String(repeating: "x", count: length - 8)
      let text = #"[tune-metric]: {"a": "\#(filler)"}"#
      let object = text.utf8.count - 15
      let found = events(text + "\n[tune-metric]: {\"epoch\": 2}\n", limits: limits)
      #expect(found.count == 2)
      if object <= 1000 {
        guard case .report = found[0] else {
          Issue.record("\(object): \(found[0])")
          continue
        }
      } else {
        #expect(found[0] == .overlong(bytes: text.utf8.count))
      }
      #expect(epochs(found).last == 2)
    }
  }

  @Test func aLineWithTooManyReportsIsPassedOverFromThere() {
    let limits = ReportLineLimits(objectBytes: 1000, lineBytes: 2900)
    let report = #"[tune-metric]: {"epoch": 1}"#
    let found = events(String(repeating: report, count: 50) + "\n" + report + "\n", limits: limits)
    #expect(found.count == 12)
    #expect(found[10] == .overlong(bytes: 40 * report.utf8.count))
    guard case .report(let sequence, _, _) = found[11] else { return }
    #expect(sequence == 11)
  }
}
