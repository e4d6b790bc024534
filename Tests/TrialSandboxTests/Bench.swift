import Foundation
import Glibc
import HostSystem
import TestSupport
import TuningModel
import Wire

@testable import TrialSandbox

/// A trial's folder with all that a supervisor needs, and the agent's end of the line to it.
final class Bench {
  let folder = TemporaryFolder("trial")
  var plan: AttemptPlan
  private(set) var client: SupervisorClient?
  private(set) var events: [SupervisorEvent] = []
  private(set) var isClosed = false
  private var started: [Int] = []

  /// Each bench is a run of its own: what is left of an attempt is found by the run's name.
  private let run = "bench-\(UUID().uuidString)"

  /// `script` is a shell command or, with `python`, a Python program; it finds its checkpoint folder as `$C` or
  /// `sys.argv[1]`, and what stands in `arguments` behind.
  init(
    python: String? = nil, shell: String? = nil, arguments: [String]? = nil, trial: Int = 0, attempt: Int = 1,
    milestone: Int = 3
  ) throws {
    for name in ["work", "attempts/\(attempt)", "checkpoints", "seals"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }
    var words = arguments ?? []
    if let python {
      words = ["python3", try folder.write("script.py", Self.prelude + python), folder.file("checkpoints")]
    } else if let shell {
      words = ["sh", "-c", shell]
    }
    plan = AttemptPlan(
      run: run, attempt: TrialAttempt(TrialID(trial), Attempt(attempt)), slot: 0, arguments: words,
      environment: [
        EnvironmentEntry(name: "PATH", value: "/usr/local/bin:/usr/bin:/bin"),
        EnvironmentEntry(name: "PASHA_RUN", value: run),
        EnvironmentEntry(name: "PASHA_TRIAL_ID", value: "\(trial)"),
        EnvironmentEntry(name: "PASHA_TRIAL_ATTEMPT", value: "\(attempt)"),
        EnvironmentEntry(name: "PASHA_CHECKPOINT_DIR", value: folder.file("checkpoints")),
        EnvironmentEntry(name: "PASHA_RESOURCE_ATTR", value: "epoch"),
        EnvironmentEntry(name: "PASHA_MILESTONE", value: "\(milestone)"),
        EnvironmentEntry(
          name: "PYTHONPATH", value: repositoryRoot().appendingPathComponent("Cluster/python").path),
        EnvironmentEntry(name: "PYTHONDONTWRITEBYTECODE", value: "1"),
        EnvironmentEntry(name: "C", value: folder.file("checkpoints")),
      ],
      workFolder: folder.file("work"), checkpointFolder: folder.file("checkpoints"), sealFolder: folder.file("seals"),
      resumeFrom: nil, milestone: milestone, isLastMilestone: false, holdsAtMilestone: true,
      resourceAttribute: "epoch", metric: "loss", settle: .seconds(1), holdLimit: .seconds(30),
      grace: .milliseconds(500), keptGenerations: 2, lease: HostClock.now + .seconds(60),
      lockFiles: [folder.file("slot.lock")])
  }

  deinit {
    for pid in started {
      kill(pid_t(pid), SIGKILL)
      waitpid(pid_t(pid), nil, 0)
    }
    if !started.isEmpty { _ = try? LeftOver.end(attemptFolder, run: plan.run, attempt: plan.attempt) }
  }

  /// What the Python programs of these tests have in common.
  private static let prelude = """
    import json, os, signal, sys, time
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    def say(epoch, loss=0.5):
        os.write(1, ("[tune-metric]: " + json.dumps({"epoch": epoch, "loss": loss}) + "\\n").encode())
    def save(epoch, name="model"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(str(epoch))
    def load(name="model"):
        path = os.path.join(folder, name)
        return int(open(path).read()) if os.path.exists(path) else 0

    """

