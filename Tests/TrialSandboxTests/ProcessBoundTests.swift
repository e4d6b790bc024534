import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

/// Scripts that start processes without end. All that they start ends with them, and what can hold them here is asked
/// for in turn: control groups, the limit of the user, the supervisor's own count.
@Suite("Bound of processes", .serialized)
struct ProcessBoundTests {
  /// A process that starts others, each in a session of its own and each doing the same, whatever is refused it.
  private static let bomb = """
    say(1)
    for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]: signal.signal(number, signal.SIG_IGN)
    stop = time.time() + 60
    while time.time() < stop:
        try:
            if os.fork() == 0: os.setsid()
        except OSError: time.sleep(0.001)
    """
  private static let most = 150

  private func bench(_ python: String = bomb) throws -> Bench {
    let bench = try Bench(python: python)
    bench.plan.sandbox.mostProcesses = Self.most
    return bench
  }

  private func check(_ end: AttemptEnd, _ bench: Bench) {
    #expect(end.cause == .failed)
    #expect(
      end.errorTail.contains(
        "pasha: the trial started more than 150 processes and threads (sandbox.max_processes in the cluster file allows "
          + "more)"))
    #expect(bench.alive == [])
  }

  @Test("A fork bomb is ended and named, and the trial beside it notices nothing")
  func bomb() throws {
    let other = try Bench(
      python: """
        for epoch in [1, 2]:
            for part in range(20):
                if os.fork() == 0: os._exit(0)
                os.wait()
                time.sleep(0.05)
            say(epoch)
        """, trial: 1)
    try other.start()
    let bench = try bench()
    let began = HostClock.now
    try bench.start()
    check(try bench.waitEnd(), bench)
    #expect(HostClock.now - began < .seconds(10))
    #expect(try other.waitEnd().cause == .exited)
    #expect(other.reports == 2)
    // The seal and the slot come after the last process.
    _ = try bench.supervisorEnded()
    let groups = (try? Files.readText(bench.attemptFolder.groups, limit: 4_096)) ?? ""
    for folder in groups.split(separator: "\n") { #expect(!Files.exists(String(folder))) }
  }

  @Test("Threads count too, and a script that stays below its bound is left alone")
  func threads() throws {
    let script = """
      import threading
      event = threading.Event()
      def start(count):
          for part in range(count): threading.Thread(target=event.wait, daemon=True).start()
      """
    let modest = try bench(script + "\nstart(100)\ntime.sleep(1)\nsay(1)\n")
    try modest.start()
    #expect(try modest.waitEnd().cause == .exited)
    let greedy = try bench(script + "\nsay(1)\nstart(200)\ntime.sleep(60)\n")
    try greedy.start()
    check(try greedy.waitEnd(), greedy)
  }

  /// As an ordinary user, whom no control group lets in: bound by the number of the user's processes.
  @Test("An ordinary user's fork bomb is bound by the user's limit, ended and named", arguments: [true, false])
  func ordinaryUser(confined: Bool) throws {
    let bench = try bench()
    // Unconfined there is no ending all of them in one moment, as on kernels before 6.12.
    bench.plan.sandbox.level = confined ? .default : .off
    try bench.startAsOrdinaryUser()
    _ = try bench.supervisorEnded()
    guard case .ended(let end) = LeftOver.examine(bench.attemptFolder) else {
      Issue.record("there is no end: \(bench.log)")
      return
    }
    check(end, bench)
    #expect(!Files.exists(bench.attemptFolder.groups))
  }

  /// Root where no control group can be made, as in many containers. A group around the supervisor keeps the machine of
  /// the test safe.
  @Test("Where nothing but the supervisor's count holds it, a fork bomb is ended all the same", .enabled(if: canGroup))
  func countAlone() throws {
    let safety = try #require(Self.makeGroup(most: 1_000))
    defer { rmdir(safety) }
    let bench = try bench()
    try bench.start(command: [
      "/bin/sh", "-c",
      "echo $$ > \(safety)/cgroup.procs && exec unshare -m sh -c 'umount -R -l /sys/fs/cgroup && exec \"$0\" supervise \"$1\"' "
        + "\"$0\" \"$1\"", product("pasha-agent"),
    ])
    check(try bench.waitEnd(), bench)
    #expect(!Files.exists(bench.attemptFolder.groups))
    _ = try bench.supervisorEnded()
  }

  @Test(
    "Daemons that nothing names are found by their control group when their supervisor was killed",
    .enabled(if: canGroup))
  func killedSupervisor() throws {
    let bench = try Bench(
      python: """
        for part in range(20):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: os.execve("/bin/sleep", ["sleep", "1000"], {})
                os._exit(0)
            os.wait()
        say(1)
        time.sleep(1000)
        """)
    let client = try bench.start()
    try eventually("the daemons") { bench.reports == 1 }
    let group = try #require(ControlGroup.left(in: bench.attemptFolder))
    #expect(group.members.count == 21)
    kill(pid_t(try #require(client.pid)), SIGKILL)
    _ = try bench.supervisorEnded()
    let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    #expect(end.cause == .hostFault)
    #expect(
      end.errorTail == "pasha: the supervisor of this attempt was killed, and what it left of the trial was ended\n")
    #expect(group.members == [])
    for folder in group.folders { #expect(!Files.exists(folder)) }
  }

  private static let canGroup = makeGroup(most: 100).map { rmdir($0) == 0 } ?? false

  private static func makeGroup(most: Int) -> String? {
    let folder = "/sys/fs/cgroup/pids/pasha-test-\(getpid())-\(most)"
    guard mkdir(folder, 0o755) == 0, let file = try? Descriptor.open("\(folder)/pids.max", O_WRONLY),
      (try? file.write("\(most)".utf8)) != nil
    else { return nil }
    return folder
  }
}

extension Bench {
  /// A user of no name that has nothing else on this machine.
  static let ordinaryUser = 64_321

  /// Starts the supervisor as an ordinary user, where these tests run as root. It does not speak with root.
  func startAsOrdinaryUser() throws {
    guard getuid() == 0 else {
      try start()
      return
    }
    // The build may be where this user cannot look.
    let program = folder.file("pasha-agent")
    try FileManager.default.copyItem(atPath: product("pasha-agent"), toPath: program)
    try Files.writeDurably(attemptFolder.plan, plan.encoded())
    let user = Self.ordinaryUser
    let chown = Process()
    chown.executableURL = URL(fileURLWithPath: "/bin/chown")
    chown.arguments = ["-R", "\(user):\(user)", folder.path]
    try chown.run()
    chown.waitUntilExit()
    try start(
      command: [
        "/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "/bin/sh", "-c",
        "chmod +x \"$0\"; exec \"$0\" supervise \"$1\"", program,
      ], writesPlan: false)
  }
}
