import Glibc
import HostSystem
import Wire

/// What an earlier fetch left in a folder. It may have been of another tree, and of one who meant harm: a link that was
/// harmless in its own tree can make one of the next tree lie elsewhere than its path says, and so lead out.
enum LeftOvers {
  /// Leaves only the real folders and files of the folder that the tree has as well; all links go. No link is followed.
  static func clear(_ folder: String, for manifest: TreeManifest) throws(SystemError) {
    guard try Files.status(folder) != nil else { return }
    var kinds: [[UInt8]: FileStatus.Kind] = [:]
    for entry in manifest.entries {
      let path = Array(entry.path.utf8)
      for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") { kinds[Array(path[..<index])] = .folder }
      switch entry.kind {
      case .folder: kinds[path] = .folder
      case .file: kinds[path] = .file
      case .link: break
      }
    }
    try clear(Descriptor.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), folder, below: "", kinds)
  }

  private static func clear(
    _ folder: Descriptor, _ place: String, below prefix: String, _ kinds: [[UInt8]: FileStatus.Kind]
  ) throws(SystemError) {
    for entry in try Folders.list(folder, path: place) {
      let path = prefix + entry.name
      guard kinds[Array(path.utf8)] == entry.status.kind else {
        try Folders.removeTree("\(place)/\(entry.name)")
        continue
      }
      if entry.status.kind == .folder {
        let child = try folder.open(at: entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, path: "\(place)/\(entry.name)")
        try clear(child, "\(place)/\(entry.name)", below: path + "/", kinds)
      }
    }
  }
}
