import Glibc
import HostSystem
import TuningModel

/// Which relay serves a folder: the one that holds the lock. In the lock's file stands who that is and when it last
/// heard something, so that a newer one can tell whether it is still of use.
final class RelayLock {
  private let lock: FileLock
  private let file: Descriptor
  private let own: Record

  /// A process and the last time that it heard from the other end, in nanoseconds of CLOCK_BOOTTIME.
  struct Record: Equatable {
    var pid: Int
    /// When the process started, in the kernel's ticks: tells it from a later one with the same number.
    var start: Int
    var heard: Int64

    init(pid: Int, start: Int, heard: Int64) {
      self.pid = pid
      self.start = start
      self.heard = heard
    }

    init?(_ text: String) {
      let words = text.split(whereSeparator: \.isWhitespace)
      guard words.count == 3, let pid = Int(words[0]), let start = Int(words[1]), let heard = Int64(words[2]) else {
        return nil
      }
      self.init(pid: pid, start: start, heard: heard)
    }

    /// Always as long, so that a reader finds one record or the other.
    var text: String {
      [String(pid), String(start), String(heard)].map { word in
        String(repeating: " ", count: max(0, 20 - word.utf8.count)) + word
      }.joined(separator: " ") + "\n"
    }
  }

  private init(_ lock: FileLock, _ file: Descriptor, _ own: Record) {
    self.lock = lock
    self.file = file
    self.own = own
  }

  /// Takes the lock of a folder. A relay that is dead has left it; one that has heard nothing for `timing.yielding` is
  /// killed; one that is well is waited for.
  static func take(_ path: String, timing: TunnelTiming) throws(TunnelError) -> RelayLock {
    let deadline = HostClock.now + timing.patience
    while true {
      do throws(SystemError) {
        if let lock = try FileLock.tryAcquire(path) { return try RelayLock.write(lock) }
      } catch {
        throw TunnelError(.folder, "the relay's folder cannot be used: \(error.message)")
      }
      let holder = (try? Files.readText(path, limit: 256)).flatMap { Record($0) }
      if let holder { giveWay(holder, timing) }
      guard HostClock.now < deadline else {
        let who = holder.map { "process \($0.pid)" } ?? "another process"
        throw TunnelError(
          .busy,
          "another tunnel serves \(Files.parent(of: path)) on this host (\(who)): is another coordinator at work?")
      }
      usleep(50_000)
    }
  }

  /// Notes that something was heard.
  func heard(at now: Instant) {
    var record = own
    record.heard = now.nanoseconds
    try? file.write(Array(record.text.utf8), at: 0)
  }

  private static func write(_ lock: FileLock) throws(SystemError) -> RelayLock {
    let pid = ProcessTable.ownPID
    let record = Record(pid: pid, start: ProcessTable.entry(pid)?.start ?? 0, heard: HostClock.now.nanoseconds)
    let file = try Descriptor.open(lock.path, O_WRONLY | O_NOFOLLOW)
    let held = RelayLock(lock, file, record)
    try file.write(Array(record.text.utf8), at: 0)
    return held
  }

  /// Kills the holder when it is of no use any more. The handle is taken first and the record compared then, so that no
  /// other process can be hit.
  private static func giveWay(_ holder: Record, _ timing: TunnelTiming) {
    let silence = HostClock.now - Instant(nanoseconds: holder.heard)
    guard silence > timing.yielding, holder.pid > 1, holder.pid != ProcessTable.ownPID,
      let process = try? ProcessHandle(holder.pid),
      ProcessTable.isAlive(pid: holder.pid, start: holder.start)
    else { return }
    process.signal(SIGKILL)
  }
}
