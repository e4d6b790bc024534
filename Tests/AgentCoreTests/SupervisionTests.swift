import AgentCore
import Testing
import TuningModel
import Wire

/// A machine with a clock that the test moves.
struct SupervisionBench {
  var machine: Supervision
  var now = Instant(nanoseconds: 1_000_000_000_000)

  init(
    milestone: Int = 3, isLast: Bool = false, holds: Bool = true, settle: Duration = .seconds(5),
    lease: Duration = .seconds(3_600)
  ) {
    machine = Supervision(
      settings: .init(
        holdsAtMilestone: holds, settle: settle, holdLimit: .seconds(60), grace: .seconds(10),
        quiet: .milliseconds(100)),
      milestone: milestone, isLast: isLast, lease: now + lease)
    _ = machine.handle(.started(pid: 77), at: now)
  }

  mutating func on(_ event: SupervisionEvent, after wait: Duration = .milliseconds(1)) -> [SupervisionAction] {
    now = now + wait
    return machine.handle(event, at: now)
  }

  mutating func report(_ sequence: Int, _ resource: Int?) -> [SupervisionAction] {
    on(.report(sequence: sequence, resource: resource))
  }

  /// Time passes until the machine's deadline.
  mutating func atDeadline() -> [SupervisionAction] {
    guard let deadline = machine.deadline else { return [] }
    now = max(now, deadline)
    return machine.handle(.timer, at: now)
  }

  /// How long until then.
  var untilDeadline: Duration? { machine.deadline.map { $0 - now } }

  /// Saves before each of the reports up to `last`.
  mutating func trainSavingBefore(through last: Int) {
    for epoch in 1...last {
      _ = on(.checkpointWritten)
      _ = report(epoch, epoch)
    }
  }
}

