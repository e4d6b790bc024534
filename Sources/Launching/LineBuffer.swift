/// Bytes that come in pieces, given out as lines. A line longer than the limit is thrown away whole.
public struct LineBuffer {
  private var bytes: [UInt8] = []
  /// Where the next line begins; what lies before was given out.
  private var begin = 0
  /// Up to where no end of a line was found.
  private var searched = 0
  private let limit: Int
  private var isSkipping = false

  /// - Parameter limit: bytes of the longest line, its end not counted.
  public init(limit: Int) { self.limit = limit }

  public mutating func append(_ piece: [UInt8]) {
    bytes.removeFirst(begin)
    searched -= begin
    begin = 0
    bytes += piece
  }

  /// Whether a whole line is there.
  public var hasLine: Bool { bytes[searched...].contains(UInt8(ascii: "\n")) }

  /// The next whole line without its end, invalid UTF-8 repaired.
  public mutating func next() -> String? {
    while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[begin..<end]
      let isWhole = !isSkipping && line.count <= limit
      begin = end + 1
      searched = begin
      isSkipping = false
      if isWhole { return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self) }
    }
    searched = bytes.count
    if bytes.count - begin > limit {
      isSkipping = true
      begin = bytes.count
    }
    return nil
  }
}
