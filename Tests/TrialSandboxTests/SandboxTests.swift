import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

/// What Python programs of these tests try, each with one word for what came of it: `ok` or the error's name.
let attempts = """
  import errno
  def attempt(what, call, *arguments):
      try:
          call(*arguments)
          print(what, "ok", flush=True)
      except OSError as error:
          print(what, errno.errorcode[error.errno], flush=True)
  def put(path):
      with open(path, "w") as file: file.write("x")

  """

extension Bench {
  /// The words that `attempt` printed, by what was tried.
  var outcomes: [String: String] {
    Dictionary(
      output.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        return words.count == 2 ? (String(words[0]), String(words[1])) : nil
      }, uniquingKeysWith: { _, last in last })
  }

  func set(_ name: String, _ value: String) {
    plan.environment.removeAll { $0.name == name }
    plan.environment.append(EnvironmentEntry(name: name, value: value))
  }

  var log: String { (try? Files.readText(attemptFolder.supervisorLog, limit: 1 << 20)) ?? "" }
}

@Suite("The sandbox", .enabled(if: Landlock.abi >= TrialConfinement.workingVersion))
struct SandboxTests {
  private let elsewhere = TemporaryFolder("elsewhere")

  @Test("A trial writes in its own folders, wherever it may have to")
  func own() throws {
    let bench = try Bench(
      python: attempts + """
        import multiprocessing, shutil, tempfile
        attempt("checkpoint", put, os.path.join(folder, "model"))
        attempt("work", put, "notes")
        attempt("folder", os.makedirs, os.path.join(folder, "a/b"))
        attempt("move", os.rename, os.path.join(folder, "model"), os.path.join(folder, "a/b/model"))
        attempt("across", os.rename, "notes", os.path.join(folder, "notes"))
        attempt("hardlink", os.link, os.path.join(folder, "notes"), os.path.join(folder, "a/notes"))
        attempt("symlink", os.symlink, "notes", os.path.join(folder, "latest"))
        attempt("fifo", os.mkfifo, "pipe")
        attempt("truncate", os.truncate, os.path.join(folder, "notes"), 0)
        attempt("remove", os.remove, os.path.join(folder, "notes"))
        attempt("removeTree", shutil.rmtree, os.path.join(folder, "a"))
        attempt("temporary", lambda: tempfile.NamedTemporaryFile(dir=os.environ["TMPDIR"]).write(b"x"))
        for name in ["null", "zero", "shm/pasha-test", "ptmx", "stdout", "stderr"]:
            attempt(name, lambda: open("/dev/" + name, "ab").write(b""))
        os.remove("/dev/shm/pasha-test")
        attempt("semaphore", multiprocessing.Lock)
        attempt("cache", put, os.path.expanduser("~/.cache/weights"))
        attempt("library", put, os.environ["TORCH_HOME"] + "/weights")
        """)
    try FileManager.default.createDirectory(atPath: bench.folder.file("tmp"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: elsewhere.file("torch"), withIntermediateDirectories: true)
    bench.set("TMPDIR", bench.folder.file("tmp"))
    bench.set("HOME", elsewhere.path)
    bench.set("TORCH_HOME", elsewhere.file("torch"))
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    let outcomes = bench.outcomes
    #expect(outcomes.count == 21)
    #expect(outcomes.filter { $0.value != "ok" } == [:])
  }

  @Test("A trial that writes outside its folder is refused, and the failure names the place and the way out")
  func outside() throws {
    let bench = try Bench(
      python: attempts + """
        away = os.environ["AWAY"]
        attempt("create", put, away + "/new")
        attempt("overwrite", put, away + "/old")
        attempt("append", lambda: open(away + "/old", "a"))
        attempt("truncate", os.truncate, away + "/old", 0)
        attempt("remove", os.remove, away + "/old")
        attempt("folder", os.mkdir, away + "/folder")
        attempt("removeFolder", os.rmdir, away + "/empty")
        attempt("symlink", os.symlink, "/etc", away + "/link")
        attempt("fifo", os.mkfifo, away + "/fifo")
        attempt("throughLink", put, "code.py")
        attempt("moveIn", os.rename, away + "/old", "mine")
        attempt("moveOut", os.rename, "code.py", away + "/mine")
        attempt("home", put, os.path.expanduser("~/.bashrc"))
        attempt("parent", put, folder + "/../stray")
        attempt("read", lambda: open(away + "/old").read())
        attempt("run", os.system, "true")
        open(away + "/results.csv", "w")
        """)
    try elsewhere.write("old", "kept")
    try elsewhere.write("code.py", "kept")
    try FileManager.default.createDirectory(atPath: elsewhere.file("empty"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: bench.folder.file("work/code.py"), withDestinationPath: elsewhere.file("code.py"))
    bench.set("AWAY", elsewhere.path)
    bench.set("HOME", elsewhere.path)
    try bench.start()
    let end = try bench.waitEnd()
    var outcomes = bench.outcomes
    #expect(outcomes.removeValue(forKey: "read") == "ok")
    #expect(outcomes.removeValue(forKey: "run") == "ok")
    #expect(outcomes.count == 14)
    // A rename over the border of two sets of rights is refused as one between file systems.
    #expect(outcomes.filter { !["EACCES", "EXDEV"].contains($0.value) } == [:])
    #expect(elsewhere.read("old") == "kept")
    #expect(elsewhere.read("code.py") == "kept")
    #expect(try Folders.list(elsewhere.path).map(\.name) == [".cache", "code.py", "empty", "old"])
    #expect(end.cause == .failed)
    #expect(end.errorTail.contains("Permission denied: '\(elsewhere.path)/results.csv'"))
    #expect(end.errorTail.hasSuffix("sandbox.writable in the cluster file allows other places\n"))
  }

  @Test("A trial cannot touch another trial, nor what is kept of itself")
  func others() throws {
    let bench = try Bench(
      python: attempts + """
        import shutil
        trials = os.environ["TRIALS"]
        attempt("remove", os.remove, trials + "/1/checkpoints/model")
        attempt("removeAll", shutil.rmtree, trials + "/1/checkpoints")
        attempt("overwrite", put, trials + "/1/checkpoints/model")
        attempt("seal", os.remove, trials + "/1/seals/1/model")
        attempt("ownSeal", put, folder + "/../seals/7.seal")
        attempt("ownExit", put, folder + "/../attempts/1/exit")
        attempt("ownPlan", os.remove, folder + "/../attempts/1/plan")
        attempt("process", os.remove, folder + "/../attempts/1/process")
        attempt("lock", os.remove, folder + "/../slot.lock")
        attempt("replace", os.rename, folder, folder + ".old")
        """)
    // Beside the trial, as the agent has them: in the folder that holds all trials.
    let trials = Files.parent(of: bench.folder.path)
    let other = try Other(in: trials)
    bench.set("TRIALS", other.path)
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.outcomes.count == 10)
    #expect(bench.outcomes.filter { !["EACCES", "EXDEV"].contains($0.value) } == [:])
    #expect(try Files.readText("\(other.path)/1/checkpoints/model", limit: 10) == "1")
    #expect(try Files.readText("\(other.path)/1/seals/1/model", limit: 10) == "1")
  }

  private final class Other {
    let path: String
    init(in folder: String) throws {
      path = "\(folder)/pasha-trials-\(getpid())"
      for name in ["checkpoints", "seals/1"] {
        try Files.makeFolder("\(path)/1/\(name)", intermediates: true)
        try Files.writeAtomically("\(path)/1/\(name)/model", "1".utf8)
      }
    }
    deinit { try? Folders.removeTree(path) }
  }

  @Test("Places of the cluster file are writable, links that a trial made in them lead nowhere")
  func writable() throws {
    let bench = try Bench(
      python: attempts + """
        base = os.environ["BASE"]
        attempt("listed", put, base + "/data/set")
        attempt("home", put, os.path.expanduser("~/results/table"))
        attempt("file", put, base + "/log")
        attempt("beside", put, base + "/other")
        attempt("link", put, base + "/data/inner/table")
        attempt("secret", put, base + "/secret/table")
        """)
    for name in ["data", "home/results", "secret"] {
      try FileManager.default.createDirectory(atPath: elsewhere.file(name), withIntermediateDirectories: true)
    }
    try elsewhere.write("log", "")
    // As an earlier trial could have left it.
    symlink("../secret", elsewhere.file("data/inner"))
    bench.set("BASE", elsewhere.path)
    bench.set("HOME", elsewhere.file("home"))
    bench.plan.sandbox.writable = [
      elsewhere.file("data"), "~/results", elsewhere.file("log"), elsewhere.file("data/inner"), "/no/such place",
    ]
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    #expect(
      bench.outcomes == [
        "listed": "ok", "home": "ok", "file": "ok", "beside": "EACCES", "link": "EACCES", "secret": "EACCES",
      ])
    #expect(bench.log.contains("sandbox.writable: /no/such place does not exist"))
    // The temporary folders of these tests stand in it.
    #expect(bench.log.contains("trials may not write to /tmp, which holds their folders"))
  }

