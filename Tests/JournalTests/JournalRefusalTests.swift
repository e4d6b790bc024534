import Foundation
import Glibc
import GRDB
import TestSupport
import Testing

@testable import Journal

/// A file that is not a journal of this version, or that somebody else works on, is refused with the reason.
@Suite struct JournalRefusalTests {
  private let place = JournalFolder()

  @Test func aJournalThatIsNotThere() throws {
    #expect(code { _ = try Journal.open(at: place.path) } == .missing)
    #expect(code { _ = try JournalReader(at: place.path) } == .missing)
    #expect(code { _ = try Journal.create(at: "/nowhere/at/all/journal.sqlite") } == .missing)
  }

  @Test func aJournalIsNotMadeTwice() throws {
    try place.make(facts: 3)
    #expect(code { _ = try Journal.create(at: place.path) } == .exists)
    #expect(try place.contents() == facts(1...3))
  }

  @Test func whatAnInterruptedMakingLeftIsNoHindrance() throws {
    try place.folder.write("journal.sqlite.new", "half a journal")
    try place.make(facts: 2)
    #expect(try place.contents() == facts(1...2))
  }

  @Test func aSecondWriterIsRefusedWithTheProcessOfTheFirst() throws {
    let journal = try Journal.create(at: place.path)
    try journal.append([fact(1)])
    let refusal = error { _ = try Journal.open(at: place.path) }
    #expect(refusal?.code == .inUse)
    #expect(refusal?.message.contains("process \(getpid())") == true, "\(refusal?.message ?? "")")
    #expect(try JournalReader(at: place.path).lastSequence() == 1, "reading is free")
    try journal.close()
    #expect(try place.contents() == facts(1...1))
  }

  @Test func aFileThatIsNoDatabaseStaysAsItIs() throws {
    for text in ["", "hello", String(repeating: "x", count: 5000)] {
      try place.folder.write("journal.sqlite", text)
      #expect(code { _ = try Journal.open(at: place.path) } == .foreign)
      #expect(code { _ = try JournalReader(at: place.path) } != nil)
      #expect(place.folder.read("journal.sqlite") == text)
    }
  }

  @Test func aDatabaseOfAnotherProgramStaysAsItIs() throws {
    let database = try DatabaseQueue(path: place.path)
    try database.write { try $0.execute(sql: "CREATE TABLE photos(name TEXT)") }
    try database.close()
    let before = try place.bytes(place.path)
    let refusal = error { _ = try Journal.open(at: place.path) }
    #expect(refusal?.code == .foreign)
    #expect(code { _ = try JournalReader(at: place.path) } == .foreign)
    #expect(try place.bytes(place.path) == before)
  }

  @Test func whatIsNoFileOfTheRunIsRefusedUnopened() throws {
    let other = JournalFolder()
    try other.make(facts: 3)
    for make in [
      { symlink(other.path, $0) }, { symlink("/dev/zero", $0) }, { mkfifo($0, 0o600) }, { mkdir($0, 0o700) },
    ] as [(String) -> Int32] {
      try #require(make(place.path) == 0)
      #expect(code { _ = try Journal.open(at: place.path) } == .foreign)
      #expect(code { _ = try JournalReader(at: place.path) } == .foreign)
      try FileManager.default.removeItem(atPath: place.path)
    }
    #expect(try other.contents() == facts(1...3))
  }

  /// As root may find it: whoever goes on with it would leave files that its owner cannot write.
  @Test func aJournalOfAnotherUserIsReadButNotWritten() throws {
    try place.make(facts: 3)
    try #require(geteuid() == 0, "this test needs root, to give a file away")
    try #require(chown(place.path, 12345, 12345) == 0)
    let refusal = error { _ = try Journal.open(at: place.path) }
    #expect(refusal?.code == .denied)
    #expect(refusal?.message.contains("another user (12345)") == true)
    #expect(try JournalReader(at: place.path).lastSequence() == 3)
  }

  @Test func aJournalWithMoreTablesOrAnotherNumberIsRefused() throws {
    let statements = [
      ("PRAGMA application_id = 7", JournalError.Code.foreign), ("PRAGMA user_version = 0", .olderVersion),
      ("PRAGMA user_version = -5", .olderVersion), ("CREATE TABLE more(x)", .damaged),
      ("CREATE VIEW facts2 AS SELECT * FROM facts", .damaged), ("DROP TABLE facts", .damaged),
      ("ALTER TABLE facts ADD COLUMN note TEXT", .damaged),
    ]
    for (statement, expected) in statements {
      let place = JournalFolder()
      try place.make(facts: 3)
      let database = try DatabaseQueue(path: place.path)
      try database.write { try $0.execute(sql: statement) }
      try database.close()
      #expect(code { _ = try Journal.open(at: place.path) } == expected, "\(statement)")
      #expect(code { _ = try JournalReader(at: place.path) } == expected, "\(statement)")
    }
  }

