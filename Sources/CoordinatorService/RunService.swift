import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import Journal
import Launching
import Messaging
import Presentation
import Results
import Scheduling
import TuningModel
import Wire

/// Runs a coordinator in this process, from the cluster file or the journal to the end of the run.
public struct RunService {
  /// What the command line says beside the cluster file.
  public struct Options: Sendable {
    /// Where runs are kept.
    public var home: String
    /// Path of `pasha-agent`.
    public var agentExecutable: String
    /// Print nothing but the summary.
    public var isQuiet: Bool
    /// The summary as JSON.
    public var json: Bool
    /// Whether the run's page is served, where its cluster file and `PASHA_NO_PAGE` do not say otherwise.
    public var servesPage: Bool

    /// Standard input is a connection to the view that has started this coordinator.
    public var hasConsole: Bool
    /// The run is taken up only to be ended for good.
    var endsRun = false

    public init(
      home: String = RunFolder.home, agentExecutable: String, isQuiet: Bool = false, json: Bool = false,
      hasConsole: Bool = false, servesPage: Bool = false
    ) {
      self.home = home
      self.hasConsole = hasConsole
      self.agentExecutable = agentExecutable
      self.isQuiet = isQuiet
      self.json = json
      self.servesPage = servesPage
    }
  }

  let folder: RunFolder
  private let specification: RunSpecification
  private let journal: Journal
  private let coordinator: Coordinator
  private let start: RunStart
  private let code: CodeTreeReader?
  private let options: Options
  /// What happened before, as far as it is not in the run's files yet.
  private var history: [RunEvent] = []
  /// Whether its folder was made for it just now.
  private var isNew = false

  // MARK: Beginning

  /// Begins a new run of a cluster file.
  public static func begin(file: String, options: Options) throws -> RunService {
    let decoded = try ClusterFile.load(path: file)
    for warning in decoded.warnings { complain(warning.description) }
    let tree = try scanCode(of: decoded.specification)
    return try begin(
      decoded.specification, text: Files.read(file, limit: ClusterFile.sizeLimit), origin: absolute(file), tree: tree,
      options: options)
  }

  static func absolute(_ file: String) -> String { URL(filePath: file).absoluteURL.path(percentEncoded: false) }

  /// Reads the code of an experiment, and says what is worth a look.
  static func scanCode(of specification: RunSpecification) throws -> CodeTree? {
    let tree = try specification.experiment.codeFolder.map { try CodeTree.scan(folder: $0) }
    for warning in tree?.warnings ?? [] { complain(warning) }
    if let warning = EntryPointCheck.warning(specification.experiment, tree) { complain("warning: " + warning) }
    return tree
  }

  /// Begins a new run.
  /// - Parameters:
  ///   - text: the cluster file, as the run's folder is to have it; only `resume` reads it.
  ///   - origin: where the file stands that the user wrote, absolute.
  static func begin(
    _ specification: RunSpecification, text: [UInt8], origin: String, tree: CodeTree?, options: Options
  ) throws -> RunService {
    let folder = try RunFolder.create(experiment: specification.experiment.name, at: HostClock.wall, in: options.home)
    do {
      try Files.writeDurably(folder.clusterFile, text)
      try Files.writeDurably(folder.origin, Array(origin.utf8))
      let code = try tree.map { try $0.snapshot(into: folder.code) }
      let journal = try Journal.create(at: folder.journal)
      let start = RunStart(
        run: folder.name, version: PashaVersion.current, specificationHash: SHA256.hash(text), codeHash: code?.hash,
        randomSeed: specification.searcher.randomSeed)
      return RunService(
        folder: folder, specification: specification, journal: journal,
        coordinator: try Coordinator(specification: specification), start: start, code: code, options: options,
        isNew: true)
    } catch {
      // Nothing happened in it: a folder without a run would only confuse.
      try? Folders.removeTree(folder.path)
      throw error
    }
  }

