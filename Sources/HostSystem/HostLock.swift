import Glibc
import TuningModel

/// A lock on a file that all users of the host share (`flock`), exclusive or shared, held for as long as the value lives
/// and no longer than its process.
public final class HostLock: Sendable {
  public let path: String
  private let descriptor: Descriptor

  private init(path: String, descriptor: Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// As with `FileLock`.
  deinit { flock(descriptor.number, LOCK_UN) }

  /// Takes the lock if that is possible now; the file is made where there is none, readable and writable for all.
  /// `unsuitable` when something else has its name.
  public static func tryAcquire(_ path: String, shared: Bool = false) throws(SystemError) -> HostLock? {
    let descriptor = try open(path)
    do throws(SystemError) {
      _ = try checked("lock", path) { flock(descriptor.number, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
    } catch {
      if error.code == .wouldBlock { return nil }
      throw error
    }
    // Cleaners of temporary folders remove files: a lock on one that nobody else can find is none.
    let own = try descriptor.status()
    guard let named = try Files.status(path), named.inode == own.inode, named.device == own.device else { return nil }
    return HostLock(path: path, descriptor: descriptor)
  }

  /// Takes the lock, waiting for whoever holds it; `busy` when the time has passed.
  public static func acquire(
    _ path: String, shared: Bool = false, within patience: Duration
  ) throws(SystemError) -> HostLock {
    let deadline = HostClock.now + patience
    while true {
      if let lock = try tryAcquire(path, shared: shared) { return lock }
      guard HostClock.now < deadline else {
        let holder = holder(of: path).map { " (pid \($0))" } ?? ""
        throw SystemError(.busy, message: "\(path) is locked by another process\(holder)")
      }
      usleep(10_000)
    }
  }

  /// A process that holds a lock on the file, as /proc/locks tells; nil when none is seen.
  public static func holder(of path: String) -> Int? {
    guard let status = try? Files.status(path), let text = try? Files.readText("/proc/locks", limit: 4 << 20) else {
      return nil
    }
    for line in text.split(whereSeparator: \.isNewline) {
      // `1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`; those who wait have `->` after the number.
      let fields = line.split(separator: " ")
      guard fields.count > 5, fields[1] == "FLOCK", let pid = Int(fields[4]), pid > 0 else { continue }
      if fields[5].split(separator: ":").last.flatMap({ UInt64($0) }) == status.inode { return pid }
    }
    return nil
  }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    for attempt in 0..<100 {
      do throws(SystemError) {
        // For reading and without O_CREAT: the kernel may forbid more for files of others in shared folders.
        return try regular(Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path)
      } catch {
        // Who makes it may be about to open it for all.
        if error.code == .denied, attempt < 20 {
          usleep(5_000)
          continue
        }
        guard error.code == .notFound else { throw error }
      }
      do throws(SystemError) {
        let made = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666)
        try made.setMode(0o666)
        return made
      } catch {
        guard error.code == .exists else { throw error }
      }
    }
    throw SystemError(.unsuitable, message: "\(path) comes and goes: it cannot be locked")
  }

  private static func regular(_ file: Descriptor, _ path: String) throws(SystemError) -> Descriptor {
    guard try file.status().kind == .file else {
      throw SystemError(.unsuitable, message: "\(path) is not a regular file: it cannot be locked")
    }
    return file
  }
}
