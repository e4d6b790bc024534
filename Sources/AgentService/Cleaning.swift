import Glibc
import HostSystem
import TrialSandbox
import TuningModel

/// Frees disk in a work folder of this machine, for `pasha-coord clean`: whole runs, checkpoints that are not kept, agents
/// of other versions, uploads that broke.
///
/// What holds: nothing of a run goes of which an agent or a trial lives here, and their locks are held meanwhile; only what
/// has the names that pasha gives is looked at; links are never followed below the work folder.
public struct Cleaning {
  /// What is asked for: one line of JSON.
  public struct Request: Equatable, Sendable {
    public struct Run: Equatable, Sendable {
      public var name: String
      /// Trials whose checkpoints stay; nil: the whole run goes.
      public var keep: [Int]?
      /// Where checkpoints are with `store: shared`.
      public var sharedFolder: String?

      public init(name: String, keep: [Int]?, sharedFolder: String?) {
        self.name = name
        self.keep = keep
        self.sharedFolder = sharedFolder
      }
    }

    /// Whether it is removed, or only told of.
    public var removes: Bool
    public var runs: [Run]
    /// Hash of the agent's bundle that stays; nil: all bundles and uploads are left alone.
    public var bundle: String?

    public init(removes: Bool, runs: [Run], bundle: String?) {
      self.removes = removes
      self.runs = runs
      self.bundle = bundle
    }

    /// nil for what is none.
    public init?(json value: JSONValue) {
      guard let removes = value.member("removes"), case .array(let runs)? = value.member("runs") else { return nil }
      self.removes = removes == .bool(true)
      bundle = value.text("bundle")
      self.runs = []
      for run in runs {
        guard let name = run.text("run"), AgentHome.isPlainName(name) else { return nil }
        var keep: [Int]?
        if case .array(let trials)? = run.member("keep") {
          keep = trials.compactMap { if case .int(let number) = $0 { number } else { nil } }
          guard keep?.count == trials.count else { return nil }
        }
        let shared = run.text("shared")
        guard shared?.hasPrefix("/") != false else { return nil }
        self.runs.append(Run(name: name, keep: keep, sharedFolder: shared))
      }
    }
  }

  private let work: String
  private let request: Request
  private var items: [JSONValue] = []
  private var notes: [String] = []

  /// - Returns: `items` (`kind`, `run`, `path`, `bytes`, `trials`, `removed`, `problem`) and `notes`.
  public static func run(_ request: Request, workFolder: String?) throws(AgentError) -> JSONValue {
    var cleaning = Cleaning(work: try AgentHome.workFolder(workFolder), request: request)
    for run in request.runs { cleaning.clean(run) }
    if let bundle = request.bundle { cleaning.cleanBundles(keeping: bundle) }
    return .object([
      .init("items", .array(cleaning.items)), .init("notes", .array(cleaning.notes.map { .string($0) })),
    ])
  }

  private init(work: String, request: Request) {
    self.work = work
    self.request = request
  }

  private var machineFolder: String { "\(work)/\(AgentHome.thisMachine)" }

  // MARK: Runs

  private mutating func clean(_ run: Request.Run) {
    let folder = "\(machineFolder)/\(run.name)"
    // Whoever made a link of it wants something there that is not ours to judge.
    guard Self.isFolder(machineFolder), Self.isFolder(folder) else {
      if let shared = run.sharedFolder, run.keep == nil {
        remove("shared checkpoints", "\(shared)/\(run.name)", of: run)
      }
      return
    }
    do throws(SystemError) {
      let locks = try Self.lock(folder)
      defer { withExtendedLifetime(locks) {} }
      if let keep = run.keep {
        cleanCheckpoints(of: run, in: folder, keeping: Set(keep))
      } else {
        remove("run", folder, of: run)
        if let shared = run.sharedFolder { remove("shared checkpoints", "\(shared)/\(run.name)", of: run) }
      }
    } catch {
      tell(run.keep == nil ? "run" : "checkpoints", folder, of: run, bytes: 0, problem: error.message)
    }
  }

  /// Locks of all agents and trials of a run.
  private static func lock(_ folder: String) throws(SystemError) -> [FileLock] {
    var locks: [FileLock] = []
    func take(_ path: String, _ words: String) throws(SystemError) {
      guard Files.exists(path) else { return }
      guard let lock = try FileLock.tryAcquire(path) else { throw SystemError(.busy, message: words) }
      locks.append(lock)
    }
    for entry in try Folders.list(folder) where entry.name.hasPrefix("agent-") && entry.status.kind == .folder {
      try take(PlaceLock.path("\(folder)/\(entry.name)"), "an agent of the run is there: \(folder)/\(entry.name)")
    }
    guard isFolder("\(folder)/trials") else { return locks }
    for entry in try Folders.list("\(folder)/trials") where entry.status.kind == .folder {
      // What is locked is a process: thousands of trials are no processes, and their locks are not held on to.
      guard Files.exists("\(folder)/trials/\(entry.name)/lock") else { continue }
      guard try FileLock.tryAcquire("\(folder)/trials/\(entry.name)/lock") != nil else {
        throw SystemError(.busy, message: "trial \(entry.name) runs there: \(folder)/trials/\(entry.name)")
      }
    }
    return locks
  }

