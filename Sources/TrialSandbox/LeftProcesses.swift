import Glibc
import HostSystem
import TuningModel
import Wire

/// The processes of an attempt that no supervisor looks after any more.
struct LeftProcesses {
  let record: ProcessRecord?
  let folder: AttemptFolder
  let run: String
  let attempt: TrialAttempt

  /// Kills them until none is left.
  func end(within patience: Duration) throws(SystemError) {
    let deadline = HostClock.now + patience
    while true {
      let group = recordedControlGroup
      _ = group?.kill()
      let left = find()
      if left.isEmpty { group?.remove() }
      if left.isEmpty { return }
      for process in left { kill(process) }
      guard HostClock.now < deadline else {
        let pids = left.map { "\($0.pid)" }.joined(separator: ", ")
        throw SystemError(.busy, message: "processes of attempt \(attempt) cannot be ended: \(pids)")
      }
      usleep(10_000)
    }
  }

  /// What is alive of the attempt: members of the recorded session and group, what carries the attempt's name, and all
  /// below these.
  func find() -> [ProcessEntry] {
    let table = ProcessTable.all().filter { $0.pid != ProcessTable.ownPID }
    let group = recordedGroup(in: table)
    let names = [
      "PASHA_RUN=\(run)", "PASHA_TRIAL_ID=\(attempt.trial)", "PASHA_TRIAL_ATTEMPT=\(attempt.attempt)",
    ]
    let members = Set(recordedControlGroup?.members ?? [])
    var found = table.filter { process in
      if members.contains(process.pid) { return true }
      if let group, process.session == group || process.group == group { return true }
      return ProcessTable.environment(of: process.pid, holds: names)
    }
    for process in found { found += ProcessTable.descendants(of: process.pid, in: table) }
    var seen: Set<Int> = []
    return found.filter { !$0.isDead && seen.insert($0.pid).inserted }
  }

  /// The trial's group, where it can still be its own: on this boot, and no other process leads it under its number.
  /// The kernel gives a number to nobody else as long as a group or session has it.
  private func recordedGroup(in table: [ProcessEntry]) -> Int? {
    guard let record, record.trialPID > 1, (try? HostIdentity.bootID()) == record.bootID else { return nil }
    let leader = table.first { $0.pid == record.trialPID }
    return leader == nil || leader?.start == record.trialStart ? record.trialPID : nil
  }

  /// The trial's control group, where it is of this boot.
  private var recordedControlGroup: ControlGroup? {
    guard let record, (try? HostIdentity.bootID()) == record.bootID else { return nil }
    return .left(in: folder)
  }

  private func kill(_ process: ProcessEntry) {
    guard let handle = try? ProcessHandle(process.pid),
      ProcessTable.entry(process.pid)?.start == process.start
    else { return }
    handle.signal(SIGKILL)
  }
}
