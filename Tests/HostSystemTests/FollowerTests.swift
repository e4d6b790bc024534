import Glibc
import HostSystem
import TestSupport
import Testing

@Suite("Following files")
struct FollowerTests {
  @Test("A file that is not there yet is read as it appears and grows")
  func grows() throws {
    let folder = TemporaryFolder("follow")
    let follower = try FileFollower(folder.file("log"))
    let loop = try EventLoop()
    try loop.watch(follower.descriptor, token: 1)
    #expect(try follower.read() == [])

    let file = try Descriptor.open(folder.file("log"), O_WRONLY | O_CREAT | O_APPEND)
    for text in ["first\n", "second"] {
      try file.write(text.utf8)
      #expect(try loop.wait(for: .seconds(10)).map(\.token) == [1])
      try follower.acknowledge()
      #expect(try follower.read() == Array(text.utf8))
      #expect(try follower.read() == [])
      #expect(try loop.wait(for: .zero) == [])
    }
    #expect(follower.offset == 12)
    let later = try FileFollower(folder.file("log"), from: 6)
    #expect(try later.read() == Array("second".utf8))
  }

  @Test("A link or a FIFO in the file's place is not read")
  func special() throws {
    let folder = TemporaryFolder("follow")
    try folder.write("secret", "x")
    try Files.makeLink(folder.file("link"), to: "secret")
    mkfifo(folder.file("fifo"), 0o600)
    for name in ["link", "fifo"] {
      #expect(throws: SystemError.self) { try FileFollower(folder.file(name)) }
    }
  }

  @Test("Events of one watcher come in the order in which things happened")
  func order() throws {
    let folder = TemporaryFolder("watch")
    try folder.write("log", "")
    try folder.write("saves/old", "")
    let watcher = try FileWatcher()
    let log = try watcher.add(folder.file("log"), FileWatcher.modification)
    let saves = try watcher.add(folder.file("saves"), FileWatcher.writes)
    let file = try Descriptor.open(folder.file("log"), O_WRONLY | O_APPEND)
    try file.write("a".utf8)
    try Files.writeAtomically(folder.file("saves/new"), [1])
    try file.write("b".utf8)
    let watches = watcher.events().map(\.watch)
    #expect(watches.first == log)
    #expect(watches.last == log)
    #expect(watches.contains(saves))
  }
}
