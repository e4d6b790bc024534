import CodeTree
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

/// What comes over is put together and checked; what a peer could send wrongly is not taken; what came before a break is
/// not asked for again.
@Suite struct TreeFetchTests {
  private let folder = TemporaryFolder("fetch")

  private func fetch(_ manifest: TreeManifest, durable: Bool = false) -> TreeFetch {
    TreeFetch("the tree", folder: folder.file("tree"), isDurable: durable, at: .zero) { $0 == manifest }
  }

  /// Answers questions until `limit` pieces came, or nothing is asked any more.
  private func run(
    _ fetch: inout TreeFetch, _ manifest: TreeManifest, limit: Int = .max,
    _ answer: (_ file: Int, _ offset: Int, _ length: Int) -> [UInt8]
  ) throws {
    try Files.makeFolder(folder.file("tree"))
    var asked = try fetch.take(manifest, at: .zero)
    var count = 0
    while count < limit {
      // What an earlier fetch left is gone through in turns.
      while asked.isEmpty, fetch.deadline == .zero { asked = try fetch.step(at: .zero) }
      if asked.isEmpty { return }
      guard case .chunk(let file, let offset, let length) = asked.removeFirst() else { continue }
      asked += try fetch.take(answer(file, offset, length), file: file, offset: offset, at: .zero)
      count += 1
    }
  }

  private func file(_ path: String, _ bytes: [UInt8]) -> TreeManifest.Entry {
    .init(path: path, kind: .file(size: bytes.count, hash: SHA256.hash(bytes), isExecutable: false))
  }

  private func file(_ path: String, _ text: String) -> TreeManifest.Entry { file(path, Array(text.utf8)) }

  private func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func aTreeIsPutTogetherFromItsPieces() throws {
    let manifest = TreeManifest(entries: [
      file("a/b/c.txt", "hello"), .init(path: "empty", kind: .file(size: 0, hash: SHA256.hash([]), isExecutable: true)),
      .init(path: "folder", kind: .folder), .init(path: "link", kind: .link(target: "a/b")),
    ])
    var fetch = fetch(manifest)
    #expect(fetch.askAgain(at: .zero) == [.manifest])
    try run(&fetch, manifest) { _, _, _ in Array("hello".utf8) }
    #expect(fetch.isComplete && fetch.bytes == 5)
    #expect(folder.read("tree/link/c.txt") == "hello")
    #expect(try Files.status(folder.file("tree/empty"))?.isExecutable == true)
  }

  /// Three trees one after the other, the first two broken off: the first leaves a link, the second makes another one
  /// through it, which lies less deep than its path says, and the third would be written where that one leads.
  @Test func nothingIsWrittenThroughLinksOfAnEarlierFetch() throws {
    try Files.makeFolder(folder.file("outside"))
    let never = file("z", "what never comes")
    let first = TreeManifest(entries: [.init(path: "a", kind: .link(target: ".")), never])
    let second = TreeManifest(entries: [
      .init(path: "a", kind: .folder), .init(path: "a/b", kind: .link(target: "../outside")), never,
    ])
    let third = TreeManifest(entries: [file("b/victim", "evil")])
    for broken in [first, second] {
      var fetch = fetch(broken, durable: true)
      _ = failure { try run(&fetch, broken, limit: 0) { _, _, _ in [] } }
    }
    var last = fetch(third, durable: true)
    try run(&last, third) { _, _, _ in Array("evil".utf8) }
    #expect(last.isComplete)
    #expect(!Files.exists(folder.file("outside/victim")))
    #expect(folder.read("tree/b/victim") == "evil")
    #expect(try Folders.list(folder.file("tree")).map(\.name) == ["b"])
  }

  /// Broken off in the middle of a large file, another fetch asks for the rest alone.
  @Test(arguments: [0, 1, 9, 23, 30])
  func whatCameBeforeABreakIsNotAskedForAgain(pieces: Int) throws {
    let size = 31 * TreeFetch.pieceSize + 17
    var generator = SeededGenerator(seed: 3)
    let content = (0..<size / 8 + 1).flatMap { _ in withUnsafeBytes(of: generator.nextBits()) { Array($0) } }
      .prefix(size)
    let bytes = Array(content)
    let manifest = TreeManifest(entries: [file("large", bytes), file("small", "s")])
    func answer(_ file: Int, _ offset: Int, _ length: Int) -> [UInt8] {
      file == 0 ? Array(bytes[offset..<offset + length]) : Array("s".utf8)
    }
    var first = fetch(manifest, durable: true)
    try run(&first, manifest, limit: pieces, answer)
    #expect(!first.isComplete)
    var second = fetch(manifest, durable: true)
    try run(&second, manifest, answer)
    #expect(second.isComplete)
    #expect(second.reused == max(0, pieces - TreeFetch.credit) * TreeFetch.pieceSize)
    #expect(second.bytes + second.reused == size + 1)
    #expect(try Files.read(folder.file("tree/large"), limit: size + 1) == bytes)
  }

