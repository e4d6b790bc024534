import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("A trial at its milestone")
struct MilestoneTests {
  @Test("is held in report() when it cooperates, without a signal, and goes on in place")
  func cooperating() throws {
    let bench = try Bench(
      python: """
        import pasha
        for epoch in range(1, 7):
            save(epoch)
            pasha.report(epoch=epoch, loss=1.0 / epoch)
        """)
    try bench.start()
    let pid = try bench.waitRunning()
    try bench.waitHeld(resource: 3)
    #expect(bench.reports == 3)
    #expect(ProcessTable.entry(pid)?.isStopped == false)
    bench.connect(bench.client)
    try bench.send(.proceed(milestone: 5, isLast: false))
    try bench.waitHeld(resource: 5)
    #expect(bench.events.first == .running(pid: pid, milestone: 5))
    try bench.send(.proceed(milestone: 6, isLast: true))
    let end = try bench.waitEnd()
    #expect(end.cause == .exited)
    #expect(end.exitStatus == 0)
    #expect(end.lastSequence == 6)
    #expect(end.seal?.coveredResource == 6)
    #expect(try bench.supervisorEnded() == .exited(0))
  }

  @Test("is held at the report that has the metric, where one without it comes before")
  func withoutMetric() throws {
    let bench = try Bench(
      python: """
        import pasha
        for epoch in range(1, 5):
            pasha.report(epoch=epoch, accuracy=1)
            pasha.report(epoch=epoch, loss=1)
        """)
    try bench.start()
    try bench.waitHeld(resource: 3)
    #expect(bench.reports == 6)
    try bench.send(.pause)
    #expect(try bench.waitEnd().cause == .paused)
  }

  @Test("is asked to end on its channel when it cooperates")
  func cooperatingPause() throws {
    let bench = try Bench(
      python: """
        import pasha
        signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
        for epoch in range(1, 7):
            save(epoch)
            try:
                pasha.report(epoch=epoch, loss=0.1)
            except SystemExit as end:
                save(end.code, "code")
                raise
        """)
    try bench.start()
    try bench.waitHeld(resource: 3)
    try bench.send(.pause)
    let end = try bench.waitEnd()
    #expect(end.cause == .paused)
    #expect(end.exitStatus == 0)
    #expect(end.seal?.coveredSequence == 3)
    #expect(bench.folder.read("checkpoints/code") == "0")
  }

  @Test("is stopped once its checkpoint is written, and continued in place", arguments: [true, false])
  func stopped(savesBefore: Bool) throws {
    let bench = try Bench(
      python: """
        for epoch in range(1, 20):
            time.sleep(0.02)
            if \(savesBefore ? "True" : "False"): save(epoch)
            say(epoch)
            if not \(savesBefore ? "True" : "False"): save(epoch)
            if epoch % 3 == 0: time.sleep(0.4)
        """)
    try bench.start()
    let pid = try bench.waitRunning()
    try bench.waitHeld(resource: 3)
    #expect(ProcessTable.entry(pid)?.isStopped == true)
    #expect(bench.folder.read("checkpoints/model") == "3")
    try bench.send(.proceed(milestone: 9, isLast: false))
    try bench.waitHeld(resource: 9)
    #expect(ProcessTable.entry(pid)?.isStopped == true)
    try bench.send(.pause)
    let end = try bench.waitEnd()
    #expect(end.cause == .paused)
    #expect(end.signal == 15)
    #expect(end.seal?.coveredResource == 9)
    #expect(bench.alive == [])
  }

  @Test("goes on from its checkpoint in another process after a pause")
  func resumed() throws {
    let bench = try Bench(
      python: """
        for epoch in range(load() + 1, 10):
            save(epoch)
            say(epoch)
            time.sleep(0.3)
        """)
    try bench.start()
    try bench.waitHeld(resource: 3)
    try bench.send(.pause)
    let seal = try #require(try bench.waitEnd().seal)
    #expect(seal.generation == 1)
    // What happens to the live folder between two attempts does not matter.
    try bench.folder.write("checkpoints/model", "damaged")
    try bench.folder.write("checkpoints/stray", "x")
    try bench.next(resumeFrom: 1, milestone: 5)
    try bench.start()
    try bench.waitHeld(resource: 5)
    #expect(bench.output.contains("\"epoch\": 4"))
    #expect(!bench.output.contains("\"epoch\": 3"))
    try bench.send(.pause)
    #expect(try bench.waitEnd().seal?.generation == 2)
    #expect(bench.folder.read("checkpoints/stray") == nil)
  }

  @Test("is stopped when it reports again, and what it reported past the milestone stays in the log")
  func reportsAgain() throws {
    let bench = try Bench(
      shell: """
        for i in $(seq 100); do echo "[tune-metric]: {\\"epoch\\": $i, \\"loss\\": 1}"; sleep 0.1; done
        """)
    bench.plan.settle = .seconds(20)
    try bench.start()
    try bench.waitHeld(resource: 3)
    #expect((4...6).contains(bench.reports))
    // A milestone that was passed already: held again, nothing continued.
    bench.connect(bench.client)
    try bench.send(.proceed(milestone: 4, isLast: false))
    try bench.waitHeld(resource: 4)
    #expect((4...6).contains(bench.reports))
    try bench.send(.proceed(milestone: 8, isLast: false))
    try bench.waitHeld(resource: 8)
    try bench.send(.stop)
    #expect(try bench.waitEnd().cause == .stopped)
  }

