import Coordination
import Foundation
import Messaging
import RunChecking
import TestSupport
import Testing
import TuningModel
import Wire

/// An agent that was let in and lies: about others' trials, about what it sent, in bytes that are no messages.
struct HostileAgentTests {
  @Test func anAgentThatLiesDisturbsNoOther() throws {
    let run = try WatchedRun("liar", sleep: 0.1, trials: 2000, slots: 2)
    let coordinator = try run.start()
    try run.awaitStarts(2)
    let liar = try LyingAgent(run)
    try refuseMalformed(liar)
    try claimTrialsOfOthers(liar)
    let own = try repeatAndJumpAhead(liar)

    let before = run.notes("starts").count
    try run.awaitStarts(before + 4)
    try run.command(["stop"])
    #expect(try coordinator.wait() == 0, "\(coordinator.output)\(coordinator.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    try check.expectSound(run)
    for fact in check.facts {
      guard case .attemptEnded(let attempt, let end, _) = fact else { continue }
      #expect(end.errorTail != "a lie" || attempt == own, "\(attempt) ended by another agent's word")
    }
    #expect(coordinator.errors.contains("not understood") || coordinator.output.contains("not understood"))
  }

  /// Each ends its connection, and the next one is let in.
  private func refuseMalformed(_ liar: LyingAgent) throws {
    var generator = SeededGenerator(seed: 3)
    let hello = AgentMessage.heartbeat(sentAt: .zero).encoded()
    var messages: [[UInt8]] = [
      [], [0], [0xFF], Array(hello.dropLast()), hello + [0x80], [UInt8](repeating: 0x0B, count: 100_000),
      [UInt8](repeating: 0, count: (4 << 20)),
    ]
    for length in [1, 9, 300, 5000] { messages.append((0..<length).map { _ in UInt8(generator.nextBelow(256)) }) }
    for message in messages {
      liar.say(bytes: message)
      let code = try liar.hear("a rejection of \(message.prefix(8))") { said in
        if case .rejected(let code, _) = said { code } else { nil }
      }
      #expect(code == .malformed)
      try liar.reconnect()
    }
  }

  /// What it says of trials that run elsewhere, before and after its hello.
  private func claimTrialsOfOthers(_ liar: LyingAgent) throws {
    let names = (0..<8).flatMap { trial in (1...2).map { TrialAttempt(TrialID(trial), Attempt($0)) } }
    func lie() {
      for name in names {
        let report = TrialReport(
          sequence: 1, readAt: Timestamp(microseconds: 1),
          fields: [JSONValue.Member("epoch", .int(9)), JSONValue.Member("loss", .double(-1e9))])
        liar.say(.reports(name, [report]))
        liar.say(.started(name, pid: 1))
        liar.say(.held(name, resource: 9))
        liar.say(.refused(name, StartRefusal(code: .checkpointMissing, detail: "a lie")))
        liar.say(.ended(name, AttemptEnd(cause: .failed, exitStatus: 1, lastSequence: 0, errorTail: "a lie")))
        liar.say(.checkpointFetched(CheckpointName(trial: name.trial, generation: 1, hash: "ab")))
        liar.say(.checkpointStored(CheckpointName(trial: name.trial, generation: 1, hash: "ab")))
        liar.say(.checkpointsDeleted(name.trial))
      }
    }
    lie()
    let inventory = names.map { AttemptInventory(attempt: $0, slot: 0, milestone: 9, phase: .running, lastSequence: 7) }
    liar.hello(slots: 0, inventory: inventory)
    let verdicts = try liar.hear("the welcome") { if case .welcome(let welcome) = $0 { welcome.verdicts } else { nil } }
    #expect(verdicts.count == names.count && verdicts.allSatisfy { $0.action == .end }, "\(verdicts)")
    lie()
  }

  /// Sends reports of a trial of its own again, with other values, and ones from far ahead.
  private func repeatAndJumpAhead(_ liar: LyingAgent) throws -> TrialAttempt {
    liar.hello(slots: 1)
    let own = try liar.hear("a trial") { if case .start(let start) = $0 { start.attempt } else { nil } }
    func report(_ sequence: Int, _ loss: Double) {
      let fields = [JSONValue.Member("epoch", .int(sequence)), JSONValue.Member("loss", .double(loss))]
      let report = TrialReport(sequence: sequence, readAt: Timestamp(microseconds: 1), fields: fields)
      liar.say(.reports(own, [report]))
    }
    func heard(through sequence: Int) throws {
      try liar.hear("the acknowledgement") { $0 == .acknowledgeReports(own, through: sequence) ? true : nil }
    }
    liar.say(.started(own, pid: 1))
    try liar.note(own, epoch: 1, loss: 5.5)
    report(1, 5.5)
    try heard(through: 1)
    for _ in 0..<100 { report(1, -1e9) }
    for _ in 0..<100 { try heard(through: 1) }
    for sequence in [3, 1000, 1 << 53] {
      report(sequence, -1e9)
      try liar.hear("a question for a hello") { $0 == .sayHello ? true : nil }
      let inventory = [AttemptInventory(attempt: own, slot: 0, milestone: 1, phase: .running, lastSequence: 1 << 53)]
      liar.hello(slots: 1, inventory: inventory)
      let verdict = try liar.hear("the verdict") {
        if case .welcome(let welcome) = $0, let verdict = welcome.verdicts.first { verdict } else { nil }
      }
      #expect(verdict == Verdict(attempt: own, action: .keep(afterSequence: 1)))
    }
    liar.say(.ended(own, AttemptEnd(cause: .failed, exitStatus: 1, lastSequence: 1, errorTail: "a lie")))
    try liar.hear("the acknowledgement of the end") { $0 == .acknowledgeEnd(own) ? true : nil }
    // It wants no more: what it was given meanwhile it gives back.
    liar.hello(slots: 0)
    for attempt in try liar.starts(within: .seconds(1)) {
      liar.say(.refused(attempt, StartRefusal(code: .hostFault, detail: "a lie")))
    }
    return own
  }
}
