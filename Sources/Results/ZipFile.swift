import CZlib
import HostSystem

/// A zip file with one compressed member (PKWARE's APPNOTE, sections 4.3 and 4.4), made of pieces of deflate streams.
struct ZipFile {
  let member: String

  /// Writes the archive. The pieces stand in files of their own and have been flushed.
  func write(_ pieces: [(file: Descriptor, deflater: Deflater)], to output: Descriptor) throws(ResultsError) {
    var checksum = crc32(0, nil, 0)
    var size = 0
    var compressed = Self.end.count
    for (_, deflater) in pieces {
      checksum = crc32_combine(checksum, deflater.checksum, deflater.inputBytes)
      size += deflater.inputBytes
      compressed += deflater.outputBytes
    }
    guard size < UInt32.max, compressed < UInt32.max else {
      throw ResultsError(.tooLarge, "\(member) has \(size) bytes, more than a zip file takes")
    }
    do throws(SystemError) {
      let description = Self.description(checksum: UInt32(truncatingIfNeeded: checksum), compressed, size, member)
      try output.write(Self.number(0x0403_4B50, 4) + description + member.utf8)
      for (file, deflater) in pieces { try Self.copy(file, deflater.outputBytes, to: output) }
      try output.write(Self.end)
      let directoryOffset = 30 + member.utf8.count + compressed
      var directory = Self.number(0x0201_4B50, 4)
      // Made by Unix, so that the mode below counts.
      directory += Self.number(3 << 8 | 20, 2) + description
      directory += Self.number(0, 2) + Self.number(0, 2) + Self.number(0, 2)
      directory += Self.number(0o100644 << 16, 4) + Self.number(0, 4) + Array(member.utf8)
      try output.write(directory)
      var trailer = Self.number(0x0605_4B50, 4) + Self.number(0, 4) + Self.number(1, 2) + Self.number(1, 2)
      trailer += Self.number(directory.count, 4) + Self.number(directoryOffset, 4) + Self.number(0, 2)
      try output.write(trailer)
    } catch {
      throw ResultsError(error)
    }
  }

  /// The last, empty block of a deflate stream.
  private static let end: [UInt8] = [0x03, 0x00]

  /// What the member's header and the directory both say.
  private static func description(checksum: UInt32, _ compressed: Int, _ size: Int, _ name: String) -> [UInt8] {
    var bytes = number(20, 2)
    // Names are in UTF-8; deflated; a fixed time, so that the same rows give the same bytes (1980-01-01).
    bytes += number(1 << 11, 2) + number(8, 2) + number(0, 2) + number(0x21, 2)
    bytes += number(Int(checksum), 4) + number(compressed, 4) + number(size, 4)
    return bytes + number(name.utf8.count, 2) + number(0, 2)
  }

  private static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func copy(_ file: Descriptor, _ count: Int, to output: Descriptor) throws(SystemError) {
    var offset = 0
    while offset < count {
      let bytes = try file.read(at: offset, upTo: min(1 << 20, count - offset))
      guard !bytes.isEmpty else { throw SystemError(.other, message: "a temporary file of the results is cut short") }
      try output.write(bytes)
      offset += bytes.count
    }
  }
}
