import Coordination
import Testing
import TuningModel
import Wire

@testable import Coordination

struct ReportTests {
  /// A farm with one trial running, to be fed with reports by hand.
  func running(trials: Int = 5) throws -> (VirtualFarm, TrialAttempt) {
    var farm = try Sample.farm(Sample.specification(trials: trials, max: 9), slots: 1)
    farm.begin()
    return (farm, TrialAttempt(TrialID(0), .first))
  }

  func report(_ sequence: Int, _ fields: [JSONValue.Member]) -> TrialReport {
    TrialReport(sequence: sequence, readAt: Timestamp(microseconds: 1), fields: fields)
  }

  func dispositions(_ farm: VirtualFarm) -> [ReportDisposition] {
    farm.journal.compactMap { stamped in
      guard case .reportReceived(let report) = stamped.fact else { return nil }
      return report.disposition
    }
  }

  @Test func aReportIsUsedOnlyWithAWholeResourceAndANumber() throws {
    var (farm, name) = try running()
    farm.isSlowToEnd = true
    let rejected: [([JSONValue.Member], ReportDisposition.RejectionReason)] = [
      ([.init("loss", .double(1))], .resourceMissing),
      ([.init("epoch", .double(1.5)), .init("loss", .double(1))], .resourceNotWhole),
      ([.init("epoch", .string("1")), .init("loss", .double(1))], .resourceNotWhole),
      ([.init("epoch", .double(.infinity)), .init("loss", .double(1))], .resourceNotWhole),
      ([.init("epoch", .int(0)), .init("loss", .double(1))], .resourceBelowOne),
      ([.init("epoch", .int(-3)), .init("loss", .double(1))], .resourceBelowOne),
      ([.init("epoch", .int(1))], .metricMissing),
      ([.init("epoch", .int(1)), .init("loss", .string("low"))], .metricNotANumber),
      ([.init("epoch", .int(1)), .init("loss", .bool(true))], .metricNotANumber),
      ([.init("epoch", .int(1)), .init("loss", .null)], .metricNotANumber),
    ]
    for (index, item) in rejected.enumerated() {
      farm.say(.reports(name, [report(index + 1, item.0)]), from: 0)
    }
    #expect(dispositions(farm) == rejected.map { .rejected($0.1) })
    farm.say(
      .reports(name, [report(rejected.count + 1, [.init("epoch", .double(1.0)), .init("loss", .double(.nan))])]),
      from: 0)
    #expect(dispositions(farm).last == .ranked)
    #expect(farm.coordinator.state.trials[0].resource == 1)
    #expect(farm.coordinator.state.trials[0].best == nil)
  }

  @Test func aResourceThatGoesBackOrComesTwiceIsRecordedNotRanked() throws {
    var (farm, name) = try running(trials: 1)
    farm.isSlowToEnd = true
    for (index, epoch) in [1, 1, 1].enumerated() {
      farm.say(
        .reports(name, [report(index + 1, [.init("epoch", .int(epoch)), .init("loss", .double(Double(index)))])]),
        from: 0)
    }
    #expect(dispositions(farm) == [.ranked, .recorded, .recorded])
    #expect(farm.coordinator.state.trials[0].lastValue == 0)
  }

  @Test func reportsOfAnotherAttemptOrAnotherAgentChangeNothing() throws {
    var (farm, name) = try running()
    let before = farm.journal.count
    let fields: [JSONValue.Member] = [.init("epoch", .int(1)), .init("loss", .double(1))]
    farm.say(.reports(TrialAttempt(name.trial, Attempt(2)), [report(1, fields)]), from: 0)
    farm.say(.reports(TrialAttempt(TrialID(77), .first), [report(1, fields)]), from: 0)
    farm.say(.reports(TrialAttempt(TrialID(-1), .first), [report(1, fields)]), from: 0)
    farm.say(.ended(TrialAttempt(name.trial, Attempt(9)), AttemptEnd(cause: .exited, lastSequence: 4)), from: 0)
    farm.say(.held(TrialAttempt(name.trial, Attempt(9)), resource: 3), from: 0)
    farm.handle(.message(from: "nobody", .heartbeat(sentAt: .zero)))
    #expect(farm.journal.count == before)
    #expect(farm.coordinator.counters.staleMessages == 5)
    #expect(farm.coordinator.counters.unknownSenders == 1)
  }

  @Test func aRepeatedSequenceIsOneReportAndAGapStartsTheSessionAnew() throws {
    var (farm, name) = try running(trials: 1)
    farm.isSlowToEnd = true
    let first = report(1, [.init("epoch", .int(1)), .init("loss", .double(1))])
    farm.say(.reports(name, [first]), from: 0)
    farm.say(.reports(name, [first]), from: 0)
    #expect(dispositions(farm).count == 1)
    #expect(farm.coordinator.counters.duplicateReports == 1)
    farm.say(.reports(name, [report(5, [.init("epoch", .int(5)), .init("loss", .double(1))])]), from: 0)
    #expect(dispositions(farm).count == 1)
    #expect(farm.coordinator.counters.reportGaps == 1)
  }