  var attemptFolder: AttemptFolder { AttemptFolder(folder.file("attempts/\(plan.attempt.attempt)")) }
  var seals: SealFolder { SealFolder(plan.sealFolder) }
  var output: String { (try? Files.readText(attemptFolder.output, limit: 1 << 26)) ?? "" }
  /// Reports in the log.
  var reports: Int { output.split(separator: "\n").count { $0.hasPrefix("[tune-metric]") } }

  /// Starts the supervisor, and as its agent connects to it.
  @discardableResult
  func start(
    command: [String] = [product("pasha-agent"), "supervise"], writesPlan: Bool = true
  ) throws -> SupervisorClient {
    if writesPlan { try Files.writeDurably(attemptFolder.plan, plan.encoded()) }
    let client = try SupervisorClient.start(attemptFolder, command: command)
    if let pid = client.pid { started.append(pid) }
    connect(client)
    return client
  }

  func connect(_ client: SupervisorClient?) {
    self.client = client
    isClosed = false
    events = []
  }

  /// Another attempt of the same trial.
  func next(resumeFrom generation: Int?, milestone: Int) throws {
    let attempt = plan.attempt.attempt.next
    plan.attempt = TrialAttempt(plan.attempt.trial, attempt)
    plan.resumeFrom = generation
    plan.milestone = milestone
    plan.lease = HostClock.now + .seconds(60)
    try FileManager.default.createDirectory(atPath: attemptFolder.path, withIntermediateDirectories: true)
    for index in plan.environment.indices {
      if plan.environment[index].name == "PASHA_TRIAL_ATTEMPT" { plan.environment[index].value = "\(attempt)" }
      if plan.environment[index].name == "PASHA_MILESTONE" { plan.environment[index].value = "\(milestone)" }
    }
  }

  func send(_ command: SupervisorCommand) throws { try client?.send(command) }

  /// What was sent and not read yet.
  var unreadBytes: Int {
    var count: CInt = 0
    guard let client, ioctl(client.descriptor.number, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
    return Int(count)
  }

  /// Waits for an event that `match` takes, past or to come.
  @discardableResult
  func wait<Value>(_ what: String, _ match: (SupervisorEvent) -> Value?) throws -> Value {
    let deadline = HostClock.now + .seconds(20)
    var seen = 0
    while true {
      while seen < events.count {
        seen += 1
        if let value = match(events[seen - 1]) { return value }
      }
      guard let client, !isClosed, HostClock.now < deadline else {
        let log = (try? Files.readText(attemptFolder.supervisorLog, limit: 1 << 20)) ?? ""
        throw WaitedInVain(description: "waited in vain for \(what); events \(events); log \(log)")
      }
      var poll = pollfd(fd: client.descriptor.number, events: Int16(POLLIN), revents: 0)
      _ = Glibc.poll(&poll, 1, 1_000)
      let (fresh, isClosed) = client.receive()
      events += fresh
      self.isClosed = isClosed
    }
  }

  func waitHeld(resource: Int) throws {
    try wait("the hold at \(resource)") { event in
      if case .held(resource, _) = event { true } else { nil }
    }
  }

  /// The trial's pid.
  func waitRunning() throws -> Int {
    try wait("the start") { event in if case .running(let pid, _) = event { pid } else { nil } }
  }

  /// The end, as the event and the exit file say.
  func waitEnd() throws -> AttemptEnd {
    let end = try wait("the end") { event in if case .ended(let end) = event { end } else { nil } }
    guard case .ended(let written) = LeftOver.examine(attemptFolder), written == end else {
      throw WaitedInVain(description: "the exit file does not say \(end)")
    }
    return end
  }

  func supervisorEnded() throws -> ExitStatus {
    guard let pid = client?.pid else { throw WaitedInVain(description: "no supervisor of ours") }
    let status = try eventually("the supervisor's end") { ChildProcess.reap(pid) }
    started.removeAll { $0 == pid }
    return status
  }

  /// Processes that carry the attempt's name.
  var alive: [Int] {
    LeftProcesses(record: nil, folder: attemptFolder, run: plan.run, attempt: plan.attempt).find().map(\.pid)
  }
}
