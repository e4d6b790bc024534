import TuningModel

/// Finds the reports in a trial's standard output, given in pieces of any size: the events do not depend on where the
/// pieces are cut. Takes time linear in the bytes and memory bounded by the limits, whatever the trial prints.
public struct ReportLineReader: Sendable {
  /// From where a new reader would find all that this one has not said yet.
  public struct Position: Equatable, Sendable {
    /// Beginning of the first line whose newline was not seen.
    public var offset: Int
    /// Sequence of the next report.
    public var nextSequence: Int

    public init(offset: Int = 0, nextSequence: Int = 1) {
      self.offset = offset
      self.nextSequence = nextSequence
    }
  }

  public private(set) var position: Position
  /// Bytes read so far, counted from the beginning of the output.
  public private(set) var consumed: Int

  /// What is stored of the output, for tests of the bound.
  var heldBytes: Int { held.capacity }

  private let limits: ReportLineLimits
  /// Bytes of the current line from a marker on, or from what may become one; never more than `capacity`.
  private var held: [UInt8] = []
  /// Where `held` begins in the output.
  private var heldOffset = 0
  /// What the current line has given so far; said when its newline comes.
  private var pending: [Finding] = []
  private var pendingBytes = 0
  private var isSkippingLine = false

  private enum Finding: Sendable {
    case report([JSONValue.Member], endOffset: Int)
    case malformed(reason: String, excerpt: String)
    case overlong(markerOffset: Int)
  }

  private static let excerptBytes = 120
  /// What a finding takes beside its text.
  private static let findingBytes = 256
  private var capacity: Int { 2 * (limits.objectBytes + ReportMarker.bytes.count) + Self.excerptBytes }

  /// Reads on from `position`; the first byte given must be the one at its offset.
  public init(from position: Position = Position(), limits: ReportLineLimits = ReportLineLimits()) {
    precondition(limits.objectBytes > 0 && limits.lineBytes > 0, "\(limits)")
    self.position = position
    self.consumed = position.offset
    self.limits = limits
  }

  /// Reads the next bytes of the output.
  public mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: (ReportLineEvent) -> Void) {
    var index = 0
    while index < bytes.count {
      if isSkippingLine {
        index = skip(bytes, from: index, body)
      } else if held.isEmpty, pending.isEmpty {
        index = search(bytes, from: index)
      } else {
        index = hold(bytes, from: index, body)
      }
    }
    consumed += bytes.count
  }

  /// Reads the next bytes of the output.
  public mutating func read(_ bytes: [UInt8]) -> [ReportLineEvent] {
    var events: [ReportLineEvent] = []
    bytes.withUnsafeBytes { read($0) { events.append($0) } }
    return events
  }

  /// Passes over text without a marker; nothing of the current line is remembered yet.
  private mutating func search(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
    let marker = ByteSearch.firstMarker(in: bytes, from: index)
    let stop = marker ?? ByteSearch.markerBeginning(in: bytes, from: index)
    if let newline = ByteSearch.lastNewline(in: bytes, from: index, to: stop) {
      position.offset = consumed + newline + 1
    }
    let next = marker.map { $0 + ReportMarker.bytes.count } ?? bytes.count
    held.append(contentsOf: bytes[stop..<next])
    heldOffset = consumed + stop
    return next
  }

  /// Stores text of a line that holds a marker, or may.
  private mutating func hold(
    _ bytes: UnsafeRawBufferPointer, from index: Int, _ body: (ReportLineEvent) -> Void
  ) -> Int {
    if held.isEmpty { heldOffset = consumed + index }
    let stop = min(bytes.count, index + capacity - held.count)
    let newline = ByteSearch.firstNewline(in: bytes, from: index, to: stop)
    held.append(contentsOf: bytes[index..<(newline ?? stop)])
    if let newline {
      resolve(isWholeLine: true)
      endLine(at: consumed + newline, body)
      return newline + 1
    }
    if held.count == capacity { resolve(isWholeLine: false) }
    return stop
  }

  private mutating func skip(
    _ bytes: UnsafeRawBufferPointer, from index: Int, _ body: (ReportLineEvent) -> Void
  ) -> Int {
    guard let newline = ByteSearch.firstNewline(in: bytes, from: index, to: bytes.count) else { return bytes.count }
    endLine(at: consumed + newline, body)
    return newline + 1
  }

  private mutating func endLine(at newline: Int, _ body: (ReportLineEvent) -> Void) {
    for finding in pending {
      switch finding {
      case .report(let fields, let endOffset):
        body(.report(sequence: position.nextSequence, fields: fields, endOffset: endOffset))
        position.nextSequence += 1
      case .malformed(let reason, let excerpt): body(.malformed(reason: reason, excerpt: excerpt))
      case .overlong(let marker): body(.overlong(bytes: newline - marker))
      }
    }
    position.offset = newline + 1
    pending.removeAll()
    pendingBytes = 0
    held.removeAll(keepingCapacity: held.capacity <= 4096)
    isSkippingLine = false
  }

  /// Takes the findings out of the held text. What more bytes could change stays held, unless the line is whole: that
  /// makes the findings independent of when this is called.
  private mutating func resolve(isWholeLine: Bool) {
    var index = 0
    while !isSkippingLine {
      guard let marker = held.withUnsafeBytes({ ByteSearch.firstMarker(in: $0, from: index) }) else {
        index = held.withUnsafeBytes { ByteSearch.markerBeginning(in: $0, from: index) }
        break
      }
      guard let next = resolve(marker, isWholeLine: isWholeLine) else {
        index = marker
        break
      }
      index = next
    }
    if isSkippingLine { index = held.count }
    held.removeFirst(index)
    heldOffset += index
  }

  /// Takes the finding at one marker and says where to search on; nil: more bytes are needed.
  private mutating func resolve(_ marker: Int, isWholeLine: Bool) -> Int? {
    let object = marker + ReportMarker.bytes.count - 1
    let limit = object + limits.objectBytes
    let failure: JSONError
    do {
      let (value, end) = try JSONValue.parsePrefix(of: held, in: object..<min(limit, held.count))
      guard case .object(let fields) = value else { return marker + 1 }
      note(.report(fields, endOffset: heldOffset + end), bytes: end - marker, at: marker)
      return end
    } catch {
      failure = error
    }
    if failure.code == .unexpectedEnd, held.count >= limit {
      note(.overlong(markerOffset: heldOffset + marker), bytes: 0, at: marker)
    } else if isWholeLine || failure.code != .unexpectedEnd && held.count - marker >= Self.excerptBytes {
      let reason = "byte \(failure.offset - object) of the object: \(failure.message)"
      let excerpt = Self.excerpt(held[marker..<min(held.count, marker + Self.excerptBytes)])
      note(.malformed(reason: reason, excerpt: excerpt), bytes: Self.excerptBytes, at: marker)
    } else {
      return nil
    }
    return marker + 1
  }

  private mutating func note(_ finding: Finding, bytes: Int, at marker: Int) {
    pendingBytes += bytes + Self.findingBytes
    guard pendingBytes <= limits.lineBytes else {
      pending.append(.overlong(markerOffset: heldOffset + marker))
      isSkippingLine = true
      return
    }
    pending.append(finding)
  }

  private static func excerpt(_ bytes: ArraySlice<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
    }
    return text
  }
}
