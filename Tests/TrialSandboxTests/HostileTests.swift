import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("Hostile scripts")
struct HostileTests {
  /// Resident memory of a process in bytes.
  private func resident(_ pid: Int) throws -> Int {
    let text = try Files.readText("/proc/\(pid)/status", limit: 65_536)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
  }

  @Test("A flood of output and a line of 1 GB cost the supervisor no memory and no report")
  func flood() throws {
    let bench = try Bench(
      python: """
        block = b"x" * (1 << 20)
        for part in range(100): os.write(1, block)
        # The rest of the line is a hole, which takes no room on the disk.
        os.ftruncate(1, 1 << 30)
        os.write(1, b"\\n")
        for part in range(80): os.write(1, b"noise\\n" * 100000)
        os.write(1, b'[tune-metric]: ' * 100000 + b"{" * 100000 + b"\\n")
        say(1)
        while not os.path.exists("go"): time.sleep(0.01)
        os.write(1, b'[tune-metric]: {"epoch": 2, "lo')
        """)
    let client = try bench.start()
    let supervisor = try #require(client.pid)
    try eventually("the report") {
      (try? Files.readTail(bench.attemptFolder.output, limit: 100))?.contains(0x7D) ?? false
    }
    #expect(try Files.status(bench.attemptFolder.output)?.size ?? 0 > 1 << 30)
    #expect(try resident(supervisor) < 40 << 20)
    try bench.folder.write("work/go", "")
    #expect(try bench.waitEnd().lastSequence == 1)
  }

  @Test("A script that writes faster than it is read while it says that it waits runs no longer than its lease")
  func floodWhileWaiting() throws {
    let bench = try Bench(
      python: """
        import socket, threading
        channel = socket.socket(fileno=int(os.environ["PASHA_CHANNEL"]))
        def wait():
            while True:
                try: channel.send(b'{"op": "waiting", "resource": 1}', socket.MSG_DONTWAIT)
                except BlockingIOError: time.sleep(0.001)
        threading.Thread(target=wait, daemon=True).start()
        # No report, which shows only at its end.
        block = (b'[tune-metric]: {"epoch": [' + b"1," * 30000 + b"\\n") * 16
        for part in range(300): os.write(1, block)
        time.sleep(1000)
        """)
    bench.plan.lease = HostClock.now + .seconds(3)
    try bench.start()
    _ = try bench.waitRunning()
    try eventually("the end of the trial", within: .seconds(15)) { bench.alive.isEmpty }
  }

  @Test("A flood on the channel and answers that nobody reads harm nobody")
  func channelFlood() throws {
    let bench = try Bench(
      python: """
        import socket
        channel = socket.socket(fileno=int(os.environ["PASHA_CHANNEL"]))
        for message in [b"x", b"{}", b"[1]", b'{"op": "waiting"}', b'{"op": "waiting", "resource": 1e400}', b"{" * 4000,
                        b'{"op": "waiting", "resource": ' + b"1" * 4000 + b"}", b"y" * 10000, b"\\xff"]:
            channel.send(message)
        for part in range(3000): channel.send(b'{"op": "waiting", "resource": 1}')
        save(1)
        say(3)
        time.sleep(100)
        """)
    try bench.start()
    try bench.waitHeld(resource: 3)
    try bench.send(.stop)
    #expect(try bench.waitEnd().cause == .stopped)
  }

  @Test("Processes that are started faster than one kills them end too")
  func forks() throws {
    let bench = try Bench(
      python: """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(1)
        stop = time.time() + 60
        while time.time() < stop:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: time.sleep(60)
                os._exit(0)
            os.wait()
            time.sleep(0.002)
        """)
    bench.plan.grace = .milliseconds(100)
    try bench.start()
    try eventually("some processes") { bench.alive.count > 10 }
    try bench.send(.stop)
    #expect(try bench.waitEnd().cause == .stopped)
    #expect(bench.alive == [])
  }

  @Test("Links out, FIFOs, sockets, devices and odd names in the checkpoint are left out of the seal")
  func checkpoint() throws {
    let bench = try Bench(
      python: """
        import socket, stat
        # The one device that everybody may make.
        os.mknod(os.path.join(folder, "device"), stat.S_IFCHR | 0o600, os.makedev(0, 0))
        os.mkfifo(os.path.join(folder, "fifo"))
        socket.socket(socket.AF_UNIX).bind(os.path.join(folder, "socket"))
        os.symlink("/etc/passwd", os.path.join(folder, "absolute"))
        os.symlink("../../../etc", os.path.join(folder, "up"))
        os.symlink("model", os.path.join(folder, "latest"))
        os.makedirs(os.path.join(folder, "sub", "empty"))
        os.symlink("../model", os.path.join(folder, "sub", "inside"))
        open(os.path.join(folder.encode(), b"odd\\xff"), "w").close()
        with open(os.path.join(folder, "sparse"), "wb") as file: file.truncate(1 << 28)
        save(1)
        os.chmod(os.path.join(folder, "model"), 0o755)
        say(1)
        """)
    // A confined trial makes no device in the first place.
    bench.plan.sandbox = SandboxPlan(level: .off, writable: [])
    try bench.start()
    let seal = try #require(try bench.waitEnd().seal)
    let manifest = try bench.seals.manifest(of: 1)
    #expect(manifest.entries.map(\.path) == ["latest", "model", "sparse", "sub", "sub/empty", "sub/inside"])
    #expect(seal.files == 2)
    #expect(seal.bytes == 1 << 28 + 1)
    let sparse = try #require(try Files.status("\(bench.seals.files(of: 1))/sparse"))
    #expect(sparse.allocated < 1 << 20)
    let log = try Files.readText(bench.attemptFolder.supervisorLog, limit: 1 << 20)
    for name in ["device", "fifo", "socket", "absolute", "up", "odd"] { #expect(log.contains("/\(name)")) }
    let live = bench.folder.file("copy")
    #expect(try bench.seals.restore(1, into: live, note: { _ in }).0 == 1)
    #expect(try Files.readText("\(live)/sub/inside", limit: 10) == "1")
    #expect(try Files.status("\(live)/model")?.isExecutable == true)
  }

  @Test("A file of 1 TB that is nearly all hole is not sealed, which is said, and the trial ends")
  func terabyte() throws {
    let bench = try Bench(
      python: """
        with open(os.path.join(folder, "model"), "wb") as file: file.truncate(1 << 40)
        say(1)
        """)
    let begun = HostClock.now
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.seal == nil && end.lastSequence == 1)
    #expect(HostClock.now - begun < .seconds(15))
    let log = try Files.readText(bench.attemptFolder.supervisorLog, limit: 1 << 20)
    #expect(log.contains("model has 1099511627776 bytes, nearly all of them holes"), "\(log)")
  }
}
