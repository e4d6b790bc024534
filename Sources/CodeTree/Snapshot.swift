import Glibc
import HostSystem
import Wire

// Layout of the folder that holds snapshots (`code/` of a run's folder):
//
//     HASH/            the tree as it was, files read-only
//     HASH.manifest    the encoded manifest; written last, so that where it is, the tree is whole
//     .new/            a copy that is not complete; removed when found

extension CodeTree {
  /// Copies the tree, so that a run serves the same code to the end however its owner edits it meanwhile. A tree that
  /// is stored already is not copied again.
  ///
  /// A file that changed since the tree was read makes the code folder be read once more, and the copy start anew; if one
  /// changes again it is an error. So what is stored may have another hash than this tree: the reader has the one that
  /// counts.
  ///
  /// - Parameter folder: the folder for snapshots; made when missing.
  /// - Throws: as `scan`, and `changed`, `unwritable`.
  @discardableResult
  public func snapshot(into folder: String) throws(CodeTreeError) -> CodeTreeReader {
    do throws(CodeTreeError) {
      return try store(in: folder)
    } catch {
      guard error.code == .changed else { throw error }
    }
    return try Self.scan(folder: self.folder).store(in: folder)
  }

  private func store(in folder: String) throws(CodeTreeError) -> CodeTreeReader {
    let target = "\(folder)/\(hash)"
    if let stored = try? CodeTreeReader(folder: folder, tree: hash) { return stored }
    let temporary = "\(folder)/.new"
    do throws(CodeTreeError) {
      try attempt(.unwritable) { () throws(SystemError) in
        try Files.makeFolder(folder, intermediates: true)
        try Folders.removeTree(temporary)
        try Folders.removeTree(target)
        try Files.removeFile("\(target).manifest")
        try Files.makeFolder(temporary)
      }
      for entry in manifest.entries { try store(entry, in: temporary) }
      try attempt(.unwritable) { () throws(SystemError) in
        for entry in manifest.entries.reversed() where entry.kind == .folder {
          try Files.syncFolder("\(temporary)/\(entry.path)")
        }
        try Files.syncFolder(temporary)
        try Files.rename(temporary, to: target)
        try Files.writeDurably("\(target).manifest", manifest.encoded(), mode: 0o400)
      }
    } catch {
      try? Folders.removeTree(temporary)
      throw error
    }
    return try CodeTreeReader(folder: folder, tree: hash)
  }

  private func store(_ entry: TreeManifest.Entry, in target: String) throws(CodeTreeError) {
    let place = "\(target)/\(entry.path)"
    switch entry.kind {
    case .folder:
      try attempt(.unwritable) { () throws(SystemError) in try Files.makeFolder(place) }
    case .link(let linkTarget):
      try attempt(.unwritable) { () throws(SystemError) in try Files.makeLink(place, to: linkTarget) }
    case .file(_, let hash, let isExecutable):
      let source = try openSource(entry.path)
      let copied = try attempt(.unwritable) { () throws(SystemError) in
        let copy = try Descriptor.open(
          place, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: isExecutable ? 0o500 : 0o400)
        try FileCopy.content(from: source, to: copy, path: place)
        try copy.sync()
        return try FileCopy.hash(copy).hash
      }
      guard copied == hash else { throw changed(entry.path) }
    }
  }

  private func openSource(_ path: String) throws(CodeTreeError) -> Descriptor {
    do throws(SystemError) {
      let file = try Descriptor.open("\(folder)/\(path)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      if try file.status().kind == .file { return file }
    } catch {
      guard error.code == .notFound || error.code == .unsuitable else {
        throw CodeTreeError(.unreadable, error.message)
      }
    }
    throw changed(path)
  }

  private func changed(_ path: String) -> CodeTreeError {
    CodeTreeError(
      .changed,
      "\(folder)/\(path) changed while the code was being copied; start again when nothing writes to it, or "
        + "leave it out by .pashaignore")
  }
}
