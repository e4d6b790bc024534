import Glibc

/// A file that grows, read piece by piece as it does. The file need not be there yet; its folder must be.
public final class FileFollower {
  public let path: String
  /// Where the next piece begins.
  public private(set) var offset: Int
  private let watcher: FileWatcher
  private var file: Descriptor?

  /// Follows a file from an offset.
  public init(_ path: String, from offset: Int = 0) throws(SystemError) {
    self.path = path
    self.offset = offset
    watcher = try FileWatcher()
    _ = try watcher.add(Files.parent(of: path), FileWatcher.creation | UInt32(IN_MOVED_TO))
    try open()
  }

  /// Readable when the file has grown or appeared; call `acknowledge`, then read until nothing comes.
  public var descriptor: Descriptor { watcher.descriptor }

  /// Makes the descriptor quiet. To be called before reading: what grows in between makes it readable again.
  public func acknowledge() throws(SystemError) {
    while !watcher.events().isEmpty {}
    try open()
  }

  /// The next piece, at most `limit` bytes; empty when all was read or the file is not there yet.
  public func read(upTo limit: Int = 65_536) throws(SystemError) -> [UInt8] {
    guard let file else { return [] }
    let piece = try file.read(at: offset, upTo: limit)
    offset += piece.count
    return piece
  }

  private func open() throws(SystemError) {
    guard file == nil else { return }
    do throws(SystemError) {
      let opened = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
      guard try opened.status().kind == .file else {
        throw SystemError(.unsuitable, message: "\(path) is not a regular file")
      }
      _ = try watcher.add(path, UInt32(IN_MODIFY | IN_CLOSE_WRITE))
      file = opened
    } catch {
      if error.code != .notFound { throw error }
    }
  }
}
