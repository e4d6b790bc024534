/// What a report begins with: the marker, one space and the object's bracket.
enum ReportMarker {
  static let bytes = Array("[tune-metric]: {".utf8)

  /// The 16 bytes as two words in the machine's order.
  static let words: (UInt64, UInt64) = bytes.withUnsafeBytes {
    ($0.loadUnaligned(fromByteOffset: 0, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }
}

/// Searches that look at eight bytes at once: a trial may print gigabytes between two reports.
enum ByteSearch {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// The high bit of each byte of `word` that is zero, and perhaps of bytes above one.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

  /// Where the first whole marker begins.
  static func firstMarker(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let length = ReportMarker.bytes.count
    guard let base = bytes.baseAddress, bytes.count - start >= length else { return nil }
    let (head, tail) = ReportMarker.words
    let brackets = ones &* UInt64(UInt8(ascii: "["))
    let letters = ones &* UInt64(UInt8(ascii: "t"))
    var index = start
    // The last place where a marker still fits; from there on fewer than eight bytes could be loaded at `index + 1`.
    let last = bytes.count - length
    while index <= last {
      let here = base.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
      let next = base.loadUnaligned(fromByteOffset: index + 1, as: UInt64.self).littleEndian
      var candidates = zeroBytes(here ^ brackets) & zeroBytes(next ^ letters)
      while candidates != 0 {
        let place = index + candidates.trailingZeroBitCount / 8
        if place > last { return nil }
        if base.loadUnaligned(fromByteOffset: place, as: UInt64.self) == head,
          base.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self) == tail
        {
          return place
        }
        candidates &= candidates &- 1
      }
      index += 8
    }
    return nil
  }

  /// Where a marker begins that the end of the bytes cuts off; their count when there is none. The marker's first byte
  /// comes once in it, so that at most one place can be right.
  static func markerBeginning(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let marker = ReportMarker.bytes
    for place in max(start, bytes.count - marker.count + 1)..<max(start, bytes.count)
    where bytes[place] == marker[0] && bytes[place...].elementsEqual(marker.prefix(bytes.count - place)) {
      return place
    }
    return bytes.count
  }

  static func firstNewline(in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
    var index = start
    while end - index >= 8 {
      if hasNewline(bytes, index) { break }
      index += 8
    }
    while index < end {
      if bytes[index] == UInt8(ascii: "\n") { return index }
      index += 1
    }
    return nil
  }

  static func lastNewline(in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
    var index = end
    while index - start >= 8 {
      if hasNewline(bytes, index - 8) { break }
      index -= 8
    }
    while index > start {
      index -= 1
      if bytes[index] == UInt8(ascii: "\n") { return index }
    }
    return nil
  }

  @inline(__always)
  private static func hasNewline(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    return zeroBytes(word ^ (ones &* UInt64(UInt8(ascii: "\n")))) != 0
  }
}
