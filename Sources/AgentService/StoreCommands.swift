import AgentCore
import Glibc
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// Runs the user's commands that keep and bring checkpoints (`checkpoints.store: command`), one after the other. Never
/// waits: `step` is called when `descriptor` is readable or `deadline` has passed.
///
/// What a command is given, `PASHA_CHECKPOINT_DIR`, is a folder with `files/`, `manifest` and `seal`.
final class StoreCommands {
  private enum Work {
    case put(CheckpointName, SealFolder, tries: Int)
    case get(TrialAttempt, CheckpointSource, SealFolder)
    case delete(TrialID, generation: Int)
  }

  private let home: AgentHome
  private let log: AgentLog
  private var waiting: [(work: Work, at: Instant)] = []
  private var running: (work: Work, process: ProcessHandle, folder: String, until: Instant)?
  private var events: [AgentEvent] = []
  /// The run's own commands, once the welcome named them.
  var program: Program?

  private static let tryLimit = 5
  /// How long one command may take; one that hangs keeps all others waiting.
  private static let limit = Duration.seconds(3_600)
  private static let firstWait = Duration.seconds(5)
  private static let tailBytes = 2_048

  init(home: AgentHome, log: AgentLog) {
    self.home = home
    self.log = log
  }

  var descriptor: Descriptor? { running?.process.descriptor }
  var deadline: Instant? { running?.until ?? waiting.map(\.at).min() }

  func put(_ name: CheckpointName, from seals: SealFolder) { queue(.put(name, seals, tries: 0)) }
  func get(_ attempt: TrialAttempt, _ source: CheckpointSource, into seals: SealFolder) {
    queue(.get(attempt, source, seals))
  }

  func delete(_ trial: TrialID, generations: [Int]) {
    for generation in generations { queue(.delete(trial, generation: generation)) }
  }

  func cancel(_ attempt: TrialAttempt) {
    waiting.removeAll { if case .get(attempt, _, _) = $0.work { true } else { false } }
    guard let running, case .get(attempt, _, _) = running.work else { return }
    ChildProcess.signalGroup(running.process.pid, SIGKILL)
  }

  func takeEvents() -> [AgentEvent] {
    defer { events = [] }
    return events
  }

  func step(at now: Instant) {
    if let (work, process, folder, until) = running {
      guard let status = ChildProcess.reap(process.pid) else {
        guard now >= until else { return }
        log.write("a command of checkpoints.store took longer than \(Int(Self.limit.inSeconds)) s and is ended")
        ChildProcess.signalGroup(process.pid, SIGKILL)
        running?.until = now + .seconds(1)
        return
      }
      ChildProcess.signalGroup(process.pid, SIGKILL)
      running = nil
      ended(work, status, folder, at: now)
    }
    while running == nil, let index = waiting.firstIndex(where: { $0.at <= now }) {
      let work = waiting.remove(at: index).work
      do {
        try start(work)
      } catch {
        failed(work, "\(error)", at: now)
      }
    }
  }

  /// Ends what runs: the agent ends.
  func giveUp() {
    guard let running else { return }
    ChildProcess.signalGroup(running.process.pid, SIGKILL)
    try? Folders.removeTree(running.folder)
  }

  private func queue(_ work: Work) { waiting.append((work, .zero)) }

  // MARK: One command

  private func start(_ work: Work) throws {
    guard case .command(let put, let get, let delete) = program?.store else {
      throw StoreFailure(message: "the run has no store command")
    }
    switch work {
    case .put(let name, let seals, _):
      let folder = "\(seals.path)/.\(name.generation).put"
      try pack(seals, name.generation, into: folder)
      try run(put, folder: folder, name.trial, name.generation, work)
    case .get(let attempt, let source, let seals):
      if seals.holds(source.seal) { return events.append(.fetched(attempt, isNews: false)) }
      try Files.makeFolder(seals.path, intermediates: true)
      let folder = "\(seals.path)/.\(source.seal.generation).get"
      try Folders.removeTree(folder)
      try Files.makeFolder(folder)
      try run(get, folder: folder, attempt.trial, source.seal.generation, work)
    case .delete(let trial, let generation):
      guard let delete else { return }
      try run(delete, folder: "", trial, generation, work)
    }
  }

