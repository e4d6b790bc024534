import Glibc
import HostSystem

/// Folders of this user's alone with a short path: sockets in them must fit in 107 bytes.
public enum PrivateFolder {
  private static let made = Locked<Set<String>>([])

  static func make() throws(SystemError) -> String {
    var template = Array("/tmp/pasha-ssh-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw SystemError(errno, "make", "a folder in /tmp") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    made.withLock { _ = $0.insert(path) }
    return path
  }

  static func remove(_ path: String) {
    try? Folders.removeTree(path)
    made.withLock { _ = $0.remove(path) }
  }

  /// Removes all that are left: for a process that ends at once.
  public static func removeAll() {
    for path in made.withLock({ $0 }) { remove(path) }
  }
}
