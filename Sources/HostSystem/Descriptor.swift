import CSandbox
import Glibc
import TuningModel

/// An open file descriptor, closed once: when the last reference goes. It cannot be closed before, so that a number is
/// never used after it was given to something else.
public final class Descriptor: Sendable {
  public let number: Int32

  /// Takes over an open descriptor.
  public init(owning number: Int32) { self.number = number }

  deinit { _ = Glibc.close(number) }

  /// Opens a file, close-on-exec.
  public static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) -> Descriptor {
    Descriptor(owning: try checked("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) })
  }

  /// Another descriptor of the same open file, close-on-exec: it stands where that one stands.
  public static func duplicate(_ number: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try checked("use", "descriptor \(number)") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
  }

  /// Opens a name in this folder, close-on-exec. `path` is for messages only.
  public func open(
    at name: String, _ flags: Int32, mode: mode_t = 0o600, path: String? = nil
  ) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try checked("open", path ?? name) { Glibc.openat(number, name, flags | O_CLOEXEC, mode) })
  }

  /// Reads at most `limit` bytes from where the descriptor stands; empty at the end. `wouldBlock` when it is
  /// non-blocking and there is nothing.
  public func read(upTo limit: Int) throws(SystemError) -> [UInt8] {
    try Self.fill(limit, "read") { buffer, size in Glibc.read(number, buffer, size) }
  }

  /// Reads at most `limit` bytes from `offset`; empty at the end.
  public func read(at offset: Int, upTo limit: Int) throws(SystemError) -> [UInt8] {
    try Self.fill(limit, "read") { buffer, size in Glibc.pread(number, buffer, size, off_t(offset)) }
  }

  /// Writes all bytes where the descriptor stands.
  public func write(_ bytes: some Sequence<UInt8>) throws(SystemError) {
    let array = Array(bytes)
    var done = 0
    while done < array.count {
      done += try checked("write") {
        array.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + done, array.count - done) }
      }
    }
  }

  /// Writes all bytes from `offset` on.
  public func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try checked("write") {
        bytes.withUnsafeBytes { pwrite(number, $0.baseAddress! + done, bytes.count - done, off_t(offset + done)) }
      }
    }
  }

  /// Waits until everything written to the file is on the disk.
  public func sync() throws(SystemError) { _ = try checked("sync") { fsync(number) } }

  /// Waits until everything written to the file system that the file or folder lies on is on the disk: for many files at
  /// once. Errors of others that were written meanwhile count too; before Linux 5.8 none are told.
  public func syncFileSystem() throws(SystemError) {
    _ = try checkedShim("sync", "a file system", sandbox_sync_file_system(number))
  }

  /// Sets the permission bits.
  public func setMode(_ mode: mode_t) throws(SystemError) {
    _ = try checked("set the mode of", "an open file") { fchmod(number, mode) }
  }

  /// Sets when the file was last written.
  public func setModified(_ time: Timestamp) throws(SystemError) {
    let seconds = time.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    // UTIME_OMIT, a macro that Swift does not see: the time of the last access stays.
    let omit = (1 << 30) - 2
    var times = [
      timespec(tv_sec: 0, tv_nsec: omit),
      timespec(tv_sec: Int(seconds.quotient), tv_nsec: Int(max(0, seconds.remainder)) * 1_000),
    ]
    _ = try checked("set the time of", "an open file") { futimens(number, &times) }
  }

  /// What is known of the open file.
  public func status() throws(SystemError) -> FileStatus {
    var info = stat()
    _ = try checked("examine", "an open file") { fstat(number, &info) }
    return FileStatus(info)
  }

  private static func fill(
    _ limit: Int, _ operation: String, _ call: (UnsafeMutableRawPointer, Int) -> Int
  ) throws(SystemError) -> [UInt8] {
    guard limit > 0 else { return [] }
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      do throws(SystemError) {
        count = try checked(operation) { call(UnsafeMutableRawPointer(buffer.baseAddress!), limit) }
      } catch {
        failure = error
        count = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
