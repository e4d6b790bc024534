import AgentCore
import Testing
import TuningModel
import Wire

@Suite struct AgentOrderTests {
  @Test func aStartIsLaunchedAndFollowedOnceHoweverOftenItComes() {
    var bench = AgentBench()
    bench.getReady()
    let start = AgentBench.start(name(0))
    let actions = bench.hear(.start(start))
    #expect(actions.launches == [name(0)])
    #expect(actions.contains(.follow(name(0), after: 0, credit: 1_000)))
    #expect(bench.hear(.start(start)) == [])
    #expect(bench.on(.supervisor(name(0), .running(pid: 9, milestone: 1))).sent == [.started(name(0), pid: 9)])
    #expect(bench.hear(.start(start)).sent == [.started(name(0), pid: 9)])
    bench.on(.supervisor(name(0), .held(resource: 1, milestone: 1)))
    #expect(bench.hear(.start(start)).sent == [.held(name(0), resource: 1)])
    bench.on(.supervisorGone(name(0), AgentBench.end(.paused)))
    bench.on(.logFinished(name(0)))
    #expect(bench.hear(.start(start)).sent == [.ended(name(0), AgentBench.end(.paused))])
    bench.hear(.acknowledgeEnd(name(0)))
    guard case .refused(_, let refusal) = bench.hear(.start(start)).sent.first else { return #expect(Bool(false)) }
    #expect(refusal.code == .staleAttempt)
  }

  @Test func aSlotIsBusyUntilTheSupervisorIsGone() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    func refusal(_ bench: inout AgentBench, slot: Int) -> StartRefusal.Code? {
      guard case .refused(_, let refusal) = bench.hear(.start(AgentBench.start(name(1), slot: slot))).sent.first
      else { return nil }
      return refusal.code
    }
    #expect(refusal(&bench, slot: 0) == .slotBusy)
    #expect(refusal(&bench, slot: 2) == .noSuchSlot)
    #expect(refusal(&bench, slot: -1) == .noSuchSlot)
    bench.on(.supervisor(name(0), .ended(AgentBench.end())))
    #expect(refusal(&bench, slot: 0) == .slotBusy)
    bench.on(.supervisorGone(name(0), AgentBench.end()))
    #expect(refusal(&bench, slot: 0) == nil)
  }

