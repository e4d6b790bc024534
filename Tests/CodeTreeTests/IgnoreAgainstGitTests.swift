import CodeTree
import Foundation
import Testing
import Wire

/// The real git decides what the ignore files mean.
@Suite struct IgnoreAgainstGitTests {
  /// Runs git in a folder, untouched by the settings of machine and user, and gives its output's NUL-separated parts.
  static func git(_ arguments: [String], in folder: String) throws -> Set<String> {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C",
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": "/nonexistent",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "git is needed for this test and has failed: git \(arguments)")
    return Set(output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
  }

  /// Paths of files and links, as `git ls-files` lists them.
  static func taken(_ folder: String) throws -> Set<String> {
    let entries = try CodeTree.scan(folder: folder).manifest.entries
    return Set(entries.filter { $0.kind != .folder }.map(\.path))
  }

  /// Compares the two on one tree, for each set of ignore files (by folder, "" is the tree's own) in turn: first as
  /// `.gitignore`, then as `.pashaignore`.
  static func compare(_ cases: [[String: String]], paths: [String]) throws {
    let scratch = try Scratch()
    for path in paths {
      if path.hasSuffix("@") {
        try scratch.link(String(path.dropLast()), to: "target")
      } else {
        try scratch.write(path, "")
      }
    }
    _ = try git(["init", "--quiet", "--template="], in: scratch.path)
    for ignoreFiles in cases {
      for (name, argument) in [
        (".gitignore", "--exclude-standard"), (".pashaignore", "--exclude-per-directory=.pashaignore"),
      ] {
        func file(_ folder: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
        for (folder, text) in ignoreFiles { try scratch.write(file(folder), text) }
        let expected = try git(["ls-files", "-z", "--others", argument], in: scratch.path)
        let ours = try taken(scratch.path)
        let (extra, missing) = (ours.subtracting(expected).sorted(), expected.subtracting(ours).sorted())
        #expect(extra + missing == [], "\(ignoreFiles) as \(name): only here \(extra), only with git \(missing)")
        for folder in ignoreFiles.keys { try scratch.remove(file(folder)) }
      }
    }
  }

  static let paths = [
    "a", "b.txt", "c.log", "Makefile", "with space", "trailing ", "trailing  ", "#hash", "!bang", "star*", "br[ac]ket",
    "back\\slash", "tab\t", "-dash", "é.txt", "0", "9", "]", "^", "cr\r", "ab", "abc", "abbc", "a-c", "A", "x.tar.gz",
    "dir/a", "dir/b.txt", "dir/sub/a", "dir/sub/deep/a", "dir/sub/deep/c.log", "dir/sub/keep.log", "dir/with space/x",
    "build/out.o", "build/keep/me", "src/build/out.o", "src/main.py", "src/data/train.csv", "src/data/keep.csv",
    "logs/one.log", "logs/two/three.log", "foo/bar", "foo/x/bar", "foo/x/y/bar", "foobar", "foo/z/bar/baz", "x/foo/bar",
    "deep/a/b/c/d/e", "link@", "dir/link@", "build2@", "target", "dir/target", "other/build/a", ".hidden", ".config/x",
  ]

  /// What stands alone in an ignore file, one by one.
  static let patterns = [
    "a", "/a", "a/", "/a/", "dir", "dir/", "/dir/", "dir/a", "/dir/a", "dir/sub", "dir/sub/", "dir/*", "dir/**",
    "*.log", "/*.log", "**/*.log", "**/a", "**/sub/a", "**/dir", "/**", "**", "*", "*/", "**/", "**/**", "*/*", "*/a",
    "foo/**/bar", "foo/*/bar", "foo/**", "**/bar", "**/foo/bar", "foo**bar", "foo*bar", "a/**/", "dir/**/",
    "dir/**/a",
    "***", "***/a", "dir/***/a", "?", "??", "dir/?", "[abc]", "[!abc]", "[^abc]", "[a-c]", "[a-", "[]", "[]]", "[!]]",
    "[]a]", "[a-]*", "[-a]*", "[[:digit:]]", "[[:alpha:]]", "[![:alnum:]]", "[[:nothing:]]", "[[:upper:]]", "[[:a]",
    "[a-c-e]", "[c-a]", "[\\]]", "[\\a]", "a[a-z]c", "a[!a-z]c", "[[:space:][:punct:]]*", "br[[]ac]ket",
    "br\\[ac\\]ket",
    "back\\\\slash", "back\\slash", "star\\*", "star*", "\\a", "a\\", "\\", "\\#hash", "#hash", "\\!bang", "!bang",
    "trailing", "trailing ", "trailing\\ ", "trailing\\  ", "trailing \\ ", "with space", "tab\t", "tab", "   ", " a",
    "",
    "/", "//", "//a", "!", "!/", "dir//a", "dir//", "./a", "../a", "a\r", "cr\r\r", "cr", "link", "link/", "build",
    "build/", "build2/", "build2", "build*/", "src/data", "*.tar.*", "*.gz", "*.*", ".*", ".hidden", ".config/", "é*",
    "?.txt", "??.txt", "-*", "deep/**/e", "deep/*/*/*/*/e", "deep/**/c/**", "*a*a*a*a*a*a*a*a*a*a*a*b", "A", "ABC",
    "*\\.log", "dir/[a-z]/", "dir/s?b/deep", "dir[/]a", "dir?a", "dir*a", "**a", "a**", "**.log", "/**/a", "/*/a",
    "x/**/bar",
  ]

  @Test func onePatternLeavesOutTheSame() throws {
    try Self.compare(Self.patterns.map { ["": $0 + "\n"] }, paths: Self.paths)
  }

  static let contents = [
    "*\n!a\n", "*\n!*/\n!*.log\n", "*.log\n!keep.log\n", "dir\n!dir/a\n", "dir/\n!dir/\n", "dir/*\n!dir/sub\n",
    "/*\n!/src\n",
    "/*\n!/src\n/src/*\n!/src/data\n", "!a\na\n", "a\n!a\na\n", "src/data/*\n!src/data/keep.csv\n", "a",
    "a\n\n# a\n\n!a", "a\r\n",
    "\u{FEFF}a\n", "\u{FEFF}# a\nb.txt\n", "**/build/\n!src/build/\n", "logs/**\n!logs/two/\n!logs/two/three.log\n",
    "*\n!dir\n!dir/**\n",
    "foo/*\n!foo/x\nfoo/x/*\n!foo/x/y\n", "[a-c]*\n!abc\n", " \n\t\n  # no comment\n",
  ]

  @Test func laterPatternsDecide() throws {
    try Self.compare(Self.contents.map { ["": $0] }, paths: Self.paths)
  }

  @Test func nestedFilesDecideBeforeThoseAbove() throws {
    try Self.compare(
      [
        ["": "*.log\n", "dir": "!*.log\n", "dir/sub/deep": "c.log\n"],
        ["": "!a\n", "dir": "a\n", "dir/sub": "!a\n"],
        ["dir": "/sub/a\n", "foo": "**/bar\n", "deep": "/a/*/c/\n"],
        ["": "dir/sub\n", "dir": "!sub\n"],
        ["": "dir/\n", "dir": "!*\n"],
        ["": "src/data/*\n", "src": "!data/keep.csv\n"],
      ], paths: Self.paths)
  }

  @Test(arguments: 0..<12)
  func generatedTreesAgree(seed: Int) throws {
    var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    let names = ["a", "b", "ab", "abc", "a.log", "b.log", "data", "x-1", ".h"]
    var paths: Set<String> = []
    var folders: Set<String> = [""]
    for _ in 0..<60 {
      let depth = Int.random(in: 0...3, using: &generator)
      let parts = (0..<depth).map { _ in names.randomElement(using: &generator)! + "_" }
      paths.insert((parts + [names.randomElement(using: &generator)!]).joined(separator: "/"))
      for count in 1..<max(parts.count + 1, 2) where count <= parts.count {
        folders.insert(parts.prefix(count).joined(separator: "/"))
      }
    }
    let pieces = ["a", "b", "ab", "*", "*", "**", "**", "?", "[ab]", "[!b]", "_", "_", ".log", "data", "/", "/", "/"]
    func pattern() -> String {
      let text = (0..<Int.random(in: 1...5, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }
      return (Int.random(in: 0..<4, using: &generator) == 0 ? "!" : "") + text.joined()
    }
    /// git takes two stars behind plain letters and before a slash for folders, its own manual for one star.
    func isUndisputed(_ line: String) -> Bool {
      line.range(of: "[^/!*]\\*\\*+(/|$)", options: .regularExpression) == nil
    }
    let cases = (0..<8).map { _ in
      var files: [String: String] = [:]
      for folder in folders.sorted().shuffled(using: &generator).prefix(3) + [""] {
        files[folder] = (0..<6).map { _ in pattern() }.filter(isUndisputed).joined(separator: "\n")
      }
      return files
    }
    try Self.compare(cases, paths: paths.sorted())
  }
}

/// Numbers from a seed (splitmix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
