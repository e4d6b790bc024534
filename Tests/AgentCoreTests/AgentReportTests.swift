import AgentCore
import Testing
import TuningModel
import Wire

@Suite struct AgentReportTests {
  @Test func reportsAreSentAsTheyAreReadAndTheEndAfterTheLastOne() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    #expect(
      bench.on(.reportsRead(name(0), AgentBench.reports(1...2))).sent == [.reports(name(0), AgentBench.reports(1...2))])
    #expect(bench.on(.supervisorGone(name(0), AgentBench.end(last: 3))).sent == [])
    #expect(
      bench.on(.reportsRead(name(0), AgentBench.reports(3...3))).sent == [.reports(name(0), AgentBench.reports(3...3))])
    #expect(bench.on(.logFinished(name(0))).sent == [.ended(name(0), AgentBench.end(last: 3))])
  }

  @Test func theEndNamesTheLastReportThatTheAgentFound() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...4)))
    // The supervisor was killed before it saw the last one.
    bench.on(.supervisorGone(name(0), AgentBench.end(.hostFault, last: 2)))
    #expect(bench.on(.logFinished(name(0))).sent == [.ended(name(0), AgentBench.end(.hostFault, last: 4))])
  }

  @Test func reportsThatAreNotNextAreNotTaken() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...2)))
    #expect(bench.on(.reportsRead(name(0), AgentBench.reports(2...2))) == [])
    #expect(bench.on(.reportsRead(name(0), AgentBench.reports(4...4))) == [])
    #expect(bench.on(.reportsRead(name(9), AgentBench.reports(1...1))) == [])
  }

  @Test func aDisconnectedAgentReadsNoMoreThanTheWindow() {
    var bench = AgentBench { $0.reportWindow = 10 }
    bench.getReady()
    bench.run(name(0))
    bench.on(.disconnected(.broken))
    #expect(bench.on(.reportsRead(name(0), AgentBench.reports(1...10))) == [])
    bench.wait(.seconds(5))
    bench.on(.connected)
    let welcome = bench.hear(
      AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: 0))]))
    #expect(welcome.sent.first == .reports(name(0), AgentBench.reports(1...10)))
    #expect(bench.hear(.acknowledgeReports(name(0), through: 2)) == [.grant(name(0), credit: 2)])
    #expect(bench.on(.reportsRead(name(0), AgentBench.reports(11...12))).sent.count == 1)
    #expect(bench.hear(.acknowledgeReports(name(0), through: 12)) == [.grant(name(0), credit: 10)])
  }

  @Test func aWelcomeRewindsInMemoryWhereItCanAndInTheLogWhereItCannot() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...5)))
    bench.hear(.acknowledgeReports(name(0), through: 3))
    func welcome(after sequence: Int) -> CoordinatorMessage {
      AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: sequence))])
    }
    bench.hear(.sayHello)
    #expect(bench.hear(welcome(after: 4)).sent.first == .reports(name(0), AgentBench.reports(5...5)))
    // A journal that went back, as after a restored backup.
    bench.hear(.sayHello)
    #expect(bench.hear(welcome(after: 1)).contains(.follow(name(0), after: 1, credit: 1_000)))
    #expect(
      bench.on(.reportsRead(name(0), AgentBench.reports(2...3))).sent == [.reports(name(0), AgentBench.reports(2...3))])
    // A journal that knows more than the log that was read.
    bench.hear(.sayHello)
    #expect(bench.hear(welcome(after: 9)).contains(.follow(name(0), after: 9, credit: 1_000)))
  }

  @Test func anEndThatWasNotAcknowledgedIsToldAgainInTheNextSession() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...2)))
    bench.on(.supervisorGone(name(0), AgentBench.end(last: 2)))
    bench.on(.logFinished(name(0)))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    bench.on(.connected)
    let sent = bench.hear(
      AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: 1))])
    ).sent
    #expect(sent.prefix(2) == [.reports(name(0), AgentBench.reports(2...2)), .ended(name(0), AgentBench.end(last: 2))])
  }

  @Test func whatIsNotAcknowledgedForAWhileIsSentAgain() {
    var bench = AgentBench()
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...2)))
    func beat(_ bench: inout AgentBench) -> [AgentMessage] {
      let sent = bench.wait(.seconds(5)).sent
      bench.hear(.heartbeatEcho(sentAt: bench.now))
      return sent.filter { if case .heartbeat = $0 { false } else { true } }
    }
    for _ in 0..<5 { #expect(beat(&bench) == []) }
    #expect(beat(&bench) == [.reports(name(0), AgentBench.reports(1...2))])
    #expect(bench.hear(.acknowledgeReports(name(0), through: 99)) == [])
    for _ in 0..<20 { #expect(beat(&bench) == []) }
    // The end too.
    bench.on(.supervisorGone(name(0), AgentBench.end(last: 2)))
    bench.on(.logFinished(name(0)))
    for _ in 0..<5 { #expect(beat(&bench) == []) }
    #expect(beat(&bench) == [.ended(name(0), AgentBench.end(last: 2))])
  }

  @Test func longBatchesAreCut() {
    var bench = AgentBench { $0.reportsPerMessage = 3 }
    bench.getReady()
    bench.run(name(0))
    let sent = bench.on(.reportsRead(name(0), AgentBench.reports(1...7))).sent
    #expect(sent == [1...3, 4...6, 7...7].map { .reports(name(0), AgentBench.reports($0)) })

    var heavy = AgentBench { $0.reportBytesPerMessage = 1 }
    heavy.getReady()
    heavy.run(name(0))
    #expect(heavy.on(.reportsRead(name(0), AgentBench.reports(1...3))).sent.count == 3)
  }

  @Test func aWelcomeThatAcknowledgesMakesRoomForMore() {
    var bench = AgentBench { $0.reportWindow = 4 }
    bench.getReady()
    bench.run(name(0))
    bench.on(.reportsRead(name(0), AgentBench.reports(1...4)))
    bench.hear(.sayHello)
    let actions = bench.hear(
      AgentBench.welcome(verdicts: [Verdict(attempt: name(0), action: .keep(afterSequence: 3))]))
    #expect(actions.contains(.grant(name(0), credit: 3)))
    #expect(actions.sent.first == .reports(name(0), AgentBench.reports(4...4)))
  }
}
