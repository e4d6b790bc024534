import Glibc
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// Ends for certain everything of one run on this machine, whoever looks after it: agents, supervisors, trials. For a
/// coordinator that gives a host's trials to others, and for the end of a run.
public struct Ending {
  /// What was ended.
  public struct Counts: Equatable, Sendable {
    public var agents = 0
    public var attempts = 0
    /// What could not be ended, for the user; empty: nothing of the run is left.
    public var problems: [String] = []
  }

  private let path: String
  private let run: String
  private var counts = Counts()

  /// How long an agent may take to end by itself, which ends its `setup` too.
  private static let agentPatience = Duration.seconds(5)
  /// How long killed processes may take to be gone.
  private static let killPatience = Duration.seconds(10)

  /// - Parameter workFolder: as the agents were told; nil: the default one.
  /// - Parameter removesFiles: whether the run's files go too, once nothing of it is left.
  /// - Throws: `AgentError` when there can be no such run here.
  public static func end(
    run: String, workFolder: String?, removesFiles: Bool = false
  ) throws(AgentError) -> Counts {
    guard AgentHome.isPlainName(run) else {
      throw AgentError(.usage, "'\(run.prefix(80))' cannot be the name of a run")
    }
    let work = try AgentHome.workFolder(workFolder)
    var ending = Ending(path: "\(work)/\(AgentHome.thisMachine)/\(run)", run: run)
    ending.end()
    if removesFiles, ending.counts.problems.isEmpty { ending.removeFiles() }
    return ending.counts
  }

  private init(path: String, run: String) {
    self.path = path
    self.run = run
  }

  private mutating func removeFiles() {
    do throws(SystemError) {
      try Folders.removeTree(path)
    } catch {
      counts.problems.append("the files in \(path): \(error.message)")
    }
  }

  private mutating func end() {
    guard Files.exists(path) else { return }
    // Held to the end: no agent starts at these places meanwhile.
    var places: [FileLock] = []
    for entry in entries(of: path) where entry.hasPrefix("agent-") {
      do throws(SystemError) {
        places.append(try endAgent("\(path)/\(entry)"))
      } catch {
        counts.problems.append("the agent of \(path)/\(entry): \(error.message)")
      }
    }
    for trial in entries(of: "\(path)/trials") {
      guard let id = Int(trial), id >= 0 else { continue }
      let attempts = TrialFolder("\(path)/trials/\(trial)").attempts
      for number in entries(of: attempts).compactMap({ Int($0) }) where number >= 1 {
        let name = TrialAttempt(TrialID(id), Attempt(number))
        do throws(SystemError) {
          try endAttempt(name, AttemptFolder("\(attempts)/\(number)"))
        } catch {
          counts.problems.append("attempt \(name): \(error.message)")
        }
      }
    }
    withExtendedLifetime(places) {}
  }

  /// Ends the agent of a place; the place's lock.
  private mutating func endAgent(_ folder: String) throws(SystemError) -> FileLock {
    let path = PlaceLock.path(folder)
    let deadline = HostClock.now + Self.killPatience
    while HostClock.now < deadline {
      if let lock = try FileLock.tryAcquire(path) { return lock }
      // One that has just started has the lock before it has written who it is.
      guard let holder = PlaceLock.holder(folder), let process = try? ProcessHandle(holder.pid),
        ProcessTable.isAlive(pid: holder.pid, start: holder.start)
      else {
        usleep(10_000)
        continue
      }
      counts.agents += 1
      process.signal(SIGTERM)
      // One that is stopped takes the signal when it goes on.
      process.signal(SIGCONT)
      if let lock = try? FileLock.acquire(path, within: Self.agentPatience) { return lock }
      // What it started and what would outlive it: `setup`. Supervisors are ended with their attempts.
      let children = ProcessTable.descendants(of: holder.pid)
      process.signal(SIGKILL)
      for child in children { kill(pid: child.pid, start: child.start) }
      break
    }
    return try FileLock.acquire(path, within: Self.killPatience)
  }

  private mutating func endAttempt(_ name: TrialAttempt, _ folder: AttemptFolder) throws(SystemError) {
    switch LeftOver.examine(folder) {
    case .ended: return
    case .orphaned where !Files.exists(folder.plan): return
    case .orphaned: break
    case .supervised: try endSupervisor(folder)
    }
    counts.attempts += 1
    _ = try LeftOver.end(folder, run: run, attempt: name)
  }

  /// Kills a supervisor, so that nobody but this process looks after its trial.
  private func endSupervisor(_ folder: AttemptFolder) throws(SystemError) {
    let deadline = HostClock.now + Self.killPatience
    // One that has just started has the lock before it has written who it is.
    while case .supervised = LeftOver.examine(folder) {
      if let record = supervisor(of: folder) { kill(pid: record.supervisorPID, start: record.supervisorStart) }
      guard HostClock.now < deadline else {
        throw SystemError(.busy, message: "the supervisor of \(folder.path) cannot be ended")
      }
      usleep(10_000)
    }
  }

  private func supervisor(of folder: AttemptFolder) -> ProcessRecord? {
    guard let bytes = try? Files.read(folder.process, limit: WireLimits.supervisorMessageBytes),
      let record = try? ProcessRecord(decoding: bytes), (try? HostIdentity.bootID()) == record.bootID
    else { return nil }
    return record
  }

  private func kill(pid: Int, start: Int) {
    guard let handle = try? ProcessHandle(pid), ProcessTable.entry(pid)?.start == start else { return }
    handle.signal(SIGKILL)
  }

  private func entries(of folder: String) -> [String] {
    ((try? Folders.list(folder)) ?? []).filter { $0.status.kind == .folder }.map(\.name)
  }
}

extension Ending.Counts {
  /// The counts as `pasha-agent end` prints them.
  public var line: String {
    JSONValue.object([.init("agents", .int(agents)), .init("attempts", .int(attempts))]).jsonText()
  }
}
