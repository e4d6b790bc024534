import Glibc
import HostSystem
import TuningModel
import Wire

/// The trial's process and everything that descends from it.
final class TrialProcess {
  let pid: Int
  /// Our end of the channel, non-blocking.
  let channel: Descriptor
  /// The control group that it and all that it starts are in; nil: none of its own.
  let group: ControlGroup?
  private let checkpoints: String
  private let isEnclosed: Bool
  private(set) var exit: ExitStatus?

  /// The channel's number in the trial: above those that shells use for themselves.
  private static let channelNumber: Int32 = 31
  private static let channelVariable = "PASHA_CHANNEL"

  /// Starts the trial as the plan says, confined by the ruleset. `isEnclosed`: this process can signal nobody but it.
  init(plan: AttemptPlan, logs: TrialLogs, ruleset: LandlockRuleset?, group: ControlGroup?, isEnclosed: Bool) throws {
    let (ours, theirs) = try UnixSocket.pair()
    try UnixSocket.makeBlocking(theirs)
    let environment =
      plan.environment.filter { $0.name != Self.channelVariable }.map { "\($0.name)=\($0.value)" }
      + ["\(Self.channelVariable)=\(Self.channelNumber)"]
    var request = ProcessRequest(
      arguments: plan.arguments, environment: environment, directory: plan.workFolder,
      input: try Descriptor.open("/dev/null", O_RDONLY), output: logs.output, error: logs.error)
    request.inherited = (theirs, Self.channelNumber)
    request.losesPrivileges = true
    request.ruleset = ruleset
    // A training process is large: its core files would fill the host's disk.
    request.coreLimit = 0
    request.deathSignal = SIGKILL
    request.group = group
    request.processLimit = ProcessBound.userLimit(mostProcesses: plan.sandbox.mostProcesses, group: group)
    self.isEnclosed = isEnclosed
    channel = ours
    checkpoints = Self.resolved(plan.checkpointFolder) + "/"
    pid = try ChildProcess.start(request)
    // One that has ended already is in none.
    self.group = group?.members.contains(pid) == true ? group : nil
  }

  /// Reaps what has ended. Whether no process of the trial is left at all.
  func reap() -> Bool {
    while let (ended, status) = ChildProcess.reap() {
      if ended == pid { exit = status }
    }
    return exit != nil && !ChildProcess.hasChildren
  }

  /// Sends a signal to every process of the trial.
  func signal(_ number: Int32) {
    // Groups at once: between one process and the next a signal may have consequences, and one that forks without end
    // starts others. All groups are the trial's: its session is its own, and nobody joins a group of another session.
    var groups: Set<Int> = []
    if exit == nil {
      groups = [pid]
      ChildProcess.signalGroup(pid, number)
    }
    for process in members() where !process.isDead && groups.insert(process.group).inserted {
      ChildProcess.signalGroup(process.group, number)
    }
  }

  /// Kills every process of the trial, those too that are started meanwhile.
  func kill() {
    for round in 0..<20 {
      let isCertain = killAtOnce()
      if exit == nil { ChildProcess.signalGroup(pid, SIGKILL) }
      // Looking at each of many takes long where they take all processors.
      if !isCertain, round > 0 || tasks(upTo: Self.few) > Self.few { stopForkers() }
      if ProcessTable.signalDescendants(SIGKILL) == nil { signal(SIGKILL) }
      if reap() || members().allSatisfy(\.isDead) { return }
      usleep(1_000)
    }
  }

  private static let few = 64

  /// Kills all of them in one moment, where the kernel can: nothing is started in it.
  private func killAtOnce() -> Bool {
    if isEnclosed { OwnProcess.signalEnclosed(SIGKILL) }
    return group?.kill() == true || isEnclosed
  }

  /// Stops them from parent to child until no new one is found: what stands still starts nothing, and makes no room for
  /// others at the bound of processes.
  private func stopForkers() {
    var seen = -1
    for _ in 0..<50 {
      guard let now = ProcessTable.signalDescendants(SIGSTOP), now != seen else { return }
      seen = now
    }
  }

  /// Processes and threads of the trial, counted no further than a little above `most`.
  func tasks(upTo most: Int) -> Int {
    ProcessTable.descendantTasks(upTo: most) ?? members().reduce(0) { $0 + max(1, $1.threads) }
  }

  /// Nobody would look after the trial once the supervisor cannot: on an error all of it is ended first.
  func endedOnError<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      SupervisorLog.note("the trial is ended: \(error)")
      while !reap() {
        kill()
        usleep(10_000)
      }
      throw error
    }
  }

  /// Stops every process of the trial and waits for a moment until they stand still.
  func stop() {
    for _ in 0..<40 {
      signal(SIGSTOP)
      if members().allSatisfy({ $0.isStopped || $0.isDead }) { return }
      usleep(500)
    }
  }

  /// Whether a process has a file of the checkpoint open for writing that was written to a moment ago: stopped for
  /// good now, it would leave half a checkpoint.
  func isSaving() -> Bool {
    members().prefix(256).contains { OpenFiles.isWriting(process: $0.pid, below: checkpoints) }
  }

  private func members() -> [ProcessEntry] { ProcessTable.descendants() }

  private static func resolved(_ path: String) -> String {
    guard let text = realpath(path, nil) else { return path }
    defer { free(text) }
    return String(cString: text)
  }
}

/// The files that a trial's standard output and error go to.
struct TrialLogs {
  let output: Descriptor
  let error: Descriptor

  init(_ folder: AttemptFolder) throws(SystemError) {
    let append = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW
    output = try Descriptor.open(folder.output, append)
    error = try Descriptor.open(folder.error, append)
  }
}
