import Glibc
import HostSystem
import TuningModel
import Wire

/// The process record of an attempt, kept in its file. It is put in place whole and not waited for on the disk: it is of
/// use as long as this boot lasts, and by then the file is what was written.
final class SupervisedRecord {
  private let folder: AttemptFolder
  private var record: ProcessRecord

  /// Writes the record of this process, before there is a trial.
  init(folder: AttemptFolder, milestone: Int) throws(SystemError) {
    self.folder = folder
    let own = ProcessTable.entry(ProcessTable.ownPID)
    record = ProcessRecord(
      bootID: try HostIdentity.bootID(), supervisorPID: ProcessTable.ownPID, supervisorStart: own?.start ?? 0,
      trialPID: 0, trialStart: 0, milestone: milestone, startedAt: HostClock.wall)
    try Files.writeAtomically(folder.process, record.encoded())
  }

  var startedAt: Timestamp { record.startedAt }

  /// The trial's process runs.
  func note(trial pid: Int) throws(SystemError) {
    record.trialPID = pid
    record.trialStart = ProcessTable.entry(pid)?.start ?? 0
    record.startedAt = HostClock.wall
    try write()
  }

  /// A new milestone. It is no reason to end the trial when it cannot be written.
  func note(milestone: Int) {
    record.milestone = milestone
    do throws(SystemError) {
      try write()
    } catch {
      SupervisorLog.note(error.message)
    }
  }

  /// Puts the record in place, on a full disk over the one that is there: it takes hardly more room.
  private func write() throws(SystemError) {
    let content = record.encoded()
    do throws(SystemError) {
      try Files.writeAtomically(folder.process, content)
    } catch {
      guard error.code == .noSpace, let file = try? Descriptor.open(folder.process, O_WRONLY | O_NOFOLLOW) else {
        throw error
      }
      try file.write(content, at: 0)
      _ = ftruncate(file.number, off_t(content.count))
    }
  }
}
