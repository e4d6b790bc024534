import CodeTree
import Glibc
import Testing
import Wire

@Suite struct ScanTests {
  /// SHA-256 of "content\n".
  static let contentHash = "434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53"

  static func paths(_ tree: CodeTree) -> [String] { tree.manifest.entries.map(\.path) }

  static func error(_ scratch: Scratch, limits: CodeTree.Limits = CodeTree.Limits()) throws -> CodeTreeError {
    try #require(throws: CodeTreeError.self) { try CodeTree.scan(folder: scratch.path, limits: limits) }
  }

  @Test func theManifestIsSortedBytewiseAndSaysWhatIsThere() throws {
    let scratch = try Scratch()
    try scratch.write("a/b")
    try scratch.write("a-b", "", mode: 0o755)
    try scratch.write("Z.py")
    try scratch.write("é", "äöü")
    try scratch.makeFolder("empty")
    try scratch.link("a/link", to: "../Z.py")
    let tree = try CodeTree.scan(folder: scratch.path)
    #expect(
      tree.manifest.entries == [
        .init(path: "Z.py", kind: .file(size: 8, hash: Self.contentHash, isExecutable: false)),
        .init(path: "a", kind: .folder),
        .init(
          path: "a-b",
          kind: .file(
            size: 0, hash: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", isExecutable: true)),
        .init(path: "a/b", kind: .file(size: 8, hash: Self.contentHash, isExecutable: false)),
        .init(path: "a/link", kind: .link(target: "../Z.py")),
        .init(path: "empty", kind: .folder),
        .init(
          path: "é",
          kind: .file(
            size: 6, hash: "bc329dbfa029f66476cb633afcd3136c65c840d0003ef6479583c09e64e2c33e", isExecutable: false)),
      ])
    #expect((tree.files, tree.folders, tree.links, tree.bytes) == (4, 2, 1, 22))
    #expect(tree.warnings.isEmpty)
  }

  @Test func theHashIsThatOfTheDocumentedForm() throws {
    let manifest = TreeManifest(entries: [
      .init(path: "a", kind: .folder),
      .init(path: "a/run", kind: .file(size: 8, hash: Self.contentHash, isExecutable: true)),
      .init(path: "b", kind: .file(size: 8, hash: Self.contentHash, isExecutable: false)),
      .init(path: "c", kind: .link(target: "a/run")),
    ])
    let form =
      "pasha-tree-1\nfolder\0a\0executable\0a/run\08\0\(Self.contentHash)\0file\0b\08\0\(Self.contentHash)\0link\0c\0a/run\0"
    #expect(String(decoding: manifest.canonicalForm, as: UTF8.self) == form)
    // A change of this value orphans every snapshot and every host's copy of code.
    #expect(manifest.treeHash == "3b69d0baa91e11f87636286f2a7f6512556c9d0217effebb6ba47e3869397cb2")
    #expect(TreeManifest(entries: []).treeHash == "4c853e24b9bbea0ede2bd8d336e99943bb330810f53bce98194b5538226c66d3")
  }

  @Test func theHashChangesWithAnythingThatMatters() throws {
    var hashes: Set<String> = []
    let changes: [(Scratch) throws -> Void] = [
      { _ in }, { try $0.write("a", "other\n") }, { try $0.write("a", mode: 0o755) }, { try $0.write("b") },
      { try $0.makeFolder("b") }, { try $0.link("b", to: "a") }, { try $0.link("b", to: "c") },
      { try $0.remove("a") }, { try $0.write("dir/a") },
    ]
    for change in changes {
      let scratch = try Scratch()
      try scratch.write("a")
      try change(scratch)
      hashes.insert(try CodeTree.scan(folder: scratch.path).hash)
    }
    #expect(hashes.count == changes.count)
  }

  @Test func theHashDependsOnNeitherPlaceNorTime() throws {
    let (one, two) = (try Scratch(), try Scratch())
    for (scratch, names) in [(one, ["a", "b/c", "b/d"]), (two, ["b/d", "b/c", "a"])] {
      for name in names { try scratch.write(name) }
    }
    try #require(utimes(two("a"), [timeval(), timeval()]) == 0)
    try two.write("b/__pycache__/c.pyc")
    #expect(try CodeTree.scan(folder: one.path).hash == CodeTree.scan(folder: two.path).hash)
  }

  @Test func someNamesAreAlwaysLeftOut() throws {
    let scratch = try Scratch()
    for name in [".git/config", "sub/.git", "sub/__pycache__/x.pyc", ".venv/bin/python", "x/.venv/y", "train.py"] {
      try scratch.write(name)
    }
    try scratch.write("y/__pycache__")
    #expect(try Self.paths(CodeTree.scan(folder: scratch.path)) == ["sub", "train.py", "x", "y", "y/__pycache__"])
    // git's file has no say in it.
    try scratch.write(".gitignore", "!.venv\n!.git\n!__pycache__\n")
    #expect(
      try Self.paths(CodeTree.scan(folder: scratch.path)) == [
        ".gitignore", "sub", "train.py", "x", "y", "y/__pycache__",
      ])
    // Neither has a pattern that means everything.
    for pattern in ["!*\n!*/\n!.*\n", "!**\n", "!.venv\n*\n!*/\n!train.py\n!__pycache__\n*__\n!*__\n!y\n*v\n"] {
      try scratch.write(".pashaignore", pattern)
      let paths = try Self.paths(CodeTree.scan(folder: scratch.path))
      #expect(!paths.contains { $0.contains(".venv") || $0.contains(".git/") || $0.hasSuffix("x.pyc") }, "\(paths)")
    }
    try scratch.write(".pashaignore", "!/.venv\n!__pycache__\n")
    #expect(
      try Self.paths(CodeTree.scan(folder: scratch.path)) == [
        ".gitignore", ".pashaignore", ".venv", ".venv/bin", ".venv/bin/python", "sub", "sub/__pycache__",
        "sub/__pycache__/x.pyc", "train.py", "x", "y", "y/__pycache__",
      ])
  }

  @Test func pashaignoreHasTheFirstWord() throws {
    let scratch = try Scratch()
    for name in ["data/train.csv", "data/notes.txt", "model.py", "sub/model.py"] { try scratch.write(name) }
    try scratch.write(".gitignore", "data\n")
    try scratch.write("sub/.gitignore", "!model.py\n")
    try scratch.write(".pashaignore", "!data/\n*.txt\nmodel.py\n")
    #expect(
      try Self.paths(CodeTree.scan(folder: scratch.path)) == [
        ".gitignore", ".pashaignore", "data", "data/train.csv", "sub", "sub/.gitignore",
      ])
  }

  @Test(arguments: [
    ("link", "/etc/hostname"), ("link", ".."), ("link", "../other"), ("dir/link", "../../other"), ("link", "sub/../.."),
    ("link", "dir/../x"),
  ])
  func aLinkThatLeavesTheFolderIsNamed(link: String, target: String) throws {
    let scratch = try Scratch()
    try scratch.makeFolder("dir")
    try scratch.link(link, to: target)
    let error = try Self.error(scratch)
    #expect(error.code == .linkLeavesTree)
    #expect(error.message.contains("\(scratch(link)) -> \(target)"), "\(error)")
    #expect(error.message.contains(".pashaignore"))
    try scratch.write(".pashaignore", "link\n")
    #expect(try Self.paths(CodeTree.scan(folder: scratch.path)) == [".pashaignore", "dir"])
  }

  @Test func linksInsideTheFolderStayAsTheyAre() throws {
    let scratch = try Scratch()
    try scratch.write("dir/sub/file")
    for (link, target) in [
      ("a", "dir"), ("dir/b", "../dir/sub/file"), ("dir/sub/c", "../.."), ("d", "."), ("e", "a/sub/file"),
      ("f", "./dir/"),
    ] { try scratch.link(link, to: target) }
    let tree = try CodeTree.scan(folder: scratch.path)
    #expect(tree.links == 6)
    #expect(tree.warnings.isEmpty)
  }

  @Test func aLinkToWhatIsLeftOutIsToldAndTaken() throws {
    let scratch = try Scratch()
    try scratch.write("data/big")
    try scratch.write(".gitignore", "data\n")
    try scratch.link("big", to: "data/big")
    let tree = try CodeTree.scan(folder: scratch.path)
    #expect(Self.paths(tree) == [".gitignore", "big"])
    #expect(tree.warnings.count == 1)
    #expect(tree.warnings.first?.contains(scratch("big")) == true)
  }

  @Test func specialFilesAreToldAndLeftOut() throws {
    let scratch = try Scratch()
    try scratch.write("train.py")
    try #require(mkfifo(scratch("pipe"), 0o600) == 0)
    let tree = try CodeTree.scan(folder: scratch.path)
    #expect(Self.paths(tree) == ["train.py"])
    #expect(tree.warnings.count == 1)
    #expect(tree.warnings.first?.contains(scratch("pipe")) == true)
  }

  @Test func aFolderThatIsNoneIsNamed() throws {
    let scratch = try Scratch()
    try scratch.write("file")
    for path in [scratch("missing"), scratch("file"), scratch("file/below")] {
      let error = try #require(throws: CodeTreeError.self) { try CodeTree.scan(folder: path) }
      #expect(error.code == .noFolder)
      #expect(error.message.contains(path))
    }
    try scratch.link("link", to: ".")
    #expect(throws: Never.self) { try CodeTree.scan(folder: scratch("link")) }
  }

  @Test func tooManyEntriesNameTheLargestParts() throws {
    let scratch = try Scratch()
    for index in 0..<40 { try scratch.write("data/images/\(index).png", "") }
    for index in 0..<8 { try scratch.write("src/\(index).py", "") }
    let error = try Self.error(scratch, limits: CodeTree.Limits(entries: 20))
    #expect(error.code == .tooLarge)
    #expect(
      error.message == """
        the code folder \(scratch.path) holds 51 files and folders, at most 20 can travel; the largest parts: \
        data/images/ (41 entries), src/ (9 entries). Name what training does not need in \(scratch.path)/.pashaignore, \
        or point `code:` at a smaller folder
        """)
    try scratch.write(".pashaignore", "data/\n")
    #expect(throws: Never.self) { try CodeTree.scan(folder: scratch.path, limits: CodeTree.Limits(entries: 20)) }
  }

  @Test func tooManyBytesNameTheLargestPartsWithoutReadingThem() throws {
    let scratch = try Scratch()
    try scratch.write("train.py")
    try scratch.write("weights/old/model.bin", "")
    // A hole: five gibibytes that nobody could hash in the time of a test.
    try #require(truncate(scratch("weights/old/model.bin"), 5 << 30) == 0)
    let error = try Self.error(scratch)
    #expect(error.code == .tooLarge)
    #expect(error.message.contains("holds 5.0 GiB, at most 4.0 GiB can travel"), "\(error)")
    #expect(error.message.contains("weights/old/model.bin (5.0 GiB)"), "\(error)")
    #expect(error.message.contains(".pashaignore"))
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let scratch = try Scratch()
    try scratch.write("dir/secret", mode: 0o600)
    try scratch.write("train.py")
    try scratch.setMode("", 0o755)
    try asNobody {
      let error = try Self.error(scratch)
      #expect(error.code == .unreadable)
      #expect(error.message.contains(scratch("dir/secret")), "\(error)")
    }
    // Names without what is behind them, and neither.
    for mode in [mode_t(0o744), 0o700] {
      try scratch.setMode("dir", mode)
      try asNobody {
        let error = try Self.error(scratch)
        #expect(error.code == .unreadable)
        #expect(error.message.contains(scratch("dir")), "\(error)")
      }
    }
    try scratch.write(".pashaignore", "dir\n")
    try asNobody { #expect(throws: Never.self) { try CodeTree.scan(folder: scratch.path) } }
  }

  /// Root reads everything: its tests look at files with the rights of another user, on this thread alone.
  private func asNobody(_ body: () throws -> Void) throws {
    guard geteuid() == 0 else { return try body() }
    typealias Switch = @convention(c) (UInt32) -> Int32
    let symbol = try #require(dlsym(nil, "setfsuid"))
    let setfsuid = unsafeBitCast(symbol, to: Switch.self)
    _ = setfsuid(65534)
    defer { _ = setfsuid(0) }
    try body()
  }
}
