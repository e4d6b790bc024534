import TuningModel
import Wire

/// What a trial prints gives the same reports however it is cut, and from every position that a reader names.
///
/// The first byte chooses the bounds, the second how the rest is cut.
enum ReportProperties {
  private static let allLimits = [
    ReportLineLimits(), ReportLineLimits(objectBytes: 100, lineBytes: 1500),
    ReportLineLimits(objectBytes: 24, lineBytes: 400), ReportLineLimits(objectBytes: 1, lineBytes: 1),
  ]

  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard bytes.count >= 2 else { return }
    let limits = allLimits[Int(bytes[0]) % allLimits.count]
    let text = Array(bytes.dropFirst(2))
    var reader = ReportLineReader(limits: limits)
    let events = reader.read(text)
    try check(events, limits, text)

    var generator = SeededGenerator(seed: UInt64(bytes[1]))
    var pieces = ReportLineReader(limits: limits)
    var found: [ReportLineEvent] = []
    var index = 0
    while index < text.count {
      let count = 1 + Int(generator.nextBelow(UInt64(min(text.count - index, 1 + Int(bytes[1])))))
      found += pieces.read(Array(text[index..<index + count]))
      index += count
      try checkNewReader(at: pieces.position, after: found, of: events, limits, text)
    }
    try require("\(found)" == "\(events)", "cut into pieces there are \(found) in place of \(events)")
    try require(pieces.position == reader.position, "the positions are \(pieces.position) and \(reader.position)")
    try require(pieces.consumed == text.count, "\(pieces.consumed) bytes read of \(text.count)")
  }

  private static func check(
    _ events: [ReportLineEvent], _ limits: ReportLineLimits, _ text: [UInt8]
  ) throws(BrokenProperty) {
    var next = 1
    for event in events {
      switch event {
      case .report(let sequence, let fields, let end):
        try require(sequence == next, "report \(sequence) comes where \(next) was to come")
        try require(end <= text.count && end > 0 && text[end - 1] == UInt8(ascii: "}"), "no object ends at \(end)")
        next += 1
        _ = ReportFields.limited(fields, needed: ["epoch"])
        for field in fields { _ = ReportFields.wholeNumber(field.key, in: fields) }
      case .malformed(_, let excerpt):
        try require(
          !excerpt.unicodeScalars.contains { $0.properties.generalCategory == .control }, "controls in \(excerpt)")
      case .overlong(let count): try require(count > 0 && count <= text.count, "\(count) bytes too long")
      }
    }
    // What JSON is written from a report is read as the same.
    for case .report(_, let fields, _) in events {
      let written = JSONValue.object(fields).jsonText()
      guard let read = try? JSONValue(parsing: written) else {
        throw BrokenProperty("a report's JSON cannot be read: \(written)")
      }
      try require(read.jsonText() == written, "a report's JSON read again: \(written), \(read.jsonText())")
    }
  }

  /// A reader that starts where another one stopped finds what that one had not said yet.
  private static func checkNewReader(
    at position: ReportLineReader.Position, after found: [ReportLineEvent], of events: [ReportLineEvent],
    _ limits: ReportLineLimits, _ text: [UInt8]
  ) throws(BrokenProperty) {
    guard text.count < 4096 else { return }
    var reader = ReportLineReader(from: position, limits: limits)
    let rest = reader.read(Array(text[position.offset...]))
    try require(
      "\(found + rest)" == "\(events)", "from \(position) there are \(rest) after \(found), in place of \(events)")
  }
}
