import Coordination
import FaultDisk
import Foundation
import Journal
import TestSupport
import Testing
import TuningModel

/// A run whose facts go through a real journal on a disk that fails, or that loses what was not synced. What is found
/// afterwards is a committed prefix with all that was acknowledged; the agents send the rest again, and the run decides
/// as one that nothing disturbed.
struct JournalFaultTests {
  private static let specification = Sample.specification(trials: 5, max: 3)

  private static func farm() throws -> VirtualFarm { try Sample.farm(specification, slots: 2) }

  /// The run that nothing disturbs.
  private static func reference() throws -> VirtualFarm {
    var farm = try farm()
    farm.begin()
    farm.run()
    return farm
  }

  /// A way to fail: what fails, with which of SQLite's codes, after how many bytes, and whether the disk stays broken.
  struct Fault: Sendable, CustomTestStringConvertible {
    var name: String
    var operations: Int
    var code: Int32
    var bytes: Int32 = 0
    var stays = true

    var testDescription: String { name }

    /// SQLITE_FULL, and SQLITE_IOERR with its kinds WRITE, FSYNC and TRUNCATE.
    static let all = [
      Fault(name: "disk full", operations: FAULT_DISK_WRITE, code: 13),
      Fault(name: "disk full once", operations: FAULT_DISK_WRITE, code: 13, stays: false),
      Fault(name: "failing write", operations: FAULT_DISK_WRITE, code: 10 | 3 << 8),
      Fault(name: "short write", operations: FAULT_DISK_WRITE, code: 10 | 3 << 8, bytes: 2000),
      Fault(name: "failing sync", operations: FAULT_DISK_SYNC, code: 10 | 4 << 8),
      Fault(name: "failing sync once", operations: FAULT_DISK_SYNC, code: 10 | 4 << 8, stays: false),
      Fault(
        name: "any write, sync or truncation",
        operations: FAULT_DISK_WRITE | FAULT_DISK_SYNC | FAULT_DISK_TRUNCATE, code: 10 | 3 << 8, bytes: 24),
    ]
  }

  @Test(arguments: Fault.all)
  func everyFailingOperationEndsTheRunBeforeAnyEffectAndLosesNothing(fault: Fault) throws {
    try #require(fault_disk_install() == 0)
    let expected = try Self.reference()
    #expect(expected.acknowledged.values.reduce(0, +) > 8)
    // How many operations there are, in a run without a fault.
    let whole = try FaultyRun(fault, 0)
    var farm = try Self.farm()
    farm.commit = whole.append
    farm.begin()
    farm.run()
    #expect(farm.decisions == expected.decisions)
    let operations = whole.disk.seen
    #expect(operations > 20)
    var failed = 0
    for number in 1...operations {
      let run = try FaultyRun(fault, number)
      var farm = try Self.farm()
      farm.commit = run.append
      farm.begin()
      farm.run()
      guard run.disk.failed > 0 else { continue }
      // A checkpoint into the main file that fails costs nothing: the log has it all, and the run may go on.
      if farm.isDead { failed += 1 } else { #expect(farm.outcome == expected.outcome) }
      #expect(run.failure.map { [.diskFull, .inputOutput].contains($0.code) } ?? !farm.isDead)
      let found = try run.takeUp()
      try expectSound(found, of: farm, turn: run.lost, "\(fault.name) \(number)")
      try goOn(farm, from: found, with: run, expected, "\(fault.name) \(number)")
    }
    #expect(failed > 10, "of \(operations) operations \(failed) ended the run")
  }

  /// What was found after the fault: the facts of all turns that were committed, and of the turn that was not either all
  /// or nothing. What agents were told to be in the journal is in it.
  private func expectSound(_ found: [StampedFact], of farm: VirtualFarm, turn: [StampedFact], _ what: String) throws {
    let isWhole = found == farm.journal || found == farm.journal + turn
    #expect(isWhole, "\(what): \(found.count) facts where \(farm.journal.count) were committed and \(turn.count) not")
    var held: [TrialAttempt: Int] = [:]
    for case .reportReceived(let report) in found.map(\.fact) { held[report.attempt] = report.sequence }
    for (attempt, sequence) in farm.acknowledged {
      #expect(held[attempt] ?? 0 >= sequence, "\(what): report \(sequence) of \(attempt) was acknowledged")
    }
  }

  /// The disk is in order again, and another coordinator takes the journal up.
  private func goOn(
    _ farm: VirtualFarm, from found: [StampedFact], with run: FaultyRun, _ expected: VirtualFarm, _ what: String
  ) throws {
    var farm = farm
    farm.journal = found
    farm.commit = run.append
    try farm.restart()
    farm.run()
    #expect(farm.outcome == expected.outcome, "\(what)")
    #expect(farm.decisions == expected.decisions, "\(what)")
    try checkDecisions(farm.journal, Self.specification)
    CrashTests().checkReports(farm)
    #expect(try run.takeUp() == farm.journal, "\(what)")
  }

  /// The machine loses power while the last two turns are being written: the log ends at any byte of them.
  @Test func aLogCutAtEveryByteOfItsLastTurnsChangesNoDecision() throws {
    try #require(fault_disk_install() == 0)
    let expected = try Self.reference()
    let run = try FaultyRun(nil, 0)
    // How long the log was before each turn, and the farm as it was then.
    var turns: [(log: Int, farm: VirtualFarm)] = []
    var farm = try Self.farm()
    farm.commit = run.append
    farm.onTurn = { before, _ in turns.append((run.logBytes, before)) }
    farm.begin()
    for _ in 0..<4 { _ = farm.step() }
    // From here on the log is short, so that it is soon read.
    _ = try run.takeUp()
    for _ in 0..<2 { _ = farm.step() }
    let files = try run.files()
    turns.append((files.log.count, farm))
    let first = turns[turns.count - 3].log
    #expect(files.log.count - first >= 2 * 4120)
    var outcomes: Set<Int> = []
    for cut in first...files.log.count {
      let copy = try FaultyRun(files.database, log: files.log.prefix(cut))
      let found = try copy.takeUp()
      // The turns whose last byte is there, and no others.
      let last = turns.lastIndex { $0.log <= cut } ?? 0
      guard found == turns[last].farm.journal else {
        Issue.record("cut after \(cut) bytes: \(found.count) facts, not \(turns[last].farm.journal.count)")
        continue
      }
      guard outcomes.insert(found.count).inserted else { continue }
      var later = turns[last].farm
      later.onTurn = nil
      try expectSound(found, of: later, turn: [], "cut after \(cut) bytes")
      try goOn(later, from: found, with: copy, expected, "cut after \(cut) bytes")
    }
    #expect(outcomes.count == 3)
  }
}

/// The journal of a run on a disk of its own, whose faults are planned.
private final class FaultyRun {
  let folder = TemporaryFolder("faults", inMemory: true)
  let disk: Disk
  private var journal: Journal?
  /// Why the last turn was not committed, and its facts.
  private(set) var failure: JournalError?
  private(set) var lost: [StampedFact] = []

