import CodeTree
import Glibc
import HostSystem
import TuningModel
import Wire

/// Puts the run's code in place and runs its `setup`, once per host, code and `setup`. Never waits: `step` is called when
/// `descriptor` is readable or `deadline` has passed.
final class Preparer {
  private enum Stage {
    case idle
    /// Another agent of this host prepares the same code.
    case waiting
    case fetching(TreeFetch, CodeLock)
    case settingUp(ProcessHandle, CodeLock)
  }

  private let home: AgentHome
  private let log: AgentLog
  private var program: Program?
  private var place: CodePlace
  private var stage = Stage.idle
  private var checkAt: Instant?
  private var result: Preparation?
  /// Paths of the files that were fetched.
  private var files: [String] = []
  /// What is to be sent on the bulk socket.
  private var outgoing: [AgentBulkMessage] = []

  private static let lockInterval = Duration.milliseconds(200)
  /// Bytes of the setup's output that a failure shows.
  private static let tailBytes = 4_096

  init(home: AgentHome, log: AgentLog) {
    self.home = home
    self.log = log
    place = CodePlace(home: home, program: Self.nothing)
  }

  private static let nothing = Program(
    entryPoint: [], codeHash: nil, setup: nil, environment: [], resourceAttribute: "", metric: "",
    holdsAtMilestone: false, holdLimit: .zero, settle: .zero, grace: .zero)

  var descriptor: Descriptor? { if case .settingUp(let process, _) = stage { process.descriptor } else { nil } }

  var deadline: Instant? {
    if case .fetching(let fetch, _) = stage { return fetch.deadline }
    return checkAt
  }

  /// Begins; what was going on before is given up.
  func begin(_ program: Program) {
    if case .settingUp(let process, _) = stage { ChildProcess.signalGroup(process.pid, SIGKILL) }
    self.program = program
    place = CodePlace(home: home, program: program)
    stage = .waiting
    result = nil
    outgoing = []
    files = []
    attempt { try takeLock() }
  }

  /// Ends a `setup` that runs: the agent ends and nobody would take its result.
  func giveUp() {
    guard case .settingUp(let process, _) = stage else { return }
    log.write("ending setup")
    ChildProcess.signalGroup(process.pid, SIGKILL)
    stage = .idle
  }

  func takeOutgoing() -> [AgentBulkMessage] {
    defer { outgoing = [] }
    return outgoing
  }

  /// The outcome, once.
  func takeResult() -> Preparation? {
    defer { result = nil }
    return result
  }

  func bulkConnected() {
    guard case .fetching(var fetch, let lock) = stage else { return }
    outgoing = []
    ask(fetch.askAgain(at: HostClock.now))
    stage = .fetching(fetch, lock)
  }

  func take(_ message: CoordinatorBulkMessage) {
    guard case .fetching(var fetch, let lock) = stage else { return }
    attempt {
      switch message {
      case .manifest(program?.codeHash, let manifest): ask(try fetch.take(manifest, at: HostClock.now))
      case .chunk(program?.codeHash, let file, let offset, let bytes):
        ask(try fetch.take(bytes, file: file, offset: offset, at: HostClock.now))
      case .noSuchTree(program?.codeHash):
        throw PreparationFailure(message: "the coordinator has no code \(program?.codeHash ?? "")")
      case .manifest, .chunk, .noSuchTree, .logRequest, .checkpointRequest, .checkpointAnswer: return
      }
      stage = .fetching(fetch, lock)
      if fetch.isComplete { try install(fetch, lock) }
    }
  }

  func step(at now: Instant) {
    switch stage {
    case .idle: break
    case .waiting:
      if let checkAt, now >= checkAt { attempt { try takeLock() } }
    case .fetching(var fetch, let lock):
      guard now >= fetch.deadline else { return }
      attempt {
        ask(try fetch.step(at: now))
        stage = .fetching(fetch, lock)
      }
    case .settingUp(let process, _):
      if let status = ChildProcess.reap(process.pid) { attempt { try setupEnded(status, process.pid) } }
    }
  }

  // MARK: Stages

  private func takeLock() throws {
    guard let lock = try CodeLock(place.lockFile) else {
      checkAt = HostClock.now + Self.lockInterval
      return
    }
    checkAt = nil
    if place.isReady { return succeed() }
    try place.clear()
    try Files.makeFolder(place.partFolder)
    guard let hash = program?.codeHash else {
      try Files.rename(place.partFolder, to: place.folder)
      return try setUp(lock)
    }
    log.write("fetching code \(hash)")
    var fetch = TreeFetch("the code", folder: place.partFolder, isDurable: false, at: HostClock.now) {
      $0.treeHash == hash
    }
    ask(fetch.askAgain(at: HostClock.now))
    stage = .fetching(fetch, lock)
  }

  private func ask(_ questions: [TreeFetch.Question]) {
    guard let tree = program?.codeHash else { return }
    outgoing += questions.map { question in
      switch question {
      case .manifest: .manifestRequest(tree: tree)
      case .chunk(let file, let offset, let length):
        .chunkRequest(tree: tree, file: file, offset: offset, length: length)
      }
    }
  }

  private func install(_ fetch: TreeFetch, _ lock: CodeLock) throws {
    log.write("fetched \(fetch.bytes) bytes of code")
    files = fetch.files
    try Files.rename(place.partFolder, to: place.folder)
    try Files.syncFolder(home.codeFolder)
    try setUp(lock)
  }

  private func setUp(_ lock: CodeLock) throws {
    guard let program, let setup = program.setup else { return try finish() }
    log.write("running setup: \(setup)")
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let output = try Descriptor.open(place.logFile, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    var request = ProcessRequest(
      arguments: ["/bin/sh", "-c", setup], environment: TrialEnvironment.setup(program), directory: place.folder,
      input: null, output: output, error: output)
    request.inherited = (lock.descriptor, 9)
    let pid = try ChildProcess.start(request)
    stage = .settingUp(try ProcessHandle(pid), lock)
  }

  private func setupEnded(_ status: ExitStatus, _ pid: Int) throws {
    // What it left running would keep the lock.
    ChildProcess.signalGroup(pid, SIGKILL)
    guard status != .exited(0) else { return try finish() }
    let tail = (try? Files.readTail(place.logFile, limit: Self.tailBytes)) ?? []
    let how =
      switch status {
      case .exited(let code): "exit status \(code)"
      case .signalled(let signal): "signal \(signal)"
      }
    throw PreparationFailure(
      message: "setup failed with \(how): \(program?.setup ?? "")\n\(String(decoding: tail, as: UTF8.self))")
  }

  private func finish() throws {
    // Trials link to the code: none may change it for the others. What `setup` made stays as it made it.
    for file in files {
      let path = "\(place.folder)/\(file)"
      guard let status = try Files.status(path), status.kind == .file else { continue }
      _ = chmod(path, mode_t(status.mode & 0o555))
    }
    try place.markReady()
    succeed()
  }

  private func succeed() {
    stage = .idle
    result = Preparation(codeHash: program?.codeHash ?? "")
  }

  /// Does a step; a failure of any kind is the outcome.
  private func attempt(_ step: () throws -> Void) {
    do {
      try step()
    } catch {
      let message = (error as? PreparationFailure)?.message ?? "\(error)"
      stage = .idle
      checkAt = nil
      result = Preparation(codeHash: program?.codeHash ?? "", failure: message)
    }
  }
}
