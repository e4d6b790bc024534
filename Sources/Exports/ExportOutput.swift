import Glibc
import HostSystem

/// Where an export goes: a file that gets its name when it is whole, or a descriptor that is open already.
final class ExportOutput {
  private let descriptor: Descriptor
  private let path: String?
  private let temporary: String
  private var buffer: [UInt8] = []

  /// A file, which must not be there yet unless it may be replaced.
  init(file path: String, replacing: Bool) throws(SystemError) {
    if !replacing, try Files.status(path) != nil { throw Self.exists(path) }
    self.path = path
    temporary = "\(path).new.\(getpid())"
    try Files.removeFile(temporary)
    descriptor = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644)
  }

  init(_ descriptor: Descriptor) {
    self.descriptor = descriptor
    path = nil
    temporary = ""
  }

  static func exists(_ path: String) -> SystemError {
    SystemError(.exists, message: "\(path) exists; give another --output, or --force to replace it")
  }

  func write(_ bytes: [UInt8]) throws(SystemError) {
    buffer += bytes
    if buffer.count >= 1 << 16 { try flush() }
  }

  private func flush() throws(SystemError) {
    try descriptor.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes what is left, and gives the file its name.
  func finish() throws(SystemError) {
    try flush()
    if let path { try Files.rename(temporary, to: path) }
  }

  /// Leaves nothing behind.
  func abandon() { if path != nil { try? Files.removeFile(temporary) } }
}