  private mutating func cleanCheckpoints(of run: Request.Run, in folder: String, keeping kept: Set<Int>) {
    let trials = "\(folder)/trials"
    guard Self.isFolder(trials) else { return }
    var bytes = 0
    var count = 0
    var problem: String?
    for entry in (try? Folders.list(trials)) ?? [] where entry.status.kind == .folder {
      guard let number = Int(entry.name), number >= 0 else { continue }
      let trial = TrialFolder(
        "\(trials)/\(entry.name)", seals: run.sharedFolder.map { "\($0)/\(run.name)/trials/\(entry.name)/seals" })
      var size = TreeSize()
      if kept.contains(number) {
        // What broken transfers left.
        for name in Self.broken(in: trial.seals) {
          size.add("\(trial.seals)/\(name)")
          if request.removes {
            Self.note(&problem) { () throws(SystemError) in try Folders.removeTree("\(trial.seals)/\(name)") }
          }
        }
      } else {
        for place in [trial.seals, trial.checkpoints] where Self.isFolder(place) { size.addContent(of: place) }
        if request.removes, size.entries > 0 {
          Self.note(&problem) { () throws(SystemError) in
            _ = try CheckpointCleaner.delete(trial, keeping: [], isActive: false)
          }
        }
      }
      if size.entries > 0 { count += 1 }
      bytes += size.bytes
    }
    guard count > 0 else { return }
    tell("checkpoints", trials, of: run, bytes: bytes, trials: count, problem: problem)
  }

  /// `.GEN.part` and its like, of a trial that nobody runs.
  private static func broken(in seals: String) -> [String] {
    guard isFolder(seals) else { return [] }
    return ((try? Folders.list(seals)) ?? []).map(\.name).filter { name in
      let words = name.split(separator: ".", omittingEmptySubsequences: false)
      return words.count == 3 && words[0].isEmpty && Int(words[1]) != nil
        && ["part", "new", "put", "get"].contains(words[2])
    }
  }

  // MARK: Bundles

  private mutating func cleanBundles(keeping hash: String) {
    let folder = "\(work)/bundles"
    guard Self.isFolder(folder), let entries = try? Folders.list(folder) else { return }
    let others = ((try? Folders.list(work)) ?? []).filter { entry in
      entry.status.kind == .folder && !entry.name.hasPrefix(".")
        && !["bundles", AgentHome.thisMachine].contains(entry.name)
    }
    for entry in entries where entry.status.kind == .folder {
      let path = "\(folder)/\(entry.name)"
      if Self.isHash(entry.name), entry.name != hash {
        if !others.isEmpty {
          notes.append("agents of other versions stay in \(folder): other machines use that folder too")
          break
        }
        if !Self.isInUse(path) { remove("agent", path, of: nil) }
      }
    }
    for entry in entries where entry.status.kind == .folder && Self.isBrokenUpload(entry) {
      remove("upload", "\(folder)/\(entry.name)", of: nil)
    }
  }

  private static func isHash(_ name: String) -> Bool {
    name.utf8.count == 64 && name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// Whether a process of this machine is a program of the folder.
  private static func isInUse(_ folder: String) -> Bool {
    guard let resolved = realpath(folder, nil), let numbers = try? ProcessTable.numbers(in: "/proc") else {
      return true
    }
    defer { free(resolved) }
    let prefix = String(cString: resolved) + "/"
    return numbers.contains { (try? Files.linkTarget("/proc/\($0)/exe"))?.hasPrefix(prefix) == true }
  }

  /// `.new.HOST.PID`, of a process that is gone; of another host, a day old.
  private static func isBrokenUpload(_ entry: FolderEntry) -> Bool {
    guard entry.name.hasPrefix(".new."), let dot = entry.name.lastIndex(of: "."),
      let pid = Int(entry.name[entry.name.index(after: dot)...])
    else { return false }
    let host = entry.name[..<dot].dropFirst(".new.".count)
    if host == HostIdentity.hostname() { return ProcessTable.entry(pid) == nil }
    return HostClock.wall - entry.status.modified > .seconds(86_400)
  }

  // MARK: What it comes to

  private mutating func remove(_ kind: String, _ path: String, of run: Request.Run?) {
    guard Self.isFolder(path) else { return }
    var size = TreeSize()
    size.add(path)
    var problem: String?
    if request.removes { Self.note(&problem) { () throws(SystemError) in try Folders.removeTree(path) } }
    tell(kind, path, of: run, bytes: size.bytes, problem: problem)
  }

  private mutating func tell(
    _ kind: String, _ path: String, of run: Request.Run?, bytes: Int, trials: Int? = nil, problem: String?
  ) {
    items.append(
      .object([
        .init("kind", .string(kind)), .init("run", run.map { .string($0.name) } ?? .null), .init("path", .string(path)),
        .init("bytes", .int(bytes)), .init("trials", trials.map { .int($0) } ?? .null),
        .init("removed", .bool(request.removes && problem == nil)),
        .init("problem", problem.map { .string($0) } ?? .null),
      ]))
  }

  private static func note(_ problem: inout String?, _ body: () throws(SystemError) -> Void) {
    do throws(SystemError) { try body() } catch { problem = problem ?? error.message }
  }

  static func isFolder(_ path: String) -> Bool { (try? Files.status(path))??.kind == .folder }
}
