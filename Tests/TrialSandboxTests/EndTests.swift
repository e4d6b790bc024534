import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("The end of a trial")
struct EndTests {
  private func end(shell: String, _ change: (Bench) throws -> Void = { _ in }) throws -> AttemptEnd {
    let bench = try Bench(shell: shell)
    try change(bench)
    try bench.start()
    let end = try bench.waitEnd()
    #expect(bench.alive == [])
    #expect(try bench.supervisorEnded() == .exited(0))
    #expect(!Files.exists(bench.attemptFolder.socket))
    return end
  }

  @Test("An exit status, and the last lines of standard error where it is a failure")
  func statuses() throws {
    let fine = try end(shell: "echo noise >&2")
    #expect(fine.cause == .exited)
    #expect(fine.exitStatus == 0)
    #expect(fine.errorTail == "")
    let failed = try end(shell: "printf 'Traceback\\033[31m\\377\\n\\tValueError: x\\n' >&2; exit 3")
    #expect(failed.cause == .failed)
    #expect(failed.exitStatus == 3)
    #expect(failed.errorTail == "Traceback[31m\u{FFFD}\n\tValueError: x\n")
    let crashed = try end(shell: "kill -SEGV $$")
    #expect(crashed.cause == .failed)
    #expect(crashed.signal == 11)
    let long = try end(shell: "for i in $(seq 2000); do echo line $i >&2; done; exit 1")
    #expect(long.errorTail.hasPrefix("line "))
    #expect(long.errorTail.hasSuffix("line 2000\n"))
    #expect(long.errorTail.utf8.count <= 4_096)
  }

