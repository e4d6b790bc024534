import Coordination
import Foundation
import HostSystem
import Journal
import Messaging
import Presentation
import TuningModel
import Wire

/// The coordinator's one thread: takes in what came, lets the machine decide, commits the facts, and only then carries
/// out the effects. What comes in while a commit is on its way waits in the sockets and goes into the next commit.
final class CoordinatorLoop {
  enum Request: Sendable {
    case command(OperatorCommand)
    case enqueue(Configuration, Promise<JSONValue>)
    case invite(Promise<JSONValue>)
    case host(HostCommand, Promise<JSONValue>)
    case reload(RunSpecification, hash: String, Promise<JSONValue>)
    case checkpoint(CheckpointVault.Outcome)
    case secret(keyFile: String, String?)
    case note(String)
    case view(Promise<(state: RunState, live: LiveView)>)
  }

  enum Outcome {
    case ended(RunOutcome)
    /// A second Ctrl-C: the agents go on.
    case abandoned
  }

  let mailbox: Mailbox<Request>
  var coordinator: Coordinator
  private let journal: Journal
  let listener: Listener
  private let admissions: AdmissionList
  private let launcher: LocalLauncher?
  let farm: FarmLauncher?
  /// Set before the loop runs.
  var bulk: BulkDesk?
  /// Set before the loop runs.
  var keeper: EventKeeper?
  /// What decides in place of a scheduler, and what it is told.
  var program: SchedulerChild?
  var telling: SchedulerTelling?
  /// Set before the loop runs, where a view has started this coordinator.
  var console: ConsoleLink?
  /// Set before the loop runs, where the cluster file names a program.
  var programStart: ProgramStart?
  /// Serves the run's page. Set before the loop runs.
  var page: PageKeeper?
  /// The run is to be ended for good, as soon as its agents are back: so long they are waited for. Set before the loop runs.
  var stopsWithin: Duration?
  private var stopDeadline: Instant?
  /// Puts a changed cluster file in its place, once the fact of it is durable.
  var adoptFile: (String) -> Void = { _ in }
  private let signals: SignalWatch
  private let start: RunStart
  private let printer: LinePrinter

  /// The connection of each agent's newest hello, and of each join.
  private(set) var peers: [CurvePublicKey: Peer] = [:]
  var events: [Event] = []
  private var outcome: Outcome?
  private var interrupts = 0

  /// Messages handled in one commit at most, so that acknowledgements are not held up by a flood.
  static let batchLimit = 2_000
  /// Batches of that many messages one after the other after which time goes on all the same.
  private static let patientBatches = 16
  private var fullBatches = 0

  init(
    coordinator: Coordinator, journal: Journal, listener: Listener, admissions: AdmissionList,
    launcher: LocalLauncher?, farm: FarmLauncher?, signals: SignalWatch, start: RunStart, printer: LinePrinter
  ) throws(ServiceError) {
    mailbox = try Mailbox()
    self.coordinator = coordinator
    self.journal = journal
    self.listener = listener
    self.admissions = admissions
    self.launcher = launcher
    self.farm = farm
    self.signals = signals
    self.start = start
    self.printer = printer
  }

  /// Says what other threads had to say after the loop had ended.
  func sayLastNotes() {
    for case .note(let text) in mailbox.take() { note(text) }
  }

  func note(_ text: String) {
    printer.print("\(Presentation.clock(HostClock.wall))  \(Presentation.printable(text, keepsNewlines: true))")
  }

  var state: RunState { coordinator.state }

  func run() throws -> Outcome {
    let wasPaused = state.closing?.suspends == true
    events = [.started(start), .listening(control: listener.control.port, bulk: listener.bulk.port)]
    // The history is what was before this coordinator; what it decides now is told as it comes.
    if let programStart { beginProgram(programStart) }
    if let stopsWithin { stopDeadline = HostClock.now + stopsWithin }
    try handleEvents()
    stopWhenMet()
    try handleEvents()
    // Nobody was out there.
    if let outcome { return outcome }
    take(launcher?.begin() ?? [])
    beginFarm(agentsMayRun: !wasPaused)
    try handleEvents()
    for line in page?.begin() ?? [] { note(line) }
    var poller = Poller()
    while true {
      if let outcome {
        if case .ended = outcome { awaitDepartures() }
        return outcome
      }
      try wait(&poller)
      collect()
      try handleEvents()
    }
  }

