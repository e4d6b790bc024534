import CodeTree
import Foundation
import Testing
import Wire

@Suite struct SnapshotTests {
  private func example() throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write("train.py", "print(1)\n")
    try scratch.write("run.sh", "#!/bin/sh\n", mode: 0o755)
    try scratch.write("lib/model.py", String(repeating: "0123456789", count: 300_000))
    try scratch.write("lib/empty", "")
    try scratch.makeFolder("out")
    try scratch.link("lib/train", to: "../train.py")
    try scratch.write(".venv/huge")
    return scratch
  }

  @Test func aSnapshotIsTheSameTree() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path)
    let stored = try tree.snapshot(into: run("code"))
    #expect(stored.hash == tree.hash)
    #expect(stored.manifest == tree.manifest)
    #expect(try CodeTree.scan(folder: run("code/\(tree.hash)")).manifest == tree.manifest)
    let reader = try CodeTreeReader(folder: run("code"), tree: tree.hash)
    #expect(reader.manifest == tree.manifest)
    #expect(reader.hash == tree.hash)
    #expect(try CodeTreeReader(folder: run("code")).hash == tree.hash)
    #expect(run.names("code").count == 2)
  }

  @Test func aSnapshotStaysWhenTheCodeIsEdited() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    try code.write("train.py", "print(2)\n")
    try code.remove("lib/empty")
    let reader = try CodeTreeReader(folder: run("code"), tree: tree.hash)
    let index = try #require(reader.manifest.entries.firstIndex { $0.path == "train.py" })
    #expect(try reader.chunk(file: index, offset: 0, length: 100) == Array("print(1)\n".utf8))
  }

  @Test func aSecondSnapshotOfTheSameTreeCopiesNothing() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    let before = try inode(run("code/\(tree.hash)/train.py"))
    try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    #expect(try inode(run("code/\(tree.hash)/train.py")) == before)
  }

  private func inode(_ path: String) throws -> ino_t {
    var info = stat()
    try #require(stat(path, &info) == 0)
    return info.st_ino
  }

  @Test func aFileThatChangedSinceItWasReadIsReadAgain() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path)
    try code.write("train.py", "print(2)\n")
    let stored = try tree.snapshot(into: run("code"))
    #expect(stored.hash != tree.hash)
    #expect(try run.read("code/\(stored.hash)/train.py") == Array("print(2)\n".utf8))
    #expect(run.names("code").count == 2)
  }

  @Test func aFileThatWentAwayOrBecameSomethingElseIsNoEnd() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path)
    for name in ["lib/model.py", "lib/empty", "lib/train", "lib", "train.py"] { try code.remove(name) }
    try code.link("train.py", to: "run.sh")
    let stored = try tree.snapshot(into: run("code"))
    #expect(stored.manifest.entries.map(\.path) == ["out", "run.sh", "train.py"])
  }

  @Test func aFileThatNeverRestsIsNamed() throws {
    let (code, run) = (try example(), try Scratch())
    // 200 MB take longer to hash than the writer below waits between two changes.
    try code.write("busy.log", "")
    try #require(truncate(code("busy.log"), 200 << 20) == 0)
    let path = code("busy.log")
    let writer = Thread {
      var count: UInt64 = 0
      while !Thread.current.isCancelled, let file = FileHandle(forWritingAtPath: path) {
        withUnsafeBytes(of: &count) { file.write(Data($0)) }
        try? file.close()
        count += 1
        usleep(1000)
      }
    }
    writer.start()
    defer { writer.cancel() }
    let error = try #require(throws: CodeTreeError.self) {
      try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    }
    #expect(error.code == .changed)
    #expect(error.message.contains(path))
    #expect(run.names("code").isEmpty)
  }

  @Test func whatAKilledCopyLeftIsReplaced() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path)
    try run.write("code/.new/train.py", "half")
    // The tree without its manifest: killed between the two.
    try run.write("code/\(tree.hash)/train.py", "half")
    try tree.snapshot(into: run("code"))
    #expect(try CodeTreeReader(folder: run("code")).manifest == tree.manifest)
    #expect(run.names("code") == [tree.hash, "\(tree.hash).manifest"])
    #expect(try run.read("code/\(tree.hash)/train.py") == Array("print(1)\n".utf8))
  }

  @Test func chunksMakeUpTheFiles() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    let reader = try CodeTreeReader(folder: run("code"))
    for (index, entry) in tree.manifest.entries.enumerated() {
      guard case .file(let size, _, _) = entry.kind else { continue }
      var bytes: [UInt8] = []
      while bytes.count < size {
        bytes += try reader.chunk(file: index, offset: bytes.count, length: WireLimits.maximumChunkBytes)
      }
      #expect(try bytes == code.read(entry.path))
      #expect(try reader.chunk(file: index, offset: size, length: 10).isEmpty)
    }
  }

  @Test func aChunkThatNobodyMayAskForIsAnError() throws {
    let (code, run) = (try example(), try Scratch())
    let entries = try CodeTree.scan(folder: code.path).snapshot(into: run("code")).manifest.entries
    let reader = try CodeTreeReader(folder: run("code"))
    let file = try #require(entries.firstIndex { $0.path == "train.py" })
    let folder = try #require(entries.firstIndex { $0.path == "lib" })
    let link = try #require(entries.firstIndex { $0.path == "lib/train" })
    for (index, offset, length) in [
      (-1, 0, 1), (entries.count, 0, 1), (Int.max, 0, 1), (folder, 0, 1), (link, 0, 1), (file, -1, 1), (file, 10, 1),
      (file, Int.max, 1), (file, 0, -1), (file, 0, WireLimits.maximumChunkBytes + 1), (file, 0, Int.max),
    ] {
      let error = try #require(throws: CodeTreeError.self) {
        try reader.chunk(file: index, offset: offset, length: length)
      }
      #expect(error.code == .outOfRange)
    }
  }

  @Test func aDamagedSnapshotIsNotServed() throws {
    let (code, run) = (try example(), try Scratch())
    let tree = try CodeTree.scan(folder: code.path)
    let reader = try tree.snapshot(into: run("code"))
    let file = try #require(tree.manifest.entries.firstIndex { $0.path == "train.py" })
    func expectDamage(_ what: Comment, _ body: () throws -> Void) throws {
      #expect(try #require(throws: CodeTreeError.self, performing: body).code == .damaged, what)
    }
    for name in ["0", "../\(tree.hash)", String(repeating: "0", count: 64), tree.hash.uppercased()] {
      try expectDamage("\(name)") { _ = try CodeTreeReader(folder: run("code"), tree: name) }
    }
    try run.remove("code/\(tree.hash)/train.py")
    try run.write("code/\(tree.hash)/train.py", "print")
    try expectDamage("shorter") { _ = try reader.chunk(file: file, offset: 0, length: 100) }
    try expectDamage("shorter, at the start") { _ = try CodeTreeReader(folder: run("code")) }
    // Storing the tree again mends it.
    try tree.snapshot(into: run("code"))
    #expect(throws: Never.self) { try CodeTreeReader(folder: run("code")) }
    let manifest = "code/\(tree.hash).manifest"
    try run.remove(manifest)
    try expectDamage("no manifest") { _ = try CodeTreeReader(folder: run("code"), tree: tree.hash) }
    try expectDamage("no tree") { _ = try CodeTreeReader(folder: run("code")) }
    try run.write(manifest, "garbage")
    try expectDamage("no protobuf") { _ = try CodeTreeReader(folder: run("code")) }
    try run.write(manifest, TreeManifest(entries: []).encoded())
    try expectDamage("another tree's manifest") { _ = try CodeTreeReader(folder: run("code")) }
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    let (code, run) = (try example(), try Scratch())
    try run.write("code")
    let error = try #require(throws: CodeTreeError.self) {
      try CodeTree.scan(folder: code.path).snapshot(into: run("code"))
    }
    #expect(error.code == .unwritable)
    #expect(error.message.contains(run("code")))
  }
}
