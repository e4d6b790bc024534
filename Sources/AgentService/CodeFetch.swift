import CodeTree
import Glibc
import HostSystem
import TuningModel
import Wire

/// Why a host cannot be prepared; the text is shown to the user of the coordinator.
struct PreparationFailure: Error {
  let message: String
}

/// Brings one code tree from the coordinator: the manifest, then pieces of files under a small credit. Every file and the
/// manifest itself is checked by hash.
struct CodeFetch {
  private struct Piece: Equatable {
    let file: Int
    let offset: Int
    let length: Int
  }

  private struct OpenFile {
    let descriptor: Descriptor
    var missing: Int
  }

  private let tree: String
  private let folder: String
  private var manifest: TreeManifest?
  /// The next piece to ask for.
  private var nextFile = 0
  private var nextOffset = 0
  private var asked: [Piece] = []
  private var open: [Int: OpenFile] = [:]
  private var unfinished = 0
  private var progressAt: Instant
  private(set) var bytes = 0

  private static let credit = 8
  private static let pieceSize = WireLimits.maximumChunkBytes
  /// What was asked for and has not come for so long is asked for again.
  private static let patience = Duration.seconds(15)

  /// - Parameter folder: an empty folder for the tree.
  init(tree: String, folder: String, at now: Instant) {
    self.tree = tree
    self.folder = folder
    progressAt = now
  }

  var isComplete: Bool { manifest.map { nextFile >= $0.entries.count && unfinished == 0 } ?? false }
  var deadline: Instant { progressAt + Self.patience }

  /// What is asked for at the beginning, after a new connection, and when nothing came for long.
  mutating func askAgain(at now: Instant) -> [AgentBulkMessage] {
    progressAt = now
    guard manifest != nil else { return [.manifestRequest(tree: tree)] }
    return asked.map(request)
  }

  mutating func take(_ message: CoordinatorBulkMessage, at now: Instant) throws -> [AgentBulkMessage] {
    switch message {
    case .manifest(tree, let manifest): return try take(manifest, at: now)
    case .chunk(tree, let file, let offset, let bytes): return try take(bytes, file: file, offset: offset, at: now)
    case .noSuchTree(tree):
      throw PreparationFailure(message: "the coordinator has no code \(tree)")
    case .manifest, .chunk, .noSuchTree, .logRequest: return []
    }
  }

  private mutating func take(_ manifest: TreeManifest, at now: Instant) throws -> [AgentBulkMessage] {
    guard self.manifest == nil else { return [] }
    do throws(WireError) { try manifest.validate() } catch {
      throw PreparationFailure(message: "the code's list of files cannot be used: \(error.detail)")
    }
    guard manifest.treeHash == tree else {
      throw PreparationFailure(message: "the code's list of files does not have the hash \(tree)")
    }
    for entry in manifest.entries {
      switch entry.kind {
      case .folder: try Files.makeFolder("\(folder)/\(entry.path)", intermediates: true)
      case .file: try Files.makeFolder(Files.parent(of: "\(folder)/\(entry.path)"), intermediates: true)
      case .link: continue
      }
    }
    // Links come last: nothing is written through them.
    for entry in manifest.entries {
      guard case .link(let target) = entry.kind else { continue }
      try Files.makeFolder(Files.parent(of: "\(folder)/\(entry.path)"), intermediates: true)
      try Files.makeLink("\(folder)/\(entry.path)", to: target)
    }
    self.manifest = manifest
    progressAt = now
    return try askMore()
  }

  private mutating func take(_ bytes: [UInt8], file: Int, offset: Int, at now: Instant) throws -> [AgentBulkMessage] {
    guard let place = asked.firstIndex(where: { $0.file == file && $0.offset == offset }), var target = open[file]
    else { return [] }
    let piece = asked.remove(at: place)
    guard bytes.count == piece.length else {
      throw PreparationFailure(
        message: "\(bytes.count) bytes of \(name(of: file)) came, where \(piece.length) were asked for")
    }
    try target.descriptor.write(bytes, at: offset)
    target.missing -= bytes.count
    self.bytes += bytes.count
    open[file] = target
    progressAt = now
    if target.missing == 0 { try finish(file, target.descriptor) }
    return try askMore()
  }

  private mutating func askMore() throws -> [AgentBulkMessage] {
    guard let manifest else { return [] }
    var requests: [AgentBulkMessage] = []
    while nextFile < manifest.entries.count, asked.count < Self.credit {
      guard case .file(let size, _, _) = manifest.entries[nextFile].kind else {
        nextFile += 1
        continue
      }
      if nextOffset == 0 {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
        let descriptor = try Descriptor.open("\(folder)/\(manifest.entries[nextFile].path)", flags, mode: 0o600)
        open[nextFile] = OpenFile(descriptor: descriptor, missing: size)
        unfinished += 1
        if size == 0 {
          try finish(nextFile, descriptor)
          nextFile += 1
          continue
        }
      }
      let piece = Piece(file: nextFile, offset: nextOffset, length: min(Self.pieceSize, size - nextOffset))
      asked.append(piece)
      requests.append(request(piece))
      nextOffset += piece.length
      if nextOffset >= size {
        nextFile += 1
        nextOffset = 0
      }
    }
    return requests
  }

  private func request(_ piece: Piece) -> AgentBulkMessage {
    .chunkRequest(tree: tree, file: piece.file, offset: piece.offset, length: piece.length)
  }

  private mutating func finish(_ file: Int, _ descriptor: Descriptor) throws {
    open[file] = nil
    unfinished -= 1
    guard let entry = manifest?.entries[file], case .file(let size, let hash, let isExecutable) = entry.kind else {
      return
    }
    let found = try FileCopy.hash(descriptor)
    guard found.hash == hash, found.size == size else {
      throw PreparationFailure(message: "\(entry.path) arrived with another content than the coordinator listed")
    }
    guard fchmod(descriptor.number, isExecutable ? 0o755 : 0o644) == 0 else {
      throw SystemError(errno, "set the mode of", entry.path)
    }
  }

  private func name(of file: Int) -> String {
    guard let manifest, manifest.entries.indices.contains(file) else { return "a file" }
    return manifest.entries[file].path
  }

  /// Paths of the tree's files.
  var files: [String] {
    (manifest?.entries ?? []).compactMap { entry in
      if case .file = entry.kind { entry.path } else { nil }
    }
  }
}
