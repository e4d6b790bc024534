import HostSystem
import TuningModel

/// Deletes sealed generations that can never be resumed.
enum CheckpointCleaner {
  /// - Parameter isActive: whether an attempt of the trial occupies a slot; its live directory stays then.
  static func delete(_ trial: TrialFolder, keeping: [Int], isActive: Bool) throws(SystemError) {
    guard Files.exists(trial.seals) else { return }
    let names = try Folders.list(trial.seals).map(\.name)
    // The seal goes first: what has no seal is no generation, whatever a crash leaves of it.
    for suffix in [".seal", ".manifest", ""] {
      for name in names where name.hasSuffix(suffix) {
        guard let generation = Int(name.dropLast(suffix.count)), !keeping.contains(generation) else { continue }
        try Folders.removeTree("\(trial.seals)/\(name)")
      }
    }
    if keeping.isEmpty, !isActive, Files.exists(trial.checkpoints) {
      for entry in try Folders.list(trial.checkpoints) { try Folders.removeTree("\(trial.checkpoints)/\(entry.name)") }
    }
  }
}
