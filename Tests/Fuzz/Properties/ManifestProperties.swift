import Wire

/// A list of files that decodes names nothing outside its folder: told by a second reader that walks the paths.
enum ManifestProperties {
  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let kind = bytes.first else { return }
    let rest = bytes.dropFirst()
    if kind % 2 == 1 { return try MessageProperties.check(Seal.self, rest) }
    try MessageProperties.check(TreeManifest.self, rest)
    if let tree = try? TreeManifest(decoding: rest) { try check(tree) }
  }

  private static func check(_ tree: TreeManifest) throws(BrokenProperty) {
    var links: [String: String] = [:]
    for entry in tree.entries {
      if case .link(let target) = entry.kind { links[entry.path] = target }
    }
    for entry in tree.entries {
      try require(!entry.path.utf8.contains(0), "NUL in \(entry.path)")
      try walk(entry.path, links, what: entry.path)
    }
  }

  /// Follows a path as the kernel does, links included, and throws when it leaves the root. What is not listed is taken
  /// for a folder.
  private static func walk(_ path: String, _ links: [String: String], what: String) throws(BrokenProperty) {
    var place: [[UInt8]] = []
    var rest = Array(path.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
    try require(rest.first?.isEmpty == false, "\(what) is absolute")
    var followed = 0
    while let component = rest.first {
      rest.removeFirst()
      if component.isEmpty || component == Array(".".utf8) { continue }
      if component == Array("..".utf8) {
        try require(!place.isEmpty, "\(what) leads out of the tree")
        place.removeLast()
        continue
      }
      place.append(component)
      guard let target = links[Self.text(place)] else {
        continue
      }
      followed += 1
      // The kernel gives up at 40.
      if followed > 40 { return }
      try require(target.utf8.first != UInt8(ascii: "/"), "\(what) leads to \(target)")
      place.removeLast()
      rest = Array(target.utf8).split(separator: UInt8(ascii: "/")).map { Array($0) } + rest
    }
  }

  private static func text(_ components: [[UInt8]]) -> String {
    String(decoding: Array(components.joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
  }
}
