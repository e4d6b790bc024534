import Glibc
import TuningModel

/// An exclusive lock on a file (`flock`), held for as long as the value lives and no longer than its process.
public final class FileLock: Sendable {
  public let path: String
  private let descriptor: Descriptor

  private init(path: String, descriptor: Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Said, not left to the closing: a process that is being started by this one has the descriptor until it is another
  /// program, and would keep the lock for that moment.
  deinit { flock(descriptor.number, LOCK_UN) }

  /// Takes the lock if nobody holds it; the file is made where there is none.
  public static func tryAcquire(_ path: String) throws(SystemError) -> FileLock? {
    let descriptor = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
    do throws(SystemError) {
      _ = try checked("lock", path) { flock(descriptor.number, LOCK_EX | LOCK_NB) }
    } catch {
      if error.code == .wouldBlock { return nil }
      throw error
    }
    return FileLock(path: path, descriptor: descriptor)
  }

  /// Takes the lock, waiting for whoever holds it; `busy` when the time has passed.
  public static func acquire(_ path: String, within patience: Duration) throws(SystemError) -> FileLock {
    let deadline = HostClock.now + patience
    while true {
      if let lock = try tryAcquire(path) { return lock }
      guard HostClock.now < deadline else {
        throw SystemError(.busy, message: "\(path) is locked by another process")
      }
      // flock has no time limit and no descriptor to wait on.
      usleep(10_000)
    }
  }
}
