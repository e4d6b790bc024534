/// What makes a tree safe to write below any folder: whoever gives the tree, nothing lands outside.
///
/// - Paths are relative and hold no `.`, no `..`, no empty component, no NUL.
/// - Paths ascend bytewise, so that each stands there once.
/// - Nothing stands below a file or a link, so that every path leads through real folders.
/// - A link's target is relative, has `..` at its beginning alone, and so many of them at most that it stays in the tree.
///   A `..` behind a name could climb out of the folder that a link on the way leads to, which names do not show.
extension TreeManifest {
  /// Checks the rules and the bounds. The maker of a tree calls it before it offers the tree; decoding calls it.
  public func validate() throws(WireError) {
    guard entries.count <= WireLimits.maximumTreeEntries else {
      throw WireError(.tooMany, "the tree has more than \(WireLimits.maximumTreeEntries) entries")
    }
    var leaves: Set<[UInt8]> = []
    var previous: [UInt8]?
    for entry in entries {
      let path = Array(entry.path.utf8)
      let depth = try entry.validatePath(path)
      if let previous, !previous.lexicographicallyPrecedes(path) {
        throw WireError(.badPath, "tree: \(entry.shown) stands behind a path that sorts after it, or twice")
      }
      previous = path
      for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && leaves.contains(Array(path[..<index])) {
        throw WireError(.badPath, "tree: \(entry.shown) stands below what is no folder")
      }
      switch entry.kind {
      case .folder: break
      case .file: leaves.insert(path)
      case .link(let target):
        leaves.insert(path)
        try entry.validateTarget(Array(target.utf8), folders: depth - 1)
      }
    }
  }
}

extension TreeManifest.Entry {
  /// The path for a message: cut, without control characters.
  fileprivate var shown: String {
    "'\(String(path.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) }.prefix(200)))'"
  }

  /// Checks the path and says how many components it has.
  fileprivate func validatePath(_ bytes: [UInt8]) throws(WireError) -> Int {
    guard bytes.count <= WireLimits.maximumPathBytes, !bytes.contains(0) else {
      throw WireError(.badPath, "tree: \(shown) is too long or holds a NUL")
    }
    let components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard components.count <= WireLimits.maximumPathDepth else {
      throw WireError(.badPath, "tree: \(shown) has more than \(WireLimits.maximumPathDepth) components")
    }
    for component in components {
      guard !component.isEmpty, !component.isHere, !component.isAbove else {
        throw WireError(.badPath, "tree: \(shown) is absolute or holds '.', '..' or an empty component")
      }
      guard component.count <= WireLimits.maximumPathComponentBytes else {
        throw WireError(.badPath, "tree: \(shown) holds a name of more than 255 bytes")
      }
    }
    return components.count
  }

  /// Checks the target of a link that lies so many folders below the tree's root.
  fileprivate func validateTarget(_ bytes: [UInt8], folders: Int) throws(WireError) {
    guard !bytes.isEmpty, bytes.count <= WireLimits.maximumPathBytes, !bytes.contains(0) else {
      throw WireError(.badPath, "tree: the link \(shown) leads nowhere")
    }
    guard bytes.first != UInt8(ascii: "/") else {
      throw WireError(.badPath, "tree: the link \(shown) leads to an absolute path")
    }
    let components = bytes.split(separator: UInt8(ascii: "/"))
    let leading = components.prefix { $0.isAbove || $0.isHere }
    guard leading.count(where: \.isAbove) <= folders else {
      throw WireError(.badPath, "tree: the link \(shown) leads out of the tree")
    }
    guard !components.dropFirst(leading.count).contains(where: \.isAbove) else {
      throw WireError(.badPath, "tree: the link \(shown) goes down and up again")
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate var isHere: Bool { elementsEqual(".".utf8) }
  fileprivate var isAbove: Bool { elementsEqual("..".utf8) }
}
