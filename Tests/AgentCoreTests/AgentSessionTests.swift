import AgentCore
import Testing
import TuningModel
import Wire

@Suite struct AgentSessionTests {
  @Test func firstConnectsThenGreetsThenPreparesThenIsReady() {
    var bench = AgentBench()
    #expect(bench.on(.timer) == [.connect])
    let hello = bench.on(.connected).hello
    #expect(hello?.slots == 2 && hello?.inventory == [] && hello?.home == "/home")
    #expect(bench.hear(AgentBench.welcome()) == [.prepare(AgentBench.program)])
    #expect(bench.on(.timer) == [.send(.heartbeat(sentAt: bench.now))])
    #expect(
      bench.on(.prepared(Preparation(codeHash: "c0de"))) == [.send(.prepared(Preparation(codeHash: "c0de")))])
  }

  @Test func aFailedPreparationIsToldAndTriedAgainAtTheNextWelcome() {
    var bench = AgentBench()
    bench.greet()
    bench.hear(AgentBench.welcome())
    let failure = Preparation(codeHash: "c0de", failure: "pip: no such package")
    #expect(bench.on(.prepared(failure)) == [.send(.prepared(failure))])
    let refused = bench.hear(.start(AgentBench.start(name(0)))).sent
    guard case .refused(_, let refusal) = refused.first else { return #expect(Bool(false), "\(refused)") }
    #expect(refusal.code == .hostFault && refusal.detail.contains("pip: no such package"))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    bench.on(.connected)
    #expect(bench.hear(AgentBench.welcome()) == [.prepare(AgentBench.program)])
  }

  @Test func aReadyHostIsNotPreparedAgainUnlessTheCodeOrTheSetupChanged() {
    var bench = AgentBench()
    bench.getReady()
    #expect(bench.hear(.sayHello).hello != nil)
    #expect(bench.hear(AgentBench.welcome()) == [.send(.prepared(Preparation(codeHash: "c0de")))])
    bench.hear(.sayHello)
    var other = AgentBench.program
    other.setup = "false"
    #expect(bench.hear(AgentBench.welcome(program: other)) == [.prepare(other)])
  }

  /// What was decided before this hello may have been given up since, and the trial may run elsewhere.
  @Test func aStartOfAnEarlierSessionIsNotCarriedOut() throws {
    var bench = AgentBench()
    bench.getReady()
    let said = try #require(bench.hear(.sayHello).hello?.saidAt)
    bench.hear(AgentBench.welcome())
    var start = AgentBench.start(name(0))
    start.session = Instant(nanoseconds: said.nanoseconds - 1)
    #expect(bench.hear(.start(start)) == [])
    start.session = said
    #expect(bench.hear(.start(start)).launches == [name(0)])
  }

  @Test func aStartBeforeTheHostIsReadyWaitsForIt() {
    var bench = AgentBench()
    bench.greet()
    bench.hear(AgentBench.welcome())
    #expect(bench.hear(.start(AgentBench.start(name(0)))) == [])
    #expect(bench.on(.prepared(Preparation(codeHash: "c0de"))).launches == [name(0)])
  }

  @Test func aWaitingStartThatIsPausedEndsWithoutEverRunning() {
    var bench = AgentBench()
    bench.greet()
    bench.hear(AgentBench.welcome())
    bench.hear(.start(AgentBench.start(name(0))))
    #expect(bench.hear(.pause(name(0))).sent == [.ended(name(0), AgentBench.end(.paused))])
    #expect(bench.on(.prepared(Preparation(codeHash: "c0de"))).launches == [])
    #expect(bench.hear(.acknowledgeEnd(name(0))) == [.forget(name(0))])
  }

  @Test func aWaitingStartIsRefusedWhenThePreparationFails() {
    var bench = AgentBench()
    bench.greet()
    bench.hear(AgentBench.welcome())
    bench.hear(.start(AgentBench.start(name(0))))
    let sent = bench.on(.prepared(Preparation(codeHash: "c0de", failure: "no"))).sent
    #expect(sent.count == 2)
    #expect(sent.contains { if case .refused(name(0), let refusal) = $0 { refusal.code == .hostFault } else { false } })
  }

  @Test func connectionsAreTriedAgainAfterAJitteredTimeThatGrowsToABound() {
    var bench = AgentBench()
    bench.on(.timer)
    var waits: [Duration] = []
    for _ in 0..<20 {
      #expect(bench.on(.disconnected(.broken)) == [.disconnect])
      let due = bench.machine.nextDeadline ?? .zero
      waits.append(due - bench.now)
      #expect(bench.wait(due - bench.now) == [.connect])
    }
    #expect(waits.allSatisfy { $0 >= .milliseconds(50) && $0 <= .seconds(5) })
    #expect(waits[0] <= .milliseconds(150))
    #expect(waits.suffix(12).contains { $0 > .seconds(2) })
  }

  @Test func aHelloWithoutAnswerIsGivenUp() {
    var bench = AgentBench()
    bench.greet()
    #expect(bench.wait(.seconds(19)) == [])
    #expect(bench.wait(.seconds(1)) == [.disconnect])
  }

  @Test func aSecondSayHelloBeforeTheAnswerIsAboutAnEarlierMessage() {
    var bench = AgentBench()
    bench.getReady()
    #expect(bench.hear(.sayHello).hello != nil)
    #expect(bench.hear(.sayHello) == [])
  }

  @Test func ordersBeforeTheWelcomeChangeNothing() {
    var bench = AgentBench()
    bench.greet()
    #expect(bench.hear(.start(AgentBench.start(name(0)))) == [])
    #expect(bench.hear(.dismiss) == [])
  }

  @Test func rejectionsEndTheAgentWithTheirReason() {
    for (code, reason) in [
      (RejectionCode.protocolMismatch, AgentExit.Reason.protocolMismatch), (.notAdmitted, .notAdmitted),
      (.runFinished, .dismissed), (.malformed, .protocolMismatch),
    ] {
      var bench = AgentBench()
      bench.greet()
      let actions = bench.hear(.rejected(code: code, message: "because"))
      #expect(actions.last == .exit(AgentExit(reason: reason, message: "because")))
      #expect(bench.on(.timer) == [] && bench.machine.nextDeadline == nil)
    }
  }

  /// Its key is another agent's: what it runs is not to run on unseen.
  @Test func anAgentThatIsRefusedPausesWhatItRuns() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    bench.on(.connected)
    let actions = bench.hear(.rejected(code: .notAdmitted, message: "another agent has the key"))
    #expect(actions.contains(.command(name(0), .pause)) && actions.exit == nil, "\(actions)")
    bench.on(.supervisorGone(name(0), AttemptEnd(cause: .paused, lastSequence: 0)))
    bench.on(.logFinished(name(0)))
    var exit: AgentExit.Reason?
    for _ in 0..<60 where exit == nil { exit = bench.wait(.seconds(1)).exit }
    #expect(exit == .notAdmitted)
  }

  @Test func slotsThatGetNoWorkAreSaidInEachSessionAndAgain() {
    var bench = AgentBench()
    let gone = [SlotState(slot: 0, isUsable: true), SlotState(slot: 1, isUsable: false, reason: "gone")]
    let usable = [SlotState(slot: 0, isUsable: true), SlotState(slot: 1, isUsable: true)]
    func said(_ actions: [AgentAction]) -> [[SlotState]] {
      actions.compactMap { if case .send(.slotStates(let states)) = $0 { states } else { nil } }
    }
    // Of slots that may all be used nothing is said.
    #expect(bench.on(.slots(usable)) == [])
    bench.greet()
    #expect(said(bench.hear(AgentBench.welcome())).isEmpty)
    #expect(said(bench.on(.slots(gone))) == [gone])
    func pass(_ seconds: Int) -> [[SlotState]] {
      (0..<seconds).flatMap { _ in
        let actions = bench.wait(.seconds(1))
        for case .send(.heartbeat(let sentAt)) in actions { bench.hear(.heartbeatEcho(sentAt: sentAt)) }
        return said(actions)
      }
    }
    #expect(pass(40) == [gone])
    #expect(said(bench.on(.slots(usable))) == [usable])
    #expect(pass(40) == [usable])
    bench.on(.slots(gone))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    bench.on(.connected)
    #expect(said(bench.hear(AgentBench.welcome())) == [gone])
  }

  @Test func aKeyThatIsRefusedForAWhileEndsTheAgentButABreakInBetweenBeginsAnew() {
    var bench = AgentBench()
    func refusals(until limit: Duration, _ bench: inout AgentBench) -> AgentExit.Reason? {
      let end = bench.now + limit
      while bench.now < end {
        let due = bench.machine.nextDeadline ?? bench.now
        if due > bench.now { bench.now = due }
        bench.on(.timer)
        if let exit = bench.on(.disconnected(.refused)).exit { return exit }
      }
      return nil
    }
    #expect(refusals(until: .seconds(50), &bench) == nil)
    bench.wait(.seconds(5))
    bench.on(.disconnected(.broken))
    #expect(refusals(until: .seconds(50), &bench) == nil)
    #expect(refusals(until: .seconds(30), &bench) == .notAdmitted)
  }

  @Test func anUnreachableCoordinatorEndsTheAgentOnlyBeforeTheFirstWelcomeOrWhenNothingRuns() {
    var bench = AgentBench { $0.firstWelcomeLimit = .seconds(60) }
    bench.on(.timer)
    #expect(bench.wait(.seconds(59)).exit == nil)
    #expect(bench.wait(.seconds(1)).exit == .unreachable)

    var running = AgentBench { $0.firstWelcomeLimit = .seconds(60) }
    running.getReady()
    running.run(name(0))
    running.on(.disconnected(.broken))
    for _ in 0..<1_000 { #expect(running.wait(.seconds(5)).exit == nil) }
    running.on(.supervisorGone(name(0), AgentBench.end(.leaseExpired)))
    #expect(running.wait(.seconds(1)).exit == .unreachable)
  }

  @Test func whatRunsInTheSessionBeforeIsNamedInTheNextHello() {
    var bench = AgentBench(slots: 4)
    bench.getReady()
    bench.run(name(0), slot: 0)
    bench.run(name(1), slot: 1, milestone: 3)
    bench.on(.supervisor(name(1), .held(resource: 3, milestone: 3)))
    bench.run(name(2), slot: 2)
    bench.on(.supervisorGone(name(2), AgentBench.end(.failed, last: 4)))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    #expect(
      bench.on(.connected).hello?.inventory == [
        AttemptInventory(attempt: name(0), slot: 0, milestone: 1, phase: .running, lastSequence: 0),
        AttemptInventory(attempt: name(1), slot: 1, milestone: 3, phase: .held(resource: 3), lastSequence: 0),
        AttemptInventory(
          attempt: name(2), slot: 2, milestone: 1, phase: .ended(AgentBench.end(.failed, last: 4)), lastSequence: 4),
      ])
  }

  @Test func anAttemptThatTheCoordinatorDoesNotWantIsEndedAndForgottenWithoutAWord() {
    var bench = AgentBench(
      slots: 2,
      recovered: [
        RecoveredAttempt(attempt: name(0), slot: 0, milestone: 1, maximum: 9, end: nil, lastSequence: 5),
        RecoveredAttempt(
          attempt: name(1), slot: 1, milestone: 1, maximum: 9, end: AgentBench.end(last: 1), lastSequence: 1),
      ])
    bench.on(.supervisor(name(0), .running(pid: 5, milestone: 1)))
    bench.greet()
    let actions = bench.hear(
      AgentBench.welcome(verdicts: [
        Verdict(attempt: name(0), action: .end), Verdict(attempt: name(1), action: .end),
      ]))
    #expect(actions.commands.contains(.stop))
    #expect(actions.contains(.forget(name(1))))
    #expect(bench.on(.supervisorGone(name(0), AgentBench.end(.stopped, last: 5))) == [.forget(name(0))])
  }

  @Test func recoveredAttemptsAreFollowedFromWhereTheJournalEnds() {
    var bench = AgentBench(
      recovered: [RecoveredAttempt(attempt: name(3, 2), slot: 1, milestone: 3, maximum: 9, end: nil, lastSequence: 7)])
    #expect(bench.greet().hello?.inventory.first?.lastSequence == 7)
    let actions = bench.hear(
      AgentBench.welcome(verdicts: [Verdict(attempt: name(3, 2), action: .keep(afterSequence: 4))]))
    #expect(actions.contains(.follow(name(3, 2), after: 4, credit: 1_000)))
    #expect(
      bench.on(.reportsRead(name(3, 2), AgentBench.reports(5...7))) == [
        .send(.reports(name(3, 2), AgentBench.reports(5...7)))
      ])
    // Its supervisor is found only now, and learns of the lease and of what was ordered meanwhile.
    #expect(bench.hear(.proceed(name(3, 2), milestone: 9)) == [])
    let found = bench.on(.supervisor(name(3, 2), .held(resource: 3, milestone: 3)))
    #expect(found.commands.first == .proceed(milestone: 9, isLast: true))
    #expect(found.commands.count == 2)
  }

  @Test func theHighestAttemptSeenOnTheHostFencesLowerOnes() {
    var bench = AgentBench(highest: [name(4, 3)])
    bench.getReady()
    for attempt in 1...3 {
      guard case .refused(_, let refusal) = bench.hear(.start(AgentBench.start(name(4, attempt)))).sent.first else {
        return #expect(Bool(false))
      }
      #expect(refusal.code == .staleAttempt)
    }
    #expect(bench.hear(.start(AgentBench.start(name(4, 4)))).launches == [name(4, 4)])
  }

  @Test func aTrialThatWasToldToGoOnIsNotNamedAsHeld() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0), milestone: 1)
    bench.on(.supervisor(name(0), .held(resource: 1, milestone: 1)))
    bench.hear(.proceed(name(0), milestone: 3))
    #expect(
      bench.hear(.sayHello).hello?.inventory == [
        AttemptInventory(attempt: name(0), slot: 0, milestone: 3, phase: .running, lastSequence: 0)
      ])
  }

  @Test func aWaitingStartGoesOnToTheMilestoneItWasToldMeanwhile() {
    var bench = AgentBench()
    bench.greet()
    bench.hear(AgentBench.welcome())
    bench.hear(.start(AgentBench.start(name(0), milestone: 1)))
    #expect(bench.hear(.proceed(name(0), milestone: 3)) == [])
    bench.on(.prepared(Preparation(codeHash: "c0de")))
    #expect(
      bench.on(.supervisor(name(0), .running(pid: 1, milestone: 1))).commands == [.proceed(milestone: 3, isLast: false)]
    )
  }

  @Test func eachSessionHearsThatATrialRuns() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    #expect(bench.on(.supervisor(name(0), .running(pid: 100, milestone: 1))).sent == [])
    bench.hear(.sayHello)
    bench.hear(AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: 0))]))
    #expect(
      bench.on(.supervisor(name(0), .running(pid: 100, milestone: 1))).sent == [.started(name(0), pid: 100)])
  }
}
