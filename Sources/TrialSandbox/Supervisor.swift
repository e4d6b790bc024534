import AgentCore
import Glibc
import HostSystem
import TuningModel
import Wire

/// The supervisor of one attempt: `pasha-agent supervise PLAN`. One thread, no Swift concurrency, no Foundation, so
/// that one for each slot of a host costs little.
///
/// It starts the trial in a session of its own and is its subreaper: whatever the trial starts, daemons with sessions
/// of their own included, becomes its child at the latest when its parent dies. No child left means no process left.
public enum Supervisor {
  /// Under which number and variable a supervisor finds the socket that its agent bound for it.
  static let listenerNumber: Int32 = 3
  static let listenerVariable = "PASHA_SUPERVISOR_LISTENER=3"

  /// How long a predecessor on the slot may take to let go of its locks.
  static let lockPatience = Duration.seconds(10)

  /// Supervises the attempt whose plan stands at the path, until nothing of it is left; the process's exit status.
  /// What became of the attempt stands in the exit file beside the plan, and the status is 0 when it was written.
  public static func run(_ planPath: String) -> Int32 {
    let listener = inheritedListener()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let folder = AttemptFolder(Files.parent(of: planPath))
    do {
      guard let own = try FileLock.tryAcquire(planPath) else {
        SupervisorLog.note("\(planPath): another supervisor has this attempt")
        return EX_TEMPFAIL
      }
      defer { withExtendedLifetime(own) {} }
      if Files.exists(folder.exit) {
        SupervisorLog.note("\(planPath): this attempt has ended already")
        return 0
      }
      let plan = try AttemptPlan(decoding: Files.read(planPath, limit: WireLimits.planBytes))
      return try supervise(plan, folder, listener)
    } catch {
      SupervisorLog.note("\(planPath): \(error)")
      return EX_OSERR
    }
  }

  private static func supervise(
    _ plan: AttemptPlan, _ folder: AttemptFolder, _ listener: Descriptor?
  ) throws -> Int32 {
    let signals = try SignalWatch([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
    try ChildProcess.becomeSubreaper()
    let socket = try listener ?? UnixSocket.listen(folder.socket)
    let agent = AgentLine(listener: socket)
    let record = try SupervisedRecord(folder: folder, milestone: plan.milestone)
    ExitFile(folder: folder).takeRoom()
    let ending = AttemptEnding(plan: plan, folder: folder, record: record)
    defer { try? Files.removeFile(folder.socket) }
    let quota = plan.quota.map { CheckpointQuota(plan.checkpointFolder, limit: $0, now: HostClock.now) }
    let group = ControlGroup.forTrial(plan, folder)
    defer { group?.remove() }
    let bound = ProcessBound(mostProcesses: plan.sandbox.mostProcesses, group: group, now: HostClock.now)
    let outcome: (end: SupervisionEnd, restored: TreeManifest?, locks: SlotLocks)
    do {
      let locks = try SlotLocks(plan.lockFiles, within: lockPatience)
      let restored = try prepareCheckpoint(plan)
      guard HostClock.now < plan.lease else {
        // It stood still, or the slot was not free for so long: the trial may run elsewhere by now.
        try ending.finishUnstarted(.leaseExpired, "its lease was over before the trial could start", agent: agent)
        return 0
      }
      let logs = try TrialLogs(folder)
      // Watched before there is anything to see.
      let watch = try CheckpointWatch(log: folder.output, folder: plan.checkpointFolder)
      let kills = MemoryKills()
      let ruleset = try TrialConfinement.ruleset(plan, folder: folder, note: SupervisorLog.note)
      // So that nothing of the trial can escape its end. Where it is not to be confined, it may signal whom it likes.
      let isEnclosed = ruleset != nil && OwnProcess.enclose()
      let trial = try TrialProcess(plan: plan, logs: logs, ruleset: ruleset, group: group, isEnclosed: isEnclosed)
      let end = try trial.endedOnError {
        try record.note(trial: trial.pid)
        return try SupervisorLoop(
          plan: plan, folder: folder, trial: trial, watch: watch, agent: agent, signals: signals, record: record,
          kills: kills, quota: quota, bound: bound
        ).run()
      }
      outcome = (end, restored, locks)
    } catch let error as SpawnError {
      let cause: AttemptEnd.Cause = error.code == .program ? .failed : .hostFault
      try ending.finishUnstarted(cause, error.message, agent: agent)
      return 0
    } catch {
      try ending.finishUnstarted(.hostFault, "\(error)", agent: agent)
      return 0
    }
    try ending.finish(
      outcome.end, restored: outcome.restored, locks: outcome.locks, quota: quota, bound: bound, agent: agent)
    return 0
  }

  /// Puts the checkpoint folder into the state that the attempt starts from.
  private static func prepareCheckpoint(_ plan: AttemptPlan) throws -> TreeManifest? {
    let seals = SealFolder(plan.sealFolder)
    guard let generation = plan.resumeFrom else {
      try seals.empty(live: plan.checkpointFolder)
      return nil
    }
    let (restored, manifest) = try seals.restore(generation, into: plan.checkpointFolder, note: SupervisorLog.note)
    if restored != generation {
      SupervisorLog.note("generation \(generation) is missing or damaged: going on from generation \(restored)")
    }
    return manifest
  }

  private static func inheritedListener() -> Descriptor? {
    let name = listenerVariable.prefix { $0 != "=" }
    guard let value = getenv(String(name)), String(cString: value) == "\(listenerNumber)" else { return nil }
    unsetenv(String(name))
    guard fcntl(listenerNumber, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
    return Descriptor(owning: listenerNumber)
  }
}

extension ControlGroup {
  private static let prefix = "pasha-"

  /// A group for a trial, noted in the attempt's folder for who looks for its processes; nil where none can be made.
  static func forTrial(_ plan: AttemptPlan, _ folder: AttemptFolder) -> ControlGroup? {
    let pid = ProcessTable.ownPID
    let name = "\(prefix)\(pid)-\(ProcessTable.entry(pid)?.start ?? 0)"
    guard let group = ControlGroup(name: name, mostProcesses: plan.sandbox.mostProcesses) else { return nil }
    do throws(SystemError) {
      try Files.writeAtomically(folder.groups, (group.folders.joined(separator: "\n") + "\n").utf8)
      return group
    } catch {
      SupervisorLog.note(error.message)
      group.remove()
      return nil
    }
  }

  /// The group of an attempt whose supervisor is gone.
  static func left(in folder: AttemptFolder) -> ControlGroup? {
    guard let text = try? Files.readText(folder.groups, limit: 65_536) else { return nil }
    return ControlGroup(folders: text.split(separator: "\n").map(String.init), prefix: prefix)
  }
}

/// What a supervisor has to say for those who look for a fault; its standard error is a file in the attempt's folder.
enum SupervisorLog {
  static func note(_ text: String) {
    let line = "\(HostClock.wall.microseconds / 1_000_000) \(text)\n"
    Array(line.utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
