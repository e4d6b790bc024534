import Glibc
import HostSystem
import TuningModel

/// The lock of a place `agent-N`, held by its agent from its first moment to its last. The file says which process that
/// is, `PID START`: with the start time a number is never taken for another process.
enum PlaceLock {
  struct Holder: Equatable {
    let pid: Int
    /// Field 22 of /proc/PID/stat.
    let start: Int
  }

  static func path(_ folder: String) -> String { "\(folder)/lock" }

  /// Takes the place for this process; nil when a living agent has it. The folder is made where there is none.
  static func take(_ folder: String) throws(SystemError) -> FileLock? {
    try Files.makeFolder(folder)
    guard let lock = try FileLock.tryAcquire(path(folder)) else { return nil }
    let start = ProcessTable.entry(ProcessTable.ownPID)?.start ?? 0
    // Written in place: the lock is on this very file.
    let file = try Descriptor.open(path(folder), O_WRONLY | O_TRUNC | O_NOFOLLOW)
    try file.write("\(ProcessTable.ownPID) \(start)\n".utf8)
    return lock
  }

  /// Takes the place for this process, or says who has it.
  /// - Throws: `SystemError`, `PlaceTaken`.
  static func takeExactly(_ folder: String) throws -> FileLock {
    // A holder that took it a moment ago is about to say who it is; one that ends is about to let go.
    for _ in 0..<50 {
      if let lock = try take(folder) { return lock }
      if let holder = holder(folder) { throw PlaceTaken(pid: holder.pid) }
      usleep(10_000)
    }
    throw PlaceTaken(pid: 0)
  }

  /// Ends the agent that has the place; its trials go on, and who takes the place next finds them. Waits until it is gone,
  /// or has had its time.
  static func endHolder(_ folder: String) {
    guard let holder = holder(folder), let process = try? ProcessHandle(holder.pid),
      ProcessTable.isAlive(pid: holder.pid, start: holder.start)
    else { return }
    for signal in [SIGTERM, SIGKILL] {
      process.signal(signal)
      // One that is stopped takes the signal when it goes on.
      process.signal(SIGCONT)
      let deadline = HostClock.now + endPatience
      while HostClock.now < deadline, ProcessTable.isAlive(pid: holder.pid, start: holder.start) { usleep(10_000) }
      if !ProcessTable.isAlive(pid: holder.pid, start: holder.start) { return }
    }
  }

  /// How long an agent may take to end by itself, and to be gone once it was killed.
  private static let endPatience = Duration.seconds(5)

  /// The living process that the file names. nil: none, also when it took the lock a moment ago and has not said so.
  static func holder(_ folder: String) -> Holder? {
    guard let text = try? Files.readText(path(folder), limit: 256) else { return nil }
    let words = text.split { $0 == " " || $0.isNewline }
    guard words.count == 2, let pid = Int(words[0]), let start = Int(words[1]),
      ProcessTable.isAlive(pid: pid, start: start)
    else { return nil }
    return Holder(pid: pid, start: start)
  }
}

/// A living agent has the place that was asked for.
struct PlaceTaken: Error {
  /// 0 where it cannot be told.
  let pid: Int
}