  @Test("A program that cannot be started is a failure that names it")
  func unstartable() throws {
    let bench = try Bench(arguments: ["./no such script.py", "--lr", "1"])
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .failed)
    #expect(end.errorTail == "cannot execute ./no such script.py: No such file or directory")
    #expect(try Files.readText(bench.attemptFolder.error, limit: 1_000).contains("no such script.py"))
    #expect(try bench.supervisorEnded() == .exited(0))
  }

  @Test("A working folder that is missing is a fault of the host or of the start, not of silence")
  func noFolder() throws {
    let bench = try Bench(shell: "true")
    bench.plan.workFolder = bench.folder.file("gone")
    try bench.start()
    #expect(try bench.waitEnd().errorTail.contains("gone: No such file or directory"))
  }

  @Test("Arguments arrive as they are")
  func arguments() throws {
    let words = ["a b", "--x", "-1", "'\"$(rm -rf .)`", "; x", "", "*", "line\nline", "ü\t\\"]
    let bench = try Bench(
      arguments: ["python3", "-c", "import json, sys; json.dump(sys.argv[1:], open('seen', 'w'))"] + words)
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    let seen = try JSONValue(parsing: Files.read(bench.folder.file("work/seen"), limit: 10_000))
    #expect(seen == .array(words.map { .string($0) }))
  }

  @Test("Its environment is the plan's and the channel, its directory work/, its input empty")
  func environment() throws {
    let bench = try Bench(shell: "env | sort; pwd; cat; ulimit -c >/dev/null; grep NoNewPrivs /proc/self/status")
    bench.plan.environment = [
      EnvironmentEntry(name: "PATH", value: "/usr/bin:/bin"), EnvironmentEntry(name: "X", value: "a=b c"),
    ]
    try bench.start()
    _ = try bench.waitEnd()
    #expect(
      bench.output == """
        PASHA_CHANNEL=31
        PATH=/usr/bin:/bin
        PWD=\(bench.plan.workFolder)
        X=a=b c
        \(bench.plan.workFolder)
        NoNewPrivs:\t1

        """)
  }

  @Test("A stop ends a trial that ignores SIGTERM, after the grace period, with all that it started")
  func stubborn() throws {
    let bench = try Bench(
      python: """
        import subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["setsid", "sleep", "1000"])
        subprocess.Popen(["sh", "-c", "trap '' TERM; (setsid sleep 1001 &) ; sleep 1002"])
        say(1)
        while True: time.sleep(1)
        """)
    try bench.start()
    try eventually("the report") { bench.reports == 1 }
    try eventually("its children") { bench.alive.count >= 5 }
    try bench.send(.stop)
    let end = try bench.waitEnd()
    #expect(end.cause == .stopped)
    #expect(end.signal == 9)
    #expect(bench.alive == [])
  }

  @Test("Children that a trial leaves behind end with it")
  func leftChildren() throws {
    let end = try end(
      shell: "(setsid sh -c 'sleep 1000 & exec sleep 1000' &); sleep 1000 & trap '' TERM; setsid sleep 1001 & exit 0")
    #expect(end.cause == .exited)
  }

  @Test("SIGTERM to the supervisor pauses the trial")
  func terminated() throws {
    let bench = try Bench(shell: "echo x > $C/model; echo '[tune-metric]: {\"epoch\": 1, \"loss\": 1}'; sleep 100")
    let client = try bench.start()
    try eventually("the report") { bench.reports == 1 }
    kill(pid_t(try #require(client.pid)), SIGTERM)
    let end = try bench.waitEnd()
    #expect(end.cause == .paused)
    #expect(end.seal?.coveredSequence == 1)
  }

  @Test("Exit status 0 after SIGTERM is a pause")
  func handlesTermination() throws {
    let bench = try Bench(
      python: """
        def finish(*_):
            save(99)
            sys.exit(0)
        signal.signal(signal.SIGTERM, finish)
        save(1)
        say(1)
        while True: time.sleep(0.05)
        """)
    try bench.start()
    try eventually("the report") { bench.reports == 1 }
    try bench.send(.pause)
    let end = try bench.waitEnd()
    #expect(end.cause == .paused)
    #expect(end.exitStatus == 0)
    #expect(bench.folder.read("seals/1/model") == "99")
  }

  @Test("A lease that runs out ends the trial; one that is renewed does not")
  func lease() throws {
    let bench = try Bench(shell: "sleep 100")
    bench.plan.lease = HostClock.now + .milliseconds(400)
    try bench.start()
    _ = try bench.waitRunning()
    try bench.send(.lease(deadline: HostClock.now + .seconds(60)))
    usleep(600_000)
    #expect(!bench.alive.isEmpty)
    try bench.send(.lease(deadline: HostClock.now + .milliseconds(100)))
    #expect(try bench.waitEnd().cause == .leaseExpired)
  }

  @Test("A trial at the maximum ends by itself, or is ended after the grace period", arguments: [true, false])
  func complete(endsByItself: Bool) throws {
    let bench = try Bench(
      python: """
        import pasha
        pasha.report(epoch=3, loss=1)
        time.sleep(0.1 if \(endsByItself ? "True" : "False") else 100)
        save(1)
        """)
    bench.plan.isLastMilestone = true
    try bench.start()
    try eventually("the report") { bench.reports == 1 }
    try bench.send(.complete)
    let end = try bench.waitEnd()
    #expect(end.cause == (endsByItself ? .exited : .stopped))
    #expect(bench.folder.read("seals/1/model") == (endsByItself ? "1" : nil))
  }

  @Test("A slot that its predecessor still has locked is waited for, not for ever")
  func locked() throws {
    let bench = try Bench(shell: "true")
    var lock: FileLock? = try FileLock.acquire(bench.plan.lockFiles[0], within: .seconds(1))
    #expect { try SlotLocks(bench.plan.lockFiles, within: .milliseconds(30)) } throws: {
      ($0 as? SystemError)?.code == .busy
    }
    try bench.start()
    try eventually("the supervisor") { Files.exists(bench.attemptFolder.process) }
    usleep(100_000)
    #expect(!Files.exists(bench.attemptFolder.output))
    #expect(lock != nil)
    lock = nil
    #expect(try bench.waitEnd().cause == .exited)
  }

  @Test("A checkpoint that is not there is a fault of the host, said by name")
  func noCheckpoint() throws {
    let bench = try Bench(shell: "true")
    bench.plan.resumeFrom = 4
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .hostFault)
    #expect(end.errorTail.contains("there is no sealed generation 4"))
  }

  @Test("A start without a checkpoint does not see what an earlier attempt left")
  func fresh() throws {
    let bench = try Bench(shell: "ls $C")
    try bench.folder.write("checkpoints/stray", "x")
    try bench.start()
    _ = try bench.waitEnd()
    #expect(bench.output == "")
  }

  /// A memory cgroup of version 1 that this process may make, where there is one.
  private static let cgroup = "/sys/fs/cgroup/memory/pasha-test-\(getpid())"
  private static let canLimitMemory = mkdir(cgroup, 0o700) == 0 && rmdir(cgroup) == 0

  @Test("A trial that the kernel kills for want of memory is told apart", .enabled(if: canLimitMemory))
  func outOfMemory() throws {
    let bench = try Bench(python: "say(1)\nblocks = []\nwhile True: blocks.append(b'x' * (1 << 20))")
    mkdir(Self.cgroup, 0o700)
    defer { rmdir(Self.cgroup) }
    let limit = try Descriptor.open("\(Self.cgroup)/memory.limit_in_bytes", O_WRONLY)
    try limit.write("67108864".utf8)
    try bench.start(command: [
      "/bin/sh", "-c", "echo $$ > \(Self.cgroup)/cgroup.procs && exec \"$0\" supervise \"$1\"", product("pasha-agent"),
    ])
    let end = try bench.waitEnd()
    #expect(end.cause == .outOfMemory)
    #expect(end.signal == 9)
    _ = try bench.supervisorEnded()
  }
}
