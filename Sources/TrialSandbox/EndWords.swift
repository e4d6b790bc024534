import AgentCore
import Glibc
import HostSystem
import Wire

/// Why an attempt ended, and what is said of it: the last lines of its standard error and, where the trial came up
/// against a limit of ours, which one and how to move it.
struct EndWords {
  let cause: AttemptEnd.Cause
  let errorTail: String

  init(plan: AttemptPlan, folder: AttemptFolder, end: SupervisionEnd, excess: String?, processExcess: String?) {
    var tail = ErrorTail.read(folder.error)
    switch end.cause {
    case .exited, .failed, .outOfMemory, .paused, .quotaExceeded:
      if let excess {
        cause = .quotaExceeded
        errorTail = tail.contains(excess) ? tail : Self.append(excess, to: tail)
        return
      }
      // One that came up against the bound and went on is as it ended; one that was ended for it has failed.
      if let processExcess, end.cause != .exited, tail.contains(processExcess) || end.cause == .failed {
        cause = .failed
        errorTail = tail.contains(processExcess) ? tail : Self.append(processExcess, to: tail)
        return
      }
    case .stopped, .leaseExpired, .hostFault: break
    }
    // On a full disk there is no room for the script's last words either.
    let mayLackRoom = Self.says([ENOSPC], tail) || tail.isEmpty
    if end.cause == .failed, mayLackRoom, let disk = FullDisk(plan) {
      // What others have filled is no fault of the script.
      cause = disk.isTrials ? .failed : .hostFault
      errorTail = Self.append(disk.words, to: tail)
      return
    }
    cause = end.cause
    switch end.cause {
    case .failed:
      if let hint = Self.hint(plan, end.exit, tail) { tail = Self.append(hint, to: tail) }
    case .outOfMemory, .hostFault, .quotaExceeded: break
    case .exited, .paused, .stopped, .leaseExpired: tail = ""
    }
    errorTail = tail
  }

  /// The text with a line of ours behind it.
  static func append(_ line: String, to tail: String) -> String {
    let separator = tail.isEmpty || tail.hasSuffix("\n") ? "" : "\n"
    return "\(tail)\(separator)pasha: \(line)\n"
  }

  private static func says(_ reasons: [Int32], _ tail: String) -> Bool {
    reasons.contains { tail.contains(SystemError.reason($0)) }
  }

  /// What a failed trial most likely came up against.
  private static func hint(_ plan: AttemptPlan, _ exit: TrialExit, _ tail: String) -> String? {
    func says(_ reasons: [Int32]) -> Bool { Self.says(reasons, tail) }
    if exit == .signal(Int(SIGXFSZ)) || says([EFBIG]) {
      return "a file grew larger than this host allows (ulimit -f, or its file system)"
    }
    if says([ENOSPC, EDQUOT]) {
      return "a disk of this host is full, or the user's share of it; the trial's folder is "
        + "\(Files.parent(of: plan.checkpointFolder)) (work_dir in the cluster file moves it)"
    }
    if says([EAGAIN]) || tail.contains("can't start new thread") {
      return "where no more processes or threads could be started: the trial may have \(plan.sandbox.mostProcesses) "
        + "(sandbox.max_processes in the cluster file), all programs of its user together what ulimit -u says there"
    }
    guard says([EACCES, EXDEV]), TrialConfinement(plan.sandbox.level) == .confined else { return nil }
    return "trials may write to their checkpoints, their working directory, TMPDIR, caches and devices alone; "
      + "sandbox.writable in the cluster file allows other places"
  }
}
