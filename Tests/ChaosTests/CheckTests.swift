import Coordination
import FarmSupport
import Foundation
import Glibc
import TestSupport
import Testing
import TuningModel

/// What is wrong with a run is found: each check is shown a run in which that alone is wrong.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CheckTests {
  /// One real run for all of them.
  private static let quiet = Result { try QuietRun() }

  /// The tampering is found, and called what it is.
  private func expect(_ words: String..., tamper: (QuietRun.Copy) throws -> Void) throws {
    let problems = try Self.quiet.get().problems(tamper)
    for words in words { #expect(problems.contains { $0.contains(words) }, "\(words) in \(problems)") }
  }

  @Test func aQuietRunHasNoProblems() throws {
    #expect(try Self.quiet.get().problems { _ in } == [])
    #expect(try Self.quiet.get().problems { try $0.journal { _ in } } == [])
  }

  // MARK: Reports

  @Test func aReportThatTheJournalLacksIsFound() throws {
    try expect("printed") { copy in
      try copy.journal { facts in
        let index = try #require(facts.firstIndex { if case .reportReceived = $0 { true } else { false } })
        facts.remove(at: index)
      }
    }
  }

  @Test func aReportThatTheJournalHasTwiceIsFound() throws {
    try expect("a sequence twice") { copy in
      try copy.journal { facts in
        let index = try #require(facts.firstIndex { if case .reportReceived = $0 { true } else { false } })
        guard case .reportReceived(var report) = facts[index] else { return }
        report.disposition = .stale
        facts.insert(.reportReceived(report), at: index + 1)
      }
    }
  }

  @Test func aReportThatNobodyPrintedIsFound() throws {
    try expect("printed") { copy in
      let output = try copy.folder(copy.followed()) + "/std.out"
      try copy.edit(output) { $0 = $0.split(separator: "\n").dropLast().map { $0 + "\n" }.joined() }
    }
  }

  // MARK: Processes

  @Test func attemptsThatRanAtOnceAreFound() throws {
    try expect("ended") { copy in
      let older = try copy.followed()
      let newer = TrialAttempt(older.trial, Attempt(older.attempt.rawValue + 1))
      let begun = try String(contentsOfFile: copy.note(newer), encoding: .utf8).split(separator: " ")[1]
      let late = String(format: "%24.6f", try #require(Double(begun)) + 0.03)
      try Data(late.utf8).write(to: URL(fileURLWithPath: copy.note(older) + ".alive"))
    }
  }

  @Test func anAttemptThatWasBegunTwiceIsFound() throws {
    try expect("was begun 2 times") { copy in
      try copy.edit(copy.note(copy.followed())) { $0 += $0.split(separator: "\n")[0] + "\n" }
    }
  }

  @Test func anAttemptThatTheJournalDoesNotKnowIsFound() throws {
    try expect("is not in the journal") { copy in
      let note = try copy.note(copy.followed())
      let other = (note as NSString).deletingLastPathComponent + "/0-77"
      try FileManager.default.copyItem(atPath: note, toPath: other)
    }
  }

  @Test func anEpochThatWasLeftOutIsFound() throws {
    try expect("loaded") { copy in
      try copy.edit(copy.note(copy.followed())) { text in
        text = text.split(separator: "\n").filter { !$0.hasPrefix("epoch ") }.map { $0 + "\n" }.joined()
        text += "epoch 1.0 8\n"
      }
    }
  }

  @Test func whatARunLeftIsFound() throws {
    let folder = TemporaryFolder("left")
    let lock = try folder.write("slots/0.0.lock", "")
    #expect(FarmRun.heldLocks(below: folder.path) == [])
    let descriptor = open(lock, O_RDONLY)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX) == 0)
    #expect(FarmRun.heldLocks(below: folder.path) == ["slots/0.0.lock"])

    let run = try FarmRun("left", hosts: 1)
    #expect(try run.leftovers(patience: .seconds(1)) == [])
    try FileManager.default.createDirectory(
      atPath: run.farm.home("ph1") + "/.pasha/here", withIntermediateDirectories: true)
    let command =
      "mkdir -p /tmp/pasha-locks; flock /tmp/pasha-locks/nvidia.0.lock sleep 60 >/dev/null 2>&1 </dev/null & "
      + "mount -t tmpfs left /root/.pasha/here; cp /bin/sleep /root/pasha-left; setsid /root/pasha-left 60 >/dev/null 2>&1 </dev/null &"
    _ = try run.farm.run("ph1", command)
    // It is started in the background, when the machine comes to it.
    var left: [String] = []
    try eventually("the process to be found") {
      left = try run.leftovers(patience: .seconds(1))
      return left.contains { $0.contains("pasha-left 60") } && left.contains { $0.contains("nvidia.0.lock is held") }
    }
    #expect(left.contains { $0.contains("a mount is left: /root/.pasha/here") }, "\(left)")
  }

  @Test func whatTheCoordinatorLeftIsFound() throws {
    let run = try FarmRun("left-here", hosts: 1)
    #expect(try run.leftoversHere(patience: .seconds(1)) == [])
    // A host that is silent is waited for.
    try run.farm.silence("ph1")
    let coordinator = try run.start()
    try eventually("its launcher") { try run.leftoversHere(patience: .zero).contains { $0.contains("pasha-launch") } }
    #expect(try run.leftoversHere(patience: .zero).contains { $0.contains("pasha-coord") })
    coordinator.send(SIGKILL)
    try coordinator.wait()
    #expect(try run.leftoversHere() == [])
  }

  @Test func aClockThatDidNotMoveIsFound() throws {
    let quiet = try Self.quiet.get()
    let check = try FarmCheck(quiet.places)
    let now = Date().timeIntervalSince1970
    for whose in [MovedClocks.Whose.coordinator, .agents] {
      // As if it had been moved all the time.
      let move = MovedClocks.Move(whose, hours: 24, from: now - 3600, until: now)
      #expect(check.seen(move) == 0)
      #expect(check.clockProblems([move]).contains { $0.contains("moved by 24 h, and ") })
      // And as if it had been moved before it began.
      let early = MovedClocks.Move(whose, hours: -24, from: now - 7200, until: now - 3600)
      #expect(check.clockProblems([early]) == [])
    }
  }

  // MARK: Checkpoints

  @Test func aCheckpointThatIsNotWholeIsFound() throws {
    try expect("is nowhere whole", "state.json is not what was sealed") { copy in
      let (seals, generation) = try copy.paused()
      try copy.edit("\(seals)/\(generation)/state.json") { $0 = $0.replacing("1", with: "2") }
    }
    try expect("is nowhere whole", "state.json is missing") { copy in
      let (seals, generation) = try copy.paused()
      try FileManager.default.removeItem(atPath: "\(seals)/\(generation)/state.json")
    }
    try expect("is nowhere whole", ".seal is missing") { copy in
      let (seals, generation) = try copy.paused()
      try FileManager.default.removeItem(atPath: "\(seals)/\(generation).seal")
    }
    try expect("is nowhere whole", ".manifest is not what was sealed") { copy in
      let (seals, generation) = try copy.paused()
      try Data("nothing".utf8).write(to: URL(fileURLWithPath: "\(seals)/\(generation).manifest"))
    }
  }

  // MARK: Decisions and ends

  @Test func aDecisionThatTheReferenceWouldNotTakeIsFound() throws {
    try expect("in place of") { copy in
      try copy.journal { facts in
        let index = try #require(facts.firstIndex { if case .scheduling(.promotion) = $0 { true } else { false } })
        guard case .scheduling(.promotion(var promotion)) = facts[index] else { return }
        // One that another rank would have made.
        promotion.rank += 1
        facts[index] = .scheduling(.promotion(promotion))
      }
    }
  }

  @Test func aTrialWithoutAnEndIsFound() throws {
    try expect("has no end") { copy in
      try copy.journal { facts in
        let index = try #require(facts.lastIndex { if case .attemptEnded = $0 { true } else { false } })
        facts.remove(at: index)
      }
    }
  }

  @Test func aTrialThatFailedThoughNobodyKilledItIsFound() throws {
    try expect("failed (code, failed, status -1, signal 9)") { copy in
      try copy.journal { facts in
        let index = try #require(facts.lastIndex { if case .attemptEnded = $0 { true } else { false } })
        guard case .attemptEnded(let attempt, var end, _) = facts[index] else { return }
        end.cause = .failed
        end.signal = 9
        facts[index] = .attemptEnded(attempt, end, consequence: .failed(.code))
      }
    }
  }
}
