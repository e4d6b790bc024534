import AgentCore
import Glibc
import HostSystem
import Messaging
import TrialSandbox
import TuningModel
import Wire

/// The agent's one thread: takes in what came, tells the machine, and does what the machine wants.
final class AgentLoop {
  let context: AgentContext
  let home: AgentHome
  let log: AgentLog
  var machine: AgentMachine
  let messaging: MessagingContext
  let signals: SignalWatch
  var connection: AgentConnection?
  /// Control messages that the connection did not take yet.
  var outbox: [[UInt8]] = []
  /// Bulk messages that the connection did not take yet.
  var bulkOutbox: [[UInt8]] = []
  /// Whether the connection was welcomed: before that another agent may be the one with its key, and is asked for checkpoints.
  var mayUseBulk = false
  let launcher: TrialLauncher
  let preparer: Preparer
  let fetcher: CheckpointFetcher
  let pieces: SealedPieces
  let stores: StoreCommands
  let slots: SlotDesk
  var links: [TrialAttempt: SupervisorLink] = [:]
  var followers: [TrialAttempt: ReportFollower] = [:]
  let watch = LogWatch()
  var logsLookedAt = Instant.zero
  var program: Program?
  /// Events that actions gave rise to, handled after them.
  var events: [AgentEvent] = []
  var outcome: AgentExitCode?
  private(set) var lastWords = ""
  private var interrupts = 0

  /// Messages taken in one turn at most.
  static let batch = 256
  /// Answers on the bulk socket that may wait to be sent.
  static let answerLimit = 256

  init(_ context: AgentContext) throws {
    self.context = context
    home = context.home
    log = context.log
    signals = try SignalWatch([SIGINT, SIGTERM])
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    messaging = try MessagingContext()
    launcher = TrialLauncher(home: home, supervisor: context.supervisor, devices: context.devices)
    preparer = Preparer(home: home, log: log)
    fetcher = CheckpointFetcher(log: log)
    pieces = SealedPieces { [home] in home.trial($0).seals }
    stores = StoreCommands(home: home, log: log)
    var settings = AgentSettings(
      hostname: HostIdentity.hostname(), machineID: home.machineID, bootID: try HostIdentity.bootID(),
      name: context.name, pid: Int(getpid()), slots: context.slots, home: home.path)
    settings.place = try home.placeName()
    settings.landlock = Landlock.abi
    settings.firstWelcomeLimit = context.isByHand ? .seconds(60) : .seconds(600)
    settings.seed = UInt64(bitPattern: HostClock.now.nanoseconds) ^ UInt64(getpid()) << 32
    try PythonFolder.write(home.pythonFolder)
    settings.devices = context.devices.plan.descriptions.map { $0.cut(toBytes: WireLimits.maximumDetailBytes) }
    let adoption = try Adoption(home, log: log)
    slots = SlotDesk(
      context.devices, run: home.run, busy: Set(adoption.recovered.filter { $0.end == nil }.map(\.slot)), log: log)
    machine = AgentMachine(
      settings: settings, recovered: adoption.recovered, highest: adoption.highest, at: HostClock.now)
    for attempt in adoption.live {
      let folder = home.trial(attempt.trial).attempt(attempt.attempt)
      links[attempt] = SupervisorLink(adopting: attempt, folder: folder, run: home.run, log: log)
    }
  }

  /// Works until there is nothing more to do here.
  func run() throws -> (code: AgentExitCode, message: String) {
    log.write(
      "pasha-agent \(PashaVersion.current), pid \(getpid()): run \(home.run), \(context.slots) slots, coordinator at "
        + "\(context.coordinator.host):\(context.coordinator.controlPort)")
    if context.isByHand {
      log.write("this agent joined by hand: its key is in \(home.folder)/key, where its trials can read it")
    }
    var poller = Poller()
    tell(.timer)
    while outcome == nil {
      try wait(&poller)
      takeSignals()
      takeControl()
      takeBulk()
      takeSupervisors()
      takeLogs()
      takePreparation()
      takeCheckpoints()
      takeDevices()
      tell(.timer)
      flush()
    }
    finish()
    return (outcome ?? .dismissed, lastWords)
  }

  // MARK: Waiting

  private func wait(_ poller: inout Poller) throws(MessagingError) {
    poller.removeAll()
    poller.add(.descriptor(signals.descriptor.number))
    if let connection {
      for source in connection.control.pollSources { poller.add(source) }
      for source in connection.bulk.pollSources { poller.add(source) }
    }
    for link in links.values {
      guard let descriptor = link.descriptor else { continue }
      poller.add(.descriptor(descriptor.number), for: link.hasUnsent ? [.readable, .writable] : .readable)
    }
    if let descriptor = watch.descriptor { poller.add(.descriptor(descriptor.number)) }
    if let descriptor = slots.descriptor { poller.add(.descriptor(descriptor)) }
    for descriptor in [preparer.descriptor, stores.descriptor].compactMap({ $0 }) {
      poller.add(.descriptor(descriptor.number))
    }
    try poller.wait(for: timeout)
  }

  private var timeout: Duration? {
    if followers.values.contains(where: \.hasWork) { return .zero }
    var due = [machine.nextDeadline, preparer.deadline, slots.deadline, fetcher.deadline, stores.deadline].compactMap {
      $0
    }
    due += links.values.compactMap(\.deadline)
    if watch.needsPolling { due.append(logsLookedAt + LogWatch.interval) }
    // A full queue tells nobody when it has room again.
    if !outbox.isEmpty || !bulkOutbox.isEmpty { due.append(HostClock.now + .milliseconds(20)) }
    if let again = connection.flatMap({ try? $0.bulk.reopen(at: HostClock.now) }) { due.append(again) }
    return due.min().map { max(.zero, $0 - HostClock.now) }
  }

  // MARK: The machine

  /// Tells the machine of an event, and of what its actions give rise to.
  func tell(_ event: AgentEvent) {
    events.append(event)
    while !events.isEmpty, outcome == nil {
      let next = events.removeFirst()
      for action in machine.handle(next, at: HostClock.now) { perform(action) }
      if case .launchFailed(let attempt, _) = next { letGo(of: attempt) }
      if case .received(.welcome) = next, machine.isWelcomed { mayUseBulk = true }
    }
  }

  func end(_ exit: AgentExit) {
    outcome = AgentExitCode(exit.reason)
    lastWords = exit.message
  }

  private func takeSignals() {
    while let signal = signals.next() {
      interrupts += signal == SIGINT ? 1 : 0
      if signal == SIGTERM || interrupts > 1 {
        outcome = .terminated
        let live = machine.liveAttempts.count
        lastWords = live == 0 ? "terminated" : "terminated; \(live) trials go on until an agent finds them again"
      } else {
        log.write("interrupted: pausing the trials; once more ends at once and leaves them running")
        tell(.interrupted)
      }
    }
  }

  /// Gives the last messages a moment to leave.
  private func finish() {
    preparer.giveUp()
    stores.giveUp()
    flush()
    connection?.close(flushing: .seconds(2))
    connection = nil
    log.write("ends: \(lastWords)")
  }
}