  private func run(_ command: String, folder: String, _ trial: TrialID, _ generation: Int, _ work: Work) throws {
    guard let program else { return }
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let output = try Descriptor.open(logFile, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    let variables =
      TrialEnvironment.setup(program) + [
        "PASHA_CHECKPOINT_DIR=\(folder)", "PASHA_CHECKPOINT_KEY=\(home.run)/\(trial)/\(generation)",
      ]
    let request = ProcessRequest(
      arguments: ["/bin/sh", "-c", command], environment: variables, directory: home.path, input: null,
      output: output, error: output)
    running = (work, try ProcessHandle(try ChildProcess.start(request)), folder, HostClock.now + Self.limit)
  }

  private var logFile: String { "\(home.folder)/store.log" }

  private func ended(_ work: Work, _ status: ExitStatus, _ folder: String, at now: Instant) {
    defer { if !folder.isEmpty { try? Folders.removeTree(folder) } }
    do {
      guard status == .exited(0) else {
        let tail = (try? Files.readTail(logFile, limit: Self.tailBytes)) ?? []
        throw StoreFailure(message: "\(status)\n\(String(decoding: tail, as: UTF8.self))")
      }
      switch work {
      case .put(let name, _, _): events.append(.stored(name))
      case .get(let attempt, let source, let seals):
        try unpack(folder, source.seal, into: seals)
        events.append(.fetched(attempt, isNews: true))
      case .delete: break
      }
    } catch {
      failed(work, "\(error)", at: now)
    }
  }

  private func failed(_ work: Work, _ message: String, at now: Instant) {
    switch work {
    case .put(let name, let seals, let tries):
      log.write("checkpoints.put of trial \(name.trial), generation \(name.generation) failed: \(message)")
      guard tries + 1 < Self.tryLimit else { return }
      waiting.append((.put(name, seals, tries: tries + 1), now + Self.firstWait * (1 << tries)))
    case .get(let attempt, let source, _):
      let detail = "checkpoints.get of generation \(source.seal.generation) failed: \(message)"
      log.write("trial \(attempt.trial): \(detail)")
      events.append(.fetchFailed(attempt, StartRefusal(code: .checkpointMissing, detail: detail)))
    case .delete(let trial, let generation):
      log.write("checkpoints.delete of trial \(trial), generation \(generation) failed: \(message)")
    }
  }

  // MARK: The folder that a command sees

  /// Files as links to the sealed ones, which are never written again.
  private func pack(_ seals: SealFolder, _ generation: Int, into folder: String) throws {
    let manifest = try seals.manifest(of: generation)
    guard let seal = seals.seal(generation) else { throw StoreFailure(message: "the generation is gone") }
    try Folders.removeTree(folder)
    try Files.makeFolder("\(folder)/files", intermediates: true)
    for entry in manifest.entries {
      let target = "\(folder)/files/\(entry.path)"
      switch entry.kind {
      case .folder: try Files.makeFolder(target)
      case .link(let goal): try Files.makeLink(target, to: goal)
      case .file:
        let source = "\(seals.files(of: generation))/\(entry.path)"
        guard link(source, target) == 0 else { throw SystemError(errno, "link", target) }
      }
    }
    try Files.writeAtomically("\(folder)/manifest", manifest.encoded())
    try Files.writeAtomically("\(folder)/seal", seal.encoded())
  }

  private func unpack(_ folder: String, _ seal: Seal, into seals: SealFolder) throws {
    let bytes = try Files.read("\(folder)/manifest", limit: WireLimits.coordinatorBulkMessageBytes)
    let manifest = try TreeManifest(decoding: bytes)
    try manifest.validate()
    guard SHA256.hash(bytes) == seal.hash else {
      throw StoreFailure(message: "what it brought is not the checkpoint that was put under this key")
    }
    for entry in manifest.entries {
      guard case .file(let size, let hash, _) = entry.kind else { continue }
      let file = try Descriptor.open("\(folder)/files/\(entry.path)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      guard try file.status().kind == .file, try FileCopy.hash(file) == (hash, size) else {
        throw StoreFailure(message: "\(entry.path) is not what was put under this key")
      }
    }
    try Folders.removeTree(seals.partFolder(of: seal.generation))
    try Files.rename("\(folder)/files", to: seals.partFolder(of: seal.generation))
    try seals.install(seal, manifest)
  }
}

private struct StoreFailure: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}
