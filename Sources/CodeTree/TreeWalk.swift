import Glibc
import HostSystem
import Wire

/// Goes through a code folder and lists what is part of the tree, without reading the files.
struct TreeWalk {
  /// One thing that was found.
  struct Item {
    enum Kind: Equatable {
      case file
      case folder
      case link(target: String)
    }

    let path: String
    let kind: Kind
  }

  private let root: String
  private let limits: CodeTree.Limits
  private(set) var found: [Item] = []
  private(set) var warnings: [String] = []
  private var measure = TreeMeasure()

  init(folder: String, limits: CodeTree.Limits) throws(CodeTreeError) {
    root = folder
    self.limits = limits
    let status = try attempt(.unreadable) { () throws(SystemError) in try Files.status(folder, followingLinks: true) }
    guard let status else { throw CodeTreeError(.noFolder, "the code folder \(folder) does not exist") }
    guard status.kind == .folder else { throw CodeTreeError(.noFolder, "the code folder \(folder) is not a folder") }
  }

  mutating func run() throws(CodeTreeError) {
    try visit([], rules: IgnoreRules())
    guard !measure.exceeds(limits) else { throw measure.tooLarge(root, limits) }
  }

  /// Visits one folder, given by its components below the code folder.
  private mutating func visit(_ folder: [String], rules above: IgnoreRules) throws(CodeTreeError) {
    let place = ([root] + folder).joined(separator: "/")
    guard folder.count < WireLimits.maximumPathDepth else {
      throw CodeTreeError(.tooLarge, "\(place) is too deep; leave it out by .pashaignore")
    }
    // Without the right to search it a folder still gives its names, and nothing behind them.
    guard faccessat(AT_FDCWD, place, R_OK | X_OK, AT_EACCESS) == 0 else {
      throw CodeTreeError(
        .unreadable,
        "the code folder cannot be read: \(SystemError(errno, "open", place).message); "
          + "change its permissions, or leave it out by .pashaignore")
    }
    let entries = try attempt(.unreadable) { () throws(SystemError) in try Folders.list(place) }
    let rules = above.below(
      depth: folder.count, own: try ignoreFile(IgnoreRules.ownName, among: entries, in: place),
      git: try ignoreFile(IgnoreRules.gitName, among: entries, in: place))
    for entry in entries {
      let path = folder + [entry.name]
      let isFolder = entry.status.kind == .folder
      if rules.leavesOut(path.map { Array($0.utf8) }, isFolder: isFolder) { continue }
      try take(entry, path: path, place: "\(place)/\(entry.name)")
      if isFolder { try visit(path, rules: rules) }
    }
  }

  private mutating func take(_ entry: FolderEntry, path: [String], place: String) throws(CodeTreeError) {
    let joined = path.joined(separator: "/")
    switch entry.status.kind {
    case .special:
      warnings.append("\(place) is a FIFO, a socket or a device: left out")
      return
    case .folder: keep(Item(path: joined, kind: .folder))
    case .file: keep(Item(path: joined, kind: .file))
    case .link:
      let target = try attempt(.unreadable) { () throws(SystemError) in try Files.linkTarget(place) }
      try checkLink(TreeManifest.Entry(path: joined, kind: .link(target: target)), target: target, place: place)
      keep(Item(path: joined, kind: .link(target: target)))
    }
    measure.add(path, bytes: entry.status.kind == .file ? entry.status.size : 0)
    if measure.entries > TreeMeasure.mostEntries { throw measure.tooLarge(root, limits) }
  }

  /// Beyond the limit things are only measured, to tell the user where they are.
  private mutating func keep(_ item: Item) { if measure.entries <= limits.entries { found.append(item) } }

  private func checkLink(_ entry: TreeManifest.Entry, target: String, place: String) throws(CodeTreeError) {
    let folders = entry.path.split(separator: "/").dropLast().indices.map { index in
      TreeManifest.Entry(
        path: entry.path.split(separator: "/")[...index].joined(separator: "/"), kind: .folder)
    }
    do throws(WireError) { try TreeManifest(entries: folders + [entry]).validate() } catch {
      let wayOut =
        target.hasPrefix("/")
        ? "make it relative, put a copy in its place, or leave it out by .pashaignore"
        : "put a copy in its place, or leave it out by .pashaignore"
      throw CodeTreeError(
        .linkLeavesTree,
        "the link \(place) -> \(target) does not stay inside the code folder (no host has what it "
          + "leads to): \(wayOut)")
    }
  }

  /// The content of a folder's ignore file; nil when there is none. A link in its place does not count, as with git.
  private func ignoreFile(
    _ name: String, among entries: [FolderEntry], in place: String
  ) throws(CodeTreeError) -> [UInt8]? {
    guard entries.contains(where: { $0.name == name && $0.status.kind == .file }) else { return nil }
    return try attempt(.unreadable) { () throws(SystemError) in try Files.read("\(place)/\(name)", limit: 1 << 20) }
  }
}

extension TreeWalk.Item {
  /// The manifest's entry, files read and hashed; nil for a file that went away since it was found.
  func entry(in root: String) throws(CodeTreeError) -> TreeManifest.Entry? {
    switch kind {
    case .folder: return TreeManifest.Entry(path: path, kind: .folder)
    case .link(let target): return TreeManifest.Entry(path: path, kind: .link(target: target))
    case .file:
      do throws(SystemError) {
        // A FIFO that took the file's place must not hold us up.
        let file = try Descriptor.open("\(root)/\(path)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let status = try file.status()
        guard status.kind == .file else { return nil }
        let (hash, size) = try FileCopy.hash(file)
        return TreeManifest.Entry(
          path: path, kind: .file(size: size, hash: hash, isExecutable: status.isExecutable))
      } catch {
        if error.code == .notFound { return nil }
        throw CodeTreeError(
          .unreadable,
          "the code folder cannot be read: \(error.message); "
            + "change its permissions, or leave it out by .pashaignore")
      }
    }
  }
}
