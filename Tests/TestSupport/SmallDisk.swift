import Foundation
import Glibc

/// A file system in memory that is soon full, mounted at a folder for as long as this lives. Needs root.
public final class SmallDisk: @unchecked Sendable {
  // Sendable in truth: `isMounted` is behind the lock.
  public let path: String
  private let lock = NSLock()
  private var isMounted = true

  public init(at path: String, size: String) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let mount = try CommandProcess("/bin/mount", ["-t", "tmpfs", "-o", "mode=700,size=\(size)", "pasha-test", path])
    guard try mount.wait(limit: 30) == 0 else {
      throw WaitedInVain(description: "cannot mount a file system at \(path): \(mount.errors)")
    }
  }

  deinit { unmount() }

  /// Takes it away with what is on it.
  public func unmount() {
    lock.lock()
    defer { lock.unlock() }
    guard isMounted else { return }
    isMounted = false
    umount2(path, 2)  // MNT_DETACH
  }

  /// Takes all that is free on the file system that `folder` is on, in a file of that folder.
  public static func fill(_ folder: String) throws {
    let descriptor = open(folder + "/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }  // not even a name fits in
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0x55, count: 1 << 16)
    var count = block.count
    while count > 0 {
      let written = write(descriptor, block, count)
      if written < 0, errno == EINTR { continue }
      if written < 0, errno != ENOSPC { throw WaitedInVain(description: "filling \(folder): error \(errno)") }
      if written < count { count /= 2 }
    }
  }

  /// Gives back what `fill` took.
  public static func free(_ folder: String) { unlink(folder + "/filler") }
}
