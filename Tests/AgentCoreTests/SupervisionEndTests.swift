import AgentCore
import Testing
import TuningModel
import Wire

@Suite("The supervisor's machine at the end")
struct SupervisionEndTests {
  /// The end after the process has exited and nothing is left.
  private func end(
    _ bench: inout SupervisionBench, _ exit: TrialExit, outOfMemory: Bool = false
  ) -> SupervisionEnd? {
    _ = bench.on(.exited(exit, outOfMemory: outOfMemory))
    guard case .finish(let end)? = bench.on(.groupEmpty).last else { return nil }
    return end
  }

  @Test("An end that nobody asked for counts for what it is")
  func natural() {
    for (exit, outOfMemory, cause) in [
      (TrialExit.status(0), false, AttemptEnd.Cause.exited), (.status(1), false, .failed),
      (.signal(11), false, .failed),
      (.signal(9), false, .failed), (.signal(9), true, .outOfMemory),
    ] {
      var bench = SupervisionBench()
      let end = end(&bench, exit, outOfMemory: outOfMemory)
      #expect(end?.cause == cause)
      #expect(end?.exit == exit)
      #expect(bench.machine.deadline == nil)
      #expect(bench.on(.command(.stop)) == [])
    }
  }

  @Test("Exit status 0 at a hold is a pause, another status a failure")
  func atHold() {
    for (exit, cause) in [(TrialExit.status(0), AttemptEnd.Cause.paused), (.status(1), .failed), (.signal(9), .failed)]
    {
      var bench = SupervisionBench()
      bench.trainSavingBefore(through: 3)
      _ = bench.on(.waiting(resource: 3))
      #expect(end(&bench, exit)?.cause == cause)
    }
  }

  @Test("A pause asks where it can, then SIGTERM, then SIGKILL until nothing is left")
  func escalation() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    #expect(bench.on(.command(.pause)) == [.tellTrial(.pause)])
    #expect(bench.on(.command(.pause)) == [])
    #expect(bench.untilDeadline == .seconds(10) - .milliseconds(1))
    #expect(bench.atDeadline() == [.terminateGroup])
    #expect(bench.untilDeadline == .seconds(10))
    #expect(bench.atDeadline() == [.killGroup])
    #expect(bench.untilDeadline == .milliseconds(100))
    #expect(bench.atDeadline() == [.killGroup])
    #expect(bench.on(.exited(.signal(9), outOfMemory: false)) == [.killGroup])
    #expect(bench.atDeadline() == [.killGroup])
    guard case .finish(let end)? = bench.on(.groupEmpty).last else { return #expect(Bool(false)) }
    #expect(end.cause == .paused)
  }