  @Test func aTrialNeverRunsTwiceAtOnce() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0, 1), slot: 0)
    guard case .refused(_, let refusal) = bench.hear(.start(AgentBench.start(name(0, 2), slot: 1))).sent.first else {
      return #expect(Bool(false))
    }
    #expect(refusal.code == .slotBusy)
    bench.on(.supervisorGone(name(0, 1), AgentBench.end()))
    #expect(bench.hear(.start(AgentBench.start(name(0, 2), slot: 1))).launches == [name(0, 2)])
  }

  @Test func aLaunchThatFailsIsRefusedAndTheSameStartIsRefusedAlike() {
    var bench = AgentBench()
    bench.getReady()
    let start = AgentBench.start(name(0))
    bench.hear(.start(start))
    let refusal = StartRefusal(code: .noSuchProgram, detail: "train.py")
    #expect(bench.on(.launchFailed(name(0), refusal)).sent == [.refused(name(0), refusal)])
    #expect(bench.hear(.start(start)) == [.send(.refused(name(0), refusal))])
    #expect(bench.hear(.start(AgentBench.start(name(0, 2)))).launches == [name(0, 2)])
  }

  @Test func aHeldTrialGoesOnInPlace() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0), milestone: 1)
    #expect(
      bench.on(.supervisor(name(0), .held(resource: 1, milestone: 1))) == [.send(.held(name(0), resource: 1))])
    #expect(bench.hear(.proceed(name(0), milestone: 3)) == [.command(name(0), .proceed(milestone: 3, isLast: false))])
    // What crossed the order is about the milestone before.
    #expect(bench.on(.supervisor(name(0), .held(resource: 1, milestone: 1))).sent == [])
    bench.on(.supervisor(name(0), .running(pid: 100, milestone: 3)))
    #expect(bench.hear(.proceed(name(0), milestone: 1)) == [])
    #expect(bench.hear(.proceed(name(0), milestone: 9)) == [.command(name(0), .proceed(milestone: 9, isLast: true))])
  }

  @Test func aStrongerOrderOverridesAWeakerOneAndNeverTheOtherWayRound() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    #expect(bench.hear(.complete(name(0))).commands == [.complete])
    #expect(bench.hear(.pause(name(0))).commands == [.pause])
    #expect(bench.hear(.pause(name(0))).commands == [.pause])
    #expect(bench.hear(.complete(name(0))) == [])
    #expect(bench.hear(.proceed(name(0), milestone: 9)) == [])
    #expect(bench.hear(.stop(name(0))).commands == [.stop])
    #expect(bench.hear(.pause(name(0))) == [])
  }

  @Test func ordersReachASupervisorThatIsNotLinkedYet() {
    var bench = AgentBench()
    bench.getReady()
    bench.hear(.start(AgentBench.start(name(0))))
    #expect(bench.hear(.stop(name(0))) == [])
    #expect(bench.on(.supervisor(name(0), .running(pid: 1, milestone: 1))).commands == [.stop])
  }

  @Test func ordersForWhatDoesNotRunHereAreRefused() {
    var bench = AgentBench()
    bench.getReady()
    for (trial, order) in [
      (5, CoordinatorMessage.pause(name(5))), (6, .stop(name(6))), (7, .complete(name(7))),
      (8, .proceed(name(8), milestone: 2)),
    ] {
      guard case .refused(name(trial), let refusal) = bench.hear(order).sent.first else { return #expect(Bool(false)) }
      #expect(refusal.code == .hostFault)
    }
    // The coordinator has given it up: an order to start it that comes late starts nothing.
    let late = bench.hear(.start(AgentBench.start(name(5))))
    guard case .refused(name(5), let refusal) = late.sent.first else { return #expect(Bool(false)) }
    #expect(refusal.code == .staleAttempt)
    #expect(bench.hear(.acknowledgeEnd(name(5))) == [])
    #expect(bench.hear(.acknowledgeReports(name(5), through: 3)) == [])
    bench.run(name(0))
    bench.on(.supervisorGone(name(0), AgentBench.end()))
    bench.on(.logFinished(name(0)))
    #expect(bench.hear(.acknowledgeEnd(name(0))) == [.forget(name(0))])
    // A coordinator that has forgotten the end must not wait for it.
    guard case .refused(name(0), let refusal) = bench.hear(.stop(name(0))).sent.first else {
      return #expect(Bool(false))
    }
    #expect(refusal.code == .staleAttempt)
    #expect(bench.hear(.acknowledgeEnd(name(0))) == [])
  }

  @Test func anAcknowledgedEndOfATrialThatStillRunsEndsIt() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    #expect(bench.hear(.acknowledgeEnd(name(0))).commands == [.stop])
    #expect(bench.on(.supervisorGone(name(0), AgentBench.end(.stopped))) == [.forget(name(0))])
  }

  @Test func checkpointsInUseStay() {
    var bench = AgentBench()
    bench.getReady()
    bench.hear(.start(AgentBench.start(name(0, 2), resumeFrom: 4)))
    #expect(
      bench.hear(.deleteCheckpoints(TrialID(0), keeping: [5])) == [.deleteCheckpoints(TrialID(0), keeping: [4, 5])])
    #expect(bench.on(.checkpointsDeleted(TrialID(0))) == [.send(.checkpointsDeleted(TrialID(0)))])
    #expect(bench.hear(.deleteCheckpoints(TrialID(8), keeping: [])) == [.deleteCheckpoints(TrialID(8), keeping: [])])
  }

  @Test func dismissedWithNothingLeftEndsAtOnce() {
    var bench = AgentBench()
    bench.getReady()
    #expect(bench.hear(.dismiss).exit == .dismissed)
  }

  @Test func dismissedWithTrialsPausesThemAndWaitsForTheAcknowledgements() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0), slot: 0)
    bench.run(name(1), slot: 1)
    #expect(bench.hear(.dismiss).commands == [.pause, .pause])
    #expect(bench.hear(.start(AgentBench.start(name(2), slot: 0))).launches == [])
    for trial in 0...1 {
      bench.on(.supervisorGone(name(trial), AgentBench.end(.paused)))
      #expect(bench.on(.logFinished(name(trial))).sent == [.ended(name(trial), AgentBench.end(.paused))])
    }
    #expect(bench.hear(.acknowledgeEnd(name(0))).exit == nil)
    #expect(bench.hear(.acknowledgeEnd(name(1))).exit == .dismissed)
  }

  @Test func interruptedWithoutACoordinatorEndsAfterItsTrials() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.disconnected(.broken))
    #expect(bench.on(.interrupted).commands == [.pause])
    bench.wait(.seconds(100))
    #expect(bench.on(.supervisorGone(name(0), AgentBench.end(.paused))).exit == nil)
    #expect(bench.wait(.seconds(9)).exit == nil)
    #expect(bench.wait(.seconds(1)).exit == .interrupted)
  }

  @Test func anInterruptedAgentOffersNoSlotsAndTellsItsEndsAfterwards() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    let actions = bench.on(.interrupted)
    #expect(actions.commands == [.pause])
    #expect(actions.hello?.slots == 0 && actions.hello?.inventory.count == 1)
    bench.on(.supervisorGone(name(0), AgentBench.end(.paused)))
    bench.on(.logFinished(name(0)))
    let welcome = bench.hear(
      AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: 0))]))
    #expect(welcome.sent.contains(.ended(name(0), AgentBench.end(.paused))))
    #expect(bench.hear(.acknowledgeEnd(name(0))).exit == .interrupted)
    var idle = AgentBench()
    idle.getReady()
    #expect(idle.on(.interrupted).exit == .interrupted)
  }
}