  /// What an earlier fetch left may be anything: it is hashed as well, and a fetch after that begins the file anew.
  @Test func damagedLeftOversAreNoticedAndBegunAnew() throws {
    let size = 20 * TreeFetch.pieceSize
    let bytes = [UInt8](repeating: 7, count: size)
    let manifest = TreeManifest(entries: [file("large", bytes)])
    try Files.makeFolder(folder.file("tree"))
    try Files.writeAtomically(folder.file("tree/large"), [UInt8](repeating: 8, count: size))
    var first = fetch(manifest)
    let answer: (Int, Int, Int) -> [UInt8] = { _, _, length in [UInt8](repeating: 7, count: length) }
    #expect(failure { try run(&first, manifest, answer) }?.contains("another content") == true)
    var second = fetch(manifest)
    try run(&second, manifest, answer)
    #expect(second.isComplete && second.reused == 0)
  }

  @Test func noMoreIsUnderWayThanTheCreditAllows() throws {
    let size = 40 * TreeFetch.pieceSize
    let manifest = TreeManifest(entries: [file("large", [UInt8](repeating: 1, count: size))])
    var fetch = fetch(manifest)
    try Files.makeFolder(folder.file("tree"))
    let asked = try fetch.take(manifest, at: .zero)
    #expect(asked.count == TreeFetch.credit)
    #expect(fetch.askAgain(at: .zero) == asked)
  }

  /// One who sends the same again and again has said nothing; going through what is here already is no silence.
  @Test func onlyWhatBringsAFetchOnIsHeard() throws {
    let size = 20 * TreeFetch.pieceSize
    let piece = [UInt8](repeating: 7, count: TreeFetch.pieceSize)
    let manifest = TreeManifest(entries: [file("large", [UInt8](repeating: 7, count: size))])
    func second(_ number: Int64) -> Instant { Instant(nanoseconds: number * 1_000_000_000) }
    try Files.makeFolder(folder.file("tree"))
    var first = fetch(manifest)
    #expect(first.heardAt == .zero)
    _ = try first.take(manifest, at: second(1))
    _ = try first.take(piece, file: 0, offset: 0, at: second(2))
    _ = first.askAgain(at: second(3))
    _ = try first.take(manifest, at: second(4))
    _ = try first.take(piece, file: 0, offset: 0, at: second(5))
    #expect(first.heardAt == second(2))
    try Files.writeAtomically(folder.file("tree/large"), [UInt8](repeating: 7, count: size))
    var again = fetch(manifest)
    _ = try again.take(manifest, at: second(6))
    #expect(again.reused > 0)
    _ = try again.step(at: second(100))
    #expect(again.heardAt == second(100))
  }

  @Test func otherContentThanListedIsNotTaken() throws {
    let manifest = TreeManifest(entries: [file("a", "hello")])
    var fetch = fetch(manifest)
    #expect(
      failure { try run(&fetch, manifest) { _, _, _ in Array("hellO".utf8) } }?.contains("another content") == true)
  }

  @Test func piecesOfAnotherLengthAreNotTaken() throws {
    let manifest = TreeManifest(entries: [file("a", "hello")])
    var fetch = fetch(manifest)
    #expect(failure { try run(&fetch, manifest) { _, _, _ in [1] } }?.contains("1 bytes of a came") == true)
  }

  @Test func aListThatIsNotTheOneAskedForOrThatLeavesItsFolderIsNotTaken() throws {
    var fetch = fetch(TreeManifest(entries: [file("a", "x")]))
    #expect(failure { _ = try fetch.take(TreeManifest(entries: []), at: .zero) }?.contains("announced") == true)
    for entry in [
      file("../up", "x"), file("/etc/x", "x"), .init(path: "l", kind: .link(target: "../../out")),
      .init(path: "l", kind: .link(target: "/etc")),
    ] {
      let evil = TreeManifest(entries: [entry])
      var other = self.fetch(evil)
      #expect(failure { _ = try other.take(evil, at: .zero) }?.contains("cannot be used") == true)
    }
    #expect(!Files.exists(folder.path + "/up"))
  }

  /// A link where a file of the tree is to be, left by somebody: nothing is written through it.
  @Test func nothingIsWrittenThroughALinkInTheWay() throws {
    try Files.makeFolder(folder.file("tree"))
    try folder.write("victim", "safe")
    try Files.makeLink(folder.file("tree/a"), to: folder.file("victim"))
    let manifest = TreeManifest(entries: [file("a", "good!")])
    var fetch = fetch(manifest)
    try run(&fetch, manifest) { _, _, _ in Array("good!".utf8) }
    #expect(folder.read("victim") == "safe")
    #expect(folder.read("tree/a") == "good!")
    #expect(try Files.status(folder.file("tree/a"))?.kind == .file)
  }

  /// A link in place of the folder that the tree is put together in.
  @Test func nothingIsPutTogetherBehindALink() throws {
    try Files.makeFolder(folder.file("elsewhere"))
    try Files.makeLink(folder.file("tree"), to: folder.file("elsewhere"))
    let manifest = TreeManifest(entries: [file("a", "x")])
    var fetch = fetch(manifest)
    #expect(failure { try run(&fetch, manifest) { _, _, _ in [120] } } != nil)
    #expect(!Files.exists(folder.file("elsewhere/a")))
  }

  @Test func whatWasNotAskedForIsPassedOver() throws {
    var fetch = fetch(TreeManifest(entries: []))
    #expect(try fetch.take([1], file: 7, offset: 0, at: .zero).isEmpty)
    #expect(fetch.askAgain(at: .zero) == [.manifest])
  }
}
