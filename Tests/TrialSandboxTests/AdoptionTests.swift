import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("Supervisors without their agent, and attempts without their supervisor")
struct AdoptionTests {
  @Test("The agent's death changes nothing; one that connects learns the status and can go on")
  func adoption() throws {
    let bench = try Bench(
      python: """
        import pasha
        for epoch in range(1, 6):
            save(epoch)
            pasha.report(epoch=epoch, loss=1)
        """)
    try bench.start()
    let pid = try bench.waitRunning()
    #expect(LeftOver.examine(bench.attemptFolder) == .supervised)
    #expect(throws: SystemError.self) {
      try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    }
    bench.connect(nil)
    try eventually("the third report") { bench.reports == 3 }
    bench.connect(try SupervisorClient(connectingTo: bench.attemptFolder))
    try bench.waitHeld(resource: 3)
    // A third agent takes the second one's place.
    let second = try #require(bench.client)
    bench.connect(try SupervisorClient(connectingTo: bench.attemptFolder))
    try bench.waitHeld(resource: 3)
    try eventually("the end of the second line") { second.receive().isClosed }
    try bench.send(.proceed(milestone: 5, isLast: true))
    #expect(try bench.waitRunning() == pid)
    #expect(try bench.waitEnd().cause == .exited)
    try eventually("the supervisor's end") { (try? SupervisorClient(connectingTo: bench.attemptFolder)) == nil }
  }

  @Test("What a killed supervisor leaves is found and ended, daemons too")
  func killed() throws {
    let bench = try Bench(
      python: """
        import subprocess
        subprocess.Popen(["setsid", "sleep", "1000"])
        subprocess.Popen(["sh", "-c", "(setsid sh -c 'sleep 1001 & sleep 1002' &); sleep 1003"])
        # A session of its own and nothing in its environment that tells whose it is: a child of one that has.
        subprocess.Popen(["sh", "-c", "env -i setsid sleep 1004 & sleep 1005"])
        say(1); say(2)
        os.write(1, b'[tune-metric]: {"epoch": 3, "lo')
        while True: time.sleep(1)
        """)
    let client = try bench.start()
    let pid = try bench.waitRunning()
    let start = try #require(ProcessTable.entry(pid)?.start)
    try eventually("its processes") { bench.alive.count >= 9 }
    kill(pid_t(try #require(client.pid)), SIGKILL)
    #expect(try bench.supervisorEnded() == .signalled(9))
    // The trial itself goes with its supervisor.
    try eventually("the trial's end") { !ProcessTable.isAlive(pid: pid, start: start) }
    #expect(!bench.alive.isEmpty)
    #expect(LeftOver.examine(bench.attemptFolder) == .orphaned)
    let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    #expect(end.cause == .hostFault)
    #expect(end.lastSequence == 2)
    #expect(end.startedAt != nil)
    #expect(bench.alive == [])
    #expect(LeftOver.examine(bench.attemptFolder) == .ended(end))
    #expect(try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt) == end)
  }

  @Test("What a killed supervisor leaves is ended and told, also where no file can be written")
  func killedWithoutRoom() throws {
    let bench = try Bench(python: "say(1)\nwhile True: time.sleep(1)")
    let client = try bench.start()
    _ = try bench.waitRunning()
    kill(pid_t(try #require(client.pid)), SIGKILL)
    _ = try bench.supervisorEnded()
    // In the way of the new file and of the room for it.
    try Files.removeFile("\(bench.attemptFolder.exit).room")
    let obstacle = "\(bench.attemptFolder.exit).new.\(getpid())"
    mkdir(obstacle, 0o700)
    for _ in 0..<2 {
      let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
      #expect(end.cause == .hostFault)
      #expect(end.errorTail.contains("; its end is not written down: cannot remove \(obstacle)"), "\(end.errorTail)")
      #expect(bench.alive == [])
      #expect(LeftOver.examine(bench.attemptFolder) == .orphaned)
    }
    rmdir(obstacle)
    let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    #expect(LeftOver.examine(bench.attemptFolder) == .ended(end))
  }

  @Test("A supervisor that comes too late does not start what was given up")
  func tooLate() throws {
    let bench = try Bench(shell: "touch ran")
    let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    #expect(end.cause == .hostFault)
    try bench.start()
    #expect(try bench.supervisorEnded() == .exited(0))
    #expect(!Files.exists(bench.folder.file("work/ran")))
  }

  @Test("A second supervisor of the same attempt does nothing")
  func second() throws {
    let bench = try Bench(shell: "echo x >> ran; sleep 100")
    try bench.start()
    _ = try bench.waitRunning()
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: [product("pasha-agent"), "supervise", bench.attemptFolder.plan], environment: [], input: null,
        output: null, error: null))
    #expect(try eventually("its end") { ChildProcess.reap(pid) } == .exited(75))
    try eventually("the trial") { bench.folder.read("work/ran") == "x\n" }
    #expect(!bench.alive.isEmpty)
    try bench.send(.stop)
    #expect(try bench.waitEnd().cause == .stopped)
  }

  @Test("Processes of another boot are not looked for by their numbers")
  func otherBoot() throws {
    let bench = try Bench(shell: "true")
    let sleeper = try Descriptor.open("/dev/null", O_RDWR)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: ["sleep", "100"], environment: ["PATH=/usr/bin:/bin"], input: sleeper, output: sleeper,
        error: sleeper))
    defer {
      kill(pid_t(pid), SIGKILL)
      waitpid(pid_t(pid), nil, 0)
    }
    let start = try #require(ProcessTable.entry(pid)?.start)
    var record = ProcessRecord(
      bootID: "another", supervisorPID: pid, supervisorStart: start, trialPID: pid, trialStart: start, milestone: 1,
      startedAt: HostClock.wall)
    func find() -> [Int] {
      LeftProcesses(record: record, folder: bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
        .find().map(\.pid)
    }
    #expect(find() == [])
    record.bootID = try HostIdentity.bootID()
    #expect(find() == [pid])
    record.trialStart += 1
    #expect(find() == [])
  }
}
