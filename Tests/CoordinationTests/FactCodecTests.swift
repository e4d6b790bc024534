import Coordination
import Foundation
import TestSupport
import Testing
import TuningModel
import Wire

/// Facts survive the journal's bytes, in this version and every later one.
@Suite struct FactCodecTests {
  @Test func whatIsEncodedIsWhatIsDecoded() throws {
    var random = RandomFacts(seed: 3)
    for index in 0..<(100 * RandomFacts.kinds) {
      let fact = random.fact(index % RandomFacts.kinds)
      #expect(try Fact(decoding: fact.encoded()) == fact)
    }
  }

  @Test func theKindsHaveDifferentNames() {
    var random = RandomFacts(seed: 3)
    let names = (0..<RandomFacts.kinds).map { random.fact($0).kind }
    // Three kinds come in two forms, two in three.
    #expect(Set(names).count == RandomFacts.kinds - 7)
    #expect(names.allSatisfy { $0.allSatisfy { $0 == "_" || $0.isLowercase } })
  }

  @Test func aValueThatIsNotANumberKeepsItsBits() throws {
    var random = RandomFacts(seed: 5)
    var report = random.report()
    report.value = .nan
    report.fields = [JSONValue.Member("loss", .double(.nan))]
    guard case .reportReceived(let decoded) = try Fact(decoding: Fact.reportReceived(report).encoded()) else {
      Issue.record("not a report")
      return
    }
    #expect(decoded.value?.isNaN == true)
    #expect(decoded.fields.count == 1)
  }

  @Test func longTextsAreKeptWhole() throws {
    let text = String(repeating: "last line\n", count: 10_000)
    let attempt = TrialAttempt(TrialID(1), .first)
    for fact in [
      Fact.attemptEnded(
        attempt, AttemptEnd(cause: .failed, lastSequence: 1, errorTail: text), consequence: .failed(.noReport)),
      .runFinished(RunEnd(reason: .tooManyFailures, message: text)), .agentPrepared(AgentID(0), failure: text),
    ] {
      #expect(try Fact(decoding: fact.encoded()) == fact)
    }
  }

  @Test func noBytesEndTheProcess() {
    var random = RandomFacts(seed: 9)
    var generator = SeededGenerator(seed: 1)
    for kind in 0..<RandomFacts.kinds {
      let bytes = random.fact(kind).encoded()
      for count in 0..<bytes.count { _ = try? Fact(decoding: bytes.prefix(count)) }
      for _ in 0..<200 {
        var damaged = bytes
        for _ in 0...generator.nextBelow(3) where !damaged.isEmpty {
          damaged[Int(generator.nextBelow(UInt64(damaged.count)))] = UInt8(generator.nextBelow(256))
        }
        guard let fact = try? Fact(decoding: damaged) else { continue }
        #expect((try? Fact(decoding: fact.encoded()))?.encoded() == fact.encoded())
      }
    }
  }

  @Test func anUnknownKindIsToldApart() {
    #expect(throws: WireError(.unknownMessage, "the fact holds nothing that this version knows")) {
      // Field 500 with an empty message.
      try Fact(decoding: [0xA2, 0x1F, 0x00])
    }
  }

  /// Journals of version 1, from before there were hosts, of version 2, from before best trials were trained after the
  /// search, and of version 3, from before runs were extended, are read to the last byte.
  @Test(arguments: [(1, 31), (2, 37), (3, 46)])
  func theBytesOfEarlierJournalsAreRead(version: Int, count: Int) throws {
    let file = repositoryRoot().appendingPathComponent("Tests/Fixtures/frozen/facts-of-version-\(version).txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines.count == count)
    for line in lines {
      let words = line.split(separator: " ")
      let digits = Array(words.count > 1 ? words[1] : "")
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      let fact = try Fact(decoding: bytes)
      #expect(fact.kind == String(words[0]))
      #expect(fact.encoded() == bytes, "\(line)")
    }
  }

  /// The journals of earlier versions hold these bytes. PASHA_REWRITE_FROZEN=1 adds what a new kind of fact gives;
  /// a line that changes breaks every journal that there is.
  @Test func theBytesOfEarlierVersionsAreRead() throws {
    var random = RandomFacts(seed: 42)
    let facts = (0..<RandomFacts.kinds).map { random.fact($0) }
    let lines = facts.map { fact in "\(fact.kind) \(fact.encoded().map { String(format: "%02x", $0) }.joined())" }
    let file = repositoryRoot().appendingPathComponent("Tests/Fixtures/frozen/facts.txt")
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_FROZEN"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    let frozen = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines == frozen)
    for (fact, line) in zip(facts, frozen) {
      let digits = Array(line.drop { $0 != " " }.dropFirst())
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      #expect(try Fact(decoding: bytes) == fact)
    }
  }
}