  // MARK: Coming in

  private func wait(_ poller: inout Poller) throws(MessagingError) {
    poller.removeAll()
    for source in listener.control.pollSources { poller.add(source) }
    poller.add(.descriptor(mailbox.wakeup.descriptor))
    poller.add(.descriptor(signals.descriptor.number))
    for watched in program?.watched ?? [] {
      poller.add(.descriptor(watched.descriptor.number), for: watched.events)
    }
    for descriptor in (launcher?.descriptors ?? []) + (farm?.descriptors ?? []) + (page?.descriptors ?? []) {
      poller.add(.descriptor(descriptor.number))
    }
    let deadline = [
      coordinator.nextDeadline(after: HostClock.moment), launcher?.deadline, farm?.deadline, program?.deadline,
      page?.deadline, stopDeadline,
    ]
    .compactMap { $0 }.min()
    try poller.wait(for: deadline.map { max($0 - HostClock.now, .zero) })
  }

  private func collect() {
    fullBatches += 1
    for _ in 0..<Self.batchLimit {
      guard let event = listener.control.receive() else {
        fullBatches = 0
        break
      }
      take(event)
    }
    while let signal = signals.next() { take(signal: signal) }
    for request in mailbox.take() { take(request) }
    take(launcher?.step() ?? [])
    take(farm?.step() ?? [])
    take(program?.step() ?? [])
    for line in page?.step() ?? [] { note(line) }
    stopWhenMet()
    // Nobody is called silent whose words wait to be read, unless they are too many to wait for.
    if fullBatches % Self.patientBatches == 0, let deadline = coordinator.nextDeadline(after: HostClock.moment),
      HostClock.now >= deadline
    {
      events.append(.tick)
    }
  }

  /// Ends a run that was taken up for that. Agents that a coordinator left behind are dismissed by it: an agent whose
  /// coordinator never comes back would wait for ever.
  private func stopWhenMet() {
    guard let deadline = stopDeadline else { return }
    let isAwaited = state.agents.contains { agent in
      (agent.reachability == .reachable || agent.reachability == .suspect)
        && CurvePublicKey(agent.publicKey).map { peers[$0] == nil } ?? false
    }
    guard !isAwaited || HostClock.now >= deadline else { return }
    stopDeadline = nil
    events.append(.command(.stopRun))
  }

  private func take(_ event: ListenerSocket.Event) {
    switch event {
    case .violation(let peer, let violation):
      note("cut off \(peer): \(violation)")
      listener.control.cutOff(peer)
    case .message(let peer, let bytes):
      do throws(WireError) {
        take(try AgentMessage(decoding: bytes), from: peer)
      } catch {
        listener.control.countMalformed()
        note("a message of \(peer) was not understood: \(error)")
        send(.rejected(code: .malformed, message: "\(error)"), to: peer)
        listener.control.cutOff(peer)
      }
    }
  }

  private func take(_ message: AgentMessage, from peer: Peer) {
    if case .join(let publicKey, let name) = message {
      guard peer.admission == .join, let key = CurvePublicKey(publicKey) else { return }
      peers[peer.key] = peer
      events.append(.join(token: peer.key.text, publicKey: key.text, name: name))
      return
    }
    guard peer.admission == .agent else { return }
    if case .hello(let hello) = message {
      switch coordinator.verdict(on: hello, from: peer.key.text, after: events, at: HostClock.now) {
      case .counts: peers[peer.key] = peer
      case .outdated: break
      case .waits: return events.append(.message(from: peer.key.text, message))
      case .refused(let text):
        // The connection that counts is the other one's.
        _ = listener.control.send(CoordinatorMessage.rejected(code: .notAdmitted, message: text).encoded(), to: peer)
        return events.append(.message(from: peer.key.text, message))
      }
    }
    // An old connection of an agent that said hello on a newer one has nothing to say.
    guard let known = peers[peer.key] else { return send(.sayHello, to: peer) }
    guard known.route == peer.route else { return }
    events.append(.message(from: peer.key.text, message))
  }