  @Test("is stopped when it neither writes nor reports for the settling time")
  func settles() throws {
    let bench = try Bench(
      shell: "for i in 1 2 3; do echo \"[tune-metric]: {\\\"epoch\\\": $i.0, \\\"loss\\\": NaN}\"; done; sleep 100")
    bench.plan.settle = .milliseconds(200)
    try bench.start()
    try bench.waitHeld(resource: 3)
    try bench.send(.stop)
    #expect(try bench.waitEnd().lastSequence == 3)
  }

  @Test("is not stopped in the middle of writing its checkpoint")
  func savesSlowly() throws {
    let bench = try Bench(
      python: """
        def save_slowly(epoch):
            with open(os.path.join(folder, "model"), "w") as file:
                for part in range(40):
                    file.write("%d\\n" % epoch)
                    file.flush()
                    time.sleep(0.01)
        for epoch in range(1, 30):
            say(epoch)
            save_slowly(epoch)
        """, milestone: 2)
    bench.plan.settle = .seconds(5)
    try bench.start()
    try bench.waitHeld(resource: 2)
    try bench.send(.pause)
    let end = try bench.waitEnd()
    let lines = try #require(bench.folder.read("checkpoints/model")).split(separator: "\n")
    #expect(lines.count == 40)
    #expect(Set(lines).count == 1)
    #expect(end.seal?.coveredResource == Int(lines[0]))
  }

  @Test("is not stopped when the answer is there before")
  func answeredEarly() throws {
    let bench = try Bench(
      python: """
        for epoch in range(1, 5):
            say(epoch)
            while not os.path.exists("go"): time.sleep(0.01)
        """, milestone: 1)
    bench.plan.settle = .seconds(30)
    try bench.start()
    _ = try bench.waitRunning()
    // Nothing is saved: it would be stopped at its next report at the earliest.
    try eventually("the report") { bench.reports == 1 }
    try bench.send(.proceed(milestone: 4, isLast: true))
    // What the trial writes comes before what the agent says, where both are there.
    try eventually("the answer to be read") { bench.unreadBytes == 0 }
    try bench.folder.write("work/go", "")
    #expect(try bench.waitEnd().cause == .exited)
    #expect(!bench.events.contains { if case .held = $0 { true } else { false } })
  }

  @Test("pauses by itself when nobody answers", arguments: [true, false])
  func holdLimit(cooperates: Bool) throws {
    let bench = try Bench(
      python: """
        import pasha
        for epoch in range(1, 9):
            save(epoch)
            \(cooperates ? "pasha.report(epoch=epoch, loss=1)" : "say(epoch); time.sleep(0.2)")
        """)
    bench.plan.holdLimit = .milliseconds(300)
    try bench.start()
    try bench.waitHeld(resource: 3)
    let end = try bench.waitEnd()
    #expect(end.cause == .paused)
    #expect(end.seal?.coveredResource == 3)
  }

  @Test("is stopped once its checkpoint is written when it makes its folder anew each time")
  func folderAnew() throws {
    let bench = try Bench(
      python: """
        import shutil
        for epoch in range(1, 5):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(os.path.join(folder, "deep", "er"))
            time.sleep(0.05)
            save(epoch, "deep/er/model")
            say(epoch)
            if epoch == 3: time.sleep(100)
        """)
    bench.plan.settle = .seconds(3)
    try bench.start()
    try bench.waitHeld(resource: 3)
    try bench.send(.pause)
    // What is written before the new folder is watched may show after the report: then it is believed to cover less, and
    // never more, and the hold comes when `settle` has passed.
    let covered = try #require(try bench.waitEnd().seal?.coveredResource)
    #expect((2...3).contains(covered))
    #expect(bench.folder.read("seals/1/deep/er/model") == "3")
  }

  @Test("is not held where the process ends there by itself, nor at the maximum")
  func notHeld() throws {
    for isLast in [true, false] {
      let bench = try Bench(
        python: """
          import pasha
          for epoch in range(1, 6):
              pasha.report(epoch=epoch, loss=1)
          """)
      bench.plan.isLastMilestone = isLast
      bench.plan.holdsAtMilestone = isLast
      try bench.start()
      let end = try bench.waitEnd()
      #expect(end.cause == .exited)
      #expect(end.lastSequence == 5)
      #expect(end.seal == nil)
    }
  }

  @Test("is not reached by a resource that goes back, nor by reports without both keys")
  func oddReports() throws {
    let bench = try Bench(
      python: """
        for text in ['{"epoch": 7}', '{"epoch": "7", "loss": 1}', '{"epoch": true, "loss": 1}',
                     '{"epoch": 7.5, "loss": 1}', '{"loss": 1}', '{"epoch": -1, "loss": 1}',
                     '{"epoch": 2, "loss": "x"}']:
            print("[tune-metric]: " + text, flush=True)
        say(2); say(1); say(2)
        time.sleep(0.3)
        sys.stdout.write("x" * 1000 + '[tune-metric]: {"epoch": 1, "loss": 1}[tune-metric]: {"epoch": 5, "loss": 1}\\n')
        sys.stdout.flush()
        time.sleep(100)
        """)
    bench.plan.settle = .milliseconds(200)
    try bench.start()
    try bench.waitHeld(resource: 5)
    try bench.send(.stop)
    #expect(try bench.waitEnd().lastSequence == 12)
  }
}
