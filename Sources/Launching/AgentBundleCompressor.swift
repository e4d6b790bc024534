import CZlib
import HostSystem

/// Writes a gzip file (RFC 1952) without a name and a time in it, and hashes it as it grows.
final class AgentBundleCompressor {
  private let file: Descriptor
  /// Allocated, since zlib keeps the address of the stream.
  private let stream: UnsafeMutablePointer<z_stream>
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var hasher = SHA256()
  private var bytes = 0

  /// 15 bits of window, and 16 for a gzip header.
  private static let windowBits: Int32 = 31

  init(to file: Descriptor) throws(SystemError) {
    self.file = file
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw SystemError(.noSpace, message: "no memory to compress the agent's bundle") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  func write(_ bytes: [UInt8]) throws(SystemError) { try run(bytes, Z_NO_FLUSH) }

  /// Ends the file; SHA-256 of all its bytes in hexadecimal, and how many they are. Nothing can be written afterwards.
  func finish() throws(SystemError) -> (hash: String, bytes: Int) {
    try run([], Z_FINISH)
    return (hasher.finish(), bytes)
  }

  private func run(_ input: [UInt8], _ flush: Int32) throws(SystemError) {
    var input = input
    var failure: SystemError?
    input.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(input.count)
      repeat {
        let count = buffer.withUnsafeMutableBufferPointer { output in
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(output.count)
          // The states in which deflate fails are those of a misused stream; a full buffer and none to do are none.
          let status = deflate(stream, flush)
          precondition(status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END, "deflate: \(status)")
          return output.count - Int(stream.pointee.avail_out)
        }
        do throws(SystemError) {
          try file.write(buffer[..<count])
        } catch {
          failure = error
          return
        }
        hasher.update(buffer[..<count])
        bytes += count
      } while stream.pointee.avail_out == 0
      stream.pointee.next_in = nil
    }
    if let failure { throw failure }
  }
}