  @Test(
    "A trial cannot signal its supervisor or its agent, only its own",
    .enabled(if: Landlock.abi >= TrialConfinement.signalsVersion))
  func signals() throws {
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let agent = try ChildProcess.start(
      ProcessRequest(arguments: ["/bin/sleep", "1000"], environment: [], input: null, output: null, error: null))
    defer {
      kill(pid_t(agent), SIGKILL)
      waitpid(pid_t(agent), nil, 0)
    }
    let bench = try Bench(
      python: attempts + """
        import subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        attempt("agent", os.kill, int(os.environ["AGENT"]), signal.SIGKILL)
        attempt("supervisor", os.kill, os.getppid(), signal.SIGKILL)
        attempt("stop", os.kill, os.getppid(), signal.SIGSTOP)
        child = subprocess.Popen(["setsid", "sleep", "1000"])
        attempt("child", child.kill)
        child.wait()
        attempt("memory", open, f"/proc/{os.getppid()}/mem", "rb")
        say(1)
        time.sleep(1000)
        """)
    bench.set("AGENT", "\(agent)")
    try bench.start()
    try eventually("the report") { bench.reports == 1 }
    #expect(
      bench.outcomes == [
        "agent": "EPERM", "supervisor": "EPERM", "stop": "EPERM", "child": "ok", "memory": "EACCES",
      ])
    #expect(ChildProcess.reap(agent) == nil)
    // The other way round it works.
    try bench.send(.stop)
    let end = try bench.waitEnd()
    #expect(end.cause == .stopped)
    #expect(end.signal == 9)
  }

  @Test("Off is off")
  func off() throws {
    let bench = try Bench(python: attempts + "attempt('create', put, os.environ['AWAY'] + '/new')")
    bench.set("AWAY", elsewhere.path)
    bench.plan.sandbox.level = .off
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.outcomes == ["create": "ok"])
    #expect(bench.log == "")
  }

  /// Runs a program under a filter that knows no Landlock: its system calls are as missing as on an old kernel.
  private static let withoutLandlock = """
    import ctypes, os, struct, sys
    code = [(0x20, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7FFF0000)]
    filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(filter))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
    os.execv(sys.argv[1], sys.argv[1:])
    """

  @Test("Without Landlock in the kernel a trial runs unconfined and says so, or not at all")
  func missing() throws {
    let command = ["/usr/bin/env", "python3", "-c", Self.withoutLandlock, product("pasha-agent"), "supervise"]
    let bench = try Bench(python: attempts + "attempt('create', put, os.environ['AWAY'] + '/new')")
    bench.set("AWAY", elsewhere.path)
    try bench.start(command: command)
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.outcomes == ["create": "ok"])
    #expect(bench.log.contains("trials run unconfined on this host: kernel "))

    let strict = try Bench(shell: "echo started")
    strict.plan.sandbox.level = .required
    try strict.start(command: command)
    let end = try strict.waitEnd()
    #expect(end.cause == .hostFault)
    #expect(end.errorTail.contains("has no Landlock, which came with Linux 5.13"))
    #expect(end.errorTail.contains("without `sandbox: required`"))
    #expect(strict.output == "")
  }

  @Test("What each level comes to on hosts with more or less of Landlock")
  func levels() {
    for version in [2, 3, 6, 7, 99] {
      for level in [SandboxPlan.Level.required, .default] {
        #expect(TrialConfinement(level, version: version, missing: nil) == .confined)
      }
      #expect(TrialConfinement(.off, version: version, missing: nil) == .unconfined(warning: nil))
    }
    #expect(TrialConfinement(.required, version: 1, missing: nil) == .confined)
    guard case .unconfined(let warning?) = TrialConfinement(.default, version: 1, missing: nil) else {
      Issue.record("version 1 is confined by default")
      return
    }
    #expect(warning.contains("Linux 5.19"))
    #expect(
      TrialConfinement(.default, version: 0, missing: "kernel 4.18 is old")
        == .unconfined(warning: "trials run unconfined on this host: kernel 4.18 is old"))
    guard case .refused(let reason) = TrialConfinement(.required, version: 0, missing: "kernel 4.18 is old") else {
      Issue.record("a trial that must be confined runs unconfined")
      return
    }
    #expect(reason.contains("kernel 4.18 is old"))
  }

  @Test("The agent's own environment does not go over")
  func environment() throws {
    let bench = try Bench(shell: "env | cut -d= -f1 | sort | grep -v '^_$'")
    bench.plan.environment = [EnvironmentEntry(name: "PATH", value: "/usr/bin:/bin")]
    try bench.start(command: [
      "/usr/bin/env", "LD_PRELOAD=/no/such.so", "LD_AUDIT=/no/such.so", "CUDA_VISIBLE_DEVICES=9", "PASHA_TRIAL_ID=7",
      "PASHA_CHANNEL=0", "PYTHONSTARTUP=/no/such.py", product("pasha-agent"), "supervise",
    ])
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.output == "PASHA_CHANNEL\nPATH\nPWD\n")
  }

  @Test("Checkpoints and seals are the user's alone, whatever the umask", arguments: ["0000", "0077"])
  func modes(umask: String) throws {
    let bench = try Bench(shell: "mkdir $C/sub; echo x > $C/model; echo x > $C/sub/model")
    try bench.start(command: [
      "/bin/sh", "-c", "umask \(umask); exec \"$0\" supervise \"$1\"", product("pasha-agent"),
    ])
    #expect(try bench.waitEnd().seal?.files == 2)
    for name in ["checkpoints", "seals/1", "seals/1/sub"] {
      #expect(try Files.status(bench.folder.file(name))?.mode == 0o700, "\(name)")
    }
    for name in ["seals/1/model", "seals/1/sub/model"] {
      #expect(try Files.status(bench.folder.file(name))?.mode == 0o400, "\(name)")
    }
    for name in ["seals/1.seal", "seals/1.manifest", "attempts/1/exit", "attempts/1/std.out"] {
      #expect(try Files.status(bench.folder.file(name))?.mode == 0o600, "\(name)")
    }
  }
}
