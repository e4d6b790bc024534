import CSandbox
import Glibc

/// One name in a folder.
public struct FolderEntry: Equatable, Sendable {
  public let name: String
  public let status: FileStatus
}

/// Trees of folders. Nothing here follows a symbolic link: a link is an entry like any other.
public enum Folders {
  /// What is in a folder, sorted by name bytewise. Names that are not UTF-8 are told to `odd` and left out.
  public static func list(_ path: String, odd: (String) -> Void = { _ in }) throws(SystemError) -> [FolderEntry] {
    try list(Descriptor.open(path, O_RDONLY | O_DIRECTORY), path: path, odd: odd)
  }

  /// What is in an open folder; `path` is for messages.
  public static func list(
    _ folder: Descriptor, path: String, odd: (String) -> Void = { _ in }
  ) throws(SystemError) -> [FolderEntry] {
    var entries: [FolderEntry] = []
    for raw in try names(in: folder, path: path) {
      guard let name = String(validating: raw.dropLast().lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
        odd(String(decoding: raw.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        continue
      }
      var info = stat()
      // An entry that went away since it was listed is no entry.
      guard fstatat(folder.number, raw, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      entries.append(FolderEntry(name: name, status: FileStatus(info)))
    }
    return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Removes a folder and all in it, or a single file or link; nothing happens when there is none. Links are removed,
  /// never followed, also when they take a folder's place meanwhile.
  public static func removeTree(_ path: String) throws(SystemError) {
    let parent: Descriptor
    do throws(SystemError) {
      parent = try Descriptor.open(Files.parent(of: path), O_RDONLY | O_DIRECTORY)
    } catch {
      if error.code == .notFound { return }
      throw error
    }
    try remove(Files.name(of: path).utf8CString.map { $0 }, in: parent, path: path, depth: 0)
  }

  /// `name` ends with NUL; it need not be UTF-8.
  private static func remove(
    _ name: [CChar], in parent: Descriptor, path: String, depth: Int
  ) throws(SystemError) {
    if unlinkat(parent.number, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw SystemError(errno, "remove", path) }
    guard depth < 500 else { throw SystemError(.unsuitable, message: "cannot remove \(path): too deep") }
    // A folder that was closed to its own user is opened again before it is emptied.
    var info = stat()
    if fstatat(parent.number, name, &info, AT_SYMLINK_NOFOLLOW) == 0, info.st_mode & S_IFMT == S_IFDIR,
      info.st_mode & 0o700 != 0o700
    {
      _ = fchmodat(parent.number, name, 0o700, 0)
    }
    let number = try checked("open", path) {
      openat(parent.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    let folder = Descriptor(owning: number)
    for child in try names(in: folder, path: path) {
      let shown = String(decoding: child.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      try remove(child, in: folder, path: "\(path)/\(shown)", depth: depth + 1)
    }
    _ = try checked("remove", path) { unlinkat(parent.number, name, AT_REMOVEDIR) }
  }

  /// The names in a folder but `.` and `..`, each with its NUL.
  private static func names(in folder: Descriptor, path: String) throws(SystemError) -> [[CChar]] {
    let copy = try checked("list", path) { openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = fdopendir(copy) else {
      let number = errno
      close(copy)
      throw SystemError(number, "list", path)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(errno, "list", path) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
      }
      if name != [46], name != [46, 46] { names.append(name + [0]) }
    }
  }
}
