import AgentCore
import Glibc
import HostSystem
import TuningModel
import Wire

/// What follows the end of the last process: seal, exit file, word to the agent.
struct AttemptEnding {
  let plan: AttemptPlan
  let folder: AttemptFolder
  let record: SupervisedRecord

  /// Seals the checkpoint where it has changed, writes the exit file, lets go of the slot and tells the agent. A
  /// checkpoint over its quota is not sealed, however its trial ended.
  func finish(
    _ end: SupervisionEnd, restored: TreeManifest?, locks: SlotLocks, quota: CheckpointQuota?, bound: ProcessBound,
    agent: AgentLine
  ) throws(SystemError) {
    quota?.measure()
    bound.noteRefusals()
    let words = EndWords(
      plan: plan, folder: folder, end: end, excess: quota?.excess, processExcess: bound.excess)
    var attemptEnd = AttemptEnd(
      cause: words.cause, lastSequence: end.lastSequence, errorTail: words.errorTail, startedAt: record.startedAt,
      endedAt: HostClock.wall)
    switch end.exit {
    case .status(let status): attemptEnd.exitStatus = status
    case .signal(let signal): attemptEnd.signal = signal
    }
    if quota?.excess == nil {
      do throws(CheckpointError) {
        attemptEnd.seal = try sealWithPatience(end, restored: restored)
      } catch {
        // The checkpoint is lost, the attempt's end is not.
        let message = "the checkpoint is not sealed: \(error.message)"
        SupervisorLog.note(message)
        attemptEnd.errorTail = EndWords.append(message, to: attemptEnd.errorTail)
      }
    }
    locks.clearDevices(note: SupervisorLog.note)
    try ExitFile(folder: folder).write(attemptEnd)
    locks.release()
    tell(attemptEnd, agent)
  }

  /// Writes the exit file of a trial that could not be started, or not be looked after.
  func finishUnstarted(_ cause: AttemptEnd.Cause, _ message: String, agent: AgentLine) throws(SystemError) {
    SupervisorLog.note(message)
    if let error = try? Descriptor.open(folder.error, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW) {
      try? error.write("pasha: \(message)\n".utf8)
    }
    let end = AttemptEnd(
      cause: cause, lastSequence: 0, errorTail: message, startedAt: record.startedAt, endedAt: HostClock.wall)
    try ExitFile(folder: folder).write(end)
    tell(end, agent)
  }

  private func tell(_ end: AttemptEnd, _ agent: AgentLine) {
    // One that came while the checkpoint was sealed.
    _ = agent.accept()
    agent.send(.ended(end))
  }

  /// How long after a seal that the host did not let through the next is tried: others may free a full disk.
  private static let pauses = [0.25, 0.5, 1, 2, 4]

  private func sealWithPatience(_ end: SupervisionEnd, restored: TreeManifest?) throws(CheckpointError) -> Seal? {
    for pause in Self.pauses {
      do throws(CheckpointError) {
        return try seal(end, restored: restored)
      } catch {
        guard error.code == .host else { throw error }
        SupervisorLog.note("the checkpoint is not sealed yet: \(error.message)")
        usleep(UInt32(pause * 1_000_000))
      }
    }
    return try seal(end, restored: restored)
  }

  private func seal(_ end: SupervisionEnd, restored: TreeManifest?) throws(CheckpointError) -> Seal? {
    try SealFolder(plan.sealFolder).seal(
      plan.checkpointFolder, unlessEqualTo: restored, above: max(plan.resumeFrom ?? 0, plan.lastGeneration),
      keeping: plan.keptGenerations, note: SupervisorLog.note
    ) { generation, hash, files, bytes in
      Seal(
        generation: generation, attempt: plan.attempt.attempt, coveredSequence: end.coveredSequence,
        coveredResource: end.coveredResource, files: files, bytes: bytes, hash: hash)
    }
  }
}
