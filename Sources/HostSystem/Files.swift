import CSandbox
import Glibc

/// Files by path: small, whole, and durable where asked.
public enum Files {
  /// What is at the path, nil when nothing is. Symbolic links are not followed unless asked.
  public static func status(_ path: String, followingLinks: Bool = false) throws(SystemError) -> FileStatus? {
    var info = stat()
    do throws(SystemError) {
      _ = try checked("examine", path) { fstatat(AT_FDCWD, path, &info, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    } catch {
      if error.code == .notFound { return nil }
      throw error
    }
    return FileStatus(info)
  }

  /// Whether anything is at the path, links followed.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The whole file, `unsuitable` when it is no regular file or larger than the limit.
  public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    // A FIFO in place of the file must not hold up who reads it.
    let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    let status = try file.status()
    guard status.kind == .file else { throw SystemError(.unsuitable, message: "\(path) is not a regular file") }
    var content: [UInt8] = []
    while true {
      let piece = try file.read(upTo: min(1 << 20, limit + 1 - content.count))
      if piece.isEmpty { return content }
      content += piece
      if content.count > limit {
        throw SystemError(.unsuitable, message: "\(path) is larger than \(limit) bytes")
      }
    }
  }

  /// The whole file as text, invalid UTF-8 repaired.
  public static func readText(_ path: String, limit: Int) throws(SystemError) -> String {
    String(decoding: try read(path, limit: limit), as: UTF8.self)
  }

  /// The last `limit` bytes of a file.
  public static func readTail(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    let size = try file.status().size
    return try file.read(at: max(0, size - limit), upTo: min(size, limit))
  }

  /// Puts a file in place of what was there with one rename, on the disk when this returns: after a crash there is the
  /// old file or the new one, whole.
  public static func writeDurably(
    _ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o600
  ) throws(SystemError) {
    try replace(path, bytes, mode: mode, durable: true)
  }

  /// Puts a file in place with one rename; after a power cut it may be the old one, or empty.
  public static func writeAtomically(
    _ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o600
  ) throws(SystemError) {
    try replace(path, bytes, mode: mode, durable: false)
  }

  /// Makes a folder; nothing happens when it is there. With `intermediates` those above it too.
  public static func makeFolder(
    _ path: String, mode: mode_t = 0o700, intermediates: Bool = false
  ) throws(SystemError) {
    do throws(SystemError) {
      _ = try checked("make folder", path) { mkdir(path, mode) }
    } catch {
      if error.code == .exists {
        if try status(path, followingLinks: true)?.kind == .folder { return }
        throw SystemError(.exists, message: "cannot make folder \(path): something else has the name")
      }
      let parent = self.parent(of: path)
      guard error.code == .notFound, intermediates, parent != path else { throw error }
      try makeFolder(parent, mode: mode, intermediates: true)
      try makeFolder(path, mode: mode)
    }
  }

  /// Renames within a file system; a file in the way is replaced.
  public static func rename(_ from: String, to: String) throws(SystemError) {
    _ = try checked("rename", "\(from) to \(to)") { Glibc.rename(from, to) }
  }

  /// Removes a file or link; nothing happens when there is none.
  public static func removeFile(_ path: String) throws(SystemError) {
    do throws(SystemError) {
      _ = try checked("remove", path) { unlink(path) }
    } catch {
      if error.code != .notFound { throw error }
    }
  }

  public static func makeLink(_ path: String, to target: String) throws(SystemError) {
    _ = try checked("make link", path) { symlink(target, path) }
  }

  /// What a symbolic link says.
  public static func linkTarget(_ path: String) throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = try checked("read link", path) {
      buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Waits until the names in a folder are on the disk.
  public static func syncFolder(_ path: String) throws(SystemError) {
    try Descriptor.open(path, O_RDONLY | O_DIRECTORY).sync()
  }

  /// Whether the path lies on NFS, SMB, Lustre or another file system of many machines.
  public static func isOnNetworkFileSystem(_ path: String) throws(SystemError) -> Bool {
    try checkedShim("examine", path, sandbox_is_network_file_system(path)) == 1
  }

  /// The path without its last component.
  public static func parent(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// The last component of a path.
  public static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func replace(
    _ path: String, _ bytes: some Collection<UInt8>, mode: mode_t, durable: Bool
  ) throws(SystemError) {
    let temporary = "\(path).new.\(getpid())"
    do throws(SystemError) {
      try removeFile(temporary)
      let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
      do throws(SystemError) {
        try file.write(bytes)
        if durable { try file.sync() }
      } catch {
        // A full disk is to be told with its place.
        throw error.number == 0 ? error : SystemError(error.number, "write", path)
      }
      try rename(temporary, to: path)
    } catch {
      try? removeFile(temporary)
      throw error
    }
    if durable { try syncFolder(parent(of: path)) }
  }
}
