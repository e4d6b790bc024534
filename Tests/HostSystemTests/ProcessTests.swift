import Glibc
import TestSupport
import Testing

@testable import HostSystem

@Suite("Processes")
struct ProcessTests {
  private func start(_ arguments: [String], environment: [String] = ["PATH=/usr/bin:/bin"]) throws -> Int {
    let null = try Descriptor.open("/dev/null", O_RDWR)
    return try ChildProcess.start(
      ProcessRequest(arguments: arguments, environment: environment, input: null, output: null, error: null))
  }

  @Test("A line of /proc/PID/stat is read whatever the process calls itself")
  func oddNames() {
    let rest = " S 7 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 2500 9 18446744073709551615\n"
    for name in ["sh", "a b", "a) S 1 (b", ")", "((", "x\n) R 1 1"] {
      let entry = ProcessTable.parse(Array("42 (\(name))\(rest)".utf8))
      #expect(entry == ProcessEntry(pid: 42, parent: 7, group: 12, session: 12, state: "S", threads: 1, start: 4711))
    }
    for broken in ["", "42", "42 (x", "42 (x) S 1", ") ("] { #expect(ProcessTable.parse(Array(broken.utf8)) == nil) }
  }

  @Test("Where /proc hides processes that one may not look into, ours stay as they are")
  func hiddenProcesses() {
    let plain = "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
    #expect(!OwnProcess.isHidden(inMounts: "tmpfs /tmp tmpfs rw,hidepid=2 0 0\n" + plain))
    #expect(!OwnProcess.isHidden(inMounts: "proc /proc proc rw,hidepid=off 0 0\n"))
    for word in ["1", "2", "noaccess", "invisible", "ptraceable"] {
      #expect(OwnProcess.isHidden(inMounts: "proc /proc proc rw,gid=5,hidepid=\(word) 0 0\n"))
    }
  }

  @Test("Descendants are counted with their threads, and signalled from parent to child")
  func descendants() throws {
    // Other tests have children too: only growth is looked at, in a process of its own.
    let script = """
      import os, threading, time
      event = threading.Event()
      for part in range(9): threading.Thread(target=event.wait, daemon=True).start()
      if os.fork() == 0: os.setsid()
      time.sleep(100)
      """
    let pid = try start(["python3", "-c", script], environment: ["PATH=/usr/bin:/bin"])
    defer {
      for process in ProcessTable.descendants(of: pid) { kill(pid_t(process.pid), SIGKILL) }
      kill(pid_t(pid), SIGKILL)
      waitpid(pid_t(pid), nil, 0)
    }
    try eventually("its threads and its child") {
      ProcessTable.entry(pid)?.threads == 10 && ProcessTable.descendants(of: pid).count == 1
    }
    let seen = try #require(ProcessTable.descendantTasks(upTo: 1_000_000))
    #expect(seen >= 11)
    #expect(try #require(ProcessTable.descendantTasks(upTo: 1)) < seen)
    #expect(ProcessTable.hostTasks ?? 0 >= 11)
    #expect(ProcessTable.tasks(ofUser: OwnProcess.user) >= 11)
  }

  @Test("A process is found by its start time and its environment, and is dead once it has ended")
  func identity() throws {
    let mark = "PASHA_MARK=\(getpid())-\(Int.random(in: 0..<1 << 40))"
    let pid = try start(["sleep", "100"], environment: ["PATH=/usr/bin:/bin", mark, "OTHER=1"])
    let entry = try #require(ProcessTable.entry(pid))
    #expect(entry.session == pid)
    #expect(entry.parent == Int(getpid()))
    #expect(ProcessTable.isAlive(pid: pid, start: entry.start))
    #expect(!ProcessTable.isAlive(pid: pid, start: entry.start + 1))
    #expect(ProcessTable.environment(of: pid, holds: [mark, "OTHER=1"]))
    #expect(!ProcessTable.environment(of: pid, holds: [mark, "OTHER=2"]))
    #expect(ProcessTable.descendants().contains { $0.pid == pid })
    #expect(ProcessTable.descendants(of: Int(getpid())).contains { $0.pid == pid })

    let handle = try ProcessHandle(pid)
    let loop = try EventLoop()
    try loop.watch(handle.descriptor, token: 7)
    handle.signal(SIGKILL)
    #expect(try loop.wait(for: .seconds(10)).map(\.token) == [7])
    #expect(!ProcessTable.isAlive(pid: pid, start: entry.start))
    #expect(ChildProcess.reap(pid) == .signalled(9))
    #expect(!handle.signal(SIGKILL))
    #expect(throws: SystemError.self) { try ProcessHandle(pid) }
  }

  @Test("A start that fails says what failed")
  func failures() throws {
    let folder = TemporaryFolder("spawn")
    let plain = try folder.write("plain", "#!/bin/sh\n", mode: 0o644)
    let empty = try folder.write("empty", "echo\n", mode: 0o755)
    let wrong = try folder.write("wrong", "#!/no/such/interpreter\n", mode: 0o755)
    for (words, text) in [
      (["no-such-program"], "cannot execute no-such-program: No such file or directory"),
      ([plain], "cannot execute \(plain): Permission denied"),
      ([wrong], "cannot execute \(wrong): No such file or directory"),
      (
        [empty],
        "cannot execute \(empty): Exec format error (a script needs a first line such as #!/usr/bin/env python3)"
      ),
    ] {
      #expect { try start(words) } throws: { ($0 as? SpawnError)?.message == text }
    }
    #expect { try start([]) } throws: { ($0 as? SpawnError)?.code == .program }
    #expect { try start(["sh", "a\0b"]) } throws: { ($0 as? SpawnError)?.code == .program }
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let request = ProcessRequest(
      arguments: ["sh"], environment: ["PATH=/bin"], directory: folder.file("none"), input: null, output: null,
      error: null)
    #expect { try ChildProcess.start(request) } throws: { ($0 as? SpawnError)?.code == .directory }
  }

  @Test("A process gets what its request says and nothing else")
  func nothingElse() throws {
    let folder = TemporaryFolder("spawn")
    let leaked = try Descriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
    #expect(fcntl(leaked.number, F_SETFD, 0) == 0)
    let (ours, theirs) = try UnixSocket.pair()
    let output = try Descriptor.open(folder.file("out"), O_WRONLY | O_CREAT)
    let script = """
      import os, sys, resource
      flags = [line for line in open("/proc/self/status") if line.startswith("NoNewPrivs")][0].split()[1]
      print(sorted(os.environ.items()), sys.argv[1:], os.getcwd(), flags, resource.getrlimit(resource.RLIMIT_CORE),
            os.getsid(0) == os.getpid(),
            [n for n in os.listdir("/proc/self/fd") if int(n) > 2 and os.path.exists("/proc/self/fd/" + n)])
      """
    var request = ProcessRequest(
      arguments: ["python3", "-E", "-c", script, "a b", "--x=\"'", "", "-", "line\nline"],
      environment: ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"], directory: folder.path,
      input: try Descriptor.open("/dev/null", O_RDONLY), output: output, error: output)
    request.inherited = (theirs, 31)
    request.losesPrivileges = true
    request.coreLimit = 0
    let pid = try ChildProcess.start(request)
    #expect(try eventually("its end") { ChildProcess.reap(pid) } == .exited(0))
    #expect(
      folder.read("out") == """
        [('LC_ALL', 'C.UTF-8'), ('PATH', '/usr/bin:/bin')] ['a b', '--x="\\'', '', '-', 'line\\nline'] \(folder.path) \
        1 (0, 0) True ['31']

        """)
    withExtendedLifetime((ours, leaked)) {}
  }
}
