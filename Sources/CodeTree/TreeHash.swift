import HostSystem
import Wire

extension TreeManifest {
  /// The form whose SHA-256 names the tree. It is ours alone and never changes, whatever the wire's encoding does:
  ///
  ///     pasha-tree-1 LF
  ///     then for each entry, in the manifest's order, fields that each end with a NUL byte:
  ///       "file"       PATH SIZE HASH     SIZE in decimal digits, HASH in lower-case hexadecimal
  ///       "executable" PATH SIZE HASH
  ///       "link"       PATH TARGET
  ///       "folder"     PATH
  ///
  /// No field holds a NUL (paths and targets cannot), so that two manifests never share a form.
  public var canonicalForm: [UInt8] {
    var form = Array("pasha-tree-1\n".utf8)
    func add(_ fields: String...) {
      for field in fields {
        form += field.utf8
        form.append(0)
      }
    }
    for entry in entries {
      switch entry.kind {
      case .file(let size, let hash, let isExecutable):
        add(isExecutable ? "executable" : "file", entry.path, String(size), hash)
      case .link(let target): add("link", entry.path, target)
      case .folder: add("folder", entry.path)
      }
    }
    return form
  }

  /// The tree's name: SHA-256 of the canonical form, in hexadecimal.
  public var treeHash: String { SHA256.hash(canonicalForm) }

  /// Paths of the links whose target is no entry of the tree.
  ///
  /// A target that leads through another link is taken as there: where it ends depends on that link.
  var danglingLinks: [String] {
    var kinds: [String: Entry.Kind] = [:]
    for entry in entries { kinds[entry.path] = entry.kind }
    return entries.compactMap { entry in
      guard case .link(let target) = entry.kind else { return nil }
      var place = entry.path.split(separator: "/").dropLast().map(String.init)
      for component in target.split(separator: "/") where component != "." {
        if component == ".." {
          _ = place.popLast()
          continue
        }
        place.append(String(component))
        switch kinds[place.joined(separator: "/")] {
        case nil: return entry.path
        case .link: return nil
        case .file, .folder: break
        }
      }
      return nil
    }
  }
}
