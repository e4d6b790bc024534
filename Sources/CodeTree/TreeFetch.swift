import Glibc
import HostSystem
import TuningModel
import Wire

/// Brings one tree of files from somewhere else: the list first, then pieces of files under a small credit. Every file is
/// checked by its hash. What an earlier fetch into the same folder brought is not asked for again.
///
/// It holds no connection: whoever owns it asks the questions it gives, and hands it the answers. For one thread.
public struct TreeFetch {
  public enum Question: Hashable, Sendable {
    case manifest
    case chunk(file: Int, offset: Int, length: Int)
  }

  /// The tree cannot be had: what came is not what was promised, or cannot be written here.
  public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String
    public var description: String { message }
    public init(message: String) { self.message = message }
  }

  private struct OpenFile {
    let descriptor: Descriptor
    var missing: Int
    var hasher = SHA256()
    /// Bytes from the beginning that the hasher has seen.
    var hashed = 0
    /// Bytes from the beginning that an earlier fetch left.
    let found: Int
    var unsynced = 0
  }

  /// What the tree is called in messages.
  private let title: String
  private let folder: String
  private let expects: (TreeManifest) -> Bool
  /// Whether each file is on the disk before it counts.
  private let isDurable: Bool
  public private(set) var manifest: TreeManifest?
  /// The next piece to ask for.
  private var nextFile = 0
  private var nextOffset = 0
  private var asked: [Question] = []
  private var open: [Int: OpenFile] = [:]
  private var unfinished = 0
  private var progressAt: Instant
  /// When something that was asked for last came, or the fetch last got on with what an earlier one left. What comes twice,
  /// or unasked, does not count.
  public private(set) var heardAt: Instant
  /// Bytes that came over.
  public private(set) var bytes = 0
  /// Bytes that an earlier fetch had brought.
  public private(set) var reused = 0

  /// Pieces that may be under way.
  public static let credit = 8
  public static let pieceSize = WireLimits.maximumChunkBytes
  /// What was asked for and has not come for so long is asked for again.
  private static let patience = Duration.seconds(15)
  private static let syncEvery = 64 << 20
  /// Bytes of an earlier fetch that are hashed in one turn.
  private static let catchUpBytes = 8 << 20

  /// - Parameters:
  ///   - folder: where the tree is put together; it holds nothing, or what an earlier fetch of the same tree left.
  ///   - expects: whether a list of files is the one that is meant.
  public init(
    _ title: String, folder: String, isDurable: Bool, at now: Instant, expects: @escaping (TreeManifest) -> Bool
  ) {
    self.title = title
    self.folder = folder
    self.isDurable = isDurable
    self.expects = expects
    progressAt = now
    heardAt = now
  }

  public var isComplete: Bool { manifest.map { nextFile >= $0.entries.count && unfinished == 0 } ?? false }

  /// When `step` should be called at the latest.
  public var deadline: Instant { isCatchingUp ? progressAt : progressAt + Self.patience }

  /// What is asked for at the beginning, after a new connection, and when nothing came for long.
  public mutating func askAgain(at now: Instant) -> [Question] {
    progressAt = now
    guard manifest != nil else { return [.manifest] }
    return asked
  }

  /// Time passed: goes on with what an earlier fetch left, and asks again when nothing came.
  public mutating func step(at now: Instant) throws -> [Question] {
    if isCatchingUp {
      progressAt = now
      heardAt = now
      try catchUp()
      return try askMore()
    }
    return now >= deadline ? askAgain(at: now) : []
  }

  public mutating func take(_ manifest: TreeManifest, at now: Instant) throws -> [Question] {
    guard self.manifest == nil else { return [] }
    do throws(WireError) { try manifest.validate() } catch {
      throw Failure(message: "the list of files of \(title) cannot be used: \(error.detail)")
    }
    guard expects(manifest) else {
      throw Failure(message: "the list of files of \(title) is not the one that was announced")
    }
    try LeftOvers.clear(folder, for: manifest)
    try makeFolders(manifest)
    self.manifest = manifest
    progressAt = now
    heardAt = now
    return try askMore()
  }

  public mutating func take(_ bytes: [UInt8], file: Int, offset: Int, at now: Instant) throws -> [Question] {
    guard let place = asked.firstIndex(where: { $0.isChunk(of: file, at: offset) }), open[file] != nil,
      case .chunk(_, _, let length) = asked[place]
    else { return [] }
    asked.remove(at: place)
    guard bytes.count == length else {
      throw Failure(message: "\(bytes.count) bytes of \(name(of: file)) came, where \(length) were asked for")
    }
    try write(bytes, file: file, offset: offset)
    self.bytes += bytes.count
    progressAt = now
    heardAt = now
    return try askMore()
  }

  // MARK: Files

  private func makeFolders(_ manifest: TreeManifest) throws {
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
      let path = "\(folder)/\(entry.path)"
      try Files.makeFolder(Files.parent(of: path), intermediates: true)
      try Files.makeLink(path, to: target)
    }
  }

  private mutating func askMore() throws -> [Question] {
    guard let manifest else { return [] }
    var questions: [Question] = []
    while nextFile < manifest.entries.count, asked.count < Self.credit, !isCatchingUp {
      guard case .file(let size, _, _) = manifest.entries[nextFile].kind else {
        nextFile += 1
        continue
      }
      if open[nextFile] == nil {
        nextOffset = try begin(nextFile, size: size)
        if size == 0 {
          try finish(nextFile)
          nextFile += 1
        }
        continue
      }
      let question = Question.chunk(
        file: nextFile, offset: nextOffset, length: min(Self.pieceSize, size - nextOffset))
      asked.append(question)
      questions.append(question)
      nextOffset += min(Self.pieceSize, size - nextOffset)
      if nextOffset >= size {
        nextFile += 1
        nextOffset = 0
      }
    }
    return questions
  }

  /// Opens a file; where its content is to be asked for from.
  private mutating func begin(_ file: Int, size: Int) throws -> Int {
    let path = "\(folder)/\(name(of: file))"
    if try Files.status(path)?.kind == .file { _ = chmod(path, 0o600) }
    let descriptor = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
    let status = try descriptor.status()
    guard status.kind == .file else { throw Failure(message: "\(path) is in the way") }
    // Pieces are asked for in order, so that what is missing is among the last that came.
    let pieces = max(0, min(status.size, size) / Self.pieceSize - Self.credit)
    let found = pieces * Self.pieceSize
    open[file] = OpenFile(descriptor: descriptor, missing: size - found, found: found)
    unfinished += 1
    reused += found
    return found
  }

  private var isCatchingUp: Bool { open[nextFile].map { $0.hashed < $0.found } ?? false }

  private mutating func catchUp() throws {
    guard var target = open[nextFile] else { return }
    var left = Self.catchUpBytes
    while target.hashed < target.found, left > 0 {
      let piece = try target.descriptor.read(at: target.hashed, upTo: min(1 << 20, target.found - target.hashed))
      guard !piece.isEmpty else { throw Failure(message: "\(name(of: nextFile)) became shorter while it was read") }
      target.hasher.update(piece)
      target.hashed += piece.count
      left -= piece.count
    }
    open[nextFile] = target
  }

  private mutating func write(_ bytes: [UInt8], file: Int, offset: Int) throws {
    guard var target = open[file] else { return }
    open[file] = nil
    try target.descriptor.write(bytes, at: offset)
    target.missing -= bytes.count
    target.unsynced += bytes.count
    if offset == target.hashed {
      target.hasher.update(bytes)
      target.hashed += bytes.count
    }
    if isDurable, target.unsynced >= Self.syncEvery {
      try target.descriptor.sync()
      target.unsynced = 0
    }
    open[file] = target
    if target.missing == 0 { try finish(file) }
  }

  private mutating func finish(_ file: Int) throws {
    guard var target = open.removeValue(forKey: file), let entry = manifest?.entries[file],
      case .file(let size, let hash, let isExecutable) = entry.kind
    else { return }
    unfinished -= 1
    let isWhole =
      target.hashed == size ? target.hasher.finish() == hash : try FileCopy.hash(target.descriptor).hash == hash
    let length = try target.descriptor.status().size
    guard isWhole, length == size else {
      // What an earlier fetch left may be to blame: the next one begins this file anew.
      try Files.removeFile("\(folder)/\(entry.path)")
      throw Failure(message: "\(entry.path) of \(title) arrived with another content than was announced")
    }
    // What is kept for good is not written again.
    let mode: (plain: mode_t, executable: mode_t) = isDurable ? (0o400, 0o500) : (0o644, 0o755)
    try target.descriptor.setMode(isExecutable ? mode.executable : mode.plain)
    if isDurable { try target.descriptor.sync() }
  }

  private func name(of file: Int) -> String {
    guard let manifest, manifest.entries.indices.contains(file) else { return "a file" }
    return manifest.entries[file].path
  }

  /// Paths of the tree's files.
  public var files: [String] {
    (manifest?.entries ?? []).compactMap { entry in
      if case .file = entry.kind { entry.path } else { nil }
    }
  }
}

extension TreeFetch.Question {
  fileprivate func isChunk(of file: Int, at offset: Int) -> Bool {
    if case .chunk(file, offset, _) = self { true } else { false }
  }
}