  private var path: String { folder.file("journal.sqlite") }

  /// A new journal; with number 0 the operations that could fail are counted alone.
  init(_ fault: JournalFaultTests.Fault?, _ number: Int) throws {
    let journal = try Journal.create(at: folder.file("journal.sqlite"))
    self.journal = journal
    disk = Disk(folder.path, fault, number)
  }

  /// A journal as a crash has left it.
  init(_ database: Data, log: Data) throws {
    disk = Disk(folder.path, nil, 0)
    try database.write(to: URL(fileURLWithPath: folder.file("journal.sqlite")))
    try log.write(to: URL(fileURLWithPath: folder.file("journal.sqlite-wal")))
  }

  // While the plan is there: closing does not wait for the disk then.
  deinit { try? journal?.close() }

  func append(_ facts: [StampedFact]) -> Bool {
    do throws(JournalError) {
      try journal?.append(facts)
      return true
    } catch {
      failure = error
      lost = facts
      // Nothing more goes through, whatever the disk does.
      #expect(throws: JournalError.self) { try journal?.append(facts) }
      return false
    }
  }

  /// The coordinator's process ends, the disk is mended, and another opens the journal.
  func takeUp() throws -> [StampedFact] {
    if let journal {
      // What a process that ends does; on a broken disk it may fail.
      try? journal.close()
      self.journal = nil
    }
    disk.mend()
    let opened = try Journal.open(at: path)
    journal = opened
    var facts: [StampedFact] = []
    try opened.replay { facts.append(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    return facts
  }

  var logBytes: Int { (try? Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count) ?? 0 }

  func files() throws -> (database: Data, log: Data) {
    (
      try Data(contentsOf: URL(fileURLWithPath: path)), try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
    )
  }

  /// The plan of the disk's faults.
  final class Disk {
    private let plan: Int32

    init(_ folder: String, _ fault: JournalFaultTests.Fault?, _ number: Int) {
      plan = fault_disk_plan(
        folder, Int32(fault?.operations ?? 0), number, number == 0 ? 0 : fault?.code ?? 0, fault?.bytes ?? 0,
        fault?.stays == true ? 1 : 0)
      precondition(plan >= 0, "too many plans of faults")
    }

    deinit { fault_disk_forget(plan) }

    var seen: Int { fault_disk_seen(plan) }
    var failed: Int { fault_disk_failed(plan) }
    func mend() { fault_disk_mend(plan) }
  }
}
