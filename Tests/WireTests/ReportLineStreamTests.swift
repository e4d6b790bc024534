import Testing
import TuningModel

@testable import Wire

@Suite struct ReportLineStreamTests {
  /// A bit of everything that a trial may print.
  private static let sample: [UInt8] = {
    let lines: [String] = [
      "start", #"[tune-metric]: {"epoch": 1, "loss": 0.5}"#, "", "\r 10%|#  | [tune", "\r[tune-metric]: {",
      #"[tune-metric]: {"epoch": 2}[tune-metric]: {"epoch": 3}\#r"#.replacing(#"\#r"#, with: "\r"),
      #"[tune-metric]: {"ep[tune-metric]: {"epoch": 4, "n": "é😀\ud83d\ude00"} tail [tune-metric"#,
      #"]: {"epoch": 9}"#, #"[tune-metric]: {"long": ""# + String(repeating: "y", count: 200) + #""}"#,
      String(repeating: #"[tune-metric]: {"e": 5} "#, count: 9), "[[[tune-metric]: {\"epoch\": NaN}",
      #"[tune-metric]: {"a": 1, "b": [1, 2, {"c": null}], "d": 1e400}"#, #"[tune-metric]: {"epoch": 6"#, "x\0y",
      #"[tune-metric]: {"epoch": 7}"#,
    ]
    return Array(lines.joined(separator: "\n").utf8)
  }()

  private static let limits = ReportLineLimits(objectBytes: 100, lineBytes: 1500)

  private func read(_ pieces: [ArraySlice<UInt8>]) -> (events: [String], position: ReportLineReader.Position) {
    var reader = ReportLineReader(limits: Self.limits)
    var events: [String] = []
    for piece in pieces { events += reader.read(Array(piece)).map { "\($0)" } }
    return (events, reader.position)
  }

  @Test func everyCutIntoPiecesGivesTheSameEvents() {
    let bytes = Self.sample
    let whole = read([bytes[...]])
    #expect(whole.events.count > 15)
    for cut in 0...bytes.count {
      let pieces = read([bytes[..<cut], bytes[cut...]])
      #expect(pieces.events == whole.events, "cut at \(cut)")
      #expect(pieces.position == whole.position)
    }
    for size in 1...40 {
      let pieces = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min(bytes.count, $0 + size)] }
      #expect(read(pieces).events == whole.events, "pieces of \(size)")
    }
  }

  @Test func randomTextCutAtRandomGivesTheSameEvents() {
    var random = SeededGenerator(seed: 9)
    let words = [
      "[tune-metric]: {", "[tune-metric]: ", "[tune", "\n", "\n", "\"", "}", "{", "\"a\": 1", ",", "x", "\\", "\r",
      #"[tune-metric]: {"a": 1}"#, String(repeating: "z", count: 90), String(repeating: " ", count: 60), "\u{1}",
    ]
    for _ in 0..<3000 {
      var bytes: [UInt8] = []
      for _ in 0..<random.nextBelow(30) { bytes += words[Int(random.nextBelow(UInt64(words.count)))].utf8 }
      bytes.append(UInt8(ascii: "\n"))
      let whole = read([bytes[...]])
      var pieces: [ArraySlice<UInt8>] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Int(random.nextBelow(UInt64(min(rest.count, 70)))) + 1
        pieces.append(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      let cut = read(pieces)
      #expect(cut.events == whole.events, "\(String(decoding: bytes, as: UTF8.self))")
      #expect(cut.position.offset == bytes.count)
    }
  }

  @Test func aReaderGoesOnWhereAnotherStopped() {
    let bytes = Self.sample + Array("\n".utf8)
    let all = ReportLineStreamTests.reports(bytes, from: .init())
    for cut in 0...bytes.count {
      var first = ReportLineReader(limits: Self.limits)
      var found = first.read(Array(bytes[..<cut])).filter(\.isReport)
      found += Self.reports(bytes, from: first.position)
      #expect(found.map { "\($0)" } == all.map { "\($0)" }, "cut at \(cut)")
    }
    for case .report(let sequence, _, let end) in all {
      guard !(5..<10).contains(sequence) else { continue }  // In the line with too many reports.
      let rest = Self.reports(bytes, from: .init(offset: end, nextSequence: sequence + 1))
      #expect(rest.map { "\($0)" } == all.dropFirst(sequence).map { "\($0)" }, "after \(sequence)")
    }
  }

  private static func reports(_ bytes: [UInt8], from position: ReportLineReader.Position) -> [ReportLineEvent] {
    var reader = ReportLineReader(from: position, limits: limits)
    return reader.read(Array(bytes[position.offset...])).filter(\.isReport)
  }

  @Test func aLineOfAGigabyteCostsNoMoreThanTheLimits() {
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    for beginning in ["", #"[tune-metric]: {"a": ""#, #"[tune-metric]: {"a": 1} "#] {
      var reader = ReportLineReader()
      #expect(reader.read(Array(beginning.utf8)).isEmpty)
      for _ in 0..<1024 { #expect(reader.read(piece).isEmpty) }
      #expect(reader.heldBytes <= 3 * (64 << 10))
      let found = reader.read(Array(" [tune-metric]: {\"epoch\": 3}\n[tune-metric]: {\"epoch\": 4}\n".utf8))
      let last = found.filter(\.isReport).count
      #expect(last == (beginning.hasSuffix("} ") ? 3 : 2), "\(beginning)")
      #expect(found.count == (beginning.isEmpty ? 2 : 3))
    }
  }

  @Test func aLineOfMarkersCostsNoMoreThanTheLimits() {
    var reader = ReportLineReader()
    let piece = Array(String(repeating: "[tune-metric]: {", count: 65_536).utf8)
    for _ in 0..<20 { #expect(reader.read(piece).isEmpty) }
    #expect(reader.heldBytes <= 3 * (64 << 10))
    let found = reader.read(Array("\n".utf8))
    #expect(found.count <= 4097)
    guard case .overlong(let bytes) = found.last else {
      Issue.record("the rest of the line was not passed over")
      return
    }
    #expect(bytes > 19 << 20)
  }

  @Test func markersAreFoundAtEveryPlace() {
    let marker = ReportMarker.bytes
    for before in 0..<40 {
      for after in 0..<20 {
        let bytes =
          [UInt8](repeating: UInt8(ascii: "["), count: before) + marker + [UInt8](repeating: 116, count: after)
        bytes.withUnsafeBytes { bytes in
          #expect(ByteSearch.firstMarker(in: bytes, from: 0) == before)
          #expect(ByteSearch.firstMarker(in: bytes, from: before) == before)
          #expect(ByteSearch.firstMarker(in: bytes, from: before + 1) == nil)
        }
      }
      for length in 0..<marker.count {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: before) + marker.prefix(length)
        bytes.withUnsafeBytes { bytes in
          #expect(ByteSearch.firstMarker(in: bytes, from: 0) == nil)
          let beginning = length > 0 ? before : max(0, before - 1)
          #expect(ByteSearch.markerBeginning(in: bytes, from: 0) == beginning)
        }
      }
    }
  }

  @Test func newlinesAreFoundAtEveryPlace() {
    for count in 0..<40 {
      for place in 0..<count {
        var bytes = [UInt8](repeating: 0x0B, count: count)
        bytes[place] = 0x0A
        bytes.withUnsafeBytes { bytes in
          #expect(ByteSearch.firstNewline(in: bytes, from: 0, to: count) == place)
          #expect(ByteSearch.lastNewline(in: bytes, from: 0, to: count) == place)
          #expect(ByteSearch.firstNewline(in: bytes, from: place + 1, to: count) == nil)
          #expect(ByteSearch.lastNewline(in: bytes, from: 0, to: place) == nil)
        }
      }
    }
  }
}

extension ReportLineEvent {
  fileprivate var isReport: Bool {
    if case .report = self { true } else { false }
  }
}
