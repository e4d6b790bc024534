/// The ignore files that count for one folder: its own and those of the folders above it, up to the code folder.
///
/// - `.pashaignore` has the first word: what one of its patterns matches is decided by it.
/// - Then come the names that are always left out: `.git`, `.venv`, and folders `__pycache__`. Only a `!` pattern of
///   `.pashaignore` that ends in the very name brings one back: `!*/` does not, since who writes it means his own folders.
/// - Then `.gitignore`.
///
/// Of the files of one kind the deeper one goes first, and within a file the last matching pattern counts. What is below
/// a folder that was left out is never looked at, so that no pattern brings it back. All of this is as git does it, but
/// that git's index, its `info/exclude`, the user's own excludes and ignore files above the code folder do not count.
struct IgnoreRules: Sendable {
  /// One kind of ignore file, from the code folder downwards.
  private struct Chain: Sendable {
    private var files: [(depth: Int, file: IgnoreFile)] = []

    mutating func add(_ content: [UInt8]?, depth: Int) {
      guard let content else { return }
      let file = IgnoreFile(content)
      if !file.patterns.isEmpty { files.append((depth, file)) }
    }

    func verdict(on path: [[UInt8]], isFolder: Bool, byName: Bool = false) -> IgnoreFile.Verdict? {
      for (depth, file) in files.reversed() {
        if let verdict = file.verdict(on: path[depth...], isFolder: isFolder, byName: byName) { return verdict }
      }
      return nil
    }
  }

  static let ownName = ".pashaignore"
  static let gitName = ".gitignore"

  private static let always = IgnoreFile(Array(".git\n.venv\n__pycache__/\n".utf8))

  private var own = Chain()
  private var git = Chain()

  /// The rules of a folder so many components below the code folder, from the content of its ignore files.
  func below(depth: Int, own ownContent: [UInt8]?, git gitContent: [UInt8]?) -> IgnoreRules {
    var rules = self
    rules.own.add(ownContent, depth: depth)
    rules.git.add(gitContent, depth: depth)
    return rules
  }

  /// Whether an entry is left out.
  /// - Parameter path: components from the code folder on.
  func leavesOut(_ path: [[UInt8]], isFolder: Bool) -> Bool {
    let verdict = own.verdict(on: path, isFolder: isFolder)
    if Self.always.verdict(on: path[...], isFolder: isFolder) == .leaveOut {
      return verdict != .take || own.verdict(on: path, isFolder: isFolder, byName: true) != .take
    }
    return (verdict ?? git.verdict(on: path, isFolder: isFolder)) == .leaveOut
  }
}
