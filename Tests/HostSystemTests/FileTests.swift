import Glibc
import HostSystem
import TestSupport
import Testing

@Suite("Files and folders")
struct FileTests {
  let folder = TemporaryFolder("files")

  @Test("A durable write replaces the file whole and leaves nothing else behind")
  func durable() throws {
    let path = folder.file("state")
    try Files.writeDurably(path, Array("old".utf8))
    try Files.writeDurably(path, Array("new".utf8), mode: 0o640)
    #expect(try Files.readText(path, limit: 10) == "new")
    #expect(try Files.status(path)?.mode == 0o640)
    #expect(try Folders.list(folder.path).map(\.name) == ["state"])
    #expect(throws: SystemError.self) { try Files.writeDurably(folder.file("missing/state"), []) }
  }

  @Test("Reading stops at its limit and at what is no regular file")
  func reading() throws {
    try folder.write("large", String(repeating: "x", count: 1_000))
    mkfifo(folder.file("fifo"), 0o600)
    #expect(throws: SystemError.self) { try Files.read(folder.file("large"), limit: 999) }
    #expect(try Files.read(folder.file("large"), limit: 1_000).count == 1_000)
    #expect(try Files.readTail(folder.file("large"), limit: 10).count == 10)
    #expect { try Files.read(folder.file("fifo"), limit: 10) } throws: { ($0 as? SystemError)?.code == .unsuitable }
    #expect { try Files.read(folder.file("none"), limit: 10) } throws: { ($0 as? SystemError)?.code == .notFound }
  }

  @Test("Removing a tree follows no link and manages names and folders that are in the way")
  func removal() throws {
    try folder.write("outside/kept", "x")
    try folder.write("tree/a/b/file", "x")
    try Files.makeLink(folder.file("tree/a/out"), to: folder.file("outside"))
    try Files.makeLink(folder.file("tree/dangling"), to: "nowhere")
    mkfifo(folder.file("tree/fifo"), 0o600)
    let odd = folder.file("tree/").utf8CString.dropLast() + [-1, 47 + 1, 0]
    #expect(Array(odd).withUnsafeBufferPointer { Glibc.open($0.baseAddress!, O_CREAT | O_WRONLY, 0o600) } >= 0)
    chmod(folder.file("tree/a/b"), 0)
    try Folders.removeTree(folder.file("tree"))
    #expect(!Files.exists(folder.file("tree")))
    #expect(folder.read("outside/kept") == "x")
    try Folders.removeTree(folder.file("tree"))
    try Files.makeLink(folder.file("link"), to: "outside")
    try Folders.removeTree(folder.file("link"))
    #expect(folder.read("outside/kept") == "x")
  }

  @Test("A copy has the content of the file and its holes")
  func holes() throws {
    let source = try Descriptor.open(folder.file("sparse"), O_RDWR | O_CREAT)
    ftruncate(source.number, 64 << 20)
    try source.write(Array("begin".utf8), at: 0)
    try source.write(Array("middle".utf8), at: 32 << 20)
    let copy = try Descriptor.open(folder.file("copy"), O_RDWR | O_CREAT)
    try FileCopy.content(from: source, to: copy, path: folder.file("copy"))
    #expect(try FileCopy.hash(copy) == FileCopy.hash(source))
    let status = try copy.status()
    #expect(status.size == 64 << 20)
    #expect(status.allocated < 1 << 20)
  }

  @Test("SHA-256 of the examples of FIPS 180-4")
  func hashes() {
    #expect(SHA256.hash([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hash(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    var pieces = SHA256()
    for byte in "abc".utf8 { pieces.update([byte]) }
    #expect(pieces.finish() == SHA256.hash(Array("abc".utf8)))
  }

  @Test("A lock keeps others out for as long as it lives")
  func locks() throws {
    let path = folder.file("lock")
    var first = try FileLock.tryAcquire(path)
    #expect(first != nil)
    #expect(try FileLock.tryAcquire(path) == nil)
    #expect { try FileLock.acquire(path, within: .milliseconds(30)) } throws: {
      ($0 as? SystemError)?.code == .busy
    }
    first = nil
    // Also while a process that another test starts just now still has the descriptor.
    #expect(try FileLock.tryAcquire(path) != nil)
  }

  @Test("Folders on the way are made, and what is in the way is an error")
  func makeFolder() throws {
    try Files.makeFolder(folder.file("a/b/c"), intermediates: true)
    try Files.makeFolder(folder.file("a/b/c"))
    #expect(try Files.status(folder.file("a/b"))?.mode == 0o700)
    try folder.write("file", "")
    #expect(throws: SystemError.self) { try Files.makeFolder(folder.file("file")) }
    #expect(throws: SystemError.self) { try Files.makeFolder(folder.file("none/x")) }
  }

  @Test("Times of files that no clock has are taken for the last or the first one")
  func times() throws {
    // Unlike the disk, memory keeps every time that a program sets.
    let path = "/dev/shm/pasha-time-\(getpid())"
    try Files.writeDurably(path, [1])
    defer { unlink(path) }
    for (seconds, expected) in [(Int.max, Int64.max), (Int.min, .min), (-5, -5_000_000), (7, 7_000_000)] {
      var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
      #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
      #expect(try Files.status(path)?.modified.microseconds == expected)
    }
  }

  @Test("Paths are cut at their last component")
  func paths() {
    #expect(Files.parent(of: "/a/b/c") == "/a/b")
    #expect(Files.parent(of: "/a/b/") == "/a")
    #expect(Files.parent(of: "/a") == "/")
    #expect(Files.parent(of: "a") == ".")
    #expect(Files.name(of: "/a/b/") == "b")
  }
}
