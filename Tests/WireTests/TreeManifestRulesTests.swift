import Testing
import Wire

/// A tree that decodes stays within its folder, wherever it is written.
@Suite struct TreeManifestRulesTests {
  private typealias Entry = TreeManifest.Entry

  private func file(_ path: String) -> Entry {
    Entry(path: path, kind: .file(size: 1, hash: "ab", isExecutable: false))
  }
  private func folder(_ path: String) -> Entry { Entry(path: path, kind: .folder) }
  private func link(_ path: String, _ target: String) -> Entry { Entry(path: path, kind: .link(target: target)) }

  private func code(_ entries: [TreeManifest.Entry]) -> WireError.Code? {
    do throws(WireError) {
      _ = try TreeManifest(decoding: TreeManifest(entries: entries).encoded())
      return nil
    } catch {
      return error.code
    }
  }

  @Test func aPlainTreeIsTaken() {
    #expect(code([]) == nil)
    #expect(
      code([
        file(".env"), folder("a"), file("a.txt"), folder("a/b"), link("a/b/up", "../../a.txt"), file("a/b/x y\n"),
        link("a/here", "./b/x"), link("z", "a"), file("é"),
      ]) == nil)
  }

  @Test(arguments: ["", "/etc/passwd", "..", "../x", "a/../b", "a//b", "a/", ".", "./a", "a/.", "a\0b"])
  func aPathThatLeavesTheTreeIsRefused(path: String) {
    #expect(code([file(path)]) == .badPath)
    #expect(code([folder(path)]) == .badPath)
  }

  @Test(arguments: ["", "/etc/passwd", "..", "../x", "../../a", "a/..", "a/../..", "./../x", "b/../../../x", "a\0"])
  func aLinkThatMayLeaveTheTreeIsRefused(target: String) {
    #expect(code([link("a", target)]) == .badPath)
  }

  @Test func aLinkMayClimbAsFarAsItLiesDeep() {
    #expect(code([link("a/b/c", "../../x")]) == nil)
    #expect(code([link("a/b/c", "../../../x")]) == .badPath)
  }

  @Test func nothingStandsBelowALinkOrAFile() {
    #expect(code([link("a", "b"), file("a/x")]) == .badPath)
    #expect(code([file("a"), file("a.b"), file("a/b/c")]) == .badPath)
    #expect(code([folder("a"), file("a.b"), file("a/b/c")]) == nil)
  }

  @Test func pathsAscendAndStandOnce() {
    #expect(code([file("b"), file("a")]) == .badPath)
    #expect(code([file("a"), file("a")]) == .badPath)
    #expect(code([file("a"), file("a-b"), file("a/b")]) == .badPath, "a is a file")
    #expect(code([file("e\u{301}"), file("\u{E9}")]) == nil, "the same to a reader, two names to the kernel")
  }

  @Test func pathsHaveBounds() {
    #expect(code([file(String(repeating: "x", count: 255))]) == nil)
    #expect(code([file(String(repeating: "x", count: 256))]) == .badPath)
    #expect(code([file(Array(repeating: "x", count: 129).joined(separator: "/"))]) == .badPath)
    #expect(
      code([file(Array(repeating: String(repeating: "x", count: 250), count: 17).joined(separator: "/"))]) == .badPath)
    #expect(code((0...50_000).map { folder("f\(100_000 + $0)") }) == .tooMany)
    #expect(code((0..<50_000).map { folder("f\(100_000 + $0)") }) == nil)
  }

  @Test func theHashInputNeverChanges() {
    let tree = TreeManifest(entries: [
      folder("a"), Entry(path: "a/b", kind: .file(size: 300, hash: "0f", isExecutable: true)), link("c", "a/b"),
    ])
    #expect(
      tree.encoded() == [
        0x0A, 0x05, 0x0A, 0x01, 0x61, 0x22, 0x00,  //
        0x0A, 0x10, 0x0A, 0x03, 0x61, 0x2F, 0x62, 0x12, 0x09, 0x08, 0xAC, 0x02, 0x12, 0x02, 0x30, 0x66, 0x18, 0x01,  //
        0x0A, 0x08, 0x0A, 0x01, 0x63, 0x1A, 0x03, 0x61, 0x2F, 0x62,
      ])
  }
}
