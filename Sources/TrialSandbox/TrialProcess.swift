import Glibc
import HostSystem
import TuningModel
import Wire

/// The trial's process and everything that descends from it.
final class TrialProcess {
  let pid: Int
  /// Our end of the channel, non-blocking.
  let channel: Descriptor
  private let checkpoints: String
  private(set) var exit: ExitStatus?

  /// The channel's number in the trial: above those that shells use for themselves.
  private static let channelNumber: Int32 = 31
  private static let channelVariable = "PASHA_CHANNEL"

  /// Starts the trial as the plan says, confined by the ruleset.
  init(plan: AttemptPlan, logs: TrialLogs, ruleset: LandlockRuleset?) throws {
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
    channel = ours
    checkpoints = Self.resolved(plan.checkpointFolder) + "/"
    pid = try ChildProcess.start(request)
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
    // The group at once: between one process and the next a signal may have consequences.
    if exit == nil { ChildProcess.signalGroup(pid, number) }
    for process in members() where exit != nil || process.group != pid {
      ChildProcess.signal(process.pid, number)
    }
  }

  /// Kills every process of the trial, those too that are started meanwhile.
  func kill() {
    for _ in 0..<20 {
      signal(SIGKILL)
      if reap() || members().allSatisfy(\.isDead) { return }
      usleep(1_000)
    }
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
