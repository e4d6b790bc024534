import Coordination
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Journal

/// After a crash the journal holds a prefix of what was appended, with all that was acknowledged.
@Suite struct JournalCrashTests {
  @Test func aLogCutAnywhereGivesAPrefixOfTheBatches() throws {
    let place = JournalFolder()
    let journal = try Journal.create(at: place.path)
    // Batches of 1, 2, 3 … facts, and how long the log was when each was acknowledged.
    var acknowledged: [(log: Int, facts: Int)] = [(0, 0)]
    for size in 1...25 {
      try journal.append(facts(journal.lastSequence + 1...journal.lastSequence + size))
      acknowledged.append((try place.bytes(place.log).count, journal.lastSequence))
    }
    let total = try place.bytes(place.log).count
    var cuts = Set(stride(from: 0, through: total, by: 1009))
    for (log, _) in acknowledged { cuts.formUnion([log - 1, log, log + 1, log + 24].filter { 0...total ~= $0 }) }
    for cut in cuts.sorted() {
      let expected = acknowledged.last { $0.log <= cut }?.facts ?? 0
      let found = try place.snapshot(log: cut).contents()
      #expect(found == Array(facts(1...325).prefix(expected)), "cut after \(cut) bytes")
    }
  }

  @Test func aTornLastBatchIsDroppedWhateverStandsInIt() throws {
    let place = JournalFolder()
    let journal = try Journal.create(at: place.path)
    try journal.append(facts(1...10))
    let before = try place.bytes(place.log).count
    try journal.append(facts(11...60))
    let log = try place.bytes(place.log)
    // Pages of the last batch that did not reach the disk, in any combination.
    let pages = (log.count - before) / 4120
    #expect(pages >= 2)
    for lost in 1..<(1 << min(pages, 5)) {
      var torn = log
      for page in 0..<pages where lost & 1 << page != 0 {
        let start = before + page * 4120
        torn.replaceSubrange(start..<start + 4120, with: repeatElement(0, count: 4120))
      }
      let copy = try place.snapshot()
      try copy.write(torn, to: copy.log)
      #expect(try copy.contents() == facts(1...10))
    }
  }

  /// What is dropped is told, and only that.
  @Test func theBytesOfACommitThatWasCutOffAreCounted() throws {
    let place = JournalFolder()
    let journal = try Journal.create(at: place.path)
    #expect(journal.tornBytes == 0)
    try journal.append(facts(1...10))
    let before = try place.bytes(place.log).count
    try journal.append(facts(11...60))
    let log = try place.bytes(place.log)
    for cut in [before, before + 1, before + 23, before + 4119, before + 4120, log.count - 1, log.count] {
      let copy = try place.snapshot(log: cut)
      let opened = try Journal.open(at: copy.path)
      #expect(opened.tornBytes == (cut == log.count ? 0 : cut - before), "cut after \(cut) bytes")
      try opened.close()
      #expect(try Journal.open(at: copy.path).tornBytes == 0)
    }
    // A page that never reached the disk.
    let copy = try place.snapshot()
    try copy.write(Array(log.dropLast(4120)) + [UInt8](repeating: 0, count: 4120), to: copy.log)
    #expect(try Journal.open(at: copy.path).tornBytes == log.count - before)
  }

  @Test func writingGoesOnAfterACrash() throws {
    let place = JournalFolder()
    let journal = try Journal.create(at: place.path)
    try journal.append(facts(1...30))
    var copy = try place.snapshot()
    for round in 0..<5 {
      let opened = try Journal.open(at: copy.path)
      let last = opened.lastSequence
      #expect(last == 30 + 10 * round)
      try opened.append(facts(last + 1...last + 10))
      copy = try copy.snapshot()
    }
    #expect(try copy.contents() == facts(1...80))
  }

  /// A process of its own writes and is killed at some moment; every fact whose append returned is there.
  @Test(arguments: 0..<4) func nothingAcknowledgedIsLostByAKill(round: Int) async throws {
    let place = JournalFolder()
    let folder = place.folder.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, round = round as Int] in
      let journal = try Journal.create(at: folder + "/journal.sqlite")
      let notes = open(folder + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
      Thread.detachNewThread {
        usleep(UInt32(100_000 + 70_000 * round))
        kill(getpid(), SIGKILL)
      }
      while true {
        let last = journal.lastSequence
        try journal.append(facts(last + 1...last + 1 + last % 7))
        let note = "\(journal.lastSequence)\n"
        _ = note.withCString { write(notes, $0, strlen($0)) }
      }
    }
    let notes = try String(contentsOfFile: place.folder.file("acknowledged"), encoding: .utf8)
    let acknowledged = notes.split(separator: "\n").compactMap { Int($0) }.last ?? 0
    let found = try place.contents()
    #expect(acknowledged > 0)
    #expect(found.count >= acknowledged)
    #expect(found == facts(1...found.count))
  }
}
