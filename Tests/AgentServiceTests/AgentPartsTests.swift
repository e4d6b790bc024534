import CodeTree
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import AgentService

@Suite struct AgentPartsTests {
  @Test func attemptsOfATrialOnlyGrow() throws {
    let folder = TemporaryFolder("trial")
    let trial = TrialFolder(folder.file("7"))
    try trial.make()
    #expect(try trial.claim(Attempt(2)))
    // Claimed and never carried out: a repeated start is the same start.
    #expect(try trial.claim(Attempt(2)))
    #expect(try !trial.claim(Attempt(1)))
    try folder.write("7/attempts/2/plan", "")
    #expect(try !trial.claim(Attempt(2)))
    #expect(try trial.claim(Attempt(3)))
    #expect(trial.highestAttempt == Attempt(3))
    try folder.write("7/attempt", "rubbish")
    #expect(trial.highestAttempt == nil)
  }

  @Test func hostsAndPortsAreReadOrRefused() {
    #expect(HostAndPort("box") == HostAndPort(host: "box", port: nil))
    #expect(HostAndPort("10.0.0.1:4711") == HostAndPort(host: "10.0.0.1", port: 4711))
    #expect(HostAndPort("[::1]:5") == HostAndPort(host: "::1", port: 5))
    #expect(HostAndPort("[::1]") == HostAndPort(host: "::1", port: nil))
    #expect(HostAndPort("fe80::1") == HostAndPort(host: "fe80::1", port: nil))
    for text in ["", ":5", "h:", "h:0", "h:65536", "h:x", "[::1", "[]:5", "[::1]5", "a b", "tcp://h:5"] {
      #expect(HostAndPort(text) == nil, "\(text)")
    }
  }

  @Test func tokensGiveBackWhatTheyWereMadeOf() throws {
    let token = JoinToken(
      run: "digits-2026", host: "höst.example", controlPort: 40_001, bulkPort: 65_535,
      serverKey: String(repeating: "a", count: 40), joinSecretKey: String(repeating: "}", count: 40))
    #expect(try JoinToken(parsing: token.text) == token)
    #expect(try JoinToken(parsing: "  \(token.text.prefix(30))\r\n\(token.text.dropFirst(30))\n") == token)
    #expect(token.text.allSatisfy { $0.isASCII && !$0.isWhitespace })
  }

  @Test func everySlipInATokenIsNoticed() throws {
    let token = JoinToken(
      run: "r", host: "h", controlPort: 1, bulkPort: 2, serverKey: String(repeating: "a", count: 40),
      joinSecretKey: String(repeating: "b", count: 40)
    ).text
    func code(_ text: String) -> JoinTokenError.Code? {
      do throws(JoinTokenError) {
        _ = try JoinToken(parsing: text)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(" \n") == .empty)
    #expect(code("pasha2:" + token.dropFirst(7)) == .notAToken)
    for place in 7..<token.count {
      var letters = Array(token)
      letters[place] = letters[place] == "A" ? "B" : "A"
      #expect(code(String(letters)) == .damaged, "changed at \(place)")
      letters.remove(at: place)
      #expect(code(String(letters)) == .damaged, "cut at \(place)")
    }
    #expect(code(token + "A") == .damaged)
    #expect(code("pasha1:") == .damaged)
  }

  @Test func theLogIsTurnedOverAtItsBoundAndKeepsOneLineEach() throws {
    let folder = TemporaryFolder("log")
    let log = AgentLog(folder.file("log"), echoes: false, limit: 200)
    for number in 0..<20 { log.write("line \(number)\nof two") }
    let text = try #require(folder.read("log"))
    #expect(text.contains("Z line 19 of two\n") && text.utf8.count < 300)
    #expect(folder.read("log.1") != nil)
    #expect(AgentLog.time(Timestamp(microseconds: 1_000_000_000_000_000)) == "2001-09-09T01:46:40Z")
  }
}

/// What a coordinator could send wrongly, and what a code tree could do to the host.
@Suite struct CodeFetchTests {
  private let folder = TemporaryFolder("fetch")

  private func fetch(_ manifest: TreeManifest, _ answer: (Int, Int, Int) -> [UInt8]) throws -> CodeFetch {
    try Files.makeFolder(folder.file("tree"))
    var fetch = CodeFetch(tree: manifest.treeHash, folder: folder.file("tree"), at: .zero)
    var asked = try fetch.take(.manifest(tree: manifest.treeHash, manifest), at: .zero)
    while let request = asked.first {
      asked.removeFirst()
      guard case .chunkRequest(let tree, let file, let offset, let length) = request else { continue }
      asked += try fetch.take(
        .chunk(tree: tree, file: file, offset: offset, bytes: answer(file, offset, length)), at: .zero)
    }
    return fetch
  }

  private func file(_ path: String, _ text: String) -> TreeManifest.Entry {
    .init(path: path, kind: .file(size: text.utf8.count, hash: SHA256.hash(Array(text.utf8)), isExecutable: false))
  }

  private func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? PreparationFailure)?.message ?? "\(error)"
    }
  }

  @Test func aTreeIsPutTogetherFromItsPieces() throws {
    let manifest = TreeManifest(entries: [
      file("a/b/c.txt", "hello"), .init(path: "empty", kind: .file(size: 0, hash: SHA256.hash([]), isExecutable: true)),
      .init(path: "folder", kind: .folder), .init(path: "link", kind: .link(target: "a/b")),
    ])
    let fetch = try fetch(manifest) { _, _, _ in Array("hello".utf8) }
    #expect(fetch.isComplete && fetch.bytes == 5)
    #expect(folder.read("tree/link/c.txt") == "hello")
    #expect(try Files.status(folder.file("tree/empty"))?.isExecutable == true)
  }

  @Test func otherContentThanListedIsNotTaken() throws {
    let manifest = TreeManifest(entries: [file("a", "hello")])
    #expect(failure { _ = try fetch(manifest) { _, _, _ in Array("hellO".utf8) } }?.contains("another content") == true)
  }

  @Test func piecesOfAnotherLengthAreNotTaken() throws {
    let manifest = TreeManifest(entries: [file("a", "hello")])
    #expect(failure { _ = try fetch(manifest) { _, _, _ in [1] } }?.contains("1 bytes of a came") == true)
  }

  @Test func aListThatIsNotTheOneAskedForOrThatLeavesItsFolderIsNotTaken() throws {
    var fetch = CodeFetch(tree: "abc", folder: folder.path, at: .zero)
    #expect(
      failure { _ = try fetch.take(.manifest(tree: "abc", TreeManifest(entries: [])), at: .zero) }?.contains("hash")
        == true)
    let evil = TreeManifest(entries: [file("../up", "x")])
    var other = CodeFetch(tree: evil.treeHash, folder: folder.path, at: .zero)
    #expect(
      failure { _ = try other.take(.manifest(tree: evil.treeHash, evil), at: .zero) }?.contains("cannot be used")
        == true)
    #expect(!Files.exists(folder.path + "/../up"))
  }

  @Test func whatWasNotAskedForIsPassedOver() throws {
    var fetch = CodeFetch(tree: "abc", folder: folder.path, at: .zero)
    #expect(try fetch.take(.chunk(tree: "abc", file: 7, offset: 0, bytes: [1]), at: .zero).isEmpty)
    #expect(try fetch.take(.chunk(tree: "other", file: 0, offset: 0, bytes: [1]), at: .zero).isEmpty)
    #expect(fetch.askAgain(at: .zero) == [.manifestRequest(tree: "abc")])
  }
}
