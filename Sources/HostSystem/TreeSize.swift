/// Room that trees of files take on the disk. A file with several names counts once; links are not followed.
public struct TreeSize: Equatable, Sendable {
  public private(set) var bytes = 0
  /// Files, folders and links.
  public private(set) var entries = 0
  private var seen: Set<[UInt64]> = []

  public init() {}

  /// Adds what is at a path and below it. What cannot be read counts nothing.
  public mutating func add(_ path: String) {
    guard let status = try? Files.status(path) else { return }
    add(path, status, depth: 0)
  }

  /// Adds what is in a folder, without the folder itself.
  public mutating func addContent(of folder: String) {
    for entry in (try? Folders.list(folder)) ?? [] { add("\(folder)/\(entry.name)", entry.status, depth: 1) }
  }

  private mutating func add(_ path: String, _ status: FileStatus, depth: Int) {
    entries += 1
    if status.kind == .folder || status.links < 2 || seen.insert([status.device, status.inode]).inserted {
      bytes += status.allocated
    }
    guard status.kind == .folder, depth < 500 else { return }
    for entry in (try? Folders.list(path)) ?? [] { add("\(path)/\(entry.name)", entry.status, depth: depth + 1) }
  }
}
