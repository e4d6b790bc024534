import Glibc
import HostSystem

/// Packs files as tar (POSIX.1-1988 ustar) in gzip (RFC 1952). The bytes depend on names and contents alone: owners and
/// times are left out.
enum AgentBundleArchive {
  struct Packed {
    /// SHA-256 of the packed file, in hexadecimal.
    let hash: String
    let bytes: Int
    /// Sum of the files' sizes.
    let unpackedBytes: Int
  }

  private static let block = 512
  private static let pieceBytes = 1 << 20

  /// Packs files of a folder, with names of at most 100 bytes; all can be executed. The packed file is on the disk when
  /// this returns.
  static func pack(_ names: [String], in folder: String, to path: String) throws -> Packed {
    try Files.removeFile(path)
    let target = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    let output = try AgentBundleCompressor(to: target)
    var unpacked = 0
    for name in names {
      let file = try Descriptor.open("\(folder)/\(name)", O_RDONLY | O_NOFOLLOW)
      let size = try file.status().size
      try output.write(header(name, size: size))
      try append(file, size: size, path: name, to: output)
      unpacked += size
    }
    try output.write([UInt8](repeating: 0, count: 2 * block))
    let (hash, bytes) = try output.finish()
    try target.sync()
    return Packed(hash: hash, bytes: bytes, unpackedBytes: unpacked)
  }

  private static func append(
    _ file: Descriptor, size: Int, path: String, to output: AgentBundleCompressor
  ) throws(SystemError) {
    var done = 0
    while done < size {
      let piece = try file.read(at: done, upTo: min(pieceBytes, size - done))
      if piece.isEmpty { throw SystemError(.unsuitable, message: "\(path) became shorter while it was packed") }
      try output.write(piece)
      done += piece.count
    }
    let rest = size % block
    if rest > 0 { try output.write([UInt8](repeating: 0, count: block - rest)) }
  }

  /// The block before a file's content: mode 0755, owner 0, time 0.
  private static func header(_ name: String, size: Int) throws(SystemError) -> [UInt8] {
    guard name.utf8.count <= 100, size < 1 << 33 else {
      throw SystemError(.unsuitable, message: "\(name) does not fit into a tar file")
    }
    var bytes = [UInt8](repeating: 0, count: block)
    func put(_ text: String, at offset: Int) {
      bytes.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
    }
    func octal(_ number: Int, digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    put(name, at: 0)
    put(octal(0o755, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    // A regular file.
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    // The sum is taken with spaces in its own place.
    put(String(repeating: " ", count: 8), at: 148)
    put(octal(bytes.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
    return bytes
  }
}