  @Test("A pause in the middle of training waits until no checkpoint is owed")
  func pauseRunning() {
    // Nothing saved, nothing reported: nothing to lose.
    var bench = SupervisionBench()
    #expect(bench.on(.command(.pause)) == [.stopGroup])
    #expect(bench.on(.groupStopped(isSaving: false)) == [.terminateGroup])
    // Saved before the report, and writing just now.
    bench = SupervisionBench(milestone: 9)
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.checkpointWritten)
    #expect(bench.on(.terminationRequested) == [])
    #expect(bench.untilDeadline == .milliseconds(99))
    #expect(bench.atDeadline() == [.stopGroup])
    // Saves after its reports, and has just reported.
    bench = SupervisionBench(milestone: 9)
    _ = bench.report(1, 1)
    _ = bench.on(.checkpointWritten)
    _ = bench.report(2, 2)
    #expect(bench.on(.command(.pause)) == [])
    #expect(bench.untilDeadline == .seconds(5))
    var other = bench
    #expect(bench.on(.checkpointWritten) == [])
    #expect(bench.atDeadline() == [.stopGroup])
    #expect(other.report(3, 3) == [])
    #expect(other.report(4, 4) == [.stopGroup])
    // Reported twice and never saved: it does not save.
    bench = SupervisionBench(milestone: 9)
    _ = bench.report(1, 1)
    _ = bench.report(2, 2)
    #expect(bench.on(.command(.pause)) == [.stopGroup])
  }

  @Test("A trial that comes to wait while it is to be paused is asked")
  func pauseMeetsWait() {
    var bench = SupervisionBench()
    _ = bench.report(1, 1)
    #expect(bench.on(.command(.pause)) == [])
    #expect(bench.on(.waiting(resource: 3)) == [.tellTrial(.pause)])
  }

  @Test("A stop does not wait for anything, and takes the place of a pause")
  func stop() {
    var bench = SupervisionBench()
    #expect(bench.on(.command(.stop)) == [.terminateGroup])
    #expect(bench.on(.command(.proceed(milestone: 9, isLast: false))) == [])
    #expect(end(&bench, .status(0))?.cause == .stopped)
    bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    _ = bench.on(.command(.pause))
    #expect(bench.on(.command(.stop)) == [.terminateGroup])
    #expect(bench.on(.command(.pause)) == [])
    #expect(end(&bench, .signal(15))?.cause == .stopped)
  }

  @Test("A hold becomes a pause after its limit")
  func holdLimit() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    #expect(bench.untilDeadline == .seconds(60))
    #expect(bench.atDeadline() == [.tellTrial(.pause)])
  }

  @Test("A trial that has finished is left to itself for the grace period")
  func complete() {
    var bench = SupervisionBench()
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    let actions = bench.on(.command(.complete))
    #expect(actions.first == .tellTrial(.milestone(nil)))
    #expect(bench.on(.waiting(resource: 4)) == [.tellTrial(.milestone(nil))])
    var other = bench
    #expect(end(&bench, .status(0))?.cause == .exited)
    #expect(other.atDeadline() == [.terminateGroup])
    #expect(end(&other, .signal(15))?.cause == .stopped)
  }

  @Test("The lease ends what runs, is held or is being asked, and can be renewed")
  func lease() {
    var bench = SupervisionBench(lease: .seconds(10))
    #expect(bench.untilDeadline == .seconds(10))
    #expect(bench.on(.command(.lease(deadline: bench.now + .seconds(20)))) == [])
    bench.trainSavingBefore(through: 3)
    _ = bench.on(.waiting(resource: 3))
    var asked = bench
    #expect(bench.atDeadline() == [.terminateGroup])
    #expect(end(&bench, .signal(15))?.cause == .leaseExpired)
    _ = asked.on(.command(.pause))
    _ = asked.on(.command(.lease(deadline: asked.now)))
    #expect(asked.on(.exited(.signal(15), outOfMemory: false)) == [.terminateGroup])
    #expect(asked.on(.command(.lease(deadline: .zero))) == [])
  }

  /// A host that slept wakes at some moment after the lease: nothing of the trial lives beyond lease and grace.
  @Test("After a late awakening ending takes what is left of its time, and no more")
  func lateAwakening() {
    // Ten seconds of grace follow a lease of ten.
    func bench(_ prepare: (inout SupervisionBench) -> Void = { _ in }) -> SupervisionBench {
      var bench = SupervisionBench(lease: .seconds(10))
      bench.trainSavingBefore(through: 3)
      prepare(&bench)
      return bench
    }
    let start = SupervisionBench().now
    func awake(_ bench: inout SupervisionBench, at time: Duration) -> [SupervisionAction] {
      bench.now = start + time
      return bench.machine.handle(.timer, at: bench.now)
    }
    func isAsked(_ bench: inout SupervisionBench) {
      _ = bench.on(.waiting(resource: 3))
      _ = bench.on(.command(.pause))
    }
    for prepare in [{ _ in }, { $0.now = start }, isAsked, { _ = $0.on(.command(.complete)) }]
      as [(inout SupervisionBench) -> Void]
    {
      var soon = bench(prepare)
      #expect(awake(&soon, at: .seconds(19)) == [.terminateGroup])
      #expect(soon.untilDeadline == .seconds(1))
      #expect(soon.atDeadline() == [.killGroup])
      var late = bench(prepare)
      #expect(awake(&late, at: .seconds(20)) == [.killGroup])
      #expect(late.untilDeadline == .milliseconds(100))
    }
    // Told to end before it slept.
    var told = bench { _ = $0.on(.command(.stop)) }
    #expect(awake(&told, at: .seconds(25)) == [.killGroup])
    // Told to end by what was read after the awakening, before the clock was looked at.
    var read = bench()
    #expect(read.on(.command(.stop), after: .seconds(18)) == [.terminateGroup])
    #expect(read.atDeadline() == [.killGroup])
    #expect(read.now == start + .seconds(20))
    // Its children have no two seconds left.
    var left = bench()
    #expect(awake(&left, at: .seconds(19)) == [.terminateGroup])
    #expect(left.on(.exited(.signal(15), outOfMemory: false)) == [.terminateGroup])
    #expect(left.atDeadline() == [.killGroup])
    #expect(left.now == start + .seconds(20))
    // A lease that was extended meanwhile is none that is over.
    var extended = bench()
    #expect(extended.on(.command(.lease(deadline: start + .seconds(3_600))), after: .seconds(25)) == [.stopGroup])
    #expect(extended.machine.handle(.timer, at: extended.now) == [.stopGroup])
  }

  @Test("What a checkpoint covers follows from the order of writes and reports")
  func coverage() {
    /// `w`: a write; digits: a report of that resource.
    func covered(_ script: String) -> Int? {
      var bench = SupervisionBench(milestone: 100)
      var sequence = 0
      for step in script {
        if let resource = step.wholeNumberValue {
          sequence += 1
          _ = bench.report(sequence, resource)
        } else {
          _ = bench.on(.checkpointWritten)
        }
      }
      return end(&bench, .status(0))?.coveredResource
    }
    #expect(covered("") == nil)
    #expect(covered("12") == nil)
    #expect(covered("w") == nil)
    // Saves before.
    #expect(covered("w1w2w3") == 3)
    #expect(covered("w1w2w3w") == 3)
    #expect(covered("w12w34") == 3)
    // Saves after.
    #expect(covered("1w2w3") == 2)
    #expect(covered("1w2w3w") == 3)
    #expect(covered("123w") == 3)
  }
}