  /// Takes up a run that was paused, or whose coordinator died.
  public static func resume(run name: String?, options: Options) throws -> RunService {
    let folder = try RunFolder.find(name, in: options.home)
    let journal = try Journal.open(at: folder.journal)
    if Files.exists(folder.nextClusterFile) {
      var changed: String?
      try journal.replay { if case .specificationChanged(let hash) = $0.fact { changed = hash } }
      if let changed { folder.adoptNextClusterFile(expecting: changed) }
    }
    let specification = try folder.specification()
    var coordinator = try Coordinator(specification: specification)
    var history = EventHistory(of: folder)
    try journal.replay { record in
      let fact = StampedFact(stamp: record.stamp, fact: record.fact)
      history.take(record.sequence, fact, before: coordinator.state)
      coordinator.replay(fact)
    }
    history.finish(coordinator.state)
    let text = try Files.read(folder.clusterFile, limit: ClusterFile.sizeLimit)
    let counted = coordinator.state.changedSpecificationHash ?? coordinator.state.start?.specificationHash
    if let known = counted, known != SHA256.hash(text) {
      throw ServiceError(
        .usage,
        "\(folder.clusterFile) is not the file that the run was started with, or that `reload` took over, and its journal means something else "
          + "under another one; put the original back, or start a new run with the changed file")
    }
    if let end = coordinator.state.end {
      LocalLauncher.endLeftover(record: folder.agentRecord)
      throw ServiceError(
        .usage,
        "run \(folder.name) is over: \(Presentation.reason(end.reason, coordinator.state)); `pasha-coord extend` gives it "
          + "more trials or time")
    }
    // A coordinator that died before its first commit left no start.
    let start =
      coordinator.state.start
      ?? RunStart(
        run: folder.name, version: PashaVersion.current,
        specificationHash: SHA256.hash(text),
        codeHash: try? CodeTreeReader(folder: folder.code).hash, randomSeed: specification.searcher.randomSeed)
    let code = start.codeHash == nil ? nil : try CodeTreeReader(folder: folder.code)
    return RunService(
      folder: folder, specification: specification, journal: journal, coordinator: coordinator, start: start,
      code: code, options: options, history: history.events)
  }

  // MARK: Running

  /// Runs until the run ends, is paused or is abandoned.
  public func run() throws -> ExitCode {
    try run { Self.tell($0, folder: folder, json: options.json) }
  }