  private func take(signal: Int32) {
    interrupts += 1
    if interrupts == 1 {
      note("pausing; once more (Ctrl-C) ends at once and leaves the agents running")
      events.append(.command(.pauseRun))
    } else {
      outcome = .abandoned
    }
  }

  private func take(_ request: Request) {
    switch request {
    case .command(let command): events.append(.command(command))
    case .enqueue(let configuration, let promise):
      events.append(.enqueue(configuration))
      enqueued.append(promise)
    case .view(let promise):
      var live = coordinator.view(at: HostClock.moment)
      live.launches = farm?.view ?? [:]
      promise.fulfil((coordinator.state, live))
    case .invite(let promise): invite(promise)
    case .host(let command, let promise): take(command, promise)
    case .reload(let specification, let hash, let promise):
      events.append(.reload(specification, hash: hash))
      reloads.append((hash, promise))
    case .checkpoint(.arrived(let name)): events.append(.checkpointArrived(name))
    case .checkpoint(.unavailable(let name, let agent, let text)):
      events.append(.checkpointUnavailable(name, at: agent, text))
    case .secret(let keyFile, let secret): farm?.answer(secret, for: keyFile)
    case .note(let text): note(text)
    }
  }

  private func invite(_ promise: Promise<JSONValue>) {
    do throws(MessagingError) {
      let keys = try CurveKeyPair.generate()
      events.append(.issueToken(publicKey: keys.publicKey.text))
      invitations[keys.publicKey.text] = (keys, promise)
    } catch {
      promise.fulfil(.object([.init("error", .string(error.message))]))
    }
  }
  /// Who wants to know whether their file was taken over.
  private var reloads: [(hash: String, promise: Promise<JSONValue>)] = []
  /// Who wants to know which trials their configurations became, in order.
  private var enqueued: [Promise<JSONValue>] = []
  private var invitations: [String: (keys: CurveKeyPair, promise: Promise<JSONValue>)] = [:]

  private func take(_ launches: [LocalLauncher.Event]) {
    for launch in launches {
      switch launch {
      case .announced(let key): events.append(.admit(publicKey: key, name: launcher?.name ?? "local"))
      case .note(let text): note(text)
      case .hopeless(let message):
        events.append(.noUsableHost("the agent on this machine cannot be kept alive: \(message)"))
      }
    }
  }

  // MARK: Deciding and carrying out

  private func handleEvents() throws {
    guard !events.isEmpty else { return }
    let now = HostClock.moment
    var facts: [StampedFact] = []
    var effects: [Effect] = []
    var lines: [String] = []
    var happened: [RunEvent] = []
    for event in events {
      let (last, best) = (journal.lastSequence + facts.count, coordinator.state.bestSoFar)
      let output = coordinator.handle(event, at: now)
      facts += output.facts
      effects += output.effects
      for fact in output.facts { lines += Presentation.lines(for: fact, in: coordinator.state) }
      let numbered = output.facts.enumerated().map { (sequence: last + 1 + $0, fact: $1) }
      happened += Presentation.events(of: numbered, best: best, in: coordinator.state)
    }
    let concernsHosts = facts.contains { $0.fact.concernsHosts } || events.contains { $0.isReload }
    events.removeAll(keepingCapacity: true)
    // Acknowledged means durable: nothing leaves before this returns.
    if !facts.isEmpty { try journal.append(facts) }
    answerEnqueued(facts)
    for line in lines { printer.print(line) }
    keeper?.add(happened)
    tellProgram(facts)
    for effect in effects { carryOut(effect) }
    for case .specificationChanged(let hash) in facts.map(\.fact) {
      adoptFile(hash)
      keeper?.change(coordinator.state.specification.notifications)
    }
    answerReloads(facts)
    if concernsHosts { farm?.update(coordinator.state) { [coordinator] in coordinator.isInTouch(host: $0) } }
  }