  @Test func aJournalOfAnotherVersionStaysAsItIs() throws {
    try place.make(facts: 3)
    let before = try place.bytes(place.path)
    var newer = before
    let next = JournalFormat().current + 1
    newer[63] = UInt8(next)
    try place.write(newer, to: place.path)
    for refusal in [
      error { _ = try Journal.open(at: place.path) }, error { _ = try JournalReader(at: place.path) },
    ] {
      #expect(refusal?.code == .newerVersion)
      #expect(refusal?.message.contains("version \(next)") == true)
    }
    #expect(try place.bytes(place.path) == newer)

    try place.write(before, to: place.path)
    let later = JournalFormat(current: next + 1, oldest: next)
    #expect(code { _ = try JournalStore.open(at: place.path, format: later) } == .olderVersion)
    #expect(code { _ = try JournalStore.openForReading(at: place.path, format: later) } == .olderVersion)
    let newest = JournalFormat(current: next + 1, oldest: 1)
    #expect(code { _ = try JournalStore.openForReading(at: place.path, format: newest) } == nil)
    #expect(try place.contents() == facts(1...3))
    // From now on a newer pasha may write what this one would misread.
    let store = try JournalStore.open(at: place.path, format: newest)
    try store.close()
    #expect(code { _ = try JournalReader(at: place.path) } == .newerVersion)
  }

  @Test func aJournalOfVersionOneIsReadAndGoesOn() throws {
    try place.make(facts: 3)
    var first = try place.bytes(place.path)
    first[63] = 1
    try place.write(first, to: place.path)
    #expect(try place.contents() == facts(1...3))
    let journal = try Journal.open(at: place.path)
    try journal.append([fact(4)])
    try journal.close()
    #expect(try place.contents() == facts(1...4))
    #expect(try place.bytes(place.path)[63] == UInt8(JournalFormat().current))
  }

  @Test func aJournalWithTriggersOfItsOwnIsRefused() throws {
    try place.make(facts: 3)
    let database = try DatabaseQueue(path: place.path)
    try database.write {
      try $0.execute(sql: "CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM facts WHERE seq < new.seq; END")
    }
    try database.close()
    #expect(code { _ = try Journal.open(at: place.path) } == .damaged)
    #expect(code { _ = try JournalReader(at: place.path) } == .damaged)
  }

  @Test func factsOfANewerVersionAreToldFromDamage() throws {
    let store = try JournalStore.create(at: place.path)
    // Field 500 with an empty message: a fact of the future, rightly written.
    try store.append([
      JournalRow(
        sequence: 1, wallMicroseconds: 1, activeNanoseconds: 1, kind: "moon_landed", payload: [0xA2, 0x1F, 0x00])
    ])
    try store.close()
    let refusal = error { _ = try place.contents() }
    #expect(refusal?.code == .newerVersion)
    #expect(refusal?.message.contains("fact 1 (moon_landed)") == true)
  }

  @Test func aHugeFactIsRefusedUnread() throws {
    try place.make(facts: 1)
    let database = try DatabaseQueue(path: place.path)
    try database.write {
      try $0.execute(sql: "INSERT INTO facts VALUES(2, 0, 0, 'x', zeroblob(100000000), 0)")
    }
    try database.close()
    let refusal = error { _ = try place.contents() }
    #expect(refusal?.code == .damaged)
    #expect(refusal?.message.contains("fact 2") == true)
  }

  @Test func networkFileSystemsAreKnownByTheirTypes() {
    for type in [
      "nfs", "nfs4", "cifs", "smb3", "9p", "lustre", "gpfs", "ceph", "beegfs", "fuse.sshfs", "fuse.glusterfs",
    ] {
      #expect(LocalDisk.isNetworkType(type), "\(type)")
    }
    for type in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.mergerfs", "fuse.fuse-overlayfs"] {
      #expect(!LocalDisk.isNetworkType(type), "\(type)")
    }
  }

  @Test func theMountOfAFolderIsFoundByItsDevice() {
    let table = """
      22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
      36 22 0:31 / /home/lab rw,noatime shared:1 master:2 - nfs4 server:/export/home\\040lab rw,vers=4.2
      37 22 0:300 / /mnt/box rw - fuse.sshfs box:/ rw
      broken
      """
    func device(_ major: UInt64, _ minor: UInt64) -> UInt64 { (minor & 0xFF) | major << 8 | (minor & ~0xFF) << 12 }
    #expect(LocalDisk.mountType(device: device(254, 1), in: table) == "ext4")
    #expect(LocalDisk.mountType(device: device(0, 31), in: table) == "nfs4")
    #expect(LocalDisk.mountType(device: device(0, 300), in: table) == "fuse.sshfs")
    #expect(LocalDisk.mountType(device: device(8, 1), in: table) == nil)
  }
}
