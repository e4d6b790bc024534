import AgentCore
import Testing
import TuningModel
import Wire

@Suite("The supervisor's machine, whatever happens")
struct SupervisionPropertyTests {
  @Test("Random events never make it wait for ever, stop what has ended, or end it twice", arguments: 0..<300)
  func random(seed: Int) {
    var draw = SeededGenerator(seed: UInt64(seed))
    func below(_ bound: UInt64) -> Int { Int(draw.nextBelow(bound)) }
    var bench = SupervisionBench(
      milestone: 1 + below(5), isLast: below(4) == 0, holds: below(4) > 0, lease: .seconds(1 + below(200)))
    var sequence = 0
    var isStopped = false
    var hasExited = false
    var finished = 0

    func take(_ actions: [SupervisionAction]) -> Bool {
      var wantsStopAnswer = false
      for action in actions {
        switch action {
        case .stopGroup:
          #expect(!isStopped && !hasExited)
          isStopped = true
          wantsStopAnswer = true
        case .continueGroup, .terminateGroup: isStopped = false
        case .finish: finished += 1
        case .killGroup, .tellTrial, .tellAgent, .record: break
        }
      }
      return wantsStopAnswer
    }
    func handle(_ event: SupervisionEvent) {
      let wait = Duration.milliseconds(below(300))
      if take(bench.on(event, after: wait)) {
        #expect(!take(bench.on(.groupStopped(isSaving: below(3) == 0), after: .zero)))
      }
    }

    for _ in 0..<200 {
      switch below(14) {
      case 0...3 where !isStopped && !hasExited:
        sequence += 1
        handle(.report(sequence: sequence, resource: below(5) == 0 ? nil : below(12)))
      case 4, 5: if !isStopped && !hasExited { handle(.checkpointWritten) }
      case 6: if !isStopped && !hasExited { handle(.waiting(resource: below(12))) }
      case 7: handle(.command(.proceed(milestone: 1 + below(12), isLast: below(3) == 0)))
      case 8: if below(10) == 0 { handle(.command(below(2) == 0 ? .pause : .stop)) }
      case 9: if below(10) == 0 { handle(.command(.complete)) }
      case 10: if below(20) == 0 { handle(.terminationRequested) }
      case 11: handle(.command(.lease(deadline: bench.now + .seconds(below(100)))))
      default:
        if let deadline = bench.machine.deadline, below(3) == 0 {
          bench.now = max(bench.now, deadline)
          handle(.timer)
        }
      }
    }
    // From here on nobody asks for it any more, and it must come to its end by its own deadlines.
    var turns = 0
    while finished == 0, turns < 1_000 {
      turns += 1
      let before = bench.machine.deadline
      #expect(before != nil)
      bench.now = max(bench.now, before ?? bench.now)
      let actions = bench.on(.timer, after: .zero)
      if take(actions) { #expect(!take(bench.on(.groupStopped(isSaving: true), after: .zero))) }
      if actions.contains(.killGroup), !hasExited {
        hasExited = true
        isStopped = false
        _ = take(bench.on(.exited(.signal(9), outOfMemory: false)))
        _ = take(bench.on(.groupEmpty))
      }
    }
    #expect(finished == 1)
    #expect(bench.machine.deadline == nil)
    handle(.groupEmpty)
    handle(.exited(.status(0), outOfMemory: false))
    #expect(finished == 1)
  }
}
