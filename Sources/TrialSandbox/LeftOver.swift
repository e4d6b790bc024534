import Glibc
import HostSystem
import TuningModel
import Wire

/// What is left of an attempt when nobody is connected to its supervisor.
public enum LeftOver {
  public enum Finding: Equatable, Sendable {
    /// The supervisor runs: connect to it.
    case supervised
    /// The attempt has ended and its exit file is written.
    case ended(AttemptEnd)
    /// The supervisor is gone and has left no exit file: `end` must be called before the slot is used again.
    case orphaned
  }

  /// What has become of the attempt in the folder.
  public static func examine(_ folder: AttemptFolder) -> Finding {
    if let end = exit(of: folder) { return .ended(end) }
    // A supervisor holds this lock from its first moment to its last, under whatever number it runs.
    do throws(SystemError) {
      guard Files.exists(folder.plan) else { return .orphaned }
      if try FileLock.tryAcquire(folder.plan) == nil { return .supervised }
    } catch {
      return .orphaned
    }
    // It may have ended in between.
    return exit(of: folder).map { .ended($0) } ?? .orphaned
  }

  /// Ends what is left of an orphaned attempt for certain, writes its exit file where that can be written, and gives the
  /// end, a host fault. What
  /// is left are the recorded session and group, whatever carries the attempt's name in its environment, and all that
  /// these have started. Waits until no process is left; `busy` when some cannot be ended within the time (in
  /// uninterruptible sleep), or when a supervisor has the attempt after all.
  ///
  /// An attempt whose exit file stands there keeps its end, and is searched for processes all the same.
  public static func end(
    _ folder: AttemptFolder, run: String, attempt: TrialAttempt, within patience: Duration = .seconds(30)
  ) throws(SystemError) -> AttemptEnd {
    try Files.makeFolder(folder.path, intermediates: true)
    guard let lock = try FileLock.tryAcquire(folder.plan) else {
      throw SystemError(.busy, message: "attempt \(attempt) has a supervisor that runs")
    }
    defer { withExtendedLifetime(lock) {} }
    let record = record(of: folder)
    try LeftProcesses(record: record, folder: folder, run: run, attempt: attempt).end(within: patience)
    if let end = exit(of: folder) { return end }
    let (words, tail) = (words(record), ErrorTail.read(folder.error))
    var end = AttemptEnd(
      cause: .hostFault, lastSequence: lastSequence(folder), errorTail: EndWords.append(words, to: tail),
      startedAt: record?.startedAt, endedAt: HostClock.wall)
    do throws(SystemError) {
      try ExitFile(folder: folder).write(end)
    } catch {
      // Nothing of it runs, so its end is told, full disk or not: its trial need not wait here until there is room. Whoever
      // comes next finds it as it was found now.
      end.errorTail = EndWords.append("\(words); its end is not written down: \(error.message)", to: tail)
    }
    try? Files.removeFile(folder.socket)
    return end
  }

  /// What has become of the supervisor.
  private static func words(_ record: ProcessRecord?) -> String {
    guard let record else { return "the supervisor of this attempt ended before it could start the trial" }
    return (try? HostIdentity.bootID()) == record.bootID
      ? "the supervisor of this attempt was killed, and what it left of the trial was ended"
      : "this host was restarted while the trial ran"
  }

  private static func exit(of folder: AttemptFolder) -> AttemptEnd? {
    guard let bytes = try? Files.read(folder.exit, limit: WireLimits.supervisorMessageBytes) else { return nil }
    return try? AttemptEnd(decoding: bytes)
  }

  private static func record(of folder: AttemptFolder) -> ProcessRecord? {
    guard let bytes = try? Files.read(folder.process, limit: WireLimits.supervisorMessageBytes) else { return nil }
    return try? ProcessRecord(decoding: bytes)
  }

  /// The last whole report in the log.
  private static func lastSequence(_ folder: AttemptFolder) -> Int {
    guard let file = try? Descriptor.open(folder.output, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return 0 }
    var reader = ReportLineReader()
    while let bytes = try? file.read(at: reader.consumed, upTo: 1 << 16), !bytes.isEmpty {
      _ = reader.read(bytes)
    }
    return reader.position.nextSequence - 1
  }
}
