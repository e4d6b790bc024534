import Glibc
import HostSystem
import TuningModel
import Wire

/// Sealed generations that were made somewhere else.
extension SealFolder {
  /// Where a generation is put together; what a broken copy left is there still.
  public func partFolder(of generation: Int) -> String { "\(path)/.\(generation).part" }

  /// Makes room for a generation that will be copied here.
  public func makePartFolder(of generation: Int) throws(SystemError) -> String {
    try Files.makeFolder(path, intermediates: true)
    let part = partFolder(of: generation)
    try Files.makeFolder(part)
    return part
  }

  /// Whether this very generation is here, whole as far as its list says.
  public func holds(_ seal: Seal) -> Bool {
    self.seal(seal.generation)?.hash == seal.hash && Files.exists(files(of: seal.generation))
      && Files.exists("\(path)/\(seal.generation).manifest")
  }

  /// Gives a whole and checked copy its place: on the disk when this returns, and counting as if it was sealed here.
  public func install(_ seal: Seal, _ manifest: TreeManifest) throws(CheckpointError) {
    let bytes = manifest.encoded()
    guard SHA256.hash(bytes) == seal.hash else {
      throw CheckpointError(.damaged, "the list of files of generation \(seal.generation) is not the sealed one")
    }
    try CheckpointError.onHost { () throws(SystemError) in
      let part = partFolder(of: seal.generation)
      try removeExtras(part, manifest)
      for entry in manifest.entries where entry.kind == .folder { try Files.syncFolder("\(part)/\(entry.path)") }
      try Files.syncFolder(part)
      // What stood there counts no more from here on.
      try Files.removeFile("\(path)/\(seal.generation).seal")
      try Folders.removeTree(files(of: seal.generation))
      try Files.rename(part, to: files(of: seal.generation))
      try Files.writeDurably("\(path)/\(seal.generation).manifest", bytes)
      try Files.writeDurably("\(path)/\(seal.generation).seal", seal.encoded())
    }
  }

  /// Removes what a broken copy of another content left at the top.
  private func removeExtras(_ part: String, _ manifest: TreeManifest) throws(SystemError) {
    let known = Set(manifest.entries.compactMap { $0.path.split(separator: "/").first.map(String.init) })
    for entry in try Folders.list(part) where !known.contains(entry.name) {
      try Folders.removeTree("\(part)/\(entry.name)")
    }
  }

  /// Deletes generations, and what broken copies left of them. The seal goes first: what is half deleted does not count.
  /// - Returns: the generations that counted and are gone.
  @discardableResult
  public func delete(keeping kept: [Int]) throws(SystemError) -> [Int] {
    guard Files.exists(path) else { return [] }
    let names = try Folders.list(path).map(\.name)
    var gone: [Int] = []
    for suffix in [".seal", ".manifest", ""] {
      for name in names where name.hasSuffix(suffix) {
        guard let generation = Int(name.dropLast(suffix.count)), !kept.contains(generation) else { continue }
        if suffix == ".seal" { gone.append(generation) }
        try Folders.removeTree("\(path)/\(name)")
      }
    }
    // `.N.part` and the like.
    for name in names where name.hasPrefix(".") && !kept.contains(where: { name.hasPrefix(".\($0).") }) {
      try Folders.removeTree("\(path)/\(name)")
    }
    return gone
  }
}