  @Test func reportsPastTheMilestoneWaitUntilTheTrialGoesOn() throws {
    // One slot, one trial: it stays held at 1 for want of anybody to compare it with.
    var (farm, name) = try running(trials: 2)
    farm.isSlowToEnd = true
    for epoch in 1...3 {
      farm.say(.reports(name, [report(epoch, [.init("epoch", .int(epoch)), .init("loss", .double(0.1))])]), from: 0)
    }
    #expect(dispositions(farm).prefix(3) == [.ranked, .withheld, .withheld])
    #expect(farm.coordinator.state.trials[0].resource == 1)
    #expect(farm.coordinator.state.trials[0].withheld.count == 2)
  }

  @Test func aMilestoneThatIsJumpedCountsWithTheValueReported() throws {
    var (farm, name) = try running(trials: 1)
    farm.isSlowToEnd = true
    farm.say(.reports(name, [report(1, [.init("epoch", .int(5)), .init("loss", .double(0.5))])]), from: 0)
    #expect(dispositions(farm) == [.ranked])
    let ladder = try #require(farm.coordinator.state.scheduler.ladder.first)
    #expect(ladder.rungs.map(\.entries).reduce(0, +) >= 2)
  }

  @Test func aTrialThatEndsWithoutAReportFailedAndTheRunSaysSo() throws {
    var (farm, _) = try running(trials: 30)
    for _ in 0..<30 {
      guard let name = farm.agents[0].attempts.keys.first else { break }
      farm.agents[0].attempts[name]?.log = []
      farm.agents[0].attempts[name]?.next = 1
      farm.finish(name, on: 0, cause: .exited)
    }
    guard case .finished(let end)? = farm.outcome else {
      Issue.record("the run goes on")
      return
    }
    #expect(end.reason == .tooManyFailures)
    #expect(end.message.contains("printed no report"))
    #expect(farm.coordinator.state.totals.failed == 5)
  }

  @Test func failuresBeyondTheLimitEndTheRun() throws {
    var specification = Sample.specification(trials: 30, max: 9)
    specification.failures.maxFailures = 1
    var farm = try Sample.farm(specification, slots: 1)
    farm.begin()
    for _ in 0..<2 {
      let name = try #require(farm.agents[0].attempts.keys.first)
      farm.finish(name, on: 0, cause: .failed)
    }
    guard case .finished(let end)? = farm.outcome else {
      Issue.record("the run goes on")
      return
    }
    #expect(end.reason == .tooManyFailures)
  }

  @Test func nothingThatAPeerSaysTraps() throws {
    var generator = SeededGenerator(seed: 99)
    var (farm, _) = try running(trials: 20)
    for _ in 0..<3_000 where farm.outcome == nil {
      let name = TrialAttempt(
        TrialID(Int(generator.nextBelow(25)) - 2), Attempt(Int(generator.nextBelow(4))))
      let number = Int(truncatingIfNeeded: generator.nextBits() >> (generator.nextBelow(64)))
      let fields: [JSONValue.Member] = [
        .init("epoch", generator.nextBelow(3) == 0 ? .double(Double(bitPattern: generator.nextBits())) : .int(number)),
        .init("loss", .double(Double(bitPattern: generator.nextBits()))),
      ]
      switch generator.nextBelow(8) {
      case 0: farm.say(.reports(name, [report(Int(generator.nextBelow(6)), fields)]), from: 0)
      case 1: farm.say(.held(name, resource: number), from: 0)
      case 2: farm.say(.ended(name, AttemptEnd(cause: .failed, lastSequence: number)), from: 0)
      case 3: farm.say(.refused(name, StartRefusal(code: .hostFault, detail: "x")), from: 0)
      case 4: farm.say(.started(name, pid: number), from: 0)
      case 5: farm.say(.heartbeat(sentAt: Instant(nanoseconds: Int64(truncatingIfNeeded: number))), from: 0)
      case 6:
        farm.say(
          .hello(
            AgentHello(
              hostname: "h", machineID: "m", bootID: "c", name: "n", pid: number, slots: Int(generator.nextBelow(5)),
              home: "/",
              inventory: [
                AttemptInventory(attempt: name, slot: number, milestone: number, phase: .running, lastSequence: number)
              ])), from: 0)
      default: farm.clock += Int(generator.nextBelow(10_000)); farm.handle(.tick)
      }
    }
    var replayed = try RunState(specification: farm.specification)
    for fact in farm.journal { replayed.apply(fact) }
    #expect(replayed.trials == farm.coordinator.state.trials)
  }
}