@Suite("The supervisor's machine at a milestone")
struct SupervisionMilestoneTests {
  @Test("A script that saves before it reports is stopped when its checkpoint is quiet")
  func savesBefore() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    #expect(bench.untilDeadline == .milliseconds(99))
    #expect(bench.on(.checkpointWritten, after: .milliseconds(50)) == [])
    #expect(bench.untilDeadline == .milliseconds(100))
    #expect(bench.atDeadline() == [.stopGroup])
    #expect(bench.on(.groupStopped(isSaving: false)) == [.tellAgent(.held(resource: 3, milestone: 3))])
    #expect(
      bench.on(.command(.proceed(milestone: 9, isLast: false))) == [
        .tellTrial(.milestone(9)), .continueGroup, .tellAgent(.running(pid: 77, milestone: 9)), .record(milestone: 9),
      ])
    #expect(bench.report(4, 4) == [])
  }

  @Test("A script that saves after it reports is not stopped before it has saved")
  func savesAfter() {
    var bench = SupervisionBench()
    for epoch in 1...3 {
      _ = bench.on(.checkpointWritten, after: epoch == 1 ? .zero : .seconds(1))
      if epoch == 1 { bench = SupervisionBench() }
      #expect(bench.report(epoch, epoch) == [])
    }
    #expect(bench.untilDeadline == .seconds(5))
    #expect(bench.on(.checkpointWritten, after: .seconds(2)) == [])
    #expect(bench.untilDeadline == .milliseconds(100))
    #expect(bench.atDeadline() == [.stopGroup])
  }

  @Test("A script that reports again, or does nothing at all, is stopped all the same")
  func neither() {
    var bench = SupervisionBench()
    for epoch in 1...3 { #expect(bench.report(epoch, epoch) == []) }
    var other = bench
    #expect(bench.report(4, 4) == [.stopGroup])
    #expect(other.untilDeadline == .seconds(5))
    #expect(other.atDeadline() == [.stopGroup])
  }

  @Test("A script found writing goes on for a moment, but not for ever")
  func saving() {
    var bench = SupervisionBench(settle: .milliseconds(50))
    bench.trainSavingBefore(through: 3)
    #expect(bench.atDeadline() == [.stopGroup])
    var stops = 0
    while true {
      let actions = bench.on(.groupStopped(isSaving: true), after: .zero)
      if actions == [.tellAgent(.held(resource: 3, milestone: 3))] { break }
      #expect(actions == [.continueGroup])
      #expect(bench.untilDeadline == .milliseconds(10))
      #expect(bench.atDeadline() == [.stopGroup])
      stops += 1
      guard stops < 100 else { return }
    }
    #expect(stops == 5)
    // Its checkpoint is half written: to pause it, it is given another chance.
    #expect(bench.on(.command(.pause)) == [.continueGroup])
    #expect(bench.on(.checkpointWritten) == [])
    #expect(bench.atDeadline() == [.stopGroup])
    #expect(bench.on(.groupStopped(isSaving: false)) == [.terminateGroup])
  }

  @Test("A script that waits is held at once and never stopped")
  func cooperates() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    #expect(bench.on(.waiting(resource: 3)) == [.tellAgent(.held(resource: 3, milestone: 3))])
    #expect(
      bench.on(.command(.proceed(milestone: 9, isLast: false))) == [
        .tellTrial(.milestone(9)), .tellAgent(.running(pid: 77, milestone: 9)), .record(milestone: 9),
      ])
    // It asks too early, or where nothing is held: it is sent on.
    #expect(bench.on(.waiting(resource: 4)) == [.tellTrial(.milestone(9))])
    _ = bench.report(4, 9)
    _ = bench.on(.waiting(resource: 9))
    #expect(bench.on(.command(.pause)) == [.tellTrial(.pause)])
    #expect(bench.untilDeadline == .seconds(10))
    #expect(bench.on(.exited(.status(0), outOfMemory: false)) == [.terminateGroup])
    guard case .finish(let end)? = bench.on(.groupEmpty).last else { return #expect(Bool(false)) }
    #expect(end.cause == .paused)
    #expect(end.coveredResource == 3)
  }

  @Test("A script that was stopped between its report and its wait waits by itself from then on")
  func late() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    _ = bench.atDeadline()
    _ = bench.on(.groupStopped(isSaving: false))
    #expect(bench.on(.waiting(resource: 3)) == [.continueGroup])
    #expect(bench.on(.command(.pause)) == [.tellTrial(.pause)])
  }

  @Test("A script that waits at a report without the metric is sent on")
  func withoutMetric() {
    var bench = SupervisionBench()
    _ = bench.report(1, nil)
    #expect(bench.on(.waiting(resource: 3)) == [.tellTrial(.goOn)])
    _ = bench.report(2, 4)
    #expect(bench.on(.waiting(resource: 4)) == [.tellAgent(.held(resource: 4, milestone: 3))])
  }

  @Test("An answer that is there before stops nothing")
  func early() {
    var bench = SupervisionBench()
    #expect(
      bench.on(.command(.proceed(milestone: 5, isLast: false))) == [
        .tellTrial(.milestone(5)), .tellAgent(.running(pid: 77, milestone: 5)), .record(milestone: 5),
      ])
    bench.trainSavingBefore(through: 5)
    #expect(
      bench.on(.command(.proceed(milestone: 9, isLast: true)))
        == [.tellTrial(.milestone(nil)), .tellAgent(.running(pid: 77, milestone: 9)), .record(milestone: 9)])
    #expect(bench.report(6, 9) == [])
    #expect(bench.untilDeadline ?? .zero > .seconds(3_000))
  }

  @Test("A milestone that was passed in the log is held at the first resource behind it, without a step")
  func passed() {
    var bench = SupervisionBench()
    for epoch in [1, 2, 3, 5, 4, 7] { _ = bench.report(epoch, epoch) }
    #expect(bench.on(.groupStopped(isSaving: false)) == [.tellAgent(.held(resource: 3, milestone: 3))])
    #expect(
      bench.on(.command(.proceed(milestone: 4, isLast: false))) == [
        .tellAgent(.held(resource: 5, milestone: 4)), .record(milestone: 4),
      ])
    // A trial that waits in vain is paused after the limit, counted from the last hold.
    #expect(bench.untilDeadline == .seconds(60))
    #expect(
      bench.on(.command(.proceed(milestone: 8, isLast: false))).contains(.continueGroup))
  }

  @Test("Nothing is held at the maximum, nor where the process ends by itself")
  func noHold() {
    for (isLast, holds) in [(true, true), (false, false)] {
      var bench = SupervisionBench(isLast: isLast, holds: holds)
      bench.trainSavingBefore(through: 3)
      #expect(bench.report(4, 4) == [])
      #expect(bench.on(.waiting(resource: 3)) == [.tellTrial(.milestone(nil))])
    }
  }

  @Test("Reports without a resource and resources that go back change nothing")
  func odd() {
    var bench = SupervisionBench()
    for (sequence, resource) in [nil, 2, 1, nil, -5, 2, .min].enumerated() {
      #expect(bench.report(sequence + 1, resource) == [])
    }
    #expect(bench.report(8, .max) == [])
    #expect(bench.report(9, 1) == [.stopGroup])
    #expect(bench.on(.groupStopped(isSaving: false)) == [.tellAgent(.held(resource: .max, milestone: 3))])
  }

  @Test("What an agent is told when it connects")
  func status() {
    var bench = SupervisionBench()
    #expect(bench.machine.status == .running(pid: 77, milestone: 3))
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    #expect(bench.machine.status == .held(resource: 3, milestone: 3))
  }
}
