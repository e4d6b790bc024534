import Glibc
import HostSystem
import Wire

/// Makes a working copy of a sealed tree, each file checked by its hash.
enum TreeRestoring {
  static func copy(
    _ manifest: TreeManifest, from source: String, into target: String
  ) throws(CheckpointError) {
    try CheckpointError.onHost { () throws(SystemError) in
      try Folders.removeTree(target)
      try Files.makeFolder(target, intermediates: true)
    }
    // In the order of the list a folder comes before what is in it.
    for entry in manifest.entries {
      let path = "\(target)/\(entry.path)"
      switch entry.kind {
      case .folder: try CheckpointError.onHost { () throws(SystemError) in try Files.makeFolder(path) }
      case .link(let goal): try CheckpointError.onHost { () throws(SystemError) in try Files.makeLink(path, to: goal) }
      case .file(let size, let hash, let isExecutable):
        let copied = try copyFile("\(source)/\(entry.path)", to: path, isExecutable: isExecutable)
        guard copied == (hash, size) else {
          throw CheckpointError(.damaged, "\(source)/\(entry.path) is not what was sealed")
        }
      }
    }
  }

  private static func copyFile(
    _ source: String, to target: String, isExecutable: Bool
  ) throws(CheckpointError) -> (String, Int) {
    let sealed: Descriptor
    do throws(SystemError) {
      sealed = try Descriptor.open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      guard try sealed.status().kind == .file else {
        throw SystemError(.unsuitable, message: "\(source) is no longer a regular file")
      }
    } catch {
      throw CheckpointError(.damaged, error.message)
    }
    return try CheckpointError.onHost { () throws(SystemError) in
      let copy = try Descriptor.open(target, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: isExecutable ? 0o700 : 0o600)
      try FileCopy.content(from: sealed, to: copy, path: target)
      try copy.setModified(sealed.status().modified)
      return try FileCopy.hash(copy)
    }
  }
}
