import AgentCore
import Glibc
import HostSystem
import Wire

/// A disk that was found full after a trial failed for want of room: whose doing that is.
struct FullDisk {
  /// The trial's own files take the larger part of what is taken.
  let isTrials: Bool
  let words: String

  /// nil: no disk that the trial's folders are on is full by now.
  init?(_ plan: AttemptPlan) {
    let folders = [plan.checkpointFolder, plan.workFolder]
    guard
      let (folder, room) = folders.lazy.compactMap({ folder in Self.room(folder).map { (folder, $0) } })
        .first(where: { $0.1.free < min(64 << 20, $0.1.total / 50) })
    else { return nil }
    let temporary = plan.environment.last { $0.name == "TMPDIR" }?.value
    let own = (folders + [temporary].compactMap { $0 }).reduce(0) { $0 + TreeSize.allocated($1) }
    isTrials = own > (room.total - room.free) / 2
    let taken = SizeText.roundedUp(own, like: 1 << 30)
    words =
      "the disk of \(folder) is full (\(SizeText.roundedUp(room.total, like: 1 << 30)))"
      + (isTrials
        ? ", and this trial has filled it: its files take \(taken)"
        : "; this trial's files take \(taken) of it: make room there, or move the runs with work_dir in the cluster file")
  }

  private static func room(_ path: String) -> (free: Int, total: Int)? {
    var info = statvfs()
    guard statvfs(path, &info) == 0, info.f_blocks > 0 else { return nil }
    return (bytes(info.f_bavail, of: info.f_frsize), bytes(info.f_blocks, of: info.f_frsize))
  }

  /// Some file systems claim more than can be counted.
  private static func bytes(_ blocks: some BinaryInteger, of size: some BinaryInteger) -> Int {
    let (bytes, isTooMany) = Int(clamping: blocks).multipliedReportingOverflow(by: Int(clamping: size))
    return isTooMany ? .max : bytes
  }
}
