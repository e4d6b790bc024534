import Glibc
import HostSystem
import TuningModel
import Wire

/// Copies a tree of files into a folder that is made for it, synced, and lists what was copied. Links that lead out of
/// the tree and special files are left out; no link is followed. Times of files are kept, since scripts look for their
/// newest one.
struct TreeSealing {
  private let note: (String) -> Void
  private var entries: [TreeManifest.Entry] = []
  /// Files and folders that were synced one by one, and whether there were more.
  private var synced = 0
  private var isUnsynced = false

  /// Each sync waits for the disk; of more files the whole file system is synced at once, which waits for what others
  /// write too.
  private static let singleSyncs = 64
  /// Holes in one file: what has more was not made by saving a model, and would be hashed for hours.
  private static let holeBytes = 16 << 30

  static func copy(
    _ source: String, into target: String, note: (String) -> Void
  ) throws(CheckpointError) -> TreeManifest {
    try withoutActuallyEscaping(note) { (note) throws(CheckpointError) in
      var sealing = TreeSealing(note: note)
      let (folder, made) = try CheckpointError.onHost { () throws(SystemError) in
        try Folders.removeTree(target)
        try Files.makeFolder(target)
        return (
          try Descriptor.open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
          // Open before anything is written, so that an error of writing any of it is told by the sync.
          try Descriptor.open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        )
      }
      try sealing.copy(folder, source, into: target, below: "", depth: 1)
      if sealing.isUnsynced { try CheckpointError.onHost { () throws(SystemError) in try made.syncFileSystem() } }
      return TreeManifest(entries: sealing.entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) })
    }
  }

  private init(note: @escaping (String) -> Void) { self.note = note }

  private mutating func copy(
    _ folder: Descriptor, _ source: String, into target: String, below prefix: String, depth: Int
  ) throws(CheckpointError) {
    guard depth <= WireLimits.maximumPathDepth else {
      throw CheckpointError(.tooLarge, "\(source) is too deep: at most \(WireLimits.maximumPathDepth) folders")
    }
    let found = try CheckpointError.onHost { () throws(SystemError) in
      try Folders.list(folder, path: source) { name in
        note("\(source)/\(name) is a name that is not UTF-8: left out")
      }
    }
    for entry in found {
      let path = prefix + entry.name
      guard entries.count < WireLimits.maximumTreeEntries, path.utf8.count <= WireLimits.maximumPathBytes else {
        throw CheckpointError(.tooLarge, "\(source) holds more than \(WireLimits.maximumTreeEntries) files")
      }
      switch entry.status.kind {
      case .file:
        entries.append(try copyFile(entry.name, in: folder, path, to: "\(target)/\(entry.name)"))
      case .folder:
        let (child, childTarget) = try CheckpointError.onHost { () throws(SystemError) in
          try Files.makeFolder("\(target)/\(entry.name)")
          return (
            try folder.open(at: entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, path: path), "\(target)/\(entry.name)"
          )
        }
        entries.append(TreeManifest.Entry(path: path, kind: .folder))
        try copy(child, "\(source)/\(entry.name)", into: childTarget, below: path + "/", depth: depth + 1)
      case .link: try copyLink("\(source)/\(entry.name)", path, to: "\(target)/\(entry.name)")
      case .special: note("\(source)/\(entry.name) is neither a file nor a folder: left out")
      }
    }
    let isSynced = countSync()
    try CheckpointError.onHost { () throws(SystemError) in if isSynced { try Files.syncFolder(target) } }
  }

  /// Whether the next file or folder is to be synced by itself.
  private mutating func countSync() -> Bool {
    if synced == Self.singleSyncs { isUnsynced = true } else { synced += 1 }
    return !isUnsynced
  }

  private mutating func copyFile(
    _ name: String, in folder: Descriptor, _ path: String, to target: String
  ) throws(CheckpointError) -> TreeManifest.Entry {
    let isSynced = countSync()
    return try CheckpointError.onHost { () throws(SystemError) in
      let source = try folder.open(at: name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, path: path)
      let status = try source.status()
      guard status.kind == .file, status.size - status.allocated <= Self.holeBytes else {
        throw SystemError(.unsuitable, message: "\(path) has \(status.size) bytes, nearly all of them holes")
      }
      let copy = try Descriptor.open(target, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
      try FileCopy.content(from: source, to: copy, path: target)
      let (hash, size) = try FileCopy.hash(copy)
      try copy.setMode(status.isExecutable ? 0o500 : 0o400)
      try copy.setModified(status.modified)
      if isSynced { try copy.sync() }
      return TreeManifest.Entry(path: path, kind: .file(size: size, hash: hash, isExecutable: status.isExecutable))
    }
  }

  private mutating func copyLink(_ source: String, _ path: String, to target: String) throws(CheckpointError) {
    let goal = try CheckpointError.onHost { () throws(SystemError) in try Files.linkTarget(source) }
    let entry = TreeManifest.Entry(path: path, kind: .link(target: goal))
    do throws(WireError) {
      try TreeManifest(entries: [entry]).validate()
    } catch {
      note("\(source) is a link that may lead out of the checkpoint: left out")
      return
    }
    try CheckpointError.onHost { () throws(SystemError) in try Files.makeLink(target, to: goal) }
    entries.append(entry)
  }
}
