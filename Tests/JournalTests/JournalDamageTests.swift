import Coordination
import Foundation
import TestSupport
import Testing
import TuningModel

@testable import Journal

/// A bit that flipped is found, and its place is said; no damage gives wrong facts or ends the process.
@Suite struct JournalDamageTests {
  @Test func aFlippedBitInAFactIsFoundWithItsPlace() throws {
    let place = JournalFolder()
    try place.make(facts: 60, batch: 10)
    var bytes = try place.bytes(place.path)
    let text = Array("fact 31".utf8)
    let index = try #require((0..<bytes.count - text.count).first { bytes[$0..<$0 + text.count].elementsEqual(text) })
    bytes[index] ^= 0x20
    try place.write(bytes, to: place.path)
    let refusal = error { _ = try place.contents() }
    #expect(refusal?.code == .damaged)
    #expect(refusal?.message.contains("fact 31 (report_received)") == true, "\(refusal?.message ?? "")")
    #expect(refusal?.path == place.path)
    let reader = try JournalReader(at: place.path)
    #expect(try reader.tail(after: 0, limit: 30).count == 30, "what stands before it can be read")
    #expect(code { _ = try reader.tail(after: 30) } == .damaged)
  }

  @Test func noFlippedBitInTheDatabaseGoesUnseen() throws {
    let place = JournalFolder()
    try place.make(facts: 120, batch: 10)
    let bytes = try place.bytes(place.path)
    let whole = facts(1...120)
    var generator = SeededGenerator(seed: 1)
    var refused = 0
    for round in 0..<250 {
      // Every bit of the header and of the pages' headers now and then, and any bit.
      let index =
        switch round % 3 {
        case 0: Int(generator.nextBelow(200))
        case 1: Int(generator.nextBelow(UInt64(bytes.count / 4096))) * 4096 + Int(generator.nextBelow(64))
        default: Int(generator.nextBelow(UInt64(bytes.count)))
        }
      var flipped = bytes
      flipped[index] ^= 1 << UInt8(generator.nextBelow(8))
      let copy = JournalFolder()
      try copy.write(flipped, to: copy.path)
      do {
        let found = try copy.contents()
        #expect(found == whole, "byte \(index)")
      } catch is JournalError {
        refused += 1
      }
    }
    #expect(refused > 120)
  }

  @Test func aFlippedBitInTheLogIsNotTakenForItsEnd() throws {
    let place = JournalFolder()
    let journal = try Journal.create(at: place.path)
    for number in 1...40 { try journal.append([fact(number)]) }
    let log = try place.bytes(place.log)
    var generator = SeededGenerator(seed: 2)
    var refused = 0
    var refusedReaders = 0
    for round in 0..<200 {
      let index = round < 100 ? Int(generator.nextBelow(32 + 24)) : Int(generator.nextBelow(UInt64(log.count)))
      var flipped = log
      flipped[index] ^= 1 << UInt8(generator.nextBelow(8))
      let copy = try place.snapshot()
      try copy.write(flipped, to: copy.log)
      // Whoever only reads is not shown half a run either.
      if round % 10 == 0 {
        do {
          let reader = try JournalReader(at: copy.path)
          #expect(try reader.lastSequence() >= 39, "byte \(index)")
          try reader.close()
        } catch {
          #expect(error.code == .damaged)
          refusedReaders += 1
        }
      }
      do {
        let found = try copy.contents()
        // The last transaction cannot be told from one that a crash tore.
        #expect(found.count >= 39, "byte \(index): \(found.count) facts")
        #expect(found == Array(facts(1...40).prefix(found.count)))
      } catch let error as JournalError {
        refused += 1
        #expect(error.code == .damaged)
      }
    }
    #expect(refused > 120)
    #expect(refusedReaders > 10)
  }

  @Test func aDatabaseCutShortIsRefused() throws {
    let place = JournalFolder()
    try place.make(facts: 400, batch: 20)
    let bytes = try place.bytes(place.path)
    for cut in stride(from: 0, to: bytes.count, by: 1777) {
      let copy = JournalFolder()
      try copy.write(Array(bytes.prefix(cut)), to: copy.path)
      #expect(code { _ = try copy.contents() } != nil, "cut after \(cut) of \(bytes.count) bytes")
    }
  }

  @Test func aDatabaseCutAtAnyByteOfItsLastPageIsRefused() throws {
    let place = JournalFolder()
    try place.make(facts: 40, batch: 20)
    let bytes = try place.bytes(place.path)
    for cut in bytes.count - 4096..<bytes.count {
      let copy = JournalFolder(inMemory: true)
      try copy.write(Array(bytes.prefix(cut)), to: copy.path)
      let refusal = code { _ = try copy.contents() }
      #expect(refusal == .damaged, "cut after \(cut) of \(bytes.count) bytes")
    }
  }

  @Test func aRowThatWasTakenOutIsMissed() throws {
    let place = JournalFolder()
    try place.make(facts: 10)
    let store = try JournalStore.open(at: place.path)
    try store.connection.write { try $0.execute(sql: "DELETE FROM facts WHERE seq = 4") }
    try store.close()
    let refusal = error { _ = try place.contents() }
    #expect(refusal?.code == .damaged)
    #expect(refusal?.message.contains("fact 4 is missing") == true)
  }

  @Test func theChecksumIsCRC32C() {
    func checksum(_ bytes: [UInt8]) -> UInt32 {
      var sum = JournalChecksum()
      bytes.withUnsafeBytes { sum.add($0) }
      return sum.value
    }
    // RFC 3720, section B.4, and the check value of the CRC catalogue.
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum(Array((0..<32).reversed())) == 0x113F_DB5C)
  }
}