  /// Without a fact for it the machine has refused.
  private func answerEnqueued(_ facts: [StampedFact]) {
    guard !enqueued.isEmpty else { return }
    var promises = enqueued[...]
    for case .trialCreated(let creation) in facts.map(\.fact) where creation.origin == .operator {
      promises.popFirst()?.fulfil(.object([.init("trial", .int(creation.trial.rawValue))]))
    }
    let refusal = JSONValue.object([.init("error", .string(Presentation.refusalOfTrials(state)))])
    for promise in promises { promise.fulfil(refusal) }
    enqueued.removeAll()
  }

  /// Without a fact for it the machine has refused.
  private func answerReloads(_ facts: [StampedFact]) {
    for (hash, promise) in reloads {
      let isTaken = facts.contains { if case .specificationChanged(hash) = $0.fact { true } else { false } }
      promise.fulfil(
        .object([
          isTaken
            ? .init("ok", .bool(true))
            : .init("error", .string("the run is ending; `pasha-coord extend` lets it go on when it is over"))
        ]))
    }
    reloads.removeAll()
  }

  private func carryOut(_ effect: Effect) {
    switch effect {
    case .send(let agent, let message):
      guard let text = coordinator.state[agent]?.publicKey, let key = CurvePublicKey(text), let peer = peers[key]
      else { return }
      if message == .dismiss { dismissed.append(peer) }
      send(message, to: peer)
    case .admit(let text):
      guard let key = CurvePublicKey(text) else { return }
      admissions.admit(key, as: .agent)
      if let agent = coordinator.state.agent(withKey: text) { bulk?.know(agent, key) }
      launcher?.confirm()
      farm?.confirm(text)
    case .admitToken(let text):
      guard let key = CurvePublicKey(text) else { return }
      admissions.admit(key, as: .join)
      if let invitation = invitations.removeValue(forKey: text) { answer(invitation.promise, invitation.keys) }
    case .revokeToken(let text):
      if let key = CurvePublicKey(text) { admissions.remove(key) }
    case .answerJoin(let token):
      if let key = CurvePublicKey(token), let peer = peers[key] { send(.joined, to: peer) }
    case .rejectJoin(let token, let message):
      if let key = CurvePublicKey(token), let peer = peers[key] {
        send(.rejected(code: .notAdmitted, message: message), to: peer)
      }
    case .fetchCheckpoint(let trial, let seal, let agent): bulk?.want(trial, seal, from: agent)
    case .dropStored(let trial, let keeping): bulk?.drop(trial, keeping: keeping)
    case .askScheduler: askProgram()
    case .note(let text): note(text)
    case .end(let end):
      launcher?.isEnding = true
      farm?.end()
      outcome = outcome ?? .ended(end)
    }
  }

  /// The run is over: waits until the agents that were dismissed have left, but not for ever. Until then their connections
  /// are read. One that is closed with something unread is reset, and then the other side's system throws away what
  /// its process had not read: the dismissal, for an agent that was saying something just then.
  func seeOff(within patience: Duration) {
    let deadline = HostClock.now + patience
    while true {
      while listener.control.receive() != nil {}
      // Saying it once more does no harm, and cannot be done once the agent has gone.
      dismissed.removeAll { listener.control.send(CoordinatorMessage.dismiss.encoded(), to: $0) == .unreachable }
      if dismissed.isEmpty || HostClock.now >= deadline { return }
      usleep(5_000)
    }
  }
  private var dismissed: [Peer] = []

  private func answer(_ promise: Promise<JSONValue>, _ keys: CurveKeyPair) {
    let token = JoinToken(
      run: start.run, host: state.specification.cluster.inviteHost,
      controlPort: UInt16(clamping: listener.control.port),
      bulkPort: UInt16(clamping: listener.bulk.port), serverKey: listener.publicKey.text, joinSecretKey: keys.secretText
    )
    promise.fulfil(.object([.init("token", .string(token.text))]))
  }

  private func send(_ message: CoordinatorMessage, to peer: Peer) {
    if listener.control.send(message.encoded(), to: peer) != .sent {
      // The connection is gone, or its agent does not read: it says hello again, and what is due is derived again.
      peers[peer.key] = nil
    }
  }
}
