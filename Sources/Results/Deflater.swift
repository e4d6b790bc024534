import CZlib
import HostSystem

/// A piece of a deflate stream (RFC 1951), compressed to a file as it grows. Pieces that end in a flush can stand one
/// behind the other in one stream.
final class Deflater {
  private let file: Descriptor
  /// Allocated, since zlib keeps the address of the stream.
  private let stream: UnsafeMutablePointer<z_stream>
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// Bytes put in, and their CRC-32.
  private(set) var inputBytes = 0
  private(set) var checksum = crc32(0, nil, 0)
  /// Bytes in the file.
  private(set) var outputBytes = 0

  /// Compresses to a file from where it stands; nil when there is no memory.
  init?(to file: Descriptor) {
    self.file = file
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // Negative window bits: no zlib header, as zip files have it.
    let status = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  func write(_ bytes: [UInt8]) throws(SystemError) {
    checksum = bytes.withUnsafeBufferPointer { crc32(checksum, $0.baseAddress, UInt32($0.count)) }
    inputBytes += bytes.count
    try run(bytes, Z_NO_FLUSH)
  }

  /// Puts everything that was written into the file, up to a whole byte.
  func flush() throws(SystemError) { try run([], Z_SYNC_FLUSH) }

  private func run(_ bytes: [UInt8], _ flush: Int32) throws(SystemError) {
    var bytes = bytes
    var failure: SystemError?
    bytes.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(input.count)
      repeat {
        let count = buffer.withUnsafeMutableBufferPointer { output in
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(output.count)
          // The states in which deflate fails are those of a misused stream; a full buffer and none to do are none.
          let status = deflate(stream, flush)
          precondition(status == Z_OK || status == Z_BUF_ERROR, "deflate: \(status)")
          return output.count - Int(stream.pointee.avail_out)
        }
        do throws(SystemError) {
          try file.write(buffer[..<count])
          outputBytes += count
        } catch {
          failure = error
          return
        }
      } while stream.pointee.avail_out == 0
      stream.pointee.next_in = nil
    }
    if let failure { throw failure }
  }
}