  /// Ends a run for good that no coordinator runs: trials that still go on are paused and sealed first.
  static func end(_ folder: RunFolder, options: Options) throws -> ExitCode {
    var options = options
    options.endsRun = true
    options.servesPage = false
    return try resume(run: folder.path, options: options).run { state in
      // What a running coordinator answers.
      if options.json { print(#"{"ok":true}"#) } else { sumUp(state, folder) }
      return .success
    }
  }

  /// - Parameter tell: is given the state of a run that ended; its code is the result then.
  func run(telling tell: (RunState) -> ExitCode) throws -> ExitCode {
    do {
      return try serve(telling: tell)
    } catch {
      // Nothing happened in it: a folder without a run would only confuse.
      if isNew, (try? JournalReader(at: folder.journal).lastSequence()) == 0 { try? Folders.removeTree(folder.path) }
      throw error
    }
  }

  private func serve(telling tell: (RunState) -> ExitCode) throws -> ExitCode {
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow is a write that fails, with its reason.
    signal(SIGXFSZ, SIG_IGN)
    let signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    let context = try MessagingContext()
    raiseFileLimit()
    // Known before the sockets are bound: an agent that comes back must not be refused.
    let admissions = AdmissionList()
    for agent in coordinator.state.agents {
      if let key = CurvePublicKey(agent.publicKey) { admissions.admit(key, as: .agent) }
    }
    let authenticator = try Authenticator(context, list: admissions)
    let hasKey = Files.exists(folder.secretKey)
    let keys = try folder.keys()
    // The agent here does not know the new key: the next one, under a key of its own, ends what it finds.
    if !hasKey { LocalLauncher.endLeftover(record: folder.agentRecord) }
    let listener = try listen(authenticator, keys)
    try listener.proveRefusal()
    let printer = try LinePrinter(descriptor: options.isQuiet ? openNull() : STDOUT_FILENO)
    let results = try ResultsKeeper(folder: folder, specification: specification)
    let launcher = localLauncher(listener, keys)
    let farm = try farmLauncher(listener, keys)
    let loop = try CoordinatorLoop(
      coordinator: coordinator, journal: journal, listener: listener, admissions: admissions, launcher: launcher,
      farm: farm, signals: signals, start: start, printer: printer)
    let bulk = try BulkDesk(
      socket: listener.bulk, code: code, vault: folder.checkpoints,
      note: { [mailbox = loop.mailbox] in mailbox.post(.note($0)) },
      tell: { [mailbox = loop.mailbox] in mailbox.post(.checkpoint($0)) })
    loop.bulk = bulk
    let keeper = try EventKeeper(
      folder: folder, targets: specification.notifications, history: history,
      note: { [mailbox = loop.mailbox] in mailbox.post(.note($0)) })
    loop.keeper = keeper
    if journal.tornBytes > 0 {
      loop.note(
        "the journal ended in the middle of a commit: \(journal.tornBytes) bytes were dropped, of facts that were not "
          + "acknowledged; reports among them are sent again")
    }
    if !hasKey, !coordinator.state.agents.isEmpty {
      loop.note(
        "\(folder.secretKey) was gone, and another key was made: agents that ran before do not know it. What they run on "
          + "other hosts is given up when its lease is over (cluster.lost_after); there, `pasha-agent end --run "
          + "\(folder.name)` ends it at once")
    }
    loop.programStart = try programStart()
    loop.page = pageKeeper(loop)
    loop.stopsWithin = options.endsRun ? .seconds(60) : nil
    loop.adoptFile = { [folder] in folder.adoptNextClusterFile(expecting: $0) }
    let desk = RequestDesk(mailbox: loop.mailbox, bulk: bulk, folder: folder)
    let control = try ControlSocket(path: folder.controlSocket) { desk.answer($0) }
    if options.hasConsole {
      let console = ConsoleLink(descriptor: STDIN_FILENO)
      loop.console = console
      console.tell(run: folder.path)
    }

    defer {
      loop.program?.end()
      control.stop()
      bulk.stop()
      listener.close(flushing: .seconds(2))
      farm?.close()
      authenticator.stop()
      results.finish()
      keeper.finish()
      loop.sayLastNotes()
      // Last: whoever looks sees how the run ended.
      loop.page?.end()
      printer.finish()
    }
    let outcome: CoordinatorLoop.Outcome
    do {
      outcome = try loop.run()
    } catch {
      throw ServiceError(.software, "the coordinator stops: \(error)")
    }
    switch outcome {
    case .abandoned:
      printer.print("the agents go on; `pasha-coord resume \(folder.name)` finds them")
      return .abandoned
    case .ended(.suspended):
      loop.seeOff(within: .seconds(3))
      launcher?.waitForEnd(.seconds(10))
      guard let failure = loop.state.closing?.end, failure.reason == .schedulerFailed else { return .paused }
      complain(
        "the run is paused, and nothing is lost: " + Presentation.printable(failure.message, keepsNewlines: true)
          + "\nmend the program, then: pasha-coord resume \(folder.name)")
      return .runFailed
    case .ended(.finished):
      loop.seeOff(within: .seconds(3))
      launcher?.waitForEnd(.seconds(10))
      if options.endsRun { LocalLauncher.endLeftover(record: folder.agentRecord) }
      return tell(loop.state)
    }
  }

  /// What serves the run's page; nil: it is not to be served, or cannot be.
  private func pageKeeper(_ loop: CoordinatorLoop) -> PageKeeper? {
    let unwanted = ProcessInfo.processInfo.environment["PASHA_NO_PAGE"].map { !$0.isEmpty } ?? false
    guard options.servesPage, specification.page.isServed, !unwanted else { return nil }
    do {
      return PageKeeper(
        folder, executable: try pageExecutable(), port: specification.page.port,
        hasTerminal: isatty(STDOUT_FILENO) == 1)
    } catch {
      loop.note("the page is not served: \(error)")
      return nil
    }
  }

  /// With what a program in place of a scheduler is started; nil where the file names none.
  private func programStart() throws -> CoordinatorLoop.ProgramStart? {
    guard let program = specification.program, !options.endsRun else { return nil }
    var telling = SchedulerTelling(specification)
    var history: [JSONValue] = []
    try journal.replay { history += telling.events(of: $0.fact).map(SchedulerTelling.asHistory) }
    let origin = folder.originPath
    return CoordinatorLoop.ProgramStart(
      options: program, directory: Files.parent(of: origin), log: folder.schedulerLog, history: history,
      telling: telling)
  }

  /// The launcher of the agent on this machine; nil where the file names hosts and this machine is none of them.
  private func localLauncher(_ listener: Listener, _ keys: CurveKeyPair) -> LocalLauncher? {
    let cluster = specification.cluster
    let address = LaunchAddress(
      serverKey: keys.publicKey.text, host: cluster.ownHost, control: listener.control.port,
      bulk: listener.bulk.port)
    var request: LaunchRequest
    if cluster.hosts.isEmpty {
      request = LaunchRequest(
        HostOptions(name: "local", host: "local"), cluster, run: folder.name, keySeed: keySeed(keys))
    } else if let local = coordinator.state.hosts.first(where: { !ClusterOptions.isRemote($0) }) {
      request = LaunchRequest(local, cluster, run: folder.name, keySeed: keySeed(keys))
    } else {
      return nil
    }
    // One that runs there unknown to this coordinator keeps its place.
    request.place = nil
    return LocalLauncher(
      executable: options.agentExecutable, request: request, address: address, record: folder.agentRecord)
  }

  /// What the agents of the run make their keys from: theirs stay the same, and nobody but this coordinator knows it.
  private func keySeed(_ keys: CurveKeyPair) -> String {
    SHA256.hash("pasha agents of a run\n\(folder.name)\n\(keys.secretText)".utf8)
  }

  /// The launcher of the agents on other hosts; nil where there are none.
  private func farmLauncher(_ listener: Listener, _ keys: CurveKeyPair) throws -> FarmLauncher? {
    let hosts = coordinator.state.hosts.filter(ClusterOptions.isRemote)
    guard !hosts.isEmpty else { return nil }
    return FarmLauncher(
      FarmLauncher.Settings(
        run: folder.name, cluster: specification.cluster, executable: try launchExecutable(),
        program: try AgentProgram.forHosts(options.agentExecutable, state: Files.parent(of: options.home)),
        serverKey: keys.publicKey.text, keySeed: keySeed(keys), controlPort: listener.control.port,
        bulkPort: listener.bulk.port,
        ownKnownHosts: AgentProgram.knownHosts(state: Files.parent(of: options.home)), record: folder.tunnels))
  }

  /// What is said at the end of a run.
  static func tell(_ state: RunState, folder: RunFolder, json: Bool) -> ExitCode {
    if json {
      print(Presentation.summaryJSON(state).jsonText(.strict))
    } else {
      sumUp(state, folder)
    }
    let isFailure = Presentation.runStatus(state) == "failed" || state.totals.bestTrial == nil
    if isFailure {
      let messages = [state.end?.message, state.totals.lastFailure?.message].compactMap { $0 }
      let message = messages.first { !$0.isEmpty } ?? Presentation.nothingReported(state)
      complain("the run failed: " + Presentation.printable(message, keepsNewlines: true))
    }
    return isFailure ? .runFailed : .success
  }

  private static func sumUp(_ state: RunState, _ folder: RunFolder) {
    print("\n" + Presentation.summary(state))
    print("results: \(folder.path)")
  }

  /// Listens where the run listened before, since agents may still look for it there. When the ports are taken and no
  /// attempt is left out there, others do.
  private func listen(_ authenticator: Authenticator, _ keys: CurveKeyPair) throws -> Listener {
    let ports = coordinator.state.ports
    var listening = ListenerOptions(
      address: specification.cluster.listeningAddress, controlPort: ports?.control ?? 0, bulkPort: ports?.bulk ?? 0)
    do throws(MessagingError) {
      return try Listener(authenticator, keys: keys, options: listening)
    } catch {
      guard error.code == .addressInUse, coordinator.state.activeTrials.isEmpty else { throw error }
      complain("\(error.message); taking other ports")
      listening.controlPort = 0
      listening.bulkPort = 0
      return try Listener(authenticator, keys: keys, options: listening)
    }
  }

  /// Each connection holds a descriptor, half-open ones too.
  private func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private func openNull() -> CInt { open("/dev/null", O_WRONLY | O_CLOEXEC) }
}

/// A line on standard error.
public func complain(_ text: String) {
  writeAll(STDERR_FILENO, Array((text + "\n").utf8))
}

extension RunFolder {
  /// The cluster file as the run was started with.
  public func specification() throws -> RunSpecification {
    let text = try Files.readText(clusterFile, limit: ClusterFile.sizeLimit)
    let origin = originPath
    // The code was copied when the run began; whether its folder is still there does not matter.
    return try ClusterFile.decode(
      text: text, fileName: clusterFile, baseDirectory: Files.parent(of: origin), checksFiles: false
    ).specification
  }

  /// The run's state as its journal has it, also while a coordinator writes it.
  public func state() throws -> RunState {
    var state = try RunState(specification: specification())
    try JournalReader(at: journal).replay { state.apply(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    return state
  }

  /// The coordinator's key pair, made at the first start, so that agents find the same coordinator after a restart.
  func keys() throws -> CurveKeyPair {
    if Files.exists(secretKey) {
      return try CurveKeyPair(
        secretText: Files.readText(secretKey, limit: 4096).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let keys = try CurveKeyPair.generate()
    try Files.writeDurably(secretKey, Array((keys.secretText + "\n").utf8), mode: 0o600)
    return keys
  }

  /// The process that runs the run now, if any.
  public var coordinatorPID: Int? {
    ControlSocket.ask(.object([.init("op", .string("ping"))]), at: controlSocket, within: .seconds(5))?.whole("pid")
  }
}
