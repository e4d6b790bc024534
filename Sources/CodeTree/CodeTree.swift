import Wire

/// The code of a run: what a code folder holds, by content.
///
/// Words: the *code folder* is the user's own, `code:` in the cluster file. A *tree* is what of it travels: the entries
/// that no ignore file leaves out (`IgnoreRules`), as a manifest. Its *hash* names it everywhere. A *snapshot* is the
/// tree's copy in the run's folder, from which hosts are served.
///
/// What holds:
/// - The same names, contents, executable bits and links give the same hash, whenever and wherever they are read.
/// - A tree may be written below any folder: links stay inside, names are plain (`TreeManifest.validate`).
/// - A snapshot is complete or absent, and what it serves is what its hash names.
public struct CodeTree: Equatable, Sendable {
  /// How much a tree may hold.
  public struct Limits: Equatable, Sendable {
    public var entries: Int
    public var bytes: Int

    public init(entries: Int = WireLimits.maximumTreeEntries, bytes: Int = 4 << 30) {
      self.entries = entries
      self.bytes = bytes
    }
  }

  /// Where the tree was read from.
  public let folder: String
  public let manifest: TreeManifest
  /// SHA-256 of the manifest's canonical form, in hexadecimal.
  public let hash: String
  public let files: Int
  public let folders: Int
  public let links: Int
  /// Bytes of all files.
  public let bytes: Int
  /// What was left out, or will not work on a host, in words for the user.
  public let warnings: [String]

  init(folder: String, manifest: TreeManifest, warnings: [String]) {
    self.folder = folder
    self.manifest = manifest
    self.warnings = warnings
    hash = manifest.treeHash
    var (files, folders, links, bytes) = (0, 0, 0, 0)
    for entry in manifest.entries {
      switch entry.kind {
      case .file(let size, _, _):
        files += 1
        bytes += size
      case .folder: folders += 1
      case .link: links += 1
      }
    }
    (self.files, self.folders, self.links, self.bytes) = (files, folders, links, bytes)
  }

  /// Reads a code folder. Every file is read once; nothing is written.
  /// - Throws: `noFolder`, `unreadable`, `linkLeavesTree`, `tooLarge`.
  public static func scan(folder: String, limits: Limits = Limits()) throws(CodeTreeError) -> CodeTree {
    var walk = try TreeWalk(folder: folder, limits: limits)
    try walk.run()
    var entries: [TreeManifest.Entry] = []
    entries.reserveCapacity(walk.found.count)
    for item in walk.found {
      if let entry = try item.entry(in: folder) { entries.append(entry) }
    }
    entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    let manifest = TreeManifest(entries: entries)
    do throws(WireError) { try manifest.validate() } catch {
      throw CodeTreeError(.tooLarge, "\(folder): \(error.detail); rename it, or leave it out by .pashaignore")
    }
    guard manifest.encoded().count <= WireLimits.coordinatorBulkMessageBytes - (64 << 10) else {
      throw CodeTreeError(
        .tooLarge,
        "\(folder): the names of its \(entries.count) entries are too long to travel in one message; "
          + "leave folders out by .pashaignore")
    }
    return CodeTree(
      folder: folder, manifest: manifest,
      warnings: walk.warnings
        + manifest.danglingLinks.map { link in
          "\(folder)/\(link) leads to something that is not part of the code"
        })
  }
}
