import Coordination
import Presentation
import Scheduling
import Testing
import TuningModel
import Wire

@Suite("How the end of an attempt is told")
struct EndingTests {
  private static func text(_ end: AttemptEnd) throws -> String {
    let state = try RunState(specification: Sample.specification())
    return Presentation.ending(
      .attemptEnded(TrialAttempt(TrialID(0), Attempt(1)), end, consequence: .paused), in: state)
  }

  @Test("A pause that was asked for is no signal, whatever the process was told by")
  func pauses() throws {
    let seal = Seal(
      generation: 1, attempt: Attempt(1), coveredSequence: 3, coveredResource: 3, files: 1, bytes: 2048,
      hash: String(repeating: "0", count: 64))
    for end in [
      AttemptEnd(cause: .paused, signal: 15, lastSequence: 3, seal: seal),
      AttemptEnd(cause: .paused, exitStatus: 0, lastSequence: 3, seal: seal),
      AttemptEnd(cause: .stopped, signal: 15, lastSequence: 3, seal: seal),
    ] {
      let text = try Self.text(end)
      #expect(
        text.hasPrefix("as it was told to; its checkpoint of ") && text.hasSuffix(" 3 is sealed (2.0 KiB)"), "\(text)")
    }
    #expect(try Self.text(AttemptEnd(cause: .paused, signal: 15, lastSequence: 0)) == "as it was told to")
    #expect(
      try Self.text(
        AttemptEnd(
          cause: .paused, signal: 15, lastSequence: 0, errorTail: "pasha: the checkpoint is not sealed: no space"))
        == "as it was told to; its checkpoint is not sealed: no space")
    // One that did not end in time has been killed, and may lack what it had not written.
    #expect(try Self.text(AttemptEnd(cause: .paused, signal: 9, lastSequence: 0)) == "as it was told to, by signal 9")
    #expect(try Self.text(AttemptEnd(cause: .failed, signal: 15, lastSequence: 0)) == "signal 15")
  }
}
