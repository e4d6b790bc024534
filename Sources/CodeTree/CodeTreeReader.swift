import Glibc
import HostSystem
import Wire

/// Reads a snapshot: the manifest once, then pieces of files as hosts ask for them.
public struct CodeTreeReader: Sendable {
  /// Where the tree's files are.
  public let folder: String
  public let manifest: TreeManifest
  public let hash: String

  /// Opens a snapshot and checks that its manifest is what its name says and that its files are there in full size.
  /// (Their content is checked by whoever receives it.)
  /// - Parameters:
  ///   - folder: the folder for snapshots, as given to `CodeTree.snapshot`.
  ///   - tree: the hash; nil takes the only snapshot there.
  /// - Throws: `damaged`.
  public init(folder: String, tree: String? = nil) throws(CodeTreeError) {
    let name = if let tree { tree } else { try Self.onlyTree(in: folder) }
    // The name comes from a journal or a peer: it must not lead elsewhere.
    guard name.utf8.count == 64, name.utf8.allSatisfy(Self.isHexadecimal) else {
      throw CodeTreeError(.damaged, "'\(name.prefix(80))' is not the name of a code tree")
    }
    let path = "\(folder)/\(name).manifest"
    let content = try attempt(.damaged) { () throws(SystemError) in
      try Files.read(path, limit: WireLimits.coordinatorBulkMessageBytes)
    }
    do throws(WireError) { manifest = try TreeManifest(decoding: content) } catch {
      throw CodeTreeError(.damaged, "\(path) is damaged: \(error.detail)")
    }
    guard manifest.treeHash == name else {
      throw CodeTreeError(.damaged, "\(path) is damaged: it is not the manifest of that tree")
    }
    self.folder = "\(folder)/\(name)"
    hash = name
    for entry in manifest.entries {
      guard case .file(let size, _, _) = entry.kind else { continue }
      let place = "\(self.folder)/\(entry.path)"
      let status = try attempt(.damaged) { () throws(SystemError) in try Files.status(place) }
      guard let status, status.kind == .file, status.size == size else {
        throw CodeTreeError(.damaged, "\(place) is missing or was changed since the run started")
      }
    }
  }

  /// A piece of one file.
  /// - Parameters:
  ///   - file: index into the manifest's entries.
  ///   - offset: at most the file's size, where the piece is empty.
  ///   - length: at most `WireLimits.maximumChunkBytes`; less comes only at the file's end.
  /// - Throws: `outOfRange` for what a peer must not ask, `damaged` when the snapshot lacks it.
  public func chunk(file: Int, offset: Int, length: Int) throws(CodeTreeError) -> [UInt8] {
    guard manifest.entries.indices.contains(file), case .file(let size, _, _) = manifest.entries[file].kind else {
      throw CodeTreeError(.outOfRange, "entry \(file) of code tree \(hash) is not a file")
    }
    guard 0...size ~= offset, 0...WireLimits.maximumChunkBytes ~= length else {
      throw CodeTreeError(
        .outOfRange, "\(length) bytes from \(offset) of \(manifest.entries[file].path) (\(size) bytes) cannot be read")
    }
    let wanted = min(length, size - offset)
    let path = "\(folder)/\(manifest.entries[file].path)"
    let bytes = try attempt(.damaged) { () throws(SystemError) in
      let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      return try file.read(at: offset, upTo: wanted)
    }
    guard bytes.count == wanted else {
      throw CodeTreeError(.damaged, "\(path) is shorter than it was when the run started")
    }
    return bytes
  }

  private static func onlyTree(in folder: String) throws(CodeTreeError) -> String {
    let names = try attempt(.damaged) { () throws(SystemError) in try Folders.list(folder) }.map(\.name)
      .filter { $0.hasSuffix(".manifest") }
    guard let name = names.first, names.count == 1 else {
      throw CodeTreeError(.damaged, "\(folder) holds \(names.count) code trees instead of one")
    }
    return String(name.dropLast(".manifest".count))
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
  }
}
