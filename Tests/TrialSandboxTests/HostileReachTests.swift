import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

/// Scripts that reach for what looks after them, and scripts that end in every way there is.
@Suite("What a script can reach, and how it ends")
struct HostileReachTests {
  @Test(
    "A script of the supervisor's own user cannot read its memory, environment and descriptors, or trace it",
    arguments: [SandboxPlan.Level.default, .off])
  func memory(level: SandboxPlan.Level) throws {
    let bench = try Bench(
      python: attempts + """
        import ctypes
        boss = os.getppid()
        libc = ctypes.CDLL(None, use_errno=True)
        class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
        here = ctypes.create_string_buffer(16)
        piece = Piece(ctypes.addressof(here), 16)
        attempt("memory", open, f"/proc/{boss}/mem", "rb")
        attempt("environment", lambda: open(f"/proc/{boss}/environ", "rb").read())
        attempt("descriptors", os.listdir, f"/proc/{boss}/fd")
        def trace():
            if libc.ptrace(16, boss, 0, 0) != 0: raise OSError(ctypes.get_errno(), "refused")
        def copy():
            if libc.process_vm_readv(boss, ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0) < 0:
                raise OSError(ctypes.get_errno(), "refused")
        attempt("trace", trace)
        attempt("copy", copy)
        """)
    bench.plan.sandbox.level = level
    try bench.startAsOrdinaryUser()
    _ = try bench.supervisorEnded()
    #expect(
      bench.outcomes == [
        "memory": "EACCES", "environment": "EACCES", "descriptors": "EACCES", "trace": "EPERM", "copy": "EPERM",
      ])
  }

  @Test(
    "A script cannot be its own agent: what it says to its supervisor changes nothing, and its agent stays",
    arguments: [false, true])
  func ownAgent(isDaemon: Bool) throws {
    let words = SupervisorCommand.lease(deadline: HostClock.now + .seconds(1000)).encoded()
    let bench = try Bench(
      python: """
        import socket
        if \(isDaemon ? "True" : "False"):
            if os.fork(): time.sleep(1000)
            os.setsid()
            if os.fork(): os._exit(0)
        said = 0
        while True:
            try:
                line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                line.connect(sys.argv[2])
                line.send(bytes(\(words)))
                said += 1
                if said == 3: say(1)
                time.sleep(0.02)
            except OSError:
                time.sleep(0.01)
        """)
    bench.plan.arguments.append(bench.attemptFolder.socket)
    bench.plan.lease = HostClock.now + .milliseconds(2500)
    try bench.start()
    #expect(try bench.waitEnd().cause == .leaseExpired)
    #expect(bench.reports == 1)
  }

  @Test("A script that nothing confines and that kills its supervisor is ended and named")
  func killsSupervisor() throws {
    let bench = try Bench(
      python: """
        import subprocess
        subprocess.Popen(["setsid", "sleep", "1000"])
        say(1)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)
        """)
    bench.plan.sandbox.level = .off
    try bench.start()
    #expect(try bench.supervisorEnded() == .signalled(9))
    #expect(LeftOver.examine(bench.attemptFolder) == .orphaned)
    let end = try LeftOver.end(bench.attemptFolder, run: bench.plan.run, attempt: bench.plan.attempt)
    #expect(end.cause == .hostFault)
    #expect(end.lastSequence == 1)
    #expect(end.errorTail.contains("the supervisor of this attempt was killed"))
    #expect(bench.alive == [])
  }

  @Test("A script that ends with status 0 before its milestone has exited, with what it had reported")
  func early() throws {
    let bench = try Bench(python: "save(1)\nsay(1)\n")
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .exited)
    #expect(end.exitStatus == 0)
    #expect(end.lastSequence == 1)
    #expect(end.seal?.coveredResource == 1)
  }

  @Test("A script that crashes on a bad address has failed, with the signal and what it had reported")
  func segmentationFault() throws {
    let bench = try Bench(python: "import ctypes\nsay(1)\nctypes.string_at(0)\n")
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .failed)
    #expect(end.signal == Int(SIGSEGV))
    #expect(end.lastSequence == 1)
    #expect(bench.alive == [])
  }

  @Test("A daemon that has left its session, its environment, its descriptors and its folder ends with its trial")
  func daemon() throws {
    let bench = try Bench(
      python: """
        import subprocess
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.chdir("/")
                os.umask(0)
                os.closerange(0, 256)
                os.execve("/bin/sh", ["sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done"], {})
            os._exit(0)
        os.wait()
        time.sleep(0.2)
        say(1)
        """)
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    let status = try bench.supervisorEnded()
    #expect(status == .exited(0))
    #expect(!ProcessTable.all().contains { $0.pid != 1 && $0.session == $0.pid && isDaemon($0.pid) })
  }

  private func isDaemon(_ pid: Int) -> Bool {
    ((try? Files.readText("/proc/\(pid)/cmdline", limit: 4_096)) ?? "").contains("trap '' TERM HUP INT")
  }
}
