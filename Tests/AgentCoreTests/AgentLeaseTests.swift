import AgentCore
import Testing
import TuningModel
import Wire

@Suite struct AgentLeaseTests {
  @Test func theDeadlineIsTheSendingOfTheHeartbeatPlusTheLeaseLessOnePercentAndTheGrace() {
    let sent = Instant(nanoseconds: 5_000_000_000)
    #expect(
      AgentLease.deadline(length: .seconds(600), grace: .seconds(10), sentAt: sent)
        == Instant(nanoseconds: 589_000_000_000))
  }

  @Test func anOlderHeartbeatChangesNothing() {
    let sent = Instant(nanoseconds: 5_000_000_000)
    var lease = AgentLease(length: .seconds(600), grace: .seconds(10), sentAt: sent)
    lease.extend(sentAt: .zero)
    #expect(lease.deadline == sent + .seconds(584))
    lease.extend(sentAt: sent + .seconds(5))
    #expect(lease.deadline == sent + .seconds(589))
  }

  @Test func theLeaseBeginsWithTheSendingOfTheHelloThatWasAnswered() {
    var bench = AgentBench()
    bench.greet()
    let hello = bench.now
    bench.wait(.seconds(7))
    bench.hear(AgentBench.welcome(lease: .seconds(600)))
    bench.on(.prepared(Preparation(codeHash: "c0de")))
    let actions = bench.hear(.start(AgentBench.start(name(0))))
    guard case .launch(let launch) = actions.first else { return #expect(Bool(false)) }
    #expect(launch.lease == hello + .seconds(584))
  }

  @Test func echoesMoveTheDeadlineOfAllSupervisorsWhenItIsWorthAMessage() {
    var bench = AgentBench(slots: 2)
    bench.getReady(lease: .seconds(600))
    bench.run(name(0), slot: 0)
    bench.run(name(1), slot: 1)
    var told: [Instant] = []
    for _ in 0..<12 {
      bench.wait(.seconds(5))
      let commands = bench.hear(.heartbeatEcho(sentAt: bench.now)).commands
      #expect(commands.isEmpty || commands.count == 2)
      if case .lease(let deadline) = commands.first {
        told.append(deadline)
        #expect(deadline == bench.now + .seconds(584))
      }
    }
    #expect(told.count == 2)
  }

  @Test func onlyAnEchoOfAHeartbeatOfThisConnectionExtendsTheLease() {
    var bench = AgentBench()
    bench.getReady(lease: .seconds(100))
    bench.run(name(0))
    let first = bench.now
    bench.wait(.seconds(20))
    let second = bench.now
    #expect(bench.hear(.heartbeatEcho(sentAt: bench.now + .seconds(1_000))).commands == [])
    #expect(bench.hear(.heartbeatEcho(sentAt: Instant(nanoseconds: -5))).commands == [])
    #expect(bench.hear(.heartbeatEcho(sentAt: second)).commands == [.lease(deadline: second + .seconds(89))])
    // Late, and replayed.
    #expect(bench.hear(.heartbeatEcho(sentAt: first)).commands == [])
    #expect(bench.hear(.heartbeatEcho(sentAt: second)).commands == [])
  }

  @Test func aReconnectionNeverShortensTheLease() {
    var bench = AgentBench()
    bench.getReady(lease: .seconds(100))
    bench.run(name(0))
    bench.wait(.seconds(30))
    bench.hear(.heartbeatEcho(sentAt: bench.now))
    bench.on(.disconnected(.broken))
    bench.wait(.seconds(5))
    bench.on(.connected)
    #expect(
      bench.hear(AgentBench.welcome(lease: .seconds(100))).commands == [.lease(deadline: bench.now + .seconds(89))])
  }

  @Test func silenceMakesANewConnectionAndASleeperReadsItsInboxFirst() {
    var bench = AgentBench()
    bench.getReady()
    #expect(bench.wait(.seconds(5)).sent.count == 1)
    let asleep = bench.now
    bench.now = bench.now + .seconds(3_600)
    #expect(bench.hear(.heartbeatEcho(sentAt: asleep)) == [])
    // A heartbeat; and that it is ready, which may not have been heard, since it got no work.
    #expect(bench.on(.timer).sent.count == 2)
    #expect(bench.wait(.seconds(59)).contains(.disconnect) == false)
    #expect(bench.wait(.seconds(5)).contains(.disconnect))
  }
}
