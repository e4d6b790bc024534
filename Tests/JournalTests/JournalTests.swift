import Coordination
import Foundation
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import Journal

/// What is appended is there, in order, for the writer and for readers.
@Suite struct JournalTests {
  private let place = JournalFolder()

  @Test func aNewJournalIsEmptyAndPrivate() throws {
    let journal = try Journal.create(at: place.path)
    #expect(journal.lastSequence == 0)
    try journal.replay { _ in Issue.record("there is nothing to give") }
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] where name != "journal.sqlite-shm" {
      guard let mode = try? FileManager.default.attributesOfItem(atPath: place.folder.file(name))[.posixPermissions]
      else {
        continue
      }
      #expect(mode as? Int == 0o600, "\(name)")
    }
  }

  @Test func whatWasAppendedIsThereAfterReopening() throws {
    let journal = try Journal.create(at: place.path)
    try journal.append([fact(1)])
    try journal.append([])
    try journal.append(facts(2...40))
    #expect(journal.lastSequence == 40)
    try journal.close()
    #expect(FileManager.default.fileExists(atPath: place.log) == false, "a closed journal is one file")

    let again = try Journal.open(at: place.path)
    #expect(again.lastSequence == 40)
    try again.append([fact(41)])
    var sequences: [Int] = []
    try again.replay(from: 39) { record in
      sequences.append(record.sequence)
      #expect(StampedFact(stamp: record.stamp, fact: record.fact) == fact(record.sequence))
    }
    #expect(sequences == [39, 40, 41])
    try again.close()
    #expect(try place.contents() == facts(1...41))
  }

  @Test func everyCommitIsSynced() throws {
    let store = try JournalStore.create(at: place.path)
    #expect(try store.setting("synchronous") == "2")
    #expect(try store.setting("journal_mode") == "wal")
  }

  @Test func aReplayMayAppend() throws {
    let journal = try Journal.create(at: place.path)
    try journal.append(facts(1...5))
    try journal.replay { record in
      if record.sequence == 5 { try journal.append([fact(6)]) }
    }
    #expect(journal.lastSequence == 6)
  }

  @Test func moreThanOneBatchOfReadingStaysInOrder() throws {
    try place.make(facts: 5000, batch: 1000)
    #expect(try place.contents() == facts(1...5000))
  }

  @Test func readersSeeEveryCommitWhileTheWriterRuns() throws {
    let journal = try Journal.create(at: place.path)
    let reader = try JournalReader(at: place.path)
    #expect(try reader.lastSequence() == 0)
    #expect(try reader.tail(after: 0).isEmpty)
    for number in 1...20 {
      try journal.append([fact(number)])
      #expect(try reader.tail(after: number - 1).map(\.fact) == [fact(number).fact])
    }
    #expect(try reader.tail(after: 5, limit: 3).map(\.sequence) == [6, 7, 8])
    var count = 0
    try reader.replay { _ in count += 1 }
    #expect(count == 20)
    // A reader neither keeps the writer from ending nor loses its sight by that.
    try journal.close()
    #expect(try reader.lastSequence() == 20)
    try reader.close()
    #expect(try JournalReader(at: place.path).lastSequence() == 20)
  }

  @Test func aReaderFollowsAWriterOnAnotherThread() throws {
    let journal = try Journal.create(at: place.path)
    let path = place.path
    // A thread, not a task: the tests' own tasks block, and may take all threads that tasks have.
    let failure = Locked<(any Error)?>(nil)
    let writer = try #require(
      WorkerThread(name: "writer") {
        do {
          for first in stride(from: 1, through: 2000, by: 20) { try journal.append(facts(first...first + 19)) }
        } catch {
          failure.withLock { $0 = error }
        }
      })
    let reader = try JournalReader(at: path)
    var last = 0
    try eventually("all facts", within: .seconds(60)) {
      for record in try reader.tail(after: last) {
        #expect(record.sequence == last + 1)
        #expect(record.fact == fact(record.sequence).fact)
        last = record.sequence
      }
      return last == 2000 ? true : nil
    }
    writer.join()
    #expect(failure.withLock { $0 } == nil)
  }
}
