import HostSystem
import TrialSandbox
import TuningModel

/// Deletes sealed generations that can never be resumed.
enum CheckpointCleaner {
  /// - Parameter isActive: whether an attempt of the trial occupies a slot; its live directory stays then.
  /// - Returns: the generations that are gone.
  static func delete(_ trial: TrialFolder, keeping: [Int], isActive: Bool) throws(SystemError) -> [Int] {
    let gone = try SealFolder(trial.seals).delete(keeping: keeping)
    if keeping.isEmpty, !isActive, Files.exists(trial.checkpoints) {
      for entry in try Folders.list(trial.checkpoints) { try Folders.removeTree("\(trial.checkpoints)/\(entry.name)") }
    }
    return gone
  }
}
