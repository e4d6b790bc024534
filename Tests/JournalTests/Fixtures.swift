import Coordination
import Foundation
import GRDB
import TestSupport
import Testing
import TuningModel

@testable import Journal

/// A folder with a journal, and facts to write to it.
struct JournalFolder {
  let folder: TemporaryFolder

  init(inMemory: Bool = false) { folder = TemporaryFolder("journal", inMemory: inMemory) }

  var path: String { folder.file("journal.sqlite") }
  var log: String { path + "-wal" }

  func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
  func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  /// A journal with facts 1 … count, closed or as a crash leaves it.
  func make(facts count: Int, batch: Int = 1) throws {
    let journal = try Journal.create(at: path)
    for first in stride(from: 1, through: count, by: batch) {
      try journal.append((first..<min(count + 1, first + batch)).map(fact))
    }
    try journal.close()
  }

  /// Copies the database and its log as they stand: what a crash at this moment leaves.
  func snapshot(log bytes: Int? = nil) throws -> JournalFolder {
    let copy = JournalFolder()
    try copy.write(self.bytes(path), to: copy.path)
    let log = FileManager.default.fileExists(atPath: self.log) ? try self.bytes(self.log) : []
    try copy.write(Array(log.prefix(bytes ?? log.count)), to: copy.log)
    return copy
  }

  /// The facts that a coordinator finds; throws what it would be told.
  func contents() throws -> [StampedFact] {
    let journal = try Journal.open(at: path)
    var facts: [StampedFact] = []
    try journal.replay { facts.append(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    #expect(journal.lastSequence == facts.count)
    try journal.close()
    return facts
  }
}

/// The n-th fact of every test: each differs from the others.
func fact(_ number: Int) -> StampedFact {
  let fact: Fact =
    switch number % 4 {
    case 0: .attemptStarted(TrialAttempt(TrialID(number), .first), pid: number)
    case 1: .runResumed(version: "version \(number)")
    case 2: .agentPrepared(AgentID(number), failure: String(repeating: "x", count: number % 300))
    default:
      .reportReceived(
        ReceivedReport(
          attempt: TrialAttempt(TrialID(number), .first), sequence: number, readAt: Timestamp(microseconds: 5),
          resource: 3, value: Double(number) / 7,
          fields: [
            JSONValue.Member("epoch", .int(3)), JSONValue.Member("loss", .double(Double(number) / 7)),
            JSONValue.Member("note", .string("fact \(number)")),
          ], disposition: .ranked))
    }
  return StampedFact(
    stamp: Stamp(wall: Timestamp(microseconds: Int64(1_800_000_000_000_000 + number)), active: .nanoseconds(number)),
    fact: fact)
}

func facts(_ numbers: ClosedRange<Int>) -> [StampedFact] { numbers.map(fact) }

/// The code of the error that `body` throws; nil when it throws none.
func code(_ body: () throws -> Void) -> JournalError.Code? { error(body)?.code }

func error(_ body: () throws -> Void) -> JournalError? {
  do {
    try body()
    return nil
  } catch let error as JournalError {
    return error
  } catch {
    Issue.record("\(error)")
    return nil
  }
}

extension JournalStore {
  func setting(_ name: String) throws -> String? {
    try connection.read { try String.fetchOne($0, sql: "PRAGMA \(name)") }
  }
}
