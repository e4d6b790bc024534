import HostSystem

/// The trial's log and its checkpoint folder, watched by one inotify queue: what it tells of both comes in the order in
/// which it happened.
final class CheckpointWatch {
  enum Change: Equatable {
    /// The log has grown.
    case output
    /// Something was written in the checkpoint folder.
    case write
  }

  private let watcher: FileWatcher
  private let root: String
  private let output: Int
  private var folders: [Int: String] = [:]
  /// Folders that are watched at most; what is written below others shows when `settle` has passed.
  private static let bound = 512
  private static let mask = FileWatcher.writes | FileWatcher.creation | FileWatcher.folderOnly

  init(log: String, folder: String) throws(SystemError) {
    root = folder
    watcher = try FileWatcher()
    output = try watcher.add(log, FileWatcher.modification)
    _ = watch(folder, depth: 0)
  }

  var descriptor: Descriptor { watcher.descriptor }

  /// What has changed since, repetitions left out. Empty when nothing has.
  func changes() -> [Change] {
    var changes: [Change] = []
    for event in watcher.events() {
      guard let change = change(event), change != changes.last else { continue }
      changes.append(change)
    }
    // A script may remove the whole folder and make it anew.
    if !folders.values.contains(root), watch(root, depth: 0), changes.last != .write { changes.append(.write) }
    return changes
  }

  private func change(_ event: FileEvent) -> Change? {
    if event.isOverflow { return .write }
    if event.watch == output { return event.contains(FileWatcher.modification) ? .output : nil }
    guard let folder = folders[event.watch] else { return nil }
    if event.isGone {
      folders[event.watch] = nil
      return nil
    }
    guard event.isFolder else { return .write }
    let holdsFiles = event.name.isEmpty ? false : watch("\(folder)/\(event.name)", depth: 0)
    return holdsFiles || !event.contains(FileWatcher.creation) ? .write : nil
  }

  /// Watches a folder and those in it; whether there is a file in them already.
  private func watch(_ folder: String, depth: Int) -> Bool {
    guard depth < 32, folders.count < Self.bound, let number = try? watcher.add(folder, Self.mask) else { return false }
    folders[number] = folder
    guard let entries = try? Folders.list(folder) else { return false }
    var holdsFiles = false
    for entry in entries {
      if entry.status.kind == .folder {
        if watch("\(folder)/\(entry.name)", depth: depth + 1) { holdsFiles = true }
      } else {
        holdsFiles = true
      }
    }
    return holdsFiles
  }
}
