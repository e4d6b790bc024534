import Coordination
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import Journal

/// A commit that fails says why, nothing of its batch is there, and nothing is written after it.
@Suite struct JournalFailureTests {
  @Test func aFullDiskIsToldAndTheBatchIsNotThere() throws {
    let place = JournalFolder()
    let store = try JournalStore.create(at: place.path)
    try store.connection.write { try $0.execute(sql: "PRAGMA max_page_count = 20") }
    let journal = try Journal(store: store)
    try journal.append(facts(1...50))
    var failure: JournalError?
    var last = 50
    while failure == nil, last < 5000 {
      failure = error { try journal.append(facts(last + 1...last + 50)) }
      if failure == nil { last += 50 }
    }
    #expect(failure?.code == .diskFull)
    #expect(failure?.message.contains("disk is full") == true)
    #expect(journal.lastSequence == last)
    #expect(error { try journal.append([fact(last + 1)]) } == failure, "nothing is written after a failure")
    try journal.close()
    #expect(try place.contents() == facts(1...last))
  }

  /// A limit on the size of files, in a process of its own, makes writing to the log fail in mid-commit.
  @Test func aFailingWriteIsToldAndTheBatchIsNotThere() async throws {
    let place = JournalFolder()
    let folder = place.folder.path
    await #expect(processExitsWith: .exitCode(42)) { [folder = folder as String] in
      signal(SIGXFSZ, SIG_IGN)
      let journal = try Journal.create(at: folder + "/journal.sqlite")
      try journal.append(facts(1...10))
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      do {
        while true {
          let last = journal.lastSequence
          try journal.append(facts(last + 1...last + 10))
          let note = "\(journal.lastSequence)"
          try note.write(toFile: folder + "/acknowledged", atomically: false, encoding: .utf8)
        }
      } catch let error as JournalError where error.code == .inputOutput {
        exit(error.message.contains("disk failed") ? 42 : 1)
      }
    }
    let acknowledged = Int(place.folder.read("acknowledged") ?? "") ?? 0
    #expect(acknowledged >= 20)
    #expect(try place.contents() == facts(1...acknowledged))
  }
}
